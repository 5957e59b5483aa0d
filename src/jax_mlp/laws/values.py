"""Values as JAX arrays, and as text that can be pasted into Python."""

import re
from collections.abc import Iterator

import jax
import numpy as np


def as_jax(value):
    """The value with its arrays of numbers as JAX arrays, including those in lists and tuples."""
    leaves, tree = jax.tree.flatten(value, is_leaf=lambda node: isinstance(node, Iterator))
    numeric = [isinstance(leaf, np.ndarray | np.generic) and leaf.dtype.kind in "biufcV" for leaf in leaves]
    put = iter(_put([leaf for leaf, is_numeric in zip(leaves, numeric, strict=True) if is_numeric]))
    return tree.unflatten(next(put) if is_numeric else leaf for leaf, is_numeric in zip(leaves, numeric, strict=True))


_put = jax.jit(lambda arrays: arrays)  # all arrays at once, which is several times faster than one by one


def paste(value) -> str:
    """A short expression that makes this value."""
    if isinstance(value, jax.Array) and jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key):
        high, low = np.asarray(jax.random.key_data(value)).tolist()
        return f"jax.random.key({low})" if high == 0 else f"jax.random.wrap_key_data(np.uint32([{high}, {low}]))"
    if isinstance(value, jax.Array) and value.is_deleted():  # given away by the component under test
        return f"jnp.empty({value.shape})"
    if isinstance(value, np.ndarray | jax.Array):
        array, module = np.asarray(value), "jnp" if isinstance(value, jax.Array) else "np"
        dtype = f"{module if hasattr(np, str(array.dtype)) else 'jnp'}.{array.dtype}"
        if array.size > 4 and not array.any():
            return f"{module}.zeros({array.shape}, {dtype})"
        if array.size == 0:
            return f"{module}.empty({array.shape}, {dtype})"
        shortest = {"float_kind": lambda number: re.sub(r"\.0$", ".", str(number))}
        numbers = np.array2string(array, separator=", ", threshold=2**30, max_line_width=2**30, formatter=shortest)
        numbers = " ".join(numbers.split()).replace("nan", "np.nan").replace("inf", "np.inf")
        return f"{module}.array({numbers}, {dtype})"
    if isinstance(value, list | tuple):
        inside = ", ".join(paste(v) for v in value)
        if isinstance(value, list):
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if callable(value):
        return getattr(value, "__name__", "…").replace("<lambda>", "…")
    return repr(value)
