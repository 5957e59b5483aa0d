"""Settings of JAX: the reference computes the same under each of them."""

import dataclasses
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_mlp as mlp
from jax_mlp import gradcheck
from jax_mlp._jax import enable_x64
from jax_mlp.data import load_mnist_5k
from jax_mlp.laws.expect import each, equal
from jax_mlp.recipes import TUNED
from jax_mlp.runs import initial, train

SETTINGS = {
    "x64": enable_x64,
    "disable_jit": lambda: jax.disable_jit(True),
    "debug_nans": lambda: jax.debug_nans(True),
    "debug_key_reuse": lambda: jax.debug_key_reuse(True),
    "rank_promotion": lambda: jax.numpy_rank_promotion("raise"),
    "dtype_promotion": lambda: jax.numpy_dtype_promotion("strict"),
    "rbg": lambda: jax.default_prng_impl("rbg"),
    "unsafe_rbg": lambda: jax.default_prng_impl("unsafe_rbg"),
    **{name: lambda name=name: jax.default_matmul_precision(name)
       for name in ("highest", "BF16_BF16_F32_X3")},
}  # fmt: skip

X = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2], np.uint8)
BYTES = (100 * np.abs(X)).astype(np.uint8)
RECIPE = replace(TUNED, layer_sizes=(784, 4, 10), n_epochs=1)


def key():
    """A key of a fixed generator, so that the same numbers are expected under every setting."""
    return jax.random.key(0, impl="threefry2x32")


def of_the_reference(folder) -> list:
    """What the eight components give, with a file of parameters between."""
    mlp.save(mlp.init_mlp([4, 3], key(), mlp.he), folder / "params")
    params = mlp.load(folder / "params")
    half = jax.tree.map(lambda array: array.astype(jnp.bfloat16), params)
    y = mlp.one_hot(LABELS, 3)
    return [
        mlp.relu(X), params, y, mlp.accuracy(params, X, y), mlp.forward(half, X), mlp.loss(params, X, np.array(y, int)),
        mlp.update(half, BYTES, y, 1), mlp.train_loop(params, BYTES, X, LABELS, y, 1, batch_size=6, key=key()),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What the components give under JAX's own settings."""
    return of_the_reference(tmp_path_factory.mktemp("expected"))


@pytest.fixture(scope="module")
def digits():
    """A few digits."""
    return load_mnist_5k()._replace(train_images=load_mnist_5k().train_images[:200], train_labels=np.arange(200) % 10)


@pytest.fixture(scope="module")
def trained(digits):
    """The parameters after a run under JAX's own settings."""
    return [jax.tree.map(np.asarray, params) for params, _ in train(RECIPE, digits, initial(RECIPE))]


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_changes_no_result(tmp_path, setting, expected):
    """Under each setting of JAX, the components give the same numbers, and types, and a gradient is checked as well."""
    with SETTINGS[setting]():
        for got, right in zip(jax.tree.leaves(of_the_reference(tmp_path)), jax.tree.leaves(expected), strict=True):
            equal(got.dtype, right.dtype)
            np.testing.assert_allclose(*(np.asarray(a, np.float64) for a in (got, right)), rtol=1e-2, atol=1e-5)
        at, y = [(np.full((3, 4), 0.1, np.float32), np.zeros(3, np.float32))], np.eye(3, dtype=np.float32)[LABELS]
        assert gradcheck.check_direction(mlp.loss, at, X, y) < 1e-9
        with pytest.raises(gradcheck.GradientMismatch):
            gradcheck.check_direction(mlp.loss, at, X, y, gradient=jax.tree.map(np.zeros_like, at))


@pytest.mark.parametrize("setting", ["x64", "rbg", "dtype_promotion"])
def test_a_setting_changes_no_run(setting, digits, trained):
    """A seed stands for the same run, bit for bit, even if JAX is set to another generator or to 64 bits."""
    with SETTINGS[setting]():
        run = [jax.tree.map(np.asarray, params) for params, _ in train(RECIPE, digits, initial(RECIPE))]
    for got, right in zip(jax.tree.leaves(run), jax.tree.leaves(trained), strict=True):
        equal(got, right)


def test_raw_keys_of_any_generator():
    """A raw key is taken whatever its length, which depends on the generator."""
    for name in ("threefry2x32", "rbg"):
        with jax.default_prng_impl(name):
            each(equal, mlp.init_mlp([2, 3], jax.random.PRNGKey(0)), mlp.init_mlp([2, 3], jax.random.key(0)))


def test_integers_beyond_what_jax_holds():
    """A label of more than 32 bits is refused, or with 64 bits a row of zeros: never the class of its lower half."""
    labels = np.array([2**32 + 3])
    with pytest.raises(TypeError, match=r"one_hot: expected x to fit into int32, got .*4294967299"):
        mlp.one_hot(labels, 5)
    with enable_x64():
        equal(mlp.one_hot(labels, 5), np.zeros((1, 5), np.float32))


@dataclasses.dataclass
class Quadratic:
    """A function with a number of its own, which cannot be hashed."""

    scale: float

    def __call__(self, x):
        """`scale` times the sum of squares."""
        return self.scale * jnp.sum(x**2)


def test_gradcheck_takes_any_callable():
    """A function need not be hashable, and one that changes is not remembered as it was."""
    assert gradcheck.check_gradient(Quadratic(2.0), np.ones(3), gradient=np.full(3, 4.0)) < 1e-9
    assert gradcheck.check_gradient(Quadratic(3.0), np.ones(3), gradient=np.full(3, 6.0)) < 1e-9
    factor = 1.0

    def quadratic(x):
        return factor * jnp.sum(x**2)

    for factor in (2.0, 3.0):  # as when a notebook's cell is run again
        assert gradcheck.check_gradient(quadratic, np.ones(3), gradient=np.full(3, 2 * factor)) < 1e-9
