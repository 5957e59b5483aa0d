"""Mistakes in one_hot."""

import jax
import jax.numpy as jnp
import numpy as np


def rows_of_the_identity(x, n_classes=10):
    """Rows of the identity matrix are looked up, so -1 and labels that are too large give the last class."""
    return jnp.eye(n_classes, dtype=jnp.float32)[x]


def labels_from_one(x, n_classes=10):
    """Labels are assumed to start at 1, so the class before the right one is marked."""
    return jax.nn.one_hot(x - 1, n_classes)


def transposed(x, n_classes=10):
    """The result is transposed: it has one column per label instead of one row."""
    return jax.nn.one_hot(x, n_classes).T


def clamped(x, n_classes=10):
    """Labels out of range are moved to the nearest class, so they name a wrong class instead of none."""
    return jax.nn.one_hot(jnp.clip(x, 0, n_classes - 1), n_classes)


def modulo(x, n_classes=10):
    """Labels out of range wrap around (modulo the number of classes), so they name a wrong class."""
    return jax.nn.one_hot(x % n_classes, n_classes)


def negative_counts_from_the_end(x, n_classes=10):
    """The ones are set by index, and a negative index counts from the end, so -1 names the last class."""
    return jnp.zeros((len(x), n_classes)).at[jnp.arange(len(x)), x].set(1.0)


def integers(x, n_classes=10):
    """The rows have an integer dtype instead of float32."""
    return jax.nn.one_hot(x, n_classes, dtype=jnp.int32)


def booleans(x, n_classes=10):
    """The comparison itself is returned, so the rows are booleans instead of float32."""
    return x[:, None] == jnp.arange(n_classes)


def one_cold(x, n_classes=10):
    """The comparison is inverted, so the row has 0 at the label and 1 everywhere else."""
    return 1 - jax.nn.one_hot(x, n_classes)


def minus_one_elsewhere(x, n_classes=10):
    """The other classes are marked with -1 instead of 0, so the rows are not probabilities."""
    return 2 * jax.nn.one_hot(x, n_classes) - 1


def smoothed(x, n_classes=10):
    """The 1 in each row is reduced to 0.9, and the remaining 0.1 is spread evenly over all classes (label smoothing),
    so no entry is exactly 0 or 1.
    """
    return 0.9 * jax.nn.one_hot(x, n_classes) + 0.1 / n_classes


def columns_for_entries(x, n_classes=10):
    """The ones are set at `[:, x]`, so every row gets a 1 for every label of the batch, not only for its own label."""
    return jnp.zeros((len(x), n_classes)).at[:, jnp.where(x < 0, n_classes, x)].set(1.0)


def classes_of_the_batch(x, n_classes=10):
    """Only the labels that occur in the batch (`unique`) get a column, so the width depends on the batch."""
    return (x[:, None] == jnp.unique(x)).astype(jnp.float32)


def always_ten_classes(x, n_classes=10):
    """`n_classes` is ignored, so the rows always have ten columns."""
    return jax.nn.one_hot(x, 10)


def as_many_classes_as_labels(x, n_classes=None):
    """The default for `n_classes` is taken from the largest label, so the width depends on the batch."""
    return jax.nn.one_hot(x, int(x.max()) + 1 if n_classes is None else n_classes)


def columns_reversed(x, n_classes=10):
    """The columns are in reverse order, so class 0 is marked in the last column."""
    return jax.nn.one_hot(x, n_classes)[:, ::-1]


def one_class_too_many(x, n_classes=10):
    """Each row has one entry too many, for a class numbered `n_classes`."""
    return jax.nn.one_hot(x, n_classes + 1)


def cumulative(x, n_classes=10):
    """The test is class <= label instead of class == label, so all classes up to the label are marked."""
    return (jnp.arange(n_classes) <= x[:, None]).astype(jnp.float32) * (x[:, None] < n_classes)


def wraps_around_as_a_byte(x, n_classes=10):
    """Labels are cast to bytes, so 256 becomes 0."""
    return jax.nn.one_hot(x.astype(jnp.uint8), n_classes)


def in_place(x, n_classes=10):
    """Labels out of range are set to -1 in the caller's own array, so the caller loses them."""
    if isinstance(x, np.ndarray):
        x[(x < 0) | (x >= n_classes)] = -1
    return jax.nn.one_hot(x, n_classes)


def a_single_label_is_no_batch(x, n_classes=10):
    """The result is squeezed, so a batch of one label loses its first axis."""
    return jnp.squeeze(jax.nn.one_hot(x, n_classes), axis=0) if len(x) == 1 else jax.nn.one_hot(x, n_classes)


def classes_in_half_precision(x, n_classes=10):
    """Labels are compared in bfloat16, which cannot tell 256 from 257, so a row can have two ones."""
    return (x[:, None].astype(jnp.bfloat16) == jnp.arange(n_classes, dtype=jnp.bfloat16)).astype(jnp.float32)


def distance_overflows(x, n_classes=10):
    """A class is marked if its distance from the label is not above 0. Between the label -2**31 and class 0, the
    distance overflows to a negative number, so class 0 is marked.
    """
    distance = jnp.abs(x[:, None] - jnp.arange(n_classes))
    return (distance <= 0).astype(jnp.float32)
