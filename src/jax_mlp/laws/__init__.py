"""The laws: a pytest file for each component, and for gradients and other libraries. Each test states one law."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def profile(max_examples: int = 100) -> Iterator[None]:
    """Hypothesis draws by settings of the laws' own, the same examples each time; afterwards as it did before.

    A law takes its settings when it is imported, so laws are imported within it.
    """
    from hypothesis import Phase, settings

    before = settings.default
    phases = (Phase.explicit, Phase.generate, Phase.target, Phase.shrink)
    ours = settings(
        max_examples=max_examples, deadline=None, derandomize=True, database=None, report_multiple_bugs=False,
        phases=phases,
    )  # fmt: skip
    settings.register_profile("jax_mlp", ours)
    settings.register_profile("before jax_mlp", before)
    settings.load_profile("jax_mlp")
    try:
        yield
    finally:
        settings.load_profile("before jax_mlp")
