"""The laws: one pytest file per component, one for gradients and one for other libraries. Each test states one law."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def profile(max_examples: int = 100) -> Iterator[None]:
    """A context in which Hypothesis uses the laws' own settings, with the same examples every time.

    A law takes its settings when it is imported, so import laws inside this context.
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
