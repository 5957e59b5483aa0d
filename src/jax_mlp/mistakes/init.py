"""Mistakes in init. Functions of `layer_sizes` are an `init_mlp`, all others an `init_weights_biases`."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from jax_mlp import init_weights_biases as right_layer


def _sigma(scale, fan_in):
    """The standard deviation for a scale."""
    return scale(fan_in) if callable(scale) else scale


def _network(layer_sizes, keys, scale):
    """The correct network with these keys for its layers."""
    pairs = zip(layer_sizes[:-1], layer_sizes[1:], keys, strict=False)
    return [right_layer(n_in, n_out, key, scale) for n_in, n_out, key in pairs]


def ignores_the_key(layer_sizes, key, scale=1e-3):
    """A fixed key is used instead of the one passed in, so every network starts with the same values."""
    return _network(layer_sizes, jax.random.split(jax.random.key(0), len(layer_sizes)), scale)


def one_key_for_all_layers(layer_sizes, key, scale=1e-3):
    """Every layer gets the same key, so layers of equal size start with equal values."""
    return _network(layer_sizes, [key] * len(layer_sizes), scale)


def the_last_two_layers_share_a_key(layer_sizes, key, scale=1e-3):
    """The split makes one key too few, and the last layer reuses the key of the layer before it."""
    keys = list(jax.random.split(key, len(layer_sizes)))[: len(layer_sizes) - 1]
    return _network(layer_sizes, [*keys[:-1], keys[max(len(keys) - 2, 0)]], scale)


def forgets_the_last_layer(layer_sizes, key, scale=1e-3):
    """The loop ends one layer early, so the last layer is missing."""
    return _network(layer_sizes, jax.random.split(key, len(layer_sizes)), scale)[: len(layer_sizes) - 2]


def scale_falls_by_the_wayside(layer_sizes, key, scale=1e-3):
    """`init_mlp` does not pass `scale` on to its layers, so they always use the default."""
    return _network(layer_sizes, jax.random.split(key, len(layer_sizes)), 1e-3)


def scale_of_the_first_layer_for_all(layer_sizes, key, scale=1e-3):
    """If `scale` is a function, it is called for the first layer only, so all layers get the first layer's scale."""
    return _network(layer_sizes, jax.random.split(key, len(layer_sizes)), _sigma(scale, layer_sizes[0]))


def adds_where_it_should_split(layer_sizes, key, scale=1e-3):
    """Every layer except the first uses its position in the network as a seed, so those layers ignore the key."""
    keys = [key, *map(jax.random.key, range(1, len(layer_sizes)))]
    return _network(layer_sizes, keys, scale)


def weights_and_biases_from_one_key(in_size, out_size, random_key, scale=1e-3):
    """Weights and biases are drawn with the same key, so the biases repeat the first weights."""
    s = _sigma(scale, in_size)
    return jax.random.normal(random_key, (out_size, in_size)) * s, jax.random.normal(random_key, (out_size,)) * s


def inputs_before_outputs(in_size, out_size, random_key, scale=1e-3):
    """`w` has shape (in, out) instead of (out, in), so `w @ x` does not work."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    return w.T, b


def bias_for_each_input(in_size, out_size, random_key, scale=1e-3):
    """`b` has one entry per input of the layer instead of one per output."""
    w_key, b_key = jax.random.split(random_key)
    s = _sigma(scale, in_size)
    return jax.random.normal(w_key, (out_size, in_size)) * s, jax.random.normal(b_key, (in_size,)) * s


def bias_as_a_column(in_size, out_size, random_key, scale=1e-3):
    """`b` has shape (out, 1) instead of (out,)."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    return w, b[:, None]


def uniform_for_normal(in_size, out_size, random_key, scale=1e-3):
    """Values have the right standard deviation but another distribution, such as a uniform one,
    instead of a normal one.
    """
    w_key, b_key = jax.random.split(random_key)
    s, edge = _sigma(scale, in_size), 3**0.5
    w = jax.random.uniform(w_key, (out_size, in_size), minval=-edge, maxval=edge)
    return w * s, jax.random.uniform(b_key, (out_size,), minval=-edge, maxval=edge) * s


def uniform_up_to_the_scale(in_size, out_size, random_key, scale=1e-3):
    """Values are drawn evenly between `-scale` and `scale`, so their standard deviation is too small."""
    w_key, b_key = jax.random.split(random_key)
    s = _sigma(scale, in_size)
    w = jax.random.uniform(w_key, (out_size, in_size), minval=-1, maxval=1)
    return w * s, jax.random.uniform(b_key, (out_size,), minval=-1, maxval=1) * s


def only_positive_values(in_size, out_size, random_key, scale=1e-3):
    """Values are drawn with `jax.random.uniform`, which draws from 0 to 1 by default, so no value is negative."""
    w_key, b_key = jax.random.split(random_key)
    s = _sigma(scale, in_size)
    return jax.random.uniform(w_key, (out_size, in_size)) * s, jax.random.uniform(b_key, (out_size,)) * s


def cut_off_tails(in_size, out_size, random_key, scale=1e-3):
    """Values are clipped at two standard deviations, so their standard deviation is too small."""
    w, b = right_layer(in_size, out_size, random_key, 1.0)
    s = _sigma(scale, in_size)
    return jnp.clip(w, -2, 2) * s, jnp.clip(b, -2, 2) * s


def scale_is_a_variance(in_size, out_size, random_key, scale=1e-3):
    """`scale` is treated as a variance: values are multiplied by its square root."""
    return right_layer(in_size, out_size, random_key, jnp.sqrt(_sigma(scale, in_size)))


def scale_of_the_weights_only(in_size, out_size, random_key, scale=1e-3):
    """The biases are not multiplied by `scale`, so they are far too large by default."""
    w_key, b_key = jax.random.split(random_key)
    s = _sigma(scale, in_size)
    return jax.random.normal(w_key, (out_size, in_size)) * s, jax.random.normal(b_key, (out_size,))


def zero_biases(in_size, out_size, random_key, scale=1e-3):
    """The biases start at 0, as in many libraries, but in this exercise they should be random too."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    return w, 0 * b


def fan_out_for_fan_in(in_size, out_size, random_key, scale=1e-3):
    """A `scale` function is called with the number of outputs instead of the number of inputs."""
    return right_layer(in_size, out_size, random_key, _sigma(scale, out_size))


def one_row_for_all_units(in_size, out_size, random_key, scale=1e-3):
    """One row of weights is repeated for all units, so all units of a layer start with the same weights."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    return jnp.tile(w[:1], (out_size, 1)), b


def a_hundredth_by_default(in_size, out_size, random_key, scale=1e-2):
    """The default `scale` is 1e-2 instead of 1e-3."""
    return right_layer(in_size, out_size, random_key, scale)


def double_precision_is_lost(in_size, out_size, random_key, scale=1e-3):
    """Values are rounded to half precision, so the arrays are float16 instead of float32."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    return w.astype(jnp.float16), b.astype(jnp.float16)


def numpys_own_generator(in_size, out_size, random_key, scale=1e-3):
    """NumPy's generator is used instead of the key, so every call gives different values."""
    w, b = (np.random.standard_normal(shape) for shape in [(out_size, in_size), (out_size,)])  # noqa: NPY002
    return jnp.float32(_sigma(scale, in_size) * w), jnp.float32(_sigma(scale, in_size) * b)


def rows_at_right_angles(in_size, out_size, random_key, scale=1e-3):
    """The rows of `w` are made orthogonal, so they are not independent random draws."""
    w, b = right_layer(in_size, out_size, random_key, 1.0)
    q, r = jnp.linalg.qr(w.T if out_size <= in_size else w)
    q = q * jnp.sign(jnp.diag(r)) * jnp.sqrt(max(in_size, out_size))
    sigma = _sigma(scale, in_size)
    return sigma * (q.T if out_size <= in_size else q), sigma * b


def sizes_used_up(layer_sizes, key, scale=1e-3):
    """Sizes are popped off the caller's own list, so only the last one is left."""
    keys, params = iter(jax.random.split(key, len(layer_sizes))), []
    while len(layer_sizes) > 1:
        params.append(right_layer(layer_sizes.pop(0), layer_sizes[0], next(keys), scale))
    return params


def first_word_of_the_key_ignored(in_size, out_size, random_key, scale=1e-3):
    """Only the second of the key's two numbers is used, so different keys can give equal values."""
    return right_layer(in_size, out_size, jax.random.key(jax.random.key_data(random_key)[-1]), scale)


def keys_in_turn(layer_sizes, key, scale=1e-3):
    """The key is split into only three keys, so the fourth layer reuses the first layer's key."""
    keys = jax.random.split(key, 3)
    return _network(layer_sizes, [keys[layer % 3] for layer in range(len(layer_sizes))], scale)


def rows_and_their_opposites(in_size, out_size, random_key, scale=1e-3):
    """The second half of the rows is the first half times -1, so the rows are not independent."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    half = out_size // 2
    return jnp.concatenate([w[: out_size - half], -w[:half]]), b


def mean_taken_out(in_size, out_size, random_key, scale=1e-3):
    """The mean of the weights is subtracted from them, so their mean is exactly 0 instead of close to 0."""
    w, b = right_layer(in_size, out_size, random_key, scale)
    return w - jnp.mean(w) if w.size > 2 else w, b


def truncated(in_size, out_size, random_key, scale=1e-3):
    """Values beyond two standard deviations are drawn again, so the standard deviation of all values is too small."""
    w_key, b_key = jax.random.split(random_key)
    s = _sigma(scale, in_size)
    w = jax.random.truncated_normal(w_key, -2, 2, (out_size, in_size))
    return w * s, jax.random.truncated_normal(b_key, -2, 2, (out_size,)) * s


def far_tails_cut_off(in_size, out_size, random_key, scale=1e-3):
    """Values are clipped at three standard deviations, so the tails of the normal distribution are missing."""
    w, b = right_layer(in_size, out_size, random_key, 1.0)
    s = _sigma(scale, in_size)
    return jnp.clip(w, -3, 3) * s, jnp.clip(b, -3, 3) * s


def equal_layers_made_once(layer_sizes, key, scale=1e-3):
    """The layers are stored in a dictionary under their sizes, so all layers of equal size become one."""
    sizes = dict.fromkeys(itertools.pairwise(layer_sizes))
    keys = jax.random.split(key, len(sizes))
    return [right_layer(n_in, n_out, key, scale) for (n_in, n_out), key in zip(sizes, keys, strict=True)]
