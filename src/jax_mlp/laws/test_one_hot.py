"""The laws of one_hot: a label becomes a row, and a label out of range never becomes a wrong class."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jax_mlp.laws import oracle
from jax_mlp.laws.draws import numbers
from jax_mlp.laws.expect import equal, holds, sketch

CLASSES = [1, 2, 5, 10]  # five labels in five classes make a square, whose transpose has the same shape
N = 5


def labelled(drawn, out_of_range=False):
    """Five labels and a number of classes."""
    n_classes = drawn.one_of(CLASSES)
    kinds = [range(n_classes)]
    if out_of_range:
        # Integers may wrap here.
        around = [-1, -n_classes, n_classes, 255, 256, 256 + n_classes - 1, 2**16, -(2**16), 2**31 - 1, -(2**31)]
        kinds += [around, [drawn.int32(), drawn.int32()]]
    return np.array([drawn.one_of(drawn.one_of(kinds)) for _ in range(N)], np.int32), n_classes


in_range = numbers(11).map(labelled)
anywhere = numbers(19).map(lambda drawn: labelled(drawn, out_of_range=True))


def test_example(impl):
    """With three classes, label 2 becomes [0, 0, 1] and label 0 becomes [1, 0, 0]."""
    equal(impl.one_hot.eager(np.array([2, 0]), 3), [[0, 0, 1], [1, 0, 0]])


# Values


@given(in_range, st.sampled_from([np.int8, np.uint8, np.int16, np.int32]))
def test_a_float32_row_for_each_label(impl, drawn, dtype):
    """Integer labels of shape (batch,) become a float32 array of shape (batch, n_classes)."""
    for labels, n_classes in [drawn, (drawn[0].astype(dtype), 10)]:
        got = impl.one_hot(labels, n_classes)
        expected = f"shape {(N, n_classes)}, float32"
        holds(sketch(got) == expected, sketch(got), expected)


@given(in_range)
def test_the_one_stands_at_the_label(impl, drawn):
    """If a label is in range, the 1 of its row is in the label's column: `argmax` along the row gives the label."""
    labels, n_classes = drawn
    equal(np.asarray(impl.one_hot(labels, n_classes)).argmax(axis=1), labels)


@given(in_range)
def test_rows_sum_to_one(impl, drawn):
    """The row of a label in range sums to 1, as the probabilities of all classes must."""
    labels, n_classes = drawn
    equal(np.asarray(impl.one_hot(labels, n_classes)).sum(axis=1), np.ones(N))


@given(anywhere)
def test_entries_are_zero_or_one(impl, drawn):
    """Every entry is either 0 or 1."""
    got = np.asarray(impl.one_hot(*drawn))
    holds((got == 0) | (got == 1), got, "zeros and ones")


@given(numbers(21))
def test_times_a_vector_looks_up(impl, drawn):
    """If every label in x is one of 0, …, n − 1, one_hot(x, n) @ v = v[x]: multiplying a row of this table by a vector
    v of n numbers gives the entry of v at that row's label.
    """
    labels, n_classes = labelled(drawn)
    v = drawn.integers((n_classes,), -99, 99)
    equal(np.asarray(impl.one_hot(labels, n_classes)) @ v, v[labels])


@given(numbers(21))
def test_renaming_classes_moves_columns(impl, drawn):
    """Renumbering the classes moves the columns: if class k gets the number order[k], its column
    becomes column order[k].
    """
    labels, n_classes = labelled(drawn)
    order = drawn.order(n_classes)
    equal(np.asarray(impl.one_hot(order[labels], n_classes))[:, order], impl.one_hot(labels, n_classes))


@given(anywhere)
def test_a_label_out_of_range_gives_a_row_of_zeros(impl, drawn):
    """A label that is negative, or is `n_classes` or more, gives a row of zeros. Any other label
    gives its one-hot row.
    """
    labels, n_classes = drawn
    equal(impl.one_hot(labels, n_classes), oracle.one_hot(labels, n_classes))


@given(in_range)
def test_more_classes_add_columns_of_zeros(impl, drawn):
    """If all labels are in range, increasing `n_classes` by two adds two columns of zeros on the right."""
    labels, n_classes = drawn
    got = np.asarray(impl.one_hot(labels, n_classes + 2))
    equal(got, np.hstack([impl.one_hot(labels, n_classes), np.zeros((N, 2))]))


@given(numbers(N))
def test_ten_classes_unless_told(impl, drawn):
    """Without `n_classes`, the result is the same as with `n_classes=10`, one class per digit."""
    labels = drawn.integers((N,), 0, 9).astype(np.int32)
    equal(impl.one_hot.eager(labels), impl.one_hot(labels, 10))


@given(anywhere)
def test_labels_are_left_as_they_are(impl, drawn):
    """The array of labels is not modified."""
    labels, n_classes = drawn
    given_labels = labels.copy()
    impl.one_hot.raw(given_labels, n_classes)
    equal(given_labels, labels)


@given(numbers(21))
def test_labels_do_not_meet(impl, drawn):
    """All labels are treated alike: reordering the labels reorders the rows in the same way."""
    labels, n_classes = labelled(drawn)
    order = drawn.order(N)
    equal(impl.one_hot(labels[order], n_classes), np.asarray(impl.one_hot(labels, n_classes))[order])


@given(in_range)
def test_columns_count(impl, drawn):
    """Each column sums to the number of labels of its class."""
    labels, n_classes = drawn
    equal(np.asarray(impl.one_hot(labels, n_classes)).sum(axis=0), np.bincount(labels, minlength=n_classes))


@given(st.sampled_from([-1, 300]) | st.integers(-1, 300))
def test_one_label_of_many_classes(impl, label):
    """A batch of one label gives one correct row, even with 300 classes (more than a byte can count)."""
    equal(impl.one_hot(np.array([label], np.int32), 300), oracle.one_hot(np.array([label]), 300))


@given(st.sampled_from(CLASSES))
def test_no_labels_no_rows(impl, n_classes):
    """An empty batch of labels gives an array of shape (0, n_classes)."""
    equal(impl.one_hot(np.zeros(0, np.int32), n_classes), np.zeros((0, n_classes)))


@given(anywhere)
def test_compiling_changes_nothing(impl, drawn):
    """Compiling changes nothing: `jax.jit(one_hot)` and `one_hot` give the same rows."""
    equal(impl.one_hot.jitted(*drawn), impl.one_hot.eager(*drawn))


# Laws of the reference alone


@pytest.mark.fine_print
@given(st.binary(min_size=N, max_size=N))
def test_bytes_do_not_wrap_around(impl, drawn):
    """A label stored as a byte marks only its own class. If the class numbers were stored as bytes too, class 256
    would become 0, so label 0 would mark class 0 and class 256.
    """
    labels = np.frombuffer(drawn, np.uint8)
    equal(impl.one_hot(labels, 300), oracle.one_hot(labels, 300))


# Errors


@pytest.mark.reference
@pytest.mark.parametrize("call", ["__call__", "eager"])
@pytest.mark.parametrize(
    ("labels", "n_classes", "error", "words"),
    [
        (np.zeros((2, 2), np.int32), 3, ValueError, r"labels of shape \(batch,\), got x.shape=\(2, 2\)"),
        (np.int32(1), 3, ValueError, r"labels of shape \(batch,\), got x.shape=\(\)"),
        (np.array([1.0]), 3, TypeError, r"x to hold integers, got dtype float32. Convert with x.astype\(int\)"),
        (np.array([True]), 3, TypeError, "x to hold integers, got dtype bool"),
        (np.array([1]), 0, ValueError, "n_classes of at least 1, got 0"),
        (np.array([1]), 2.5, TypeError, "n_classes to be an integer, got 2.5"),
    ],
)
def test_refuses(impl, call, labels, n_classes, error, words):
    """Compiled or not, `one_hot` raises an error unless the labels are a one-dimensional array of integers."""
    with pytest.raises(error, match=f"one_hot: expected {words}"):
        getattr(impl.one_hot, call)(jax.device_put(labels), n_classes)
