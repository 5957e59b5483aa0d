"""Ways to get init wrong. A function of `layer_sizes` is an `init_mlp`, any other an `init_weights_biases`."""

import jax
import jax.numpy as jnp
import numpy as np

from jax_mlp import init_weights_biases as right_layer


def _sigma(scale, fan_in):
    """The standard deviation that `scale` stands for."""
    return scale(fan_in) if callable(scale) else scale


def _network(layer_sizes, keys, scale):
    """The network of right layers with these keys."""
    pairs = zip(layer_sizes[:-1], layer_sizes[1:], keys, strict=False)
    return [right_layer(n_in, n_out, key, scale) for n_in, n_out, key in pairs]


def ignores_the_key(layer_sizes, key, scale=1e-3):
    """The key is not used: a fixed one is, so every network starts out the same."""
    return _network(layer_sizes, jax.random.split(jax.random.key(0), len(layer_sizes)), scale)


def one_key_for_all_layers(layer_sizes, key, scale=1e-3):
    """Every layer gets the same key, so layers of equal size start out equal."""
    return _network(layer_sizes, [key] * len(layer_sizes), scale)


def the_last_two_layers_share_a_key(layer_sizes, key, scale=1e-3):
    """One key too few is split off, and the last layer gets a key that is in use already."""
    keys = list(jax.random.split(key, len(layer_sizes)))[: len(layer_sizes) - 1]
    return _network(layer_sizes, [*keys[:-1], keys[max(len(keys) - 2, 0)]], scale)


def forgets_the_last_layer(layer_sizes, key, scale=1e-3):
    """The loop ends one layer early."""
    return _network(layer_sizes, jax.random.split(key, len(layer_sizes)), scale)[: len(layer_sizes) - 2]


def scale_falls_by_the_wayside(layer_sizes, key, scale=1e-3):
    """init_mlp takes a scale but does not pass it on to its layers."""
    return _network(layer_sizes, jax.random.split(key, len(layer_sizes)), 1e-3)


def scale_of_the_first_layer_for_all(layer_sizes, key, scale=1e-3):
    """A scale that depends on the fan-in is computed once, from the first layer."""
    return _network(layer_sizes, jax.random.split(key, len(layer_sizes)), _sigma(scale, layer_sizes[0]))


def adds_where_it_should_split(layer_sizes, key, scale=1e-3):
    """Layer i gets the key of seed i, whatever key came in, except for the first layer."""
    keys = [key, *map(jax.random.key, range(1, len(layer_sizes)))]
    return _network(layer_sizes, keys, scale)


def weights_and_biases_from_one_key(in_size, out_size, random_key, scale=1e-3):
    """Weights and biases are drawn from the same key, so the biases are the first weights once more."""
    s = _sigma(scale, in_size)
    return jax.random.normal(random_key, (out_size, in_size)) * s, jax.random.normal(random_key, (out_size,)) * s


def inputs_before_outputs(in_size, out_size, random_key, scale=1e-3):
    """W has shape (in, out), as libraries that multiply from the other side have it."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    return w.T, b


def bias_for_each_input(in_size, out_size, random_key, scale=1e-3):
    """There is a bias for each input of the layer instead of each output."""
    w_key, b_key = jax.random.split(random_key)
    s = _sigma(scale, in_size)
    return jax.random.normal(w_key, (out_size, in_size)) * s, jax.random.normal(b_key, (in_size,)) * s


def bias_as_a_column(in_size, out_size, random_key, scale=1e-3):
    """The bias has shape (out, 1)."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    return w, b[:, None]


def uniform_for_normal(in_size, out_size, random_key, scale=1e-3):
    """Values are uniform, with the right mean and standard deviation: a box and not a bell."""
    w_key, b_key = jax.random.split(random_key)
    s, edge = _sigma(scale, in_size), 3**0.5
    w = jax.random.uniform(w_key, (out_size, in_size), minval=-edge, maxval=edge)
    return w * s, jax.random.uniform(b_key, (out_size,), minval=-edge, maxval=edge) * s


def only_positive_values(in_size, out_size, random_key, scale=1e-3):
    """Values are drawn between 0 and scale, as random.uniform does unless told otherwise."""
    w_key, b_key = jax.random.split(random_key)
    s = _sigma(scale, in_size)
    return jax.random.uniform(w_key, (out_size, in_size)) * s, jax.random.uniform(b_key, (out_size,)) * s


def cut_off_tails(in_size, out_size, random_key, scale=1e-3):
    """The tails of the normal distribution are cut off at two standard deviations, and the rest is not widened."""
    w, b = right_layer(in_size, out_size, random_key, 1.0)
    s = _sigma(scale, in_size)
    return jnp.clip(w, -2, 2) * s, jnp.clip(b, -2, 2) * s


def scale_is_a_variance(in_size, out_size, random_key, scale=1e-3):
    """Scale is taken for the variance: values are multiplied by its square root."""
    return right_layer(in_size, out_size, random_key, jnp.sqrt(_sigma(scale, in_size)))


def scale_of_the_weights_only(in_size, out_size, random_key, scale=1e-3):
    """The biases are not multiplied by scale."""
    w_key, b_key = jax.random.split(random_key)
    s = _sigma(scale, in_size)
    return jax.random.normal(w_key, (out_size, in_size)) * s, jax.random.normal(b_key, (out_size,))


def zero_biases(in_size, out_size, random_key, scale=1e-3):
    """Biases start at zero: common elsewhere, but not what was asked for."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    return w, 0 * b


def fan_out_for_fan_in(in_size, out_size, random_key, scale=1e-3):
    """A scale that depends on the fan-in is given the number of outputs."""
    return right_layer(in_size, out_size, random_key, _sigma(scale, out_size))


def one_row_for_all_units(in_size, out_size, random_key, scale=1e-3):
    """One row of weights is drawn and repeated: all units of a layer are the same, and will stay so."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    return jnp.tile(w[:1], (out_size, 1)), b


def a_hundredth_by_default(in_size, out_size, random_key, scale=1e-2):
    """The default scale is ten times too large."""
    return right_layer(in_size, out_size, random_key, scale)


def double_precision_is_lost(in_size, out_size, random_key, scale=1e-3):
    """Values are drawn in half precision, to save memory."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    return w.astype(jnp.float16), b.astype(jnp.float16)


def numpys_own_generator(in_size, out_size, random_key, scale=1e-3):
    """NumPy's own generator draws, which no key decides: the same call gives another network every time."""
    w, b = (np.random.standard_normal(shape) for shape in [(out_size, in_size), (out_size,)])  # noqa: NPY002
    return jnp.float32(_sigma(scale, in_size) * w), jnp.float32(_sigma(scale, in_size) * b)


def rows_at_right_angles(in_size, out_size, random_key, scale=1e-3):
    """Rows of weights are made orthogonal: an initialisation of its own, but no independent draws."""
    w, b = right_layer(in_size, out_size, random_key, 1.0)
    q, r = jnp.linalg.qr(w.T if out_size <= in_size else w)
    q = q * jnp.sign(jnp.diag(r)) * jnp.sqrt(max(in_size, out_size))
    sigma = _sigma(scale, in_size)
    return sigma * (q.T if out_size <= in_size else q), sigma * b


def sizes_used_up(layer_sizes, key, scale=1e-3):
    """Sizes are taken off the caller's own list one by one, and only the last is left."""
    keys, params = iter(jax.random.split(key, len(layer_sizes))), []
    while len(layer_sizes) > 1:
        params.append(right_layer(layer_sizes.pop(0), layer_sizes[0], next(keys), scale))
    return params


def first_word_of_the_key_ignored(in_size, out_size, random_key, scale=1e-3):
    """A seed is taken from the key's last word alone, and half of the keys' variety is lost."""
    return right_layer(in_size, out_size, jax.random.key(jax.random.key_data(random_key)[-1]), scale)


def keys_in_turn(layer_sizes, key, scale=1e-3):
    """Three keys are split off, and a fourth layer gets the first of them again."""
    keys = jax.random.split(key, 3)
    return _network(layer_sizes, [keys[layer % 3] for layer in range(len(layer_sizes))], scale)


def rows_and_their_opposites(in_size, out_size, random_key, scale=1e-3):
    """The second half of the rows is the first half with its sign changed."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    half = out_size // 2
    return jnp.concatenate([w[: out_size - half], -w[:half]]), b


def mean_taken_out(in_size, out_size, random_key, scale=1e-3):
    """The sample's own mean is subtracted from it, so that it is 0 and not near 0."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    return w - jnp.mean(w) if w.size > 2 else w, b


def far_tails_cut_off(in_size, out_size, random_key, scale=1e-3):
    """Values beyond three standard deviations are clipped, as truncated initialisers do."""
    w, b = right_layer(in_size, out_size, random_key, 1.0)
    s = _sigma(scale, in_size)
    return jnp.clip(w, -3, 3) * s, jnp.clip(b, -3, 3) * s
