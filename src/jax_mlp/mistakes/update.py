"""Mistakes in the update."""

from functools import partial

import jax
import jax.numpy as jnp

from jax_mlp import loss


@jax.jit
def _gradient(params, x, y):
    """The correct gradient."""
    return jax.grad(loss)(params, x, y)


def _step(params, slopes, rate):
    """The parameters minus the learning rate times the gradient."""
    return jax.tree.map(lambda p, g: p - rate * g, params, slopes)


@jax.jit
def uphill(params, x, y, learning_rate=1e-2):
    """The gradient is added instead of subtracted, so the loss grows."""
    return _step(params, _gradient(params, x, y), -learning_rate)


@jax.jit
def biases_stay(params, x, y, learning_rate=1e-2):
    """The biases are not updated, so only the weights learn."""
    return [(w - learning_rate * dw, b) for (w, b), (dw, _) in zip(params, _gradient(params, x, y), strict=True)]


@jax.jit
def weights_stay(params, x, y, learning_rate=1e-2):
    """The weights are not updated, so only the biases learn."""
    return [(w, b - learning_rate * db) for (w, b), (_, db) in zip(params, _gradient(params, x, y), strict=True)]


@jax.jit
def only_the_last_layer(params, x, y, learning_rate=1e-2):
    """Only the last layer is updated."""
    return [*params[:-1], *_step(params[-1:], _gradient(params, x, y)[-1:], learning_rate)]


@jax.jit
def only_the_first_layer(params, x, y, learning_rate=1e-2):
    """Only the first layer is updated."""
    return [*_step(params[:1], _gradient(params, x, y)[:1], learning_rate), *params[1:]]


@jax.jit
def rate_ignored(params, x, y, learning_rate=1e-2):
    """The learning rate is ignored, and 0.01 is always used instead."""
    return _step(params, _gradient(params, x, y), 1e-2)


@jax.jit
def rate_forgotten(params, x, y, learning_rate=1e-2):
    """The gradient is not multiplied by the learning rate, so by default steps are a hundred times too large."""
    return _step(params, _gradient(params, x, y), 1.0)


def rate_frozen(params, x, y, learning_rate=1e-2):
    """The first learning rate is compiled in, so later ones are ignored."""
    rate = FROZEN.setdefault(tuple(w.shape for w, _ in params), learning_rate)
    return _step(params, _gradient(params, x, y), rate)


FROZEN = {}


@jax.jit
def default_rate_of_a_tenth(params, x, y, learning_rate=1e-1):
    """The default learning rate is 0.1 instead of 0.01."""
    return _step(params, _gradient(params, x, y), learning_rate)


@jax.jit
def slopes_for_parameters(params, x, y, learning_rate=1e-2):
    """The step itself is returned instead of the parameters after the step."""
    return jax.tree.map(lambda g: -learning_rate * g, _gradient(params, x, y))


@jax.jit
def summed_over_the_batch(params, x, y, learning_rate=1e-2):
    """The gradient is multiplied by the batch size, so larger batches lead to larger steps."""
    return _step(params, _gradient(params, x, y), learning_rate * len(x))


@jax.jit
def divided_by_the_batch_again(params, x, y, learning_rate=1e-2):
    """The gradient is divided by the batch size again, although the loss is a mean already."""
    return _step(params, _gradient(params, x, y), learning_rate / len(x))


@jax.jit
def textbook_rate(params, x, y, learning_rate=1e-2):
    """The gradient is multiplied by the number of classes, as if the loss were not divided by that number."""
    return _step(params, _gradient(params, x, y), learning_rate * y.shape[1])


@jax.jit
def weights_decay(params, x, y, learning_rate=1e-2):
    """Parameters are also multiplied by a number just below 1 (weight decay), so they shrink in every step."""
    return jax.tree.map(lambda p, g: p - learning_rate * (g + 1e-3 * p), params, _gradient(params, x, y))


@jax.jit
def clipped(params, x, y, learning_rate=1e-2):
    """Gradient entries are clipped to the range from -1 to 1, so some parameters change too little."""
    return _step(params, jax.tree.map(lambda g: jnp.clip(g, -1, 1), _gradient(params, x, y)), learning_rate)


@jax.jit
def clipped_by_its_length(params, x, y, learning_rate=1e-2):
    """A gradient that is longer than 1 is shortened to length 1, so a large step is too small."""
    slopes = _gradient(params, x, y)
    length = jnp.sqrt(sum(jnp.sum(g**2) for g in jax.tree.leaves(slopes)))
    return _step(params, slopes, learning_rate / jnp.maximum(length, 1))


@jax.jit
def direction_only(params, x, y, learning_rate=1e-2):
    """Only the sign of each gradient entry is used, so every parameter that changes moves by the same amount."""
    return _step(params, jax.tree.map(jnp.sign, _gradient(params, x, y)), learning_rate)


@jax.jit
def normalised(params, x, y, learning_rate=1e-2):
    """The gradient is divided by its length, so every step has the same length."""
    slopes = _gradient(params, x, y)
    length = jnp.sqrt(sum(jnp.sum(g**2) for g in jax.tree.leaves(slopes))) + 1e-12
    return _step(params, slopes, learning_rate / length)


def with_momentum(params, x, y, learning_rate=1e-2):
    """Part of the previous step is added (momentum), so a step depends on earlier calls."""
    slopes = _gradient(params, x, y)
    shapes = tuple(w.shape for w, _ in params)
    if shapes in MOMENTUM:
        slopes = jax.tree.map(lambda g, v: g + 0.9 * v, slopes, MOMENTUM[shapes])
    MOMENTUM[shapes] = slopes
    return _step(params, slopes, learning_rate)


MOMENTUM = {}


@jax.jit
def two_steps(params, x, y, learning_rate=1e-2):
    """Each call takes two steps instead of one."""
    once = _step(params, _gradient(params, x, y), learning_rate)
    return _step(once, _gradient(once, x, y), learning_rate)


@jax.jit
def layer_by_layer(params, x, y, learning_rate=1e-2):
    """Layers are updated one after another, so a layer's gradient depends on the layers updated before it."""
    params = list(params)
    for layer in range(len(params)):
        params[layer] = _step(params[layer], _gradient(params, x, y)[layer], learning_rate)
    return params


@jax.jit
def from_the_last_layer_to_the_first(params, x, y, learning_rate=1e-2):
    """Layers are updated one after another from the last to the first, so a layer's gradient depends on the layers
    updated before it.
    """
    params = list(params)
    for layer in reversed(range(len(params))):
        params[layer] = _step(params[layer], _gradient(params, x, y)[layer], learning_rate)
    return params


@jax.jit
def array_by_array(params, x, y, learning_rate=1e-2):
    """Arrays are updated one after another, so the gradient of each depends on the arrays updated before it."""
    leaves, structure = jax.tree.flatten(params)
    for i in range(len(leaves)):
        slopes = jax.tree.leaves(_gradient(jax.tree.unflatten(structure, leaves), x, y))
        leaves[i] = leaves[i] - learning_rate * slopes[i]
    return jax.tree.unflatten(structure, leaves)


@partial(jax.jit, donate_argnums=0)
def in_place(params, x, y, learning_rate=1e-2):
    """`donate_argnums` lets JAX reuse the memory of the old parameters, so the caller can no longer read them."""
    return _step(params, _gradient(params, x, y), learning_rate)


@jax.jit
def last_image_left_out(params, x, y, learning_rate=1e-2):
    """The last image of the batch is left out."""
    return _step(params, _gradient(params, x[: max(len(x) - 1, 1)], y[: max(len(y) - 1, 1)]), learning_rate)


@jax.jit
def in_half_precision(params, x, y, learning_rate=1e-2):
    """The parameters are rounded to half precision, so small steps are lost."""
    half = jax.tree.map(lambda p: p.astype(jnp.bfloat16), _step(params, _gradient(params, x, y), learning_rate))
    return jax.tree.map(lambda p: p.astype(jnp.float32), half)


@jax.jit
def a_flat_list(params, x, y, learning_rate=1e-2):
    """The arrays are returned as one flat list instead of a list of (w, b) pairs."""
    return jax.tree.leaves(_step(params, _gradient(params, x, y), learning_rate))


@jax.jit
def rate_is_added(params, x, y, learning_rate=1e-2):
    """The gradient and the learning rate are added instead of multiplied."""
    return jax.tree.map(lambda p, g: p - (learning_rate + g), params, _gradient(params, x, y))


@jax.jit
def three_layers_at_most(params, x, y, learning_rate=1e-2):
    """Only the first three layers are updated, although a network can have more."""
    return [*_step(params, _gradient(params, x, y), learning_rate)[:3], *params[3:]]


@jax.jit
def a_few_images_only(params, x, y, learning_rate=1e-2):
    """Only the first 64 images of a batch are used."""
    return _step(params, _gradient(params, x[:64], y[:64]), learning_rate)


@jax.jit
def always_a_list(params, x, y, learning_rate=1e-2):
    """The new parameters are a list even if `params` is a tuple."""
    return [*jax.tree.map(lambda p, g: (p - learning_rate * g).astype(p.dtype), params, _gradient(params, x, y))]
