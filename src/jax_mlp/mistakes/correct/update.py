"""Correct variants of the update."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from jax_mlp import forward, loss


@jax.jit
def pair_by_pair(params, x, y, learning_rate=1e-2):
    """The layers are updated one by one, with the gradient from `value_and_grad`."""
    _, slopes = jax.value_and_grad(loss)(params, x, y)
    return [(w - learning_rate * dw, b - learning_rate * db) for (w, b), (dw, db) in zip(params, slopes, strict=True)]


@jax.jit
def as_one_vector(params, x, y, learning_rate=1e-2):
    """All parameters are put into one long vector, and separated again after the step."""
    vector, unravel = ravel_pytree(params)
    slopes = jax.grad(lambda v: loss(unravel(v), x, y))(vector)
    return unravel(vector - learning_rate * slopes)


@jax.jit
def by_the_pullback(params, x, y, learning_rate=1e-2):
    """-y / (nK) is pulled back through `forward`, and no loss is computed."""
    _, pullback = jax.vjp(lambda p: forward(p, x), params)
    (slopes,) = pullback(-jnp.asarray(y, jnp.float32) / y.size)
    return jax.tree.map(lambda p, g: p + (-learning_rate) * g, params, slopes)


def rate_as_an_array(params, x, y, learning_rate=1e-2):
    """A plain function converts the learning rate to an array and calls a compiled one."""
    return pair_by_pair(params, x, y, jnp.asarray(learning_rate, jnp.float32))
