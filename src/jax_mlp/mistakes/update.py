"""Ways to get the update wrong."""

from functools import partial

import jax
import jax.numpy as jnp

from jax_mlp import loss


@jax.jit
def _gradient(params, x, y):
    """The right gradient."""
    return jax.grad(loss)(params, x, y)


def _step(params, slopes, rate):
    """Parameters less rate times slopes."""
    return jax.tree.map(lambda p, g: p - rate * g, params, slopes)


@jax.jit
def uphill(params, x, y, learning_rate=1e-2):
    """A plus for a minus: gradient ascent."""
    return _step(params, _gradient(params, x, y), -learning_rate)


@jax.jit
def biases_stay(params, x, y, learning_rate=1e-2):
    """The biases are never updated."""
    return [(w - learning_rate * dw, b) for (w, b), (dw, _) in zip(params, _gradient(params, x, y), strict=True)]


@jax.jit
def weights_stay(params, x, y, learning_rate=1e-2):
    """The weights are never updated."""
    return [(w, b - learning_rate * db) for (w, b), (_, db) in zip(params, _gradient(params, x, y), strict=True)]


@jax.jit
def only_the_last_layer(params, x, y, learning_rate=1e-2):
    """Only the last layer learns."""
    return [*params[:-1], *_step(params[-1:], _gradient(params, x, y)[-1:], learning_rate)]


@jax.jit
def only_the_first_layer(params, x, y, learning_rate=1e-2):
    """Only the first layer learns."""
    return [*_step(params[:1], _gradient(params, x, y)[:1], learning_rate), *params[1:]]


@jax.jit
def rate_ignored(params, x, y, learning_rate=1e-2):
    """The learning rate is an argument that nobody reads: a constant is used."""
    return _step(params, _gradient(params, x, y), 1e-2)


@jax.jit
def rate_forgotten(params, x, y, learning_rate=1e-2):
    """The whole gradient is the step: it is not multiplied by the learning rate."""
    return _step(params, _gradient(params, x, y), 1.0)


def rate_frozen(params, x, y, learning_rate=1e-2):
    """The learning rate is read while compiling and never again: whatever comes later, the first one is used."""
    rate = FROZEN.setdefault(tuple(w.shape for w, _ in params), learning_rate)
    return _step(params, _gradient(params, x, y), rate)


FROZEN = {}


@jax.jit
def default_rate_of_a_tenth(params, x, y, learning_rate=1e-1):
    """The default learning rate is ten times too large."""
    return _step(params, _gradient(params, x, y), learning_rate)


@jax.jit
def slopes_for_parameters(params, x, y, learning_rate=1e-2):
    """The step itself is returned instead of where it leads."""
    return jax.tree.map(lambda g: -learning_rate * g, _gradient(params, x, y))


@jax.jit
def summed_over_the_batch(params, x, y, learning_rate=1e-2):
    """The gradient is multiplied by the size of the batch: that of a sum, not of a mean."""
    return _step(params, _gradient(params, x, y), learning_rate * len(x))


@jax.jit
def divided_by_the_batch_again(params, x, y, learning_rate=1e-2):
    """The gradient is divided by the size of the batch a second time."""
    return _step(params, _gradient(params, x, y), learning_rate / len(x))


@jax.jit
def textbook_rate(params, x, y, learning_rate=1e-2):
    """The gradient is that of the textbook's loss, K times too large here."""
    return _step(params, _gradient(params, x, y), learning_rate * y.shape[1])


@jax.jit
def weights_decay(params, x, y, learning_rate=1e-2):
    """Parameters shrink by a thousandth of the rate in every step."""
    return jax.tree.map(lambda p, g: p - learning_rate * (g + 1e-3 * p), params, _gradient(params, x, y))


@jax.jit
def clipped(params, x, y, learning_rate=1e-2):
    """Slopes are clipped at 1."""
    return _step(params, jax.tree.map(lambda g: jnp.clip(g, -1, 1), _gradient(params, x, y)), learning_rate)


@jax.jit
def direction_only(params, x, y, learning_rate=1e-2):
    """Only the sign of a slope counts."""
    return _step(params, jax.tree.map(jnp.sign, _gradient(params, x, y)), learning_rate)


@jax.jit
def normalised(params, x, y, learning_rate=1e-2):
    """The gradient is scaled to length 1."""
    slopes = _gradient(params, x, y)
    length = jnp.sqrt(sum(jnp.sum(g**2) for g in jax.tree.leaves(slopes))) + 1e-12
    return _step(params, slopes, learning_rate / length)


def with_momentum(params, x, y, learning_rate=1e-2):
    """Nine tenths of the last step are taken again: momentum, kept where nobody sees it."""
    slopes = _gradient(params, x, y)
    shapes = tuple(w.shape for w, _ in params)
    if shapes in MOMENTUM:
        slopes = jax.tree.map(lambda g, v: g + 0.9 * v, slopes, MOMENTUM[shapes])
    MOMENTUM[shapes] = slopes
    return _step(params, slopes, learning_rate)


MOMENTUM = {}


@jax.jit
def two_steps(params, x, y, learning_rate=1e-2):
    """Two steps are taken for one."""
    once = _step(params, _gradient(params, x, y), learning_rate)
    return _step(once, _gradient(once, x, y), learning_rate)


@jax.jit
def layer_by_layer(params, x, y, learning_rate=1e-2):
    """Layers are updated one after another, each with the gradient at what is new already."""
    params = list(params)
    for layer in range(len(params)):
        params[layer] = _step(params[layer], _gradient(params, x, y)[layer], learning_rate)
    return params


@partial(jax.jit, donate_argnums=0)
def in_place(params, x, y, learning_rate=1e-2):
    """The old parameters' memory is given away: they cannot be read any more."""
    return _step(params, _gradient(params, x, y), learning_rate)


@jax.jit
def last_image_left_out(params, x, y, learning_rate=1e-2):
    """The last image of the batch is left out."""
    return _step(params, _gradient(params, x[: max(len(x) - 1, 1)], y[: max(len(y) - 1, 1)]), learning_rate)


@jax.jit
def in_half_precision(params, x, y, learning_rate=1e-2):
    """Parameters are rounded to half precision on their way."""
    half = jax.tree.map(lambda p: p.astype(jnp.bfloat16), _step(params, _gradient(params, x, y), learning_rate))
    return jax.tree.map(lambda p: p.astype(jnp.float32), half)


@jax.jit
def a_flat_list(params, x, y, learning_rate=1e-2):
    """The layers come back as one flat list of arrays."""
    return jax.tree.leaves(_step(params, _gradient(params, x, y), learning_rate))


@jax.jit
def rate_is_added(params, x, y, learning_rate=1e-2):
    """The rate is added to the slope where it should be multiplied by it."""
    return jax.tree.map(lambda p, g: p - (learning_rate + g), params, _gradient(params, x, y))


@jax.jit
def three_layers_at_most(params, x, y, learning_rate=1e-2):
    """Only the first three layers are updated, as many as the guide's network has."""
    return [*_step(params, _gradient(params, x, y), learning_rate)[:3], *params[3:]]


@jax.jit
def a_few_images_only(params, x, y, learning_rate=1e-2):
    """A large batch is cut down: the images after the first 64 teach nothing."""
    return _step(params, _gradient(params, x[:64], y[:64]), learning_rate)
