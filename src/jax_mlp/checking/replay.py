"""Counterexamples are run before they are printed, in fresh copies of the learner's modules.

A function that remembers something between calls answers differently in a fresh copy. Then the earlier calls that this
takes are found and shown too.
"""

import ast
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from jax_mlp.checking.implementation import NO_ANSWER, Call, Implementation
from jax_mlp.components import COMPONENTS

SECONDS = 10.0
"""How long the search for earlier calls may take."""


def reproduces(text: list[str], expected: Call, implementation: Implementation) -> bool:
    """Whether these lines, in fresh copies of the modules, end as the call did: with the same answer, or in an error.

    Args:
        text: Lines such as a report shows, without the imports.
        expected: The last of the calls, with its result.
        implementation: Where the functions come from.
    """
    fresh = Implementation(implementation.folder)
    names: dict = {"jax": jax, "jnp": jnp, "np": np}
    try:
        for component, functions in COMPONENTS.items():
            if any(name in line for name in functions for line in text):
                names |= fresh.functions(component)
        *before, last = ast.parse("\n".join(text)).body
        exec(compile(ast.Module(before, []), "<counterexample>", "exec"), names)
        if not isinstance(last, ast.Expr):
            return False
        answer = eval(compile(ast.Expression(last.value), "<counterexample>", "eval"), names)
    except Exception:  # whatever the call raised, if it did
        return expected.result is NO_ANSWER
    return expected.result is not NO_ANSWER and same(answer, expected.result)


def leading(
    calls: list[Call], history: list[Call], implementation: Implementation, write: Callable[[Call], str]
) -> list[Call] | None:
    """The fewest earlier calls found after which `calls` end as they did; None if there are none such.

    Args:
        calls: The calls of the counterexample.
        history: All calls since the modules were imported, those of the counterexample last.
        implementation: Where the functions come from.
        write: What makes text of a call.
    """
    end, own = time.monotonic() + SECONDS, [*map(write, calls)]
    function = calls[-1].function
    earlier = [call for call in history[: -len(calls)] if call.function == function]

    def enough(before: list[Call]) -> bool:
        return reproduces([*map(write, before), *own], calls[-1], implementation)

    length = 1
    while not enough(earlier[-length:]):
        if length >= len(earlier) or time.monotonic() > end:
            return None
        length *= 2
    found = earlier[-length:]
    while len(found) > 1 and time.monotonic() < end:
        half = len(found) // 2
        if enough(found[half:]):
            found = found[half:]
        elif enough(found[:half]):
            found = found[:half]
        else:
            break
    for call in [*found]:  # one by one, what is left of a few
        rest = [other for other in found if other is not call]
        if 1 < len(found) < 6 and time.monotonic() < end and enough(rest):
            found = rest
    return found


def same(a, b) -> bool:
    """Whether two answers are alike: the same structure, shapes, kinds and numbers, up to rounding."""
    pairs = list(zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=False))
    return jax.tree.structure(a) == jax.tree.structure(b) and all(
        np.shape(x) == np.shape(y) and near(np.asarray(x), np.asarray(y)) for x, y in pairs
    )


def near(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays hold the same kind of numbers, up to rounding."""
    # A thousandth of a per cent of the largest entry: above the rounding of short sums, below what a mistake makes.
    if a.dtype.kind not in "biuf" or b.dtype.kind not in "biuf":
        return a.dtype == b.dtype
    finite = b[np.isfinite(b)]
    within = 1e-5 * np.abs(finite).max(initial=0)
    return a.dtype.kind == b.dtype.kind and np.allclose(a, b, rtol=1e-4, atol=within, equal_nan=True)
