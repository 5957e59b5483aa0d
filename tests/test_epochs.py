"""Tests of the reference's training loop beyond the laws: its costs, how often it evaluates, and its errors."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jax_mlp.components._devices import put
from jax_mlp.components._epoch import learn, measure
from jax_mlp.laws.draws import Case, exact_cases, keys
from jax_mlp.laws.expect import each, equal
from jax_mlp.laws.test_train_loop import HIDDEN, RATE, run, told

pytestmark = pytest.mark.reference


def unit_images(n):
    """Images with one bright pixel each, all different, alternating between two classes."""
    params = [(np.zeros((2, n), np.float32), np.zeros(2, np.float32))]
    return params, np.eye(n, dtype=np.float32), np.arange(n, dtype=np.int32) % 2


def test_compiles_once(impl):
    """Twelve epochs compile no more often than one."""
    params, x, labels = unit_images(7)
    impl.train_loop(params, x, x, labels, labels, 1, batch_size=4)
    before = learn._cache_size()
    impl.train_loop(params, x, x, labels, labels, 12, batch_size=4)
    equal(learn._cache_size(), before)


@given(st.integers(0, 5), st.integers(1, 4))
def test_measures_as_often_as_asked(impl, n_epochs, measure_every):
    """`on_epoch` is called after every `measure_every` epochs and after the last, and training is the same."""
    params, x, labels = unit_images(4)
    case = Case(params, x, labels, np.eye(2, dtype=np.float32)[labels])
    got, seen = told(impl, case, n_epochs, measure_every=measure_every)
    expected, every = told(impl, case, n_epochs)
    each(equal, got, expected)
    asked = [e for e in range(1, n_epochs + 1) if e % measure_every == 0 or e == n_epochs]
    assert [(epoch, loss) for epoch, _, *_, loss in seen] == [
        (epoch, loss) for epoch, _, *_, loss in every if epoch in asked
    ]


@given(exact_cases(HIDDEN), keys())
def test_bytes_are_what_their_numbers_are(impl, case, key):
    """Images stored as bytes give exactly the same parameters as the same numbers in float32."""
    bright = case._replace(images=np.abs(case.images))
    as_bytes = bright._replace(images=bright.images.astype(np.uint8))
    options = {"batch_size": 2, "key": key, "learning_rate": 2.0**-6}
    each(equal, run(impl, as_bytes, 1, **options), run(impl, bright, 1, **options))


def test_what_jax_holds_is_not_copied():
    """Images that are on the device already are used without a copy."""
    images = jax.numpy.zeros((2, 3))
    assert put(images, None) is images


@pytest.mark.parametrize("n_images", [1000, 4000])
def test_memory_is_for_data_and_five_times_the_parameters(impl, n_images):
    """Besides the images, which stay bytes, training takes less than five times the memory of the parameters."""
    params = impl.init_mlp([784, 512, 512, 10], jax.random.key(0))
    size = sum(part.nbytes for part in jax.tree.leaves(params))
    x, labels = np.zeros((n_images, 784), np.uint8), np.zeros(n_images, np.int32)
    learning = learn.lower(params, x, labels, jax.random.key(0), 1, RATE, 1.0, 128, None)
    measuring = measure.lower(params, (x, labels), (x[:9], labels[:9]), 1.0, None)
    for compiled in (learning.compile(), measuring.compile()):
        used = compiled.memory_analysis()
        assert used.temp_size_in_bytes + used.output_size_in_bytes + size <= 5 * size
    assert learning.compile().memory_analysis().alias_size_in_bytes >= size  # the parameters are written over


# Errors

P, X, L = unit_images(4)
GIVEN = {"train_images": X, "test_images": X, "train_labels": L, "test_labels": L}


@pytest.mark.reference
@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"train_images": X[:0], "train_labels": L[:0]}, ValueError, "at least one image in train_images, got none"),
        ({"test_images": X[:0], "test_labels": L[:0]}, ValueError, "at least one image in test_images, got none"),
        ({"train_images": X[:3]}, ValueError, "one label per image, got 3 train_images and 4 train_labels"),
        ({"train_images": X[:, :3]}, ValueError, r"train_images of shape \(n, 4\).*got \(4, 3\)"),
        ({"train_images": X[0]}, ValueError, r"train_images of shape \(n, 4\).*got \(4,\)"),
        ({"train_images": X * np.nan}, ValueError, r"finite pixels, got nan in train_images\[0\]"),
        ({"test_images": np.full_like(X, np.inf)}, ValueError, r"finite pixels, got inf in test_images\[0\]"),
        ({"train_images": X.astype(str)}, TypeError, "train_images to be an array of real numbers"),
        ({"train_labels": L + 1}, ValueError, r"labels from 0 to 1, got 2 in train_labels\[1\]"),
        ({"test_labels": L - 1}, ValueError, r"labels from 0 to 1, got -1 in test_labels\[0\]"),
        ({"train_labels": L / 1.0}, TypeError, "train_labels to be integers or one-hot rows, got dtype float32"),
        ({"train_labels": np.eye(4)}, ValueError, r"train_labels of shape \(4,\) or \(4, 2\), got \(4, 4\)"),
        ({"train_labels": -np.eye(4, 2)}, ValueError, "targets of 0 or more in train_labels, got -1.0"),
        ({"n_epochs": -1}, ValueError, "n_epochs of at least 0, got -1"),
        ({"n_epochs": 1.5}, TypeError, "n_epochs to be an integer, got 1.5"),
        ({"batch_size": 0}, ValueError, "batch_size of at least 1, got 0"),
        ({"measure_every": 0}, ValueError, "measure_every of at least 1, got 0"),
        ({"learning_rate": 0.0}, ValueError, "finite learning_rate above 0, got 0.0"),
        ({"learning_rate": float("nan")}, ValueError, "finite learning_rate above 0, got nan"),
        (
            {"learning_rate": 1e30, "train_images": 1e20 * X},
            FloatingPointError,
            r"finite loss, got nan after epoch \d with learning_rate=1e\+30",
        ),
        ({"key": 3}, TypeError, "key to be one PRNG key, got 3"),
        ({"key": jax.random.key(0), "batches": [(X, L)]}, ValueError, "key or batches, got both"),
        ({"batches": iter([(X, L)])}, ValueError, "batches in epoch 2, got none.*pass a list"),
        ({"batches": []}, ValueError, "batches in epoch 1, got none"),
        ({"batches": [(X, L), (X, L + 7)]}, ValueError, r"labels from 0 to 1, got 7 in batch 1's labels\[0\]"),
    ],
)
def test_refuses(impl, changed, error, words):
    """train_loop raises an error for invalid arguments before the first update."""
    with pytest.raises(error, match=f"train_loop: expected .*{words}"):
        impl.train_loop(P, **{**GIVEN, **changed})
