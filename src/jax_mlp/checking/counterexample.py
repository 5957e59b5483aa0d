"""Counterexamples as lines that can be pasted into Python."""

import inspect
import os
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

import jax_mlp
from jax_mlp.checking import expressions, replay
from jax_mlp.checking.implementation import COMPILED, NO_ANSWER, Call, Implementation
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises.loading import in_its_package
from jax_mlp.laws import draws
from jax_mlp.laws.values import as_jax, paste


class Pasted(NamedTuple):
    """A counterexample.

    Attributes:
        lines: The lines to paste.
        reproduced: Whether they were seen to end as the calls did.
        sides: What the law compared, in the names that the lines give to answers, or None if they cannot say so.
    """

    lines: list[str]
    reproduced: bool
    sides: expressions.Compared | None


def pasted(calls: list[Call], implementation: Implementation, error: BaseException, notebook: bool = False) -> Pasted:
    """The counterexample that the calls of a law make."""
    lines = ["import jax, jax.numpy as jnp, numpy as np"]
    for component, functions in COMPONENTS.items():
        called = ", ".join(name for name in functions if any(call.function == name for call in calls))
        path = implementation.path(component)
        if called and path is None and not (notebook and component in implementation.given):
            lines.append(f"from jax_mlp import {called}")
        elif called and path is not None:
            folder, module = path.parent, path.stem
            if in_its_package(path) and folder.name.isidentifier():
                folder, module = folder.parent, f"{folder.name}.{module}"
            lines.append(f"import sys; sys.path.insert(0, {str(relative(folder))!r}); from {module} import {called}")
    shown = calls[-3:] if len(calls) < 10 else calls[-1:]
    say_jit = len({call.method for call in shown} & {"__call__", "eager"}) == 2 or shown[-1].result is NO_ANSWER
    before, say_jit = _before(shown, say_jit, implementation)
    if before is None:
        lines.append("# after earlier calls, which the function remembers:")
    elif len(before) > 5:
        lines.append(f"# after {len(before)} calls like this one, since the function remembers earlier calls:")
    elif before:
        lines += ["# The function remembers earlier calls, so it takes several calls to show this:"]
        lines += [written(call, say_jit) for call in before]
    elif len(calls) > len(shown):
        lines.append(f"# The law makes {len(calls)} calls like {'these' if len(shown) > 1 else 'this one'}:")
    texts = [written(call, say_jit) for call in shown]
    named = len(shown) == len(calls) and not any(text.startswith(("#", "from ")) for text in texts)  # the long ones
    sides = expressions.compared(error, calls) if named else None
    names = {} if sides is None or sides.plain else sides.names
    for position, (call, text) in enumerate(zip(shown, texts, strict=True)):
        name = names.get(position)
        lines.append(f"{name} = {text}" if name else text)
        lines += _given(call, None if name else getattr(error, "got", None), name)
    if names and sides and sides.got:
        lines.append(sides.got)
    return Pasted(lines, before is not None and implementation.folder is not None, sides)


def _before(shown: list[Call], say_jit: bool, implementation: Implementation) -> tuple[list[Call] | None, bool]:
    """The earlier calls that a counterexample needs, or None if none will do, and whether to write jax.jit."""
    if implementation.folder is None or implementation.failure is None or "too long" in written(shown[-1], say_jit):
        return [], say_jit
    for jit in (say_jit, True):
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


def _given(call: Call, got, name: str | None = None) -> list[str]:
    """What a call gave, as a comment, where the law looked at something else: a sum of it, say."""
    gave = call.result
    if not isinstance(gave, np.ndarray | jax.Array) or gave.dtype.kind not in "biuf":
        return []
    gave, looked_at = np.asarray(gave), np.asarray(got) if isinstance(got, np.ndarray | np.generic) else None
    if looked_at is not None and gave.shape == looked_at.shape and np.array_equal(gave, looked_at, equal_nan=True):
        return []
    text = np.array2string(gave, separator=", ", threshold=6, edgeitems=2)
    return [f"# {f'{name} is' if name else 'gives'} {' '.join(text.split())}"]


def written(call: Call, say_jit: bool = False) -> str:
    """A call as it can be pasted into Python, short enough to look at."""
    text = _in_full(call, say_jit)
    return text if len(text) < 2000 else _by_name(call, say_jit)


def _in_full(call: Call, say_jit: bool) -> str:
    # What is compiled sees JAX arrays, whatever it is given.
    given = call.arguments if call.method == "eager" else as_jax(call.arguments)
    arguments = [paste(a) for a in given]
    if call.method in ("gradient", "pullback"):
        function, arguments = _scalar(call, arguments)
        argnum = call.options["argnum"]
        return _called(f"jax.grad({function}{f', {argnum}' if argnum else ''})", arguments)
    arguments += [f"{name}={paste(v)}" for name, v in call.options.items()]
    compiled = say_jit and call.method == "__call__" and call.function in COMPILED
    static = f", static_argnums={COMPILED[call.function][0]}" if compiled and COMPILED[call.function] else ""
    name = f"jax.jit({call.function}{static})" if compiled else call.function
    return _called(name, arguments)


def _scalar(call: Call, arguments: list[str]) -> tuple[str, list[str]]:
    """A function with one number as its result, whose gradient the call computes; and the arguments of that function.

    A pullback is the gradient of a sum of all results, each times its entry of the cotangent.
    """
    if call.method == "gradient":
        return call.function, arguments
    cotangent, *arguments = arguments
    ones = np.all(np.asarray(call.arguments[0]) == 1)
    if ones and len(arguments) == 1 and np.ndim(call.arguments[1]) == 0:
        return call.function, arguments
    names = ", ".join([*inspect.signature(getattr(jax_mlp, call.function)).parameters][: len(arguments)])
    return f"lambda {names}: jnp.sum({'' if ones else f'{cotangent} * '}{call.function}({names}))", arguments


def _called(name: str, arguments: list[str]) -> str:
    """A call in one line, or with each argument in a line of its own if it is very long."""
    line = f"{name}({', '.join(arguments)})"
    return line if len(line) < 300 or len(arguments) < 2 else f"{name}(\n    " + ",\n    ".join(arguments) + ",\n)"


def relative(path: Path) -> Path:
    """The path as a person in the current folder writes it."""
    return Path(os.path.relpath(path)) if path.is_relative_to(Path.cwd()) else path
