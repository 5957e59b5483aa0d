"""What the words of an error, or the code itself, say about the cause of a broken law."""

import ast
import inspect
import itertools
import re
import textwrap
from collections.abc import Callable

from jax_mlp.checking.implementation import NO_ANSWER, Call
from jax_mlp.components import COMPONENTS
from jax_mlp.laws.expect import LawBroken


def of_code(function) -> list[str]:
    """What a function computes and does not keep, if it does so."""
    try:
        lines = inspect.getsource(inspect.unwrap(function))
        tree = ast.parse(textwrap.dedent(lines))
    except (OSError, TypeError, SyntaxError):  # it has no source of its own
        return []
    calls = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    for call in calls:
        text = ast.unparse(call.func)
        if re.search(r"\.at\[.*\]\.\w+$", text):
            array, method = text.split(".at[")[0], text.rsplit(".", 1)[1]
            return [
                f"The result of `{array}.at[…].{method}(…)` is not kept, so {array} stays as it was: JAX arrays do "
                f"not change. Write {array} = {array}.at[…].{method}(…)."
            ]
        if text in itertools.chain(*COMPONENTS.values()):
            return [
                f"The result of `{text}(…)` is not kept, so the call has no effect. Assign it to a name, or return it."
            ]
    return []


def of_error(error: BaseException, call: Call) -> list[str]:
    """What an error of JAX's, or an answer of another kind, most likely comes from; at most one sentence."""
    if call.result is None:
        return ["Your function returns None. Is a `return` missing, or indented into a loop or an `if`?"]
    if isinstance(error, NotImplementedError):
        return ["A function is not written yet: it still contains `raise NotImplementedError`."]
    if _holds_a_dict(call.result) or (isinstance(call.result, list | tuple) and call.function in ONE_ARRAY):
        if call.method in ("__call__", "eager"):
            kind = "dict" if _holds_a_dict(call.result) else type(call.result).__name__
            return [f"Your function returns a {kind} instead of {RESULTS.get(call.function, 'one array')}."]
    if isinstance(error, LawBroken):
        return []
    words = str(error)
    if call.result is not NO_ANSWER and "deleted" not in words:  # the law could not use the answer
        return []
    for pattern, remedy in REMEDIES.items():
        found = re.search(pattern, words, re.DOTALL)
        if found:
            sentence = remedy(call, *found.groups()) if callable(remedy) else remedy
            if sentence:
                return [sentence]
    kind = type(error).__name__
    return [ERRORS[kind]] if kind in ERRORS else []


def _holds_a_dict(result) -> bool:
    return isinstance(result, dict) or (isinstance(result, list | tuple) and any(map(_holds_a_dict, result)))


ONE_ARRAY = ("relu", "forward", "one_hot", "loss", "accuracy")
RESULTS = {
    "update": "a list of pairs (w, b)",
    "train_loop": "a list of pairs (w, b)",
    "init_mlp": "a list of pairs (w, b)",
    "init_weights_biases": "a pair (w, b)",
}
"""What functions return that do not return one array."""

ERRORS = {
    "TracerArrayConversionError": "NumPy cannot handle arrays inside jit or grad. Use the same function of "
    "jax.numpy instead.",
    "TracerBoolConversionError": "Python (if, while, and, max, min) cannot look at values inside jit or vmap. Use a "
    "function of jax.numpy instead, such as jnp.where or jnp.maximum.",
    "TracerIntegerConversionError": "Python needs an integer here, but values are unknown inside jit or vmap. Use a "
    "shape, such as len(x), or keep the value an array.",
    "ConcretizationTypeError": "Python needs a number here, but values are unknown inside jit or vmap. Do not use "
    "float(), int() or .item(); keep the value an array.",
    "KeyReuseError": "A key is used twice. Use each key once, either to draw numbers or to split it into new keys. (To "
    "see this error yourself, call your function inside `with jax.debug_key_reuse(True):`.)",
    "UnexpectedTracerError": "A value computed inside jit or grad was stored and used in a later call. Return it "
    "instead.",
    "NonConcreteBooleanIndexError": "Inside jit, JAX does not know which entries fulfil a condition, so a condition "
    "cannot be an index, as in x[x > 0] or x.at[x < 0]. Use jnp.where(condition, a, b) instead.",
}
"""The most likely cause of an error of JAX's, by its type."""

ALIKE = "jax.grad(loss) gives a gradient with the structure of params; jax.grad(loss, 1) gives one like the images."


def _shapes(_: Call, listed: str) -> str:
    """Why the first two shapes that do not fit cannot be broadcast, and what to do."""
    shapes = [[int(n) for n in re.findall(r"\d+", shape)] for shape in re.findall(r"\(([\d, ]*)\)", listed)]
    misfits = [pair for pair in itertools.combinations(shapes, 2) if not _fit(*pair)]
    if not misfits:
        return ""
    a, b = misfits[0]
    if len(a) == len(b) == 1:
        return (
            f"Entry by entry, {a[0]} numbers cannot be combined with {b[0]}. To combine each of the {a[0]} with each "
            f"of the {b[0]}, add an axis, as in x[:, None] == jnp.arange(n)."
        )
    short, long = sorted((a, b), key=len)
    shown = " and ".join(
        "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")" for shape in (long, short)
    )
    if len(short) < len(long) and short == long[: len(short)]:
        return (
            f"The shapes {shown} are aligned at their last axes, where {long[-1]} and {short[-1]} differ. Use "
            "keepdims=True in the sum or maximum, or add an axis with [:, None]."
        )
    return f"The shapes {shown} do not fit. Axes are aligned from the last; sizes must be equal, or one of them 1."


def _fit(a: list[int], b: list[int]) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(reversed(a), reversed(b), strict=False))


def _is_none(call: Call, *_) -> str:
    if call.function == "train_loop" and None in map(call.options.get, ("on_epoch", "batches", "key")):
        return (
            "An optional argument (`batches`, `key` or `on_epoch`) is None if the caller does not give it. Test for "
            "None first."
        )
    return "A value that is needed here is None. A function without `return` returns None."


def _in_place(call: Call, *_) -> str:
    what = "JAX arrays cannot be changed in place. "
    if call.function == "relu":
        return what + "Make a new one: jnp.where(condition, a, b) takes each entry from a or from b."
    if call.options.get("key") is not None:
        return what + "To shuffle, make a random order with jax.random.permutation(key, n), and use it as an index."
    return what + "Make a new one with jnp.where, or with x = x.at[…].set(…)."


def _truth(call: Call, *_) -> str:
    if call.function == "train_loop":
        return "An `if` cannot test an array. To see whether an argument was given, write `if key is not None`."
    return "An `if` cannot test a whole array at once. Use jnp.where or jnp.maximum, which work entry by entry."


def _products(call: Call, *_) -> str:
    if call.function in ("loss", "accuracy", "one_hot"):
        return "The shapes in a matrix multiplication (`@`) do not fit. To multiply entry by entry, write `*`."
    return (
        "The shapes in a matrix multiplication do not fit. Weights have shape (out, in), an image has shape (in,), and "
        "a batch has shape (batch, in)."
    )


def _columns(call: Call, columns: str, classes: str) -> str:
    """What a training loop takes for the number of classes, if its targets have another number of columns."""
    if call.function != "train_loop" or columns == classes:
        return ""
    return (
        f"The number of columns of the targets is {columns}, but the number of classes is {classes}: the length of the "
        "last bias, params[-1][1]."
    )


REMEDIES: dict[str, str | Callable] = {
    r"(?:shapes for broadcasting: |broadcast together with shapes )(?:shapes=\[)?((?:\([\d, ]*\),? *)+)": _shapes,
    "truth value of an array|Cannot interpret 'key<|to bool": _truth,
    r"(normal|uniform|split|permutation)\(\) got an unexpected keyword argument '(\w+)'": lambda _, name, argument: (
        f"jax.random.{name} has no argument `{argument}`, which NumPy's functions may have. Its first argument is the "
        "key" + (", and its second the shape." if name in ("normal", "uniform") else ".")
    ),
    r"(\w+)\(\) missing \d+ required positional": lambda _, name: (
        f"`{name}` is called with too few arguments. A function made by jax.grad takes the same arguments as the "
        "original: jax.grad(loss)(params, x, y)."
    ),
    "Only integer scalar arrays can be converted": "An array was given in place of an integer, such as an axis. In "
    "jnp.max(0, x), x is the axis; jnp.maximum(0, x) compares each entry with 0.",
    "Expected a callable value": "jax.grad takes the function, not its result: write jax.grad(f)(params, x, y).",
    "out of bounds for array of dimension 0": "jnp.max(x, 0) reduces along axis 0, but a single number has no axis. "
    "jnp.maximum(x, 0) compares each entry with 0.",
    "values to unpack": f"A pair (w, b) was expected here. {ALIKE}",
    "Expected list, got": f"A list was expected here, because params is a list. {ALIKE}",
    "and 'list'|for .: 'list'|can't multiply sequence": "params is a list of pairs and not an array. Compute "
    "with each array in a loop, or with all of them by jax.tree.map.",
    "dot_general requires contracting dimensions|matmul: .*mismatch": _products,
    "vmap got inconsistent sizes": "jax.vmap maps over every argument unless in_axes says otherwise. in_axes=(None, 0) "
    "passes the first argument whole, and maps over axis 0 of the second.",
    r"Cannot interpret '(\d+)' as a data type": lambda _, number: (
        f"A shape is one argument, such as (3, 2). Here a second number, {number}, was taken as a dtype."
    ),
    r"targets.shape=\(\d+, (\d+)\) and predictions.shape=\(\d+, (\d+)\)": _columns,
    r"expected at least one image, got images of shape \(0,": "A batch is empty. range(0, n, batch_size) gives "
    "the places i where the batches of n images begin, and x[i : i + batch_size] is the batch.",
    "deleted or donated|has been deleted": "An argument was donated (donate_argnums or donate_argnames), so the caller "
    "can no longer read it.",
    "arrays are immutable|does not support item assignment": _in_place,
    "'NoneType' object": _is_none,
}
"""The most likely cause of an error, by a pattern in its message."""
