"""What a person sees when a law is broken: the law, the smallest counterexample, what came, and where to go on."""

import contextlib
import functools
import importlib
import inspect
import math
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
import pytest
from hypothesis.errors import FlakyFailure

from jax_mlp import _jax
from jax_mlp.checking import evaluate, examples, replay
from jax_mlp.checking.implementation import COMPILED, NO_ANSWER, BrokenComponent, Call, Component, Implementation
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import Exercises
from jax_mlp.laws import draws
from jax_mlp.laws.expect import LawBroken
from jax_mlp.laws.values import as_jax, paste
from jax_mlp.mistakes import Entry, mistakes

IMPLEMENTATION = pytest.StashKey[Implementation]()


def exercises(config: pytest.Config) -> bool:
    """Whether the implementation is a folder that `jax-mlp exercises start` made."""
    folder = config.stash[IMPLEMENTATION].folder
    return folder is not None and Exercises(folder).started


class Explained(NamedTuple):
    """Why a law failed: the report's lines, each with its label, and what a program needs of it."""

    lines: list[tuple[str, str]]
    fitting: tuple[str, ...] = ()
    """The names of the mistakes that would have answered the same."""
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
    if evaluate.marks(law) & {"reference", "fine_print"} and not isinstance(error, LawBroken):
        return None
    lines = [("law", " ".join((inspect.getdoc(law) or name).split()))]
    fitting, untestable = [], ""
    flaky, failure = isinstance(error, FlakyFailure), implementation.failure
    if flaky and failure is not None:  # Hypothesis tried it again, and then it passed
        error, implementation.calls[:] = failure.error, failure.calls
    if isinstance(error, BrokenComponent):
        lines += [("got", str(error)), ("expected", "a module that imports and defines its functions")]
        component = untestable = next(name for name, broken in implementation.errors.items() if broken is error)
    elif not implementation.calls:
        return None
    else:
        calls = implementation.calls
        component = next(name for name, functions in COMPONENTS.items() if calls[-1].function in functions)
        text, reproduced = _written(calls, implementation, error, notebook)
        lines.append(("counterexample", "\n".join(text)))
        if flaky and not reproduced:
            lines += [("got", "different answers to the same call"), ("expected", "the same answer every time")]
        else:
            lines += got_and_expected(error, implementation)
        # Before the learner is blamed, the machine is ruled out.
        if (implementation.folder or implementation.given) and examples.reference_fails(law, arguments):
            return Explained([*lines, ("likely cause", _machine())], machine=True)
        fitting = diagnose(component, calls, implementation)
        stem, _, function = name.partition("::")
        laws = {**implementation.asked.get(stem, {}), function.partition("[")[0]: "failed"}
        likely = _remedy(error, calls[-1]) or most_likely(fitting, laws)
        if likely:
            lines.append(("likely cause", "\nor: ".join(likely)))
    if notebook:
        return Explained(lines, tuple(wrong.name for wrong in fitting), untestable)
    lines.append(("read", f"jax-mlp exercises read {component}"))
    rerun = ["pytest"]
    if implementation.folder:
        rerun += [f"--impl={relative(implementation.folder)}", name]
    else:
        rerun += ["--pyargs", f"jax_mlp.laws.test_{name}"]
    lines.append(("rerun", shlex.join(rerun)))
    return Explained(lines, tuple(wrong.name for wrong in fitting), untestable)


MACHINE_WRONG = 9
"""The exit code of a run in which the reference failed at what it was given to rule the machine out."""


def diagnose(component: str, calls: list[Call], implementation: Implementation) -> list[Entry]:
    """The mistakes that would have answered the same, to these calls and to others.

    To ask them takes time: those that fitted the last broken law come first, and after three that none fitted, no more.
    """
    calls = [call for call in calls if call.function in COMPONENTS[component] and call.result is not NO_ANSWER]
    if not calls:
        return []
    calls += _further_evidence(calls[-1], getattr(implementation, calls[-1].function))
    before = implementation.fitting.setdefault(component, [])
    if before[-3:] == [[], [], []]:
        return []
    fitting: list[Entry] = []
    for suspects in (*before[-1:], mistakes(component)):
        fitting = fitting or [w for w in suspects if all(_answers_alike(w.functions, call) for call in calls)]
    before.append(fitting)
    return fitting


def most_likely(fitting: list[Entry], laws: dict[str, str]) -> list[str]:
    """The sentences of at most two mistakes: those that are known to break the broken laws, and no others.

    `laws` says of each law that was run what became of it, such as "failed".
    """
    broken = {law for law, state in laws.items() if state == "failed"}
    agreement = {}
    for wrong in fitting:
        known = evaluate.laws_that_catch(wrong) & {*laws}
        if not known and not broken & {
            *evaluate.laws(wrong.component)
        }:  # a law of gradients: the table has none of those
            known = broken
        agreement[wrong.sentence] = len(known & broken) / len(known | broken)
    best = max(agreement.values(), default=0.0)
    return [sentence for sentence, share in agreement.items() if share >= max(0.5, best)][:2]


def revise(text: str, component: str, names: list[str], laws: dict[str, str]) -> str:
    """A report again, now that it is known which laws are broken and which are kept."""
    fitting = [wrong for wrong in mistakes(component) if wrong.name in names]
    likely = most_likely(fitting, laws)
    if not names:
        return text
    block = labelled("likely cause", "\nor: ".join(likely)) + "\n" if likely else ""
    text = re.sub(r"^likely cause: .*\n(?: .*\n)*", "", text, count=1, flags=re.MULTILINE)
    return re.sub(r"^(?=read: )", lambda _: block, text, count=1, flags=re.MULTILINE)


def _further_evidence(call: Call, suspect: Component) -> list[Call]:
    """The call again with other numbers and two rows more: a counterexample is too small to tell mistakes apart."""
    if call.function in ("init_weights_biases", "init_mlp", "train_loop"):
        return []
    rng = np.random.default_rng(0)

    def other(value, more=0):
        if not isinstance(value, np.ndarray | jax.Array):
            return value
        shape = (value.shape[0] + more, *value.shape[1:]) if value.ndim else ()
        if np.issubdtype(value.dtype, np.integer):  # labels, some of them out of range
            return np.arange(-2, math.prod(shape) - 2).astype(value.dtype).reshape(shape)
        return np.asarray(3 * rng.standard_normal(shape), value.dtype)

    evidence = []
    for _ in range(4):
        arguments = tuple(
            jax.tree.map(other, argument) if isinstance(argument, list | tuple) else other(argument, more=2)
            for argument in call.arguments
        )
        with contextlib.suppress(Exception):  # what crashes is no evidence for one mistake or another
            answer = getattr(suspect, call.method)(*arguments, **call.options)
            evidence.append(call._replace(arguments=arguments, result=answer))
    return evidence


def _remedy(error: BaseException, call: Call) -> list[str]:
    """What an error of JAX's, or nothing for an answer, most likely comes from."""
    if call.result is None:
        return ["Your function returns None. Is a `return` missing?"]
    if isinstance(error, NotImplementedError):
        return ["A function is not written yet: it still contains `raise NotImplementedError`."]
    if isinstance(call.result, list | tuple) and call.function in COMPILED and call.method in ("__call__", "eager"):
        return [f"Your function returns a {type(call.result).__name__} instead of one array."]
    remedies = {
        "TracerArrayConversionError": "NumPy cannot handle arrays inside jit or grad. Use the function of jax.numpy "
        "instead.",
        "TracerBoolConversionError": "Python (if, while, and, max, min) cannot look at values inside jit or grad. Use "
        "a function of jax.numpy instead, such as jnp.where or jnp.maximum.",
        "TracerIntegerConversionError": "Python needs an integer here, but values are unknown inside jit or grad. Use "
        "a shape, such as len(x), or keep the value an array.",
        "ConcretizationTypeError": "Python needs a number here, but values are unknown inside jit or grad. Do not use "
        "float(), int() or .item(); keep the value an array.",
        "UnexpectedTracerError": "A value computed inside jit or grad was stored and used in a later call. Return it "
        "instead.",
        "NonConcreteBooleanIndexError": "Inside jit a shape cannot depend on values, so x[x > 0] does not work. Use "
        "jnp.where(x > 0, x, …) instead.",
    }
    for words, remedy in REMEDIES.items():
        if words in str(error):
            return [remedy]
    return [remedies[type(error).__name__]] if type(error).__name__ in remedies else []


ALIKE = "jax.grad(loss) gives a gradient with the structure of params; jax.grad(loss, 1) gives one like the images."
REMEDIES = {
    "truth value of an array": "An `if` cannot test a whole array at once. Use jnp.where or jnp.maximum, which work "
    "entry by entry.",
    "Expected a callable value": "jax.grad takes the function, not its result: write jax.grad(f)(params, x, y).",
    "out of bounds for array of dimension 0": "jnp.max(x, 0) reduces along axis 0, but a single number has no axis. "
    "jnp.maximum(x, 0) compares each entry with 0.",
    "values to unpack": f"A pair (w, b) was expected here. {ALIKE}",
    "Expected list, got": f"A list was expected here, because params is a list. {ALIKE}",
    "and 'list'": "params is a list of pairs and not an array. Compute with each array in a loop, or with all of them "
    "by jax.tree.map.",
    "dot_general requires contracting dimensions": "The shapes of a matrix product do not fit. Weights have shape "
    "(out, in), an image has shape (in,), and a batch has shape (batch, in).",
    "vmap got inconsistent sizes": "jax.vmap maps over every argument unless in_axes says otherwise. in_axes=(None, 0) "
    "passes the first argument whole, and maps over axis 0 of the second.",
    "deleted or donated": "An argument was donated (donate_argnums or donate_argnames), so the caller can no longer "
    "read it.",
    "arrays are immutable": "JAX arrays cannot be changed in place. Make a new one with jnp.where or x.at[…].set(…).",
}
"""The most likely cause of an error, by words in its message."""


@functools.cache  # compiled once, for all laws that are broken
def _component(name: str, function) -> Component:
    return Component(name, function, [])


def _answers_alike(functions: dict, call: Call) -> bool:
    try:
        # Copies, since a mistake may change or delete what it is given.
        arguments, options = jax.tree.map(lambda leaf: leaf.copy() if hasattr(leaf, "copy") else leaf, call[2:4])
        answer = getattr(_component(call.function, functions[call.function]), call.method)(*arguments, **options)
        return replay.same(answer, call.result)
    except Exception:  # a wrong component may fail in any way at all
        return False


def _written(
    calls: list[Call], implementation: Implementation, error: BaseException, notebook: bool = False
) -> tuple[list[str], bool]:
    """The lines to paste, and whether they were seen to end as the calls did."""
    lines = ["import jax, jax.numpy as jnp, numpy as np"]
    for component, functions in COMPONENTS.items():
        names = ", ".join(name for name in functions if any(call.function == name for call in calls))
        path = implementation.path(component)
        if names and path is None and not (notebook and component in implementation.given):
            lines.append(f"from jax_mlp import {names}")
        elif names and path is not None:
            folder = str(relative(path.parent))
            lines.append(f"import sys; sys.path.insert(0, {folder!r}); from {path.stem} import {names}")
    shown = calls[-3:] if len(calls) < 10 else calls[-1:]
    mixed = len({call.method for call in shown} & {"__call__", "eager"}) == 2 or shown[-1].result is NO_ANSWER
    before, mixed = _before(shown, mixed, implementation)
    if before is None:
        lines.append("# after earlier calls, which the function remembers:")
    elif len(before) > 5:
        lines.append(f"# after {len(before)} calls like this one, since the function remembers earlier calls:")
    elif before:
        lines += ["# The function remembers earlier calls, so this takes more than one:"]
        lines += [written(call, mixed) for call in before]
    elif len(calls) > len(shown):
        lines.append(f"# after {len(calls) - len(shown)} calls like {'these' if len(shown) > 1 else 'this'}:")
    for call in shown:
        lines += [written(call, mixed), *_given(call, getattr(error, "got", None))]
    return lines, before is not None and implementation.folder is not None


def _machine() -> str:
    """What is known of a machine on which the reference fails."""
    device = jax.devices()[0]
    known = _jax.fault()
    what = f" {known.what} See {known.link}." if known else ""
    return (
        f"This is not your code's fault. The reference fails this law too, so JAX {jax.__version__} on this "
        f"{device.platform} computes it wrong.{what} Install another version of JAX, then test again."
    )


def _before(shown: list[Call], mixed: bool, implementation: Implementation) -> tuple[list[Call] | None, bool]:
    """The earlier calls that a counterexample needs, or None if none will do, and whether to write jax.jit."""
    if implementation.folder is None or implementation.failure is None or "too long" in written(shown[-1], mixed):
        return [], mixed
    for jit in (mixed, True):
        if replay.reproduces([written(call, jit) for call in shown], shown[-1], implementation):
            return [], jit
    return replay.leading(shown, implementation.failure.history, implementation, lambda call: written(call, True)), True


def _by_name(call: Call, say_jit: bool) -> str:
    """A call whose arrays are too long to show: those of a large case by the names that they have there."""
    for name, make in draws.LARGE.items():
        large = {paste(as_jax(value)): f"case.{field}" for field, value in make()._asdict().items()}
        arguments = tuple(Named(large.get(text, text)) for text in map(paste, as_jax(call.arguments)))
        text = _in_full(call._replace(arguments=arguments), say_jit)
        if call.method in ("__call__", "eager") and len(text) < 2000:
            return f"from jax_mlp.laws.draws import {name}; case = {name}()\n{text}"
    return f"# {call.function}(…), too long to show"


class Named(str):
    """What stands in a report as it is."""

    __repr__ = str.__str__


def _given(call: Call, got) -> list[str]:
    """What a call gave, as a comment, where the law looked at something else: a sum of it, say."""
    gave = call.result
    if not isinstance(gave, np.ndarray | jax.Array) or gave.dtype.kind not in "biuf" or gave.size > 6:
        return []
    gave, looked_at = np.asarray(gave), np.asarray(got) if isinstance(got, np.ndarray | np.generic) else None
    if looked_at is not None and gave.shape == looked_at.shape and np.array_equal(gave, looked_at, equal_nan=True):
        return []
    return [f"# gives {np.array2string(gave, separator=', ')}".replace("\n", "\n# ")]


def written(call: Call, say_jit: bool = False) -> str:
    """A call as it can be pasted into Python, short enough to look at."""
    text = _in_full(call, say_jit)
    return text if len(text) < 2000 else _by_name(call, say_jit)


def _in_full(call: Call, say_jit: bool) -> str:
    # What is compiled sees JAX arrays, whatever it is given.
    given = call.arguments if call.method == "eager" else as_jax(call.arguments)
    arguments = [paste(a) for a in given]
    if call.method == "gradient":
        argnum = call.options["argnum"]
        return f"jax.grad({call.function}{f', {argnum}' if argnum else ''})({', '.join(arguments)})"
    if call.method == "pullback":
        pulled = f"jax.vjp({call.function}, {', '.join(arguments[1:])})[1]({arguments[0]})"
        return f"{pulled}[{call.options['argnum']}]"
    arguments += [f"{name}={paste(v)}" for name, v in call.options.items()]
    compiled = say_jit and call.method == "__call__" and call.function in COMPILED
    static = f", static_argnums={COMPILED[call.function][0]}" if compiled and COMPILED[call.function] else ""
    name = f"jax.jit({call.function}{static})" if compiled else call.function
    return f"{name}({', '.join(arguments)})"


def got_and_expected(error: BaseException, implementation: Implementation) -> list[tuple[str, str]]:
    """The rows got and expected, each with its label."""
    if not isinstance(error, LawBroken):
        words = [line.strip() for line in str(error).strip().splitlines() if line.strip()] or [""]
        n_lines = 4 if words[0].endswith(":") else 1  # the beginning of a list is nothing without the list
        summary = f"{type(error).__name__}: {' '.join(words[:n_lines])[:300]}"
        place, gave = _place(error, implementation), implementation.calls[-1].result
        if place or gave is NO_ANSWER:
            return [("got", summary + place), ("expected", "a result")]
        return [("got", _kind(gave)), ("expected", _expected_kind(implementation.calls[-1], summary))]
    where, got, expected = error.where, error.got, error.expected
    own = (
        "  (from another of these calls: the two should agree)" if _was_answered(expected, implementation.calls) else ""
    )
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
    shown = [("got", f"{at}{_show(got)}"), ("expected", f"{at}{_show(expected)}{own}")]
    if isinstance(got, np.ndarray | np.generic) and got.dtype.kind == "f" and not np.isfinite(got).all():
        shown[0] = ("got", f"not finite: {shown[0][1]}")
        if isinstance(expected, np.ndarray | np.generic) and np.array_equal(got, expected, equal_nan=True):
            shown[1] = ("expected", "finite numbers: both answers came from the component")
    return shown


def _was_answered(expected, calls: list[Call]) -> bool:
    """Whether the expected value is what the component itself returned in another call."""
    if not isinstance(expected, np.ndarray) or len(calls) < 2:
        return False
    answers = [leaf for call in calls for leaf in jax.tree.leaves(call.result) if np.shape(leaf) == expected.shape]
    return any(np.array_equal(answer, expected) for answer in answers if not getattr(answer, "is_deleted", bool)())


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
    return f"{value!r:.60}" if value is None else f"a {type(value).__name__}: {value!r:.60}"


def _show(value) -> str:
    if isinstance(value, np.ndarray | np.generic):
        shape = f"  (shape {value.shape})" if value.ndim else ""
        return f"{np.array2string(np.asarray(value), separator=', ', threshold=40)}{shape}"
    return str(value)


def _place(error: BaseException, implementation: Implementation) -> str:
    """The innermost line of the implementation's own files that the error got through."""
    folder = implementation.folder or Path(importlib.import_module("jax_mlp").__file__ or "").parent
    place, trace = "", error.__traceback__
    while trace:
        if Path(trace.tb_frame.f_code.co_filename).is_relative_to(folder):
            place = f"\nin {relative(Path(trace.tb_frame.f_code.co_filename))}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


def relative(path: Path) -> Path:
    """The path as a person in the current folder writes it."""
    return Path(os.path.relpath(path)) if path.is_relative_to(Path.cwd()) else path


def labelled(label: str, text: str) -> str:
    """A label and its text, as a report shows them."""
    if label == "counterexample":  # Python takes no lines that begin with spaces
        return f"{label}:\n{text}"
    return f"{label + ':':<16}" + text.replace("\n", "\n" + " " * 16)
