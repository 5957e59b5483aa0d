"""What the reference's training loop promises beyond the laws: what it costs, and how often it measures."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jax_mlp.components.train_loop import _learn, _measure
from tests.kit.draws import Case, exact_cases, keys
from tests.kit.expect import each, equal
from tests.test_train_loop import HIDDEN, RATE, run, told, unit_images


def test_compiles_once(impl):
    """Twelve epochs compile as often as one."""
    params, x, labels = unit_images(7)
    impl.train_loop(params, x, x, labels, labels, 1, batch_size=4)
    before = _learn._cache_size()
    impl.train_loop(params, x, x, labels, labels, 12, batch_size=4)
    equal(_learn._cache_size(), before)


@given(st.integers(0, 5), st.integers(1, 4))
def test_measures_as_often_as_asked(impl, n_epochs, measure_every):
    """on_epoch is called after every so many epochs and after the last, and training is the same."""
    params, x, labels = unit_images(4)
    case = Case(params, x, labels, np.eye(2, dtype=np.float32)[labels])
    came, seen = told(impl, case, n_epochs, measure_every=measure_every)
    should, every = told(impl, case, n_epochs)
    each(equal, came, should)
    asked = [e for e in range(1, n_epochs + 1) if e % measure_every == 0 or e == n_epochs]
    assert [(epoch, loss) for epoch, _, *_, loss in seen] == [
        (epoch, loss) for epoch, _, *_, loss in every if epoch in asked
    ]


@given(exact_cases(HIDDEN), keys())
def test_bytes_are_what_their_numbers_are(impl, case, key):
    """Images kept as bytes train as the same numbers in float32 do, bit for bit."""
    bright = case._replace(images=np.abs(case.images))
    as_bytes = bright._replace(images=bright.images.astype(np.uint8))
    options = {"batch_size": 2, "key": key, "learning_rate": 2.0**-6}
    each(equal, run(impl, as_bytes, 1, **options), run(impl, bright, 1, **options))


@pytest.mark.parametrize("n_images", [1000, 4000])
def test_memory_is_for_data_and_five_times_the_parameters(impl, n_images):
    """Beside the images, which stay bytes, epochs and measuring take less than five times what the parameters do."""
    params = impl.init_mlp([784, 512, 512, 10], jax.random.key(0))
    size = sum(part.nbytes for part in jax.tree.leaves(params))
    x, labels = np.zeros((n_images, 784), np.uint8), np.zeros(n_images, np.int32)
    learn = _learn.lower(params, x, labels, jax.random.key(0), 1, RATE, 1.0, 128, None)
    measure = _measure.lower(params, (x, labels), (x[:9], labels[:9]), 1.0, None)
    for compiled in (learn.compile(), measure.compile()):
        used = compiled.memory_analysis()
        assert used.temp_size_in_bytes + used.output_size_in_bytes + size <= 5 * size
    assert learn.compile().memory_analysis().alias_size_in_bytes >= size  # the parameters are written over
