"""Every mistake is caught by a law of its component, and every correct variant passes."""

import os
import re
from typing import Any

import pytest

from jax_mlp import init_weights_biases, update
from jax_mlp.checking.evaluate import broken_laws, judge
from jax_mlp.checking.names import laws
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises.stubs import steps
from jax_mlp.mistakes import Entry, caught_by, counterexamples, mistakes, variants
from tests.catalogue.catches import measured
from tests.catalogue.counterexamples import found

UNTRACEABLE = {
    "relu/set_by_index",
    "relu/python_loop",
    "one_hot/numpy_inside",
    "one_hot/python_loop",
    "accuracy/numpy_inside",
    "accuracy/python_loop",
    "update/static_rate",
    "update/numpy_inside",
}
"""The correct variants that JAX cannot compile, which only the law about compiling may say."""


def all_of(kind) -> list[Any]:
    """The entries of all components."""
    return [entry for component in COMPONENTS for entry in kind(component)]


def named(entry) -> str:
    """Component and name of an entry, as the tables have them."""
    return f"{entry.component}/{entry.name}"


def test_at_least_eighty_mistakes_and_twelve_variants_of_each():
    """The catalogue is as large as claimed, and each entry has a sentence and a unique name."""
    wrong = all_of(mistakes)
    assert len(wrong) >= 80
    assert all(len(variants(component)) >= 12 for component in COMPONENTS)
    entries = wrong + all_of(variants)
    assert all(entry.sentence.endswith(".") for entry in entries)
    assert len({(entry.component, entry.name) for entry in entries}) == len(entries)


def test_at_least_seventy_properties():
    """At least seventy of the laws that are asked of any implementation are Hypothesis properties."""
    properties = [
        law
        for component in [*COMPONENTS, "gradients"]
        for law in laws(component).values()
        if hasattr(law, "hypothesis")
    ]
    assert len(properties) >= 70


def test_every_mistake_is_killed_by_its_own_component():
    """The laws of its component catch every mistake."""
    wrong = all_of(mistakes)
    survivors = [entry for entry, broken in zip(wrong, judge(wrong, only_first=True), strict=True) if not broken]
    assert survivors == []


def test_jit_hides_nothing():
    """The laws also catch every mistake if it is inside `jax.jit`."""
    wrong = [entry for component in ("relu", "forward", "loss", "accuracy") for entry in mistakes(component)]
    # Behind jit there is nothing of the caller's to be changed in place: those mistakes are none there.
    wrong = [entry for entry in wrong if entry.name not in ("in_place", "last_layer_popped")]
    verdicts = judge(wrong, only_first=True, behind_jit=True)
    assert [entry for entry, broken in zip(wrong, verdicts, strict=True) if not broken] == []


def sample() -> list[Any]:
    """Correct variants of every component that JAX can compile: all of them in the profile `thorough`."""
    step = {"thorough": 1, "quick": 20}.get(os.environ.get("HYPOTHESIS_PROFILE", ""), 5)
    chosen = [entry for component in COMPONENTS for entry in variants(component)[::step]]
    return [entry for entry in chosen if named(entry) not in UNTRACEABLE]


def test_every_variant_passes():
    """Every correct variant in the sample passes all laws of its component."""
    right = sample()
    accused = {named(e): broken for e, broken in zip(right, judge(right, only_first=True), strict=True) if broken}
    assert accused == {}


def test_the_guides_own_code_passes():
    """The guide's code for every component, with this project's names, passes all laws."""
    guide = [entry for entry in all_of(variants) if "as_the_guide_writes_it" in entry.name]
    assert {entry.component for entry in guide} == {*COMPONENTS}
    assert judge(guide) == [[]] * len(guide)


def test_what_cannot_be_compiled_is_told_precisely_that():
    """Correct code that JAX cannot compile fails the law about compiling, and no other: every second, or `thorough`."""
    right = [entry for entry in all_of(variants) if named(entry) in UNTRACEABLE]
    assert {named(entry) for entry in right} == UNTRACEABLE
    right = right if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else right[1::2]
    told = {named(entry): broken for entry, broken in zip(right, judge(right), strict=True)}
    assert {name: laws for name, laws in told.items() if len(laws) != 1 or "compiling" not in laws[0]} == {}


def test_the_data_are_what_the_command_finds():
    """The laws that catch each mistake of a component come out as the package has them."""
    kept = caught_by()
    assert {name: laws for name, laws in kept.items() if name.startswith("relu/")} == measured(mistakes("relu"))
    assert {*kept} == {f"{entry.component}/{entry.name}" for entry in all_of(mistakes)}


def test_counterexamples_are_what_the_command_finds():
    """Every mistake has a call that shows it wrong, and those of a component come out as they are kept."""
    kept = counterexamples()
    assert [name for name, shown in kept.items() if not shown or "too long" in shown["call"]] == []
    assert [name for name, shown in kept.items() if re.search(r"0x[0-9a-f]{6}|\.py, line", str(shown))] == []
    assert {*kept} == {f"{entry.component}/{entry.name}" for entry in all_of(mistakes)}
    assert found(mistakes("relu")) == {n: s for n, s in kept.items() if n.startswith("relu/")}


def only_a_layer(layer_sizes, key, scale=1e-3):
    """An `init_mlp` that is not written yet."""
    raise NotImplementedError


def two_steps(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batch_size=128, learning_rate=1e-2
):
    """A `train_loop` with no more than its first two steps: epochs in order, and a short last batch."""
    for _ in range(n_epochs):
        for i in range(0, len(train_images), batch_size):
            part = slice(i, i + batch_size)
            params = update(params, train_images[part], train_labels[part], learning_rate)
    return params


UNFINISHED = {
    "init": (1, {"init_weights_biases": init_weights_biases, "init_mlp": only_a_layer}),
    "forward": (1, next(entry for entry in mistakes("forward") if entry.name == "naive_logsumexp").functions),
    "train_loop": (2, {"train_loop": two_steps}),
}


@pytest.mark.parametrize("component", [component for component in COMPONENTS if steps(component)])
def test_a_step_passes_before_the_next_is_written(component):
    """What has only the first steps of a component passes exactly their laws."""
    written, functions = UNFINISHED[component]
    broken = {*broken_laws(Entry("mistakes", component, "unfinished", "", functions))}
    for number, names in enumerate(steps(component).values(), 1):
        assert bool(broken & {*names}) == (number > written), (number, broken)
