"""Other right ways to write relu."""

import jax
import jax.numpy as jnp


def library(x):
    """JAX's own, whose derivative at zero is 0."""
    return jax.nn.relu(x)


def where(x):
    """Chosen by comparison, with another derivative at zero, and zero for NaN."""
    return jnp.where(x > 0, x, 0)


def times_a_step(x):
    """Multiplied by a comparison."""
    return x * (x > 0)


def half_the_sum(x):
    """The mean of x and |x|."""
    return (x + jnp.abs(x)) / 2


def clip(x):
    """Clipped from below."""
    return jnp.clip(x, 0)


@jax.custom_vjp
def derivative_by_hand(x):
    """The derivative is written out, as 1 at zero."""
    return jnp.maximum(x, 0)


derivative_by_hand.defvjp(lambda x: (jnp.maximum(x, 0), x), lambda x, g: (g * (x >= 0),))
