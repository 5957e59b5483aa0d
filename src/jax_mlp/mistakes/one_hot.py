"""Ways to get one_hot wrong."""

import jax
import jax.numpy as jnp
import numpy as np


def rows_of_the_identity(x, n_classes=10):
    """Rows of the identity matrix are looked up: -1 names the last class, and a label too large the last row."""
    return jnp.eye(n_classes, dtype=jnp.float32)[x]


def labels_from_one(x, n_classes=10):
    """Labels are taken to start at 1."""
    return jax.nn.one_hot(x - 1, n_classes)


def transposed(x, n_classes=10):
    """A column for each label instead of a row."""
    return jax.nn.one_hot(x, n_classes).T


def clamped(x, n_classes=10):
    """Labels out of range are moved to the nearest class."""
    return jax.nn.one_hot(jnp.clip(x, 0, n_classes - 1), n_classes)


def modulo(x, n_classes=10):
    """Labels out of range wrap around."""
    return jax.nn.one_hot(x % n_classes, n_classes)


def negative_counts_from_the_end(x, n_classes=10):
    """Ones are set by index, and a negative index counts from the end."""
    return jnp.zeros((len(x), n_classes)).at[jnp.arange(len(x)), x].set(1.0)


def integers(x, n_classes=10):
    """The rows hold integers."""
    return jax.nn.one_hot(x, n_classes, dtype=jnp.int32)


def booleans(x, n_classes=10):
    """The comparison itself is returned: rows of booleans."""
    return x[:, None] == jnp.arange(n_classes)


def one_cold(x, n_classes=10):
    """The comparison is the wrong way round: 0 at the label and 1 elsewhere."""
    return 1 - jax.nn.one_hot(x, n_classes)


def minus_one_elsewhere(x, n_classes=10):
    """-1 instead of 0 marks the other classes."""
    return 2 * jax.nn.one_hot(x, n_classes) - 1


def smoothed(x, n_classes=10):
    """A tenth of the probability is spread over all classes: label smoothing nobody asked for."""
    return 0.9 * jax.nn.one_hot(x, n_classes) + 0.1 / n_classes


def always_ten_classes(x, n_classes=10):
    """n_classes is ignored."""
    return jax.nn.one_hot(x, 10)


def as_many_classes_as_labels(x, n_classes=None):
    """Unless told, there are as many classes as the labels at hand name: another batch, another width."""
    return jax.nn.one_hot(x, int(x.max()) + 1 if n_classes is None else n_classes)


def columns_reversed(x, n_classes=10):
    """Columns are counted backwards, from the last class to the first."""
    return jax.nn.one_hot(x, n_classes)[:, ::-1]


def one_class_too_many(x, n_classes=10):
    """There is a column for n_classes itself."""
    return jax.nn.one_hot(x, n_classes + 1)


def cumulative(x, n_classes=10):
    """All classes up to the label are marked: <= where == belongs."""
    return (jnp.arange(n_classes) <= x[:, None]).astype(jnp.float32) * (x[:, None] < n_classes)


def wraps_around_as_a_byte(x, n_classes=10):
    """Labels are cast to a byte first: 256 becomes 0."""
    return jax.nn.one_hot(x.astype(jnp.uint8), n_classes)


def in_place(x, n_classes=10):
    """Labels out of range are set to -1 in the caller's own array."""
    if isinstance(x, np.ndarray):
        x[(x < 0) | (x >= n_classes)] = -1
    return jax.nn.one_hot(x, n_classes)


def a_single_label_is_no_batch(x, n_classes=10):
    """The result is squeezed: a batch of one label loses its axis."""
    return jnp.squeeze(jax.nn.one_hot(x, n_classes), axis=0) if len(x) == 1 else jax.nn.one_hot(x, n_classes)


def classes_in_half_precision(x, n_classes=10):
    """Labels are compared in bfloat16, which cannot tell 256 from 257."""
    return (x[:, None].astype(jnp.bfloat16) == jnp.arange(n_classes, dtype=jnp.bfloat16)).astype(jnp.float32)
