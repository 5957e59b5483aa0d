"""What a person sees when a law is broken: the law, the smallest counterexample, what came, and where to go on."""

import inspect
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
import pytest
from hypothesis.errors import FlakyFailure

from jax_mlp import _jax, components
from jax_mlp._terminal import quoted
from jax_mlp.checking import causes, examples, expressions, names
from jax_mlp.checking.counterexample import Named, pasted, relative
from jax_mlp.checking.implementation import NO_ANSWER, Call, Implementation
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import Exercises
from jax_mlp.exercises.loading import BrokenComponent
from jax_mlp.laws.expect import LawBroken

IMPLEMENTATION = pytest.StashKey[Implementation]()


def exercises(config: pytest.Config) -> bool:
    """Whether the implementation is a folder that `jax-mlp exercises start` made."""
    folder = config.stash[IMPLEMENTATION].folder
    return folder is not None and Exercises(folder).started


class Explained(NamedTuple):
    """Why a law failed: the report's lines, each with its label, and what a program needs of it."""

    lines: list[tuple[str, str]]
    evidence: causes.Evidence = causes.Evidence()
    """What the failure says about its cause."""
    untestable: str = ""
    """The component whose other laws cannot be tested either, or nothing."""
    machine: bool = False
    """Whether the reference fails too, on this machine."""

    def __str__(self) -> str:
        return "\n".join(labelled(label, text) for label, text in self.lines)


def explain(
    name: str,
    law: Callable,
    error: BaseException,
    implementation: Implementation,
    notebook: bool = False,
    arguments: dict | None = None,
) -> Explained | None:
    """The report of a failed law such as relu::test_example, or None for an error that is not the component's.

    Args:
        name: The law's name.
        law: The law.
        error: What it raised.
        implementation: What was tested.
        notebook: Whether the functions under test are defined where the report is read.
        arguments: What pytest gave the law.
    """
    if "reference" in names.marks(law) and not isinstance(error, LawBroken):
        return None
    lines = [("law", " ".join((inspect.getdoc(law) or name).split()))]
    evidence, untestable = causes.Evidence(), ""
    flaky, error = isinstance(error, FlakyFailure), first_failure(error, implementation)
    if isinstance(error, BrokenComponent):
        lines += [("got", str(error)), ("expected", "a file that can be imported and defines its functions")]
        component = untestable = next(name for name, broken in implementation.errors.items() if broken is error)
    elif not implementation.calls:
        return None
    else:
        calls = implementation.calls
        component = next(name for name, functions in COMPONENTS.items() if calls[-1].function in functions)
        shown = pasted(calls, implementation, error, notebook)
        lines.append(("counterexample", "\n".join(shown.lines)))
        if flaky and not shown.reproduced:
            lines += DIFFERENT_ANSWERS
        else:
            lines += got_and_expected(error, implementation, _origin(error, calls, shown.sides))
        # Before the learner is blamed, the machine is ruled out.
        if (implementation.folder or implementation.given) and examples.reference_fails(law, arguments):
            return Explained([*lines, ("likely cause", _machine())], machine=True)
        stem, _, function = name.partition("::")
        function = function.partition("[")[0]
        evidence = causes.gather(component, function, error, calls, implementation)
        laws = {**implementation.asked.get(stem, {}), function: "failed"}
        likely = causes.most_likely(component, {function: evidence}, laws)
        if likely:
            lines.append(("likely cause", likely))
    if notebook:
        return Explained(lines, evidence, untestable)
    lines.append(("read", f"jax-mlp exercises read {component}"))
    rerun = ["pytest"]
    if implementation.folder:
        rerun += [f"--impl={relative(implementation.folder)}", name]
        rerun += ["--fine-print"] * ("fine_print" in names.marks(law))
    else:
        rerun += ["--pyargs", f"jax_mlp.laws.test_{name}"]
    lines.append(("rerun", " ".join(map(quoted, rerun))))
    return Explained(lines, evidence, untestable)


DIFFERENT_ANSWERS = [("got", "different answers to the same call"), ("expected", "the same answer every time")]
"""The rows got and expected of a law that failed, and then passed with the same example."""


def first_failure(error: BaseException, implementation: Implementation) -> BaseException:
    """What a law failed with. If it passed when Hypothesis tried it again, what it failed with the first time."""
    failure = implementation.failure
    if not isinstance(error, FlakyFailure) or failure is None:
        return error
    implementation.calls[:] = failure.calls
    return failure.error


MACHINE_WRONG = 9
"""The exit code of a run in which the reference failed at what it was given to rule the machine out."""


def revise(text: str, component: str, evidence: dict[str, causes.Evidence], laws: dict[str, str]) -> str:
    """A report again, now that it is known which laws are broken and which are kept, and what each says of its cause.

    Args:
        text: The report of the first broken law.
        component: What it is about.
        evidence: That of each broken law, the first one first.
        laws: What became of each law.
    """
    if not next((found.compared for found in evidence.values()), False):
        return text
    likely = causes.most_likely(component, evidence, laws)
    block = labelled("likely cause", likely) + "\n" if likely else ""
    text = f"{text}\n".replace(cause(text), "")
    before, label, after = re.split(r"^(read: |hint: |\Z)", text, maxsplit=1, flags=re.MULTILINE)
    return (before + block + label + after).rstrip("\n")


def cause(text: str) -> str:
    """The likely cause in a report, with its label, or nothing."""
    found = re.search(r"^likely cause: .*\n(?: {16}.*\n)*", f"{text}\n", re.MULTILINE)
    return found[0] if found else ""


def _machine() -> str:
    """What is known of a machine on which the reference fails."""
    device = jax.devices()[0]
    known = _jax.fault()
    what = f" {known.what} See {known.link}." if known else ""
    return (
        f"This is not your code's fault. The reference fails this law too, so JAX {jax.__version__} "
        f"computes wrong numbers on this {device.platform}.{what} Install another version of JAX, then test again."
    )


def got_and_expected(error: BaseException, implementation: Implementation, remark: str = "") -> list[tuple[str, str]]:
    """The rows got and expected, each with its label, and a remark on what was expected."""
    if not isinstance(error, LawBroken):
        words = [line.strip() for line in str(error).strip().splitlines() if line.strip()] or [""]
        n_lines = 4 if words[0].endswith(":") else 1  # the beginning of a list is nothing without the list
        summary = f"{type(error).__name__}: {' '.join(words[:n_lines])[:300]}"
        place, gave = _place(error, implementation), implementation.calls[-1].result
        if "has been deleted" in summary:
            return [("got", summary), ("expected", "arguments that can still be read after the call")]
        if place or gave is NO_ANSWER:
            return [("got", summary + place), ("expected", "no error")]
        return [("got", _kind(gave)), ("expected", _expected_kind(implementation.calls[-1], summary))]
    where, got, expected = error.where, error.got, error.expected
    if (
        isinstance(expected, np.ndarray)
        and isinstance(got, np.ndarray)
        and got.shape == expected.shape
        and got.size > 6
    ):
        # Of a large array, the entry that is furthest off.
        off = np.abs(np.subtract(got, expected, dtype=np.float64))
        entry = np.unravel_index(np.argmax(np.where(np.isnan(off), np.inf, off)), got.shape)
        where = f"{where} at {[int(i) for i in entry]}".strip()
        got, expected = got[entry], expected[entry]
    at = f"{where}: " if where else ""
    shown = [("got", f"{at}{_show(got)}"), ("expected", f"{at}{_show(expected)}{remark}")]
    if isinstance(got, np.ndarray | np.generic) and got.dtype.kind == "f" and not np.isfinite(got).all():
        shown[0] = ("got", f"not finite: {shown[0][1]}")
        if isinstance(expected, np.ndarray | np.generic) and np.array_equal(got, expected, equal_nan=True):
            shown[1] = ("expected", "finite numbers (the two answers agree, but neither is finite)")
    return shown


def _origin(error: BaseException, calls: list[Call], sides: expressions.Compared | None) -> str:
    """A remark on the expected value, if it comes from an answer of the component itself."""
    if sides:
        return f"  (which is {sides.expected})" if sides.expected else ""
    expected = getattr(error, "expected", None)
    if not isinstance(expected, np.ndarray) or len(calls) < 2:
        return ""
    answers = [leaf for call in calls for leaf in jax.tree.leaves(call.result) if np.shape(leaf) == expected.shape]
    same = (np.array_equal(answer, expected) for answer in answers if not getattr(answer, "is_deleted", bool)())
    return "  (from another of these calls: the two should agree)" if any(same) else ""


def _expected_kind(call: Call, summary: str) -> str:
    """What sort of thing the reference returns for a call; the error, if that is no other sort of thing."""
    try:
        expected = _kind(getattr(examples.reference(), call.function).eager(*call.arguments, **call.options))
    except Exception:  # such as for a pulled-back gradient, whose arguments are others
        return f"a result that can be compared; comparing this one raised {summary}"
    if expected == _kind(call.result):
        return f"{expected} that can be compared; comparing this one raised {summary}"
    return expected


def _kind(value) -> str:
    """What sort of thing a result is."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if value is None:
        return "None"
    form = jax.tree.map(lambda leaf: Named(f"array{leaf.shape}") if hasattr(leaf, "shape") else leaf, value)
    return f"a {type(value).__name__}: {textwrap.shorten(repr(form), 100, placeholder=' …')}"


def _show(value) -> str:
    if isinstance(value, np.ndarray | np.generic):
        shape = f"  (shape {value.shape})" if value.ndim else ""
        return f"{np.array2string(np.asarray(value), separator=', ', threshold=40)}{shape}"
    return str(value)


def _place(error: BaseException, implementation: Implementation) -> str:
    """The innermost line of the implementation's own files that the error got through."""
    folder = implementation.folder or Path(components.__file__ or "").parent
    place, trace = "", None if implementation.given else error.__traceback__  # those that were handed over have no file
    while trace:
        if Path(trace.tb_frame.f_code.co_filename).is_relative_to(folder):
            place = f"\nin {relative(Path(trace.tb_frame.f_code.co_filename))}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


def counted(number: int, what: str) -> str:
    """A number of things, such as 1 law or 2 laws."""
    return f"{number} {what}{'s' * (number != 1)}"


def labelled(label: str, text: str) -> str:
    """A label and its text, as a report shows them."""
    if label == "counterexample":  # Python takes no lines that begin with spaces
        return f"{label}:\n{text}"
    return f"{label + ':':<16}" + text.replace("\n", "\n" + " " * 16)
