"""Correct variants of one_hot."""

import functools
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

N_CLASSES = 10


def library(x, n_classes=10):
    """JAX's own function is used."""
    return jax.nn.one_hot(x, n_classes, dtype=jnp.float32)


def where(x, n_classes=10):
    """Labels are compared with a table of class numbers, and `where` selects 1 or 0."""
    classes = jax.lax.broadcasted_iota(jnp.int32, (x.shape[0], n_classes), 1)
    return jnp.where(classes == x[:, None].astype(jnp.int32), 1.0, 0.0)


def vmapped(x, n_classes=10):
    """The labels are encoded one at a time, with `vmap`."""
    return jax.vmap(lambda label: (jnp.arange(n_classes) == label).astype(jnp.float32))(x)


def ones_dropped_in(x, n_classes=10):
    """The ones are set by index, and indices out of range are dropped."""
    x = x.astype(jnp.int32)
    places = jnp.where(x < 0, n_classes, x)  # a negative index would count from the end
    return jnp.zeros((x.shape[0], n_classes), jnp.float32).at[jnp.arange(x.shape[0]), places].set(1, mode="drop")


def as_the_guide_writes_it(x, n_classes=N_CLASSES) -> jnp.array:
    """The code of the guide, with this project's names."""
    return jnp.array(x[:, None] == jnp.arange(n_classes), dtype=jnp.float32)


@dataclass
class _Encoder:
    """A dataclass holds the dtype and is called like a function, but cannot be hashed."""

    dtype: type = jnp.float32

    def __call__(self, x, n_classes=10):
        return (jnp.arange(n_classes)[None, :] == jnp.expand_dims(x, 1)).astype(self.dtype)


dataclass_with_call = _Encoder()


class _Table:
    """A class looks labels up in a table that it makes once per number of classes."""

    def __init__(self):
        self.tables = {}

    def __call__(self, x, n_classes=10):
        table = self.tables.setdefault(n_classes, np.eye(n_classes, dtype=np.float32))
        inside = (x >= 0) & (x < n_classes)
        return jnp.where(inside[:, None], jnp.asarray(table)[jnp.where(inside, x, 0)], 0)


class_with_a_cache = _Table()


def _encode(x, n_classes=10, *, dtype):
    """The function is a `partial` that fixes the dtype."""
    return jnp.equal(x[:, jnp.newaxis], jnp.arange(n_classes)).astype(dtype)


partial = functools.partial(_encode, dtype=jnp.float32)


def _encoder(dtype):
    def encode(x, n_classes=10):
        """The function is a closure that remembers the dtype."""
        return jnp.asarray(jnp.arange(n_classes) == x.reshape(-1, 1), dtype)

    return encode


closure = _encoder(jnp.float32)


@functools.partial(jax.jit, static_argnames="n_classes")
def static_argument(x: jax.Array, n_classes: int = 10) -> jax.Array:
    """The function is compiled with the number of classes as a static argument."""
    return 1.0 * (jnp.arange(n_classes, dtype=x.dtype) == x[:, None])


as_a_lambda = lambda x, n_classes=10: jnp.float32(x[:, None] == jnp.arange(n_classes))  # noqa: E731
as_a_lambda.__doc__ = "A `lambda` is given a name and converts with `jnp.float32`."


def asks_for_int64(x, n_classes=10):
    """Labels are converted to int64, so JAX warns that they are truncated to int32."""
    return (x.astype(jnp.int64)[:, None] == jnp.arange(n_classes)).astype(jnp.float32)


def rows_set_in_a_loop(x, n_classes=10):
    """A Python loop over the labels sets one row at a time with `.at`."""
    rows = jnp.zeros((len(x), n_classes), jnp.float32)
    for i, label in enumerate(x):
        rows = rows.at[i].set(jnp.where(jnp.arange(n_classes) == label, 1.0, 0.0))
    return rows


def columns_stacked(x, n_classes=10):
    """One comparison per class makes a column, and the columns are stacked."""
    return jnp.stack([(x == k).astype(jnp.float32) for k in range(n_classes)], axis=1)


def fori_loop(x, n_classes=10):
    """A `fori_loop` over the classes sets one column at a time."""

    def column(k, rows):
        return rows.at[:, k].set(jnp.where(x == k, 1.0, 0.0))

    return jax.lax.fori_loop(0, n_classes, column, jnp.zeros((x.shape[0], n_classes)))


def scanned(x, n_classes=10):
    """A `scan` over the labels emits one row per label."""
    return jax.lax.scan(lambda _, label: (None, (jnp.arange(n_classes) == label).astype(jnp.float32)), None, x)[1]


def matched(x, n_classes=10):
    """A `match` handles an empty batch by itself, and `lax.map` handles all others."""
    match x.shape[0]:
        case 0:
            return jnp.empty((0, n_classes), jnp.float32)
        case _:
            return jax.lax.map(
                lambda label: (
                    jnp.zeros(n_classes).at[jnp.arange(n_classes)].set((jnp.arange(n_classes) == label) * 1.0)
                ),
                x,
            )


def difference_of_steps(x, n_classes=10):
    """Each row is the difference of two cumulative rows, of classes up to the label and below it."""
    classes = jnp.arange(n_classes)
    return (classes >= x[:, None]).astype(jnp.float32) - (classes > x[:, None]).astype(jnp.float32)


def numpy_inside(x, n_classes=10):
    """NumPy sets the ones by index, so the function cannot be compiled."""
    x = np.asarray(x)
    rows = np.zeros((len(x), n_classes), np.float32)
    inside = (x >= 0) & (x < n_classes)
    rows[np.flatnonzero(inside), x[inside]] = 1
    return rows


def python_loop(x, n_classes=10):
    """Plain Python compares each label with each class, so the function cannot be compiled."""
    rows = [[1.0 if int(label) == k else 0.0 for k in range(n_classes)] for label in x]
    return jnp.array(rows, jnp.float32).reshape(-1, n_classes)
