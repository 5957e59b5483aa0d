"""Correct variants of relu."""

import jax
import jax.numpy as jnp


def library(x):
    """JAX's own function is used, whose derivative at 0 is 0."""
    return jax.nn.relu(x)


def where(x):
    """`where` selects x or 0, so the derivative at 0 is 0, and NaN becomes 0."""
    return jnp.where(x > 0, x, 0)


def times_a_step(x):
    """`x` is multiplied by the result of the comparison x > 0."""
    return x * (x > 0)


def half_the_sum(x):
    """The mean of x and |x| is computed."""
    return (x + jnp.abs(x)) / 2


def clip(x):
    """`x` is clipped from below at 0."""
    return jnp.clip(x, 0)


@jax.custom_vjp
def derivative_by_hand(x):
    """The derivative is written by hand, and is 1 at 0."""
    return jnp.maximum(x, 0)


derivative_by_hand.defvjp(lambda x: (jnp.maximum(x, 0), x), lambda x, g: (g * (x >= 0),))
