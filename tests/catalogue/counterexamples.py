"""Finds the smallest counterexample to each mistake: `python -m tests.catalogue.counterexamples`.

It writes the package's counterexamples.json, from which the site and `jax-mlp exercises hunt` show such a call.
"""

import argparse
import json
from collections.abc import Callable

import jax
import numpy as np

from jax_mlp.checking import report
from jax_mlp.checking.counterexample import written
from jax_mlp.checking.evaluate import workers
from jax_mlp.checking.examples import recorder_of
from jax_mlp.checking.implementation import Implementation
from jax_mlp.checking.names import laws, laws_that_catch
from jax_mlp.components import COMPONENTS
from jax_mlp.laws.expect import LawBroken
from jax_mlp.mistakes import COUNTEREXAMPLES, Entry, counterexamples, mistakes


def smallest(component: str, name: str) -> dict[str, str]:
    """A call that shows a mistake wrong, with what it got and what was expected.

    It is Hypothesis's for the first law that judges the very answer of a call, or else for the first broken law.
    """
    entry = next(entry for entry in mistakes(component) if entry.name == name)
    first: dict[str, str] = {}
    asked = laws(component, strict=True)
    for law in sorted(asked, key=lambda law: not hasattr(asked[law], "hypothesis")):
        if law in laws_that_catch(entry):
            plain, shown = broken(entry, law)
            if plain:
                return shown
            first = first or shown
    return first


def failure(law: Callable, implementation: Implementation) -> Exception | None:
    """What a law raises for an implementation, after shrinking, or None if it passes."""
    recorder_of(law)
    implementation.calls.clear()
    implementation.failure = None
    try:
        law(implementation)
    except Exception as error:  # a wrong component may raise anything
        return error
    return None


def broken(entry: Entry, name: str) -> tuple[bool, dict[str, str]]:
    """How a law is broken, after shrinking, and whether the reported value is what the call returned."""
    implementation = Implementation()
    implementation.use(entry.component, entry.functions)
    raised = failure(laws(entry.component, strict=True)[name], implementation)
    if raised is None or not implementation.calls:
        return False, {}
    error = report.first_failure(raised, implementation)
    call = implementation.calls[-1]
    answers = [np.asarray(leaf) for leaf in jax.tree.leaves(call.result) if hasattr(leaf, "dtype")]
    got = error.got if isinstance(error, LawBroken) and isinstance(error.got, np.ndarray) else None
    plain = any(np.array_equal(answer, got, equal_nan=True) for answer in answers if got is not None)
    rows = report.DIFFERENT_ANSWERS if error is not raised else report.got_and_expected(error, implementation)
    return plain, {"law": name, "call": written(call), **dict(rows)}


def _smallest(task: tuple[str, str]) -> dict[str, str]:
    return smallest(*task)


def found(entries: list[Entry]) -> dict[str, dict[str, str]]:
    """The smallest counterexample to each mistake, by component and name."""
    tasks = [(entry.component, entry.name) for entry in entries]
    with workers(shrink=True) as pool:
        return dict(zip(["/".join(task) for task in tasks], pool.map(_smallest, tasks), strict=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "entries", nargs="*", help="mistakes to search for anew, such as update/in_place (default: all)"
    )
    named = parser.parse_args().entries
    entries = [entry for component in COMPONENTS for entry in mistakes(component)]
    names = [f"{entry.component}/{entry.name}" for entry in entries]
    anew = found([entry for entry, name in zip(entries, names, strict=True) if not named or name in named])
    kept = {**counterexamples(), **anew}
    text = json.dumps({name: kept[name] for name in names}, indent=1)
    COUNTEREXAMPLES.write_text(text + "\n", encoding="utf-8")
    print(f"written: {COUNTEREXAMPLES}, {sum(map(bool, anew.values()))} of {len(anew)}")
