"""The laws of init: the shapes, how keys are used, and the distribution of the values."""

import itertools

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jax_mlp import he, lecun
from jax_mlp.laws.draws import function, keys, powers_of_two
from jax_mlp.laws.expect import ROUNDING, close, each, equal, holds, same_form

SIZES = [[1, 1], [2, 3, 3]]
sizes_in_pool = st.sampled_from(SIZES)
TEN_KEYS = [jax.random.key(seed) for seed in range(10)]  # enough, since each gives hundreds or thousands of values
ten_keys = st.sampled_from(TEN_KEYS)
ten_seeds = st.sampled_from([0, 1, 2, 255, 256, 2**16, 2**24 + 1, 2**30, 2**31 - 2, 2**31 - 1])
other_seeds = st.sampled_from([1, 2, 3, 255, 256, 2**16, 2**24, 2**30])  # how far another key's seed is from a first
factors = powers_of_two(-10, 12).map(lambda factor: factor % 2.0**11)  # up to 2**10; larger powers become 0
SEVEN_DEVIATIONS = 7  # a normal variable is this far from its mean once in 4e11 draws, so false alarms never happen


def shapes(params):
    """The shapes and dtypes of each layer."""
    return [(w.shape, b.shape, str(w.dtype), str(b.dtype)) for w, b in params]


def numpy(params):
    """The parameters as NumPy arrays, because arithmetic on those compiles nothing."""
    return jax.tree.map(np.asarray, params)


def seed_of(key):
    """The number below 2**32 that a key was made from."""
    return int(np.asarray(jax.random.key_data(key))[1])


# One layer


@given(st.sampled_from([(1, 1), (2, 3)]), ten_keys)
def test_one_layer_has_the_shape_it_was_asked_for(impl, shape, key):
    """init_weights_biases(in, out, key) gives `w` of shape (out, in) and `b` of shape (out,), in float32."""
    got = shapes([impl.init_weights_biases(*shape, key)])
    n_in, n_out = shape
    same_form(got, [((n_out, n_in), (n_out,), "float32", "float32")])


@given(ten_keys, st.sampled_from(TEN_KEYS[:3]))
def test_same_key_same_layer(impl, key, other):
    """The same key gives the same layer, whatever was drawn before."""
    before = impl.init_weights_biases(2, 3, key)
    impl.init_weights_biases(2, 3, other)
    each(equal, [impl.init_weights_biases(2, 3, key)], [before])


@given(ten_keys, other_seeds, st.booleans())
def test_another_key_another_layer(impl, key, offset, first):
    """A key consists of two numbers (its words). Changing either of them changes the values of a layer."""
    words = np.uint32([offset, seed_of(key)] if first else [0, seed_of(key) + offset])
    other = jax.random.wrap_key_data(words)
    pair = numpy(impl.init_weights_biases(2, 3, key)), numpy(impl.init_weights_biases(2, 3, other))
    for array, other_array in zip(*pair, strict=True):
        holds((array != other_array).any(), array, "values that depend on the key")


@given(ten_keys)
def test_biases_are_no_copy_of_weights(impl, key):
    """The weights and biases of a layer are drawn with different keys: the biases do not reappear among the weights."""
    w, b = impl.init_weights_biases(16, 16, key)
    # If a key is used twice, values may still differ in sign or by a factor, so ratios are compared too.
    holds(np.mean(np.isin(b, w)) < 0.5, b, "biases that do not occur among the weights")
    line = np.abs(np.corrcoef(np.asarray(w).ravel()[:16], b)[0, 1])
    holds(line < 1 - 1e-6, b, "biases that are not a multiple of the first weights")


@given(ten_keys)
def test_values_do_not_repeat(impl, key):
    """Every value is drawn separately: hardly any value occurs twice."""
    w, b = impl.init_weights_biases(16, 16, key)
    for values in (w, b):
        different = len(np.unique(np.asarray(values)))
        holds(different > 0.9 * values.size, values, f"about {values.size} different values, not {different}")


@given(ten_keys)
def test_rows_are_independent(impl, key):
    """The rows of a weight matrix are drawn independently: no two rows are parallel, and only a few pairs are
    orthogonal or very nearly orthogonal.
    """
    w, _ = impl.init_weights_biases(16, 16, key)
    unit = np.asarray(w) / np.linalg.norm(w, axis=1, keepdims=True)
    cosines = np.abs(unit @ unit.T)[np.triu_indices(16, 1)]
    # By chance, one in 32 of the 120 cosines is within 0.01 of zero. Half of them never are.
    holds(np.mean(cosines < 0.01) < 0.5, cosines.max(), "larger cosines: about 0.2 on average for random rows")
    # By chance, a cosine is above 0.98 in one of 10**9 matrices.
    holds(cosines.max() < 0.98, cosines.max(), "a largest cosine below 0.98: no two rows are parallel")


@given(keys(), factors)
def test_the_scale_of_one_layer(impl, key, factor):
    """`init_weights_biases` multiplies both the weights and the biases by `scale`."""
    w, b = numpy(impl.init_weights_biases(2, 3, key, 1.0))
    each(equal, [impl.init_weights_biases(2, 3, key, factor)], [(factor * w, factor * b)])


def test_samples_stray(impl):
    """The mean of all N weights of a layer is close to 0 but not exactly 0: from key to key, it varies by about scale
    / √N.
    """
    means = [np.asarray(impl.init_weights_biases(16, 16, key, 1.0)[0]).mean() for key in TEN_KEYS]
    # The mean of 256 values is closer to 0 than 1e-4 once in 800 times. Ten means never all are.
    holds(np.abs(means).max() > 1e-4, np.array(means), "means that differ from 0 by about 0.06")


# The network


def test_example(impl):
    """Sizes [2, 3, 3] make two layers; in each, `w` comes before `b` and has shape (outputs, inputs)."""
    params = impl.init_mlp([2, 3, 3], jax.random.key(0))
    same_form([(w.shape, b.shape) for w, b in params], [((3, 2), (3,)), ((3, 3), (3,))], "shapes")


@given(sizes_in_pool | st.just([3, 3, 3, 3]), ten_keys)
def test_a_layer_between_each_two_sizes(impl, sizes, key):
    """A list of n sizes makes n - 1 layers, each with `w` of shape (out, in) and `b` of shape (out,), in float32."""
    got = shapes(impl.init_mlp(sizes, key))
    same_form(got, [((o, i), (o,), "float32", "float32") for i, o in itertools.pairwise(sizes)])


def test_sizes_are_left_as_they_are(impl):
    """The list of layer sizes is not modified."""
    sizes = [2, 3, 3]
    impl.init_mlp.raw(sizes, jax.random.key(0))
    holds(sizes == [2, 3, 3], str(sizes), "[2, 3, 3]")


# Keys


@given(sizes_in_pool, ten_keys)
def test_same_key_same_values(impl, sizes, key):
    """The same key gives the same network every time."""
    each(equal, impl.init_mlp(sizes, key), impl.init_mlp(sizes, key))


@given(st.just(SIZES[1]), ten_keys, other_seeds)
def test_another_key_changes_every_array(impl, sizes, key, offset):
    """A different key changes every weight matrix and every bias vector of the network."""
    other = jax.random.key(seed_of(key) + offset)
    pair = numpy(impl.init_mlp(sizes, key)), numpy(impl.init_mlp(sizes, other))
    for (w, b), (other_w, other_b) in zip(*pair, strict=True):
        holds((w != other_w).any(), w, "weights that depend on the key")
        holds((b != other_b).any(), b, "biases that depend on the key")


@given(ten_keys)
def test_layers_of_equal_size_differ(impl, key):
    """Every array is drawn with its own key: no two arrays have the same first entries."""
    params = impl.init_mlp([16, 16, 16, 16, 16], key)
    arrays = {
        f"the {part} of layer {n}": array
        for n, layer in enumerate(params, 1)
        for part, array in zip(("weights", "biases"), layer, strict=True)
    }
    starts = {name: np.ravel(array)[:5] for name, array in arrays.items()}
    for (name, start), (other_name, other) in itertools.combinations(starts.items(), 2):
        expected = f"first values of {name} that differ from those of {other_name}"
        holds(np.mean(start == other) < 0.5, start, expected)


@given(ten_seeds, sizes_in_pool)
def test_raw_keys_do_too(impl, seed, sizes):
    """A raw key, `jax.random.PRNGKey(seed)`, gives the same network as a typed key, `jax.random.key(seed)`."""
    each(equal, impl.init_mlp(sizes, jax.random.PRNGKey(seed)), impl.init_mlp(sizes, jax.random.key(seed)))


# Scale


@given(sizes_in_pool, keys(), factors)
def test_doubling_the_scale_doubles_every_value(impl, sizes, key, factor):
    """Every value is proportional to `scale`, up to rounding. If `scale` is zero or a power of two,
    nothing is rounded.
    """
    at_one = numpy(impl.init_mlp(sizes, key, 1.0))
    each(equal, impl.init_mlp(sizes, key, factor), [(factor * w, factor * b) for w, b in at_one])


@given(sizes_in_pool, ten_keys)
def test_the_scale_is_a_thousandth_unless_given(impl, sizes, key):
    """The default scale is 1e-3, for a network and for a single layer."""
    within = 1e-2 * ROUNDING  # since a compiler that knows the scale may multiply in another order
    each(close, impl.init_mlp(sizes, key), impl.init_mlp(sizes, key, 1e-3), within)
    n_in, n_out = sizes[:2]
    given_scale = impl.init_weights_biases(n_in, n_out, key, scale=1e-3)
    each(close, [impl.init_weights_biases(n_in, n_out, key)], [given_scale], within)


@pytest.mark.fine_print
@given(sizes_in_pool, ten_keys)
def test_the_scale_may_be_a_function_of_fan_in(impl, sizes, key):
    """If `scale` is a function, it is called with the number of inputs of each layer (its fan-in)."""
    scale = function("lambda fan_in: 2.0**-fan_in")
    got = impl.init_mlp(sizes, key, scale)
    expected = [(scale(w.shape[1]) * w, scale(w.shape[1]) * b) for w, b in numpy(impl.init_mlp(sizes, key, 1.0))]
    each(equal, got, expected)


# The distribution


def large_layer(impl, key):
    """Many values with standard deviation 1, weights and biases."""
    w, b = impl.init_mlp([16, 1024], key, 1.0)[0]
    return [("weights", np.asarray(w).ravel()), ("biases", np.asarray(b))]


@given(ten_keys)
def test_mean_is_zero(impl, key):
    """The weights are drawn from a distribution with mean 0, and so are the biases."""
    for name, values in large_layer(impl, key):
        within = SEVEN_DEVIATIONS / np.sqrt(values.size)  # the standard error of a mean
        holds(abs(values.mean()) < within, values.mean(), f"{name} with mean 0 ± {within:.3f}")


@given(ten_keys)
def test_standard_deviation_is_the_scale(impl, key):
    """The weights have standard deviation `scale`, and so do the biases."""
    for name, values in large_layer(impl, key):
        within = SEVEN_DEVIATIONS / np.sqrt(2 * values.size)  # the standard error of a standard deviation
        holds(abs(values.std() - 1) < within, values.std(), f"{name} with standard deviation 1 ± {within:.3f}")


@given(ten_keys)
def test_values_are_normal(impl, key):
    """About 68.3 % of the values lie within one standard deviation of zero, as in a normal distribution."""
    for name, values in large_layer(impl, key):
        within = SEVEN_DEVIATIONS * np.sqrt(0.683 * 0.317 / values.size)  # the standard error of a fraction
        fraction = np.mean(np.abs(values) < 1)
        holds(abs(fraction - 0.6827) < within, fraction, f"a fraction of the {name} of 0.683 ± {within:.3f}")


@given(ten_keys)
def test_tails_are_normal(impl, key):
    """About 4.6 % of the weights lie more than two standard deviations from zero, as in a normal distribution."""
    name, values = large_layer(impl, key)[0]
    within = SEVEN_DEVIATIONS * np.sqrt(0.0455 * 0.9545 / values.size)
    fraction = np.mean(np.abs(values) > 2)
    holds(abs(fraction - 0.0455) < within, fraction, f"a fraction of the {name} of 0.046 ± {within:.3f}")


def test_far_tails_are_normal(impl):
    """About 0.27 % of the weights lie more than three standard deviations from zero, as in a normal distribution."""
    values = np.concatenate([large_layer(impl, key)[0][1] for key in TEN_KEYS])
    within = SEVEN_DEVIATIONS * np.sqrt(0.0027 * 0.9973 / values.size)
    fraction = np.mean(np.abs(values) > 3)
    holds(abs(fraction - 0.0027) < within, fraction, f"a fraction of the weights of 0.0027 ± {within:.4f}")


STEPS = {
    "One layer: `init_weights_biases` draws the weights and the biases of a layer with different keys.": [
        test_one_layer_has_the_shape_it_was_asked_for, test_same_key_same_layer, test_another_key_another_layer,
        test_biases_are_no_copy_of_weights, test_values_do_not_repeat, test_rows_are_independent,
        test_the_scale_of_one_layer, test_samples_stray,
    ],
    "The network: `init_mlp` makes a layer for each pair of neighbouring sizes. Each layer gets its own key.": [
        test_example, test_a_layer_between_each_two_sizes, test_sizes_are_left_as_they_are, test_same_key_same_values,
        test_another_key_changes_every_array, test_layers_of_equal_size_differ, test_raw_keys_do_too,
        test_doubling_the_scale_doubles_every_value, test_the_scale_is_a_thousandth_unless_given, test_mean_is_zero,
        test_standard_deviation_is_the_scale, test_values_are_normal, test_tails_are_normal, test_far_tails_are_normal,
    ],
}  # fmt: skip
"""The steps in which an init grows: what each adds, and the laws that ask for it."""


# Laws of the reference alone


@pytest.mark.reference
@given(sizes_in_pool, keys(), st.sampled_from([1e-3, 1.0, he]))
def test_the_guides_very_values(impl, sizes, key, scale):
    """`init_mlp` draws the same numbers as the guide: it makes one key per size, and splits each layer's key for `w`
    and `b`.
    """
    expected = []
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        w_key, b_key = jax.random.split(jax.random.split(key, len(sizes))[layer])
        sigma = np.float32(scale(n_in) if callable(scale) else scale)
        w, b = np.asarray(jax.random.normal(w_key, (n_out, n_in))), np.asarray(jax.random.normal(b_key, (n_out,)))
        expected.append((w * sigma, b * sigma))
    each(equal, impl.init_mlp(sizes, key, scale), expected)


@pytest.mark.fine_print
def test_no_key_is_used_twice(impl):
    """No key is used twice, according to JAX's own checker."""
    with jax.debug_key_reuse(True):
        impl.init_mlp.raw([3, 3, 3], jax.random.key(0))


@pytest.mark.reference
def test_he_keeps_the_signal_through_relu_and_lecun_through_a_line():
    """`he` preserves the mean square of a signal through a layer with `relu`, and `lecun` through one without it."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2000, 256))
    z = x @ rng.standard_normal((256, 256)).T
    # The mean square of 512,000 values varies by about 1 %, because rows and columns share their random numbers.
    close(np.mean(np.maximum(z * he(256), 0) ** 2), np.mean(x**2), within=0.05)
    close(np.mean((z * lecun(256)) ** 2), np.mean(x**2), within=0.05)


# Errors


KEY = jax.random.key(0)


@pytest.mark.reference
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([784], KEY), ValueError, r"at least two layer_sizes.*got \[784\]"),
        (([784, 0, 10], KEY), ValueError, r"layer_sizes\[1\] of at least 1, got 0"),
        (([784, 2.5], KEY), TypeError, r"layer_sizes\[1\] to be an integer, got 2.5"),
        (([784, 10], 0), TypeError, "key to be one PRNG key, got 0. Make one with jax.random.key"),
        (([784, 10], jax.random.split(KEY)), TypeError, "key to be one PRNG key, got an array"),
        (([784, 10], KEY, -1.0), ValueError, "finite scale of 0 or more, got -1.0"),
        (([784, 10], KEY, float("nan")), ValueError, "finite scale of 0 or more, got nan"),
        (([784, 10], KEY, "small"), TypeError, "scale to be a number or a function of fan-in, got 'small'"),
    ],
)
def test_refuses(impl, arguments, error, words):
    """`init_mlp` raises an error if the sizes, the key or the scale are not valid."""
    with pytest.raises(error, match=f"init_mlp: .*{words}"):
        impl.init_mlp(*arguments)
