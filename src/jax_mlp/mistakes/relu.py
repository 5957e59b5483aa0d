"""Ways to get relu wrong."""

import jax
import jax.numpy as jnp
import numpy as np


def leaky(x):
    """Negative inputs are multiplied by 0.01 instead of being set to 0 (leaky ReLU)."""
    return jnp.where(x > 0, x, 0.01 * x)


def absolute_value(x):
    """The negative side is folded up instead of cut off, which gives the absolute value."""
    return jnp.abs(x)


def identity(x):
    """Nothing is cut off: the network stays one affine map, however deep."""
    return x


def the_wrong_side(x):
    """Minimum for maximum: the positive side is cut off."""
    return jnp.minimum(0, x)


def a_step(x):
    """The comparison is returned instead of the value: 1 for every positive input."""
    return (x > 0).astype(x.dtype)


def capped_at_six(x):
    """Values are capped at 6: that is relu6."""
    return jnp.clip(x, 0, 6)


def smooth(x):
    """Softplus log(1 + e^x) has relu's shape from afar, but is positive at zero and below."""
    return jax.nn.softplus(x)


def gelu(x):
    """GELU is used instead of ReLU, so small negative outputs remain."""
    return jax.nn.gelu(x)


def one_maximum_for_all(x):
    """One maximum is taken over the whole array instead of one for each entry."""
    return jnp.broadcast_to(jnp.maximum(0, jnp.max(x, initial=0)), x.shape)


def cut_off_at_one(x):
    """The threshold is 1 instead of 0: small positive values are lost."""
    return jnp.where(x > 1, x, 0)


def sign_flipped(x):
    """max(-x, 0): the positive side is cut off, and the negative one comes out positive."""
    return jnp.maximum(-x, 0)


def float32_always(x):
    """The result is cast to float32, whatever came in."""
    return jnp.maximum(0, x).astype(jnp.float32)


def flattens(x):
    """The result is one row, whatever shape came in."""
    return jnp.maximum(0, x).ravel()


def gradient_of_the_identity(x):
    """The value is right, but the gradient passes through as if nothing were cut off."""
    return x + jax.lax.stop_gradient(jnp.maximum(0, x) - x)


def no_gradient(x):
    """The value is right, but no gradient comes through: nothing before it can learn."""
    return jax.lax.stop_gradient(jnp.maximum(0, x))


def in_place(x):
    """An array of NumPy's is changed where it stands: the caller's values are gone."""
    if isinstance(x, np.ndarray) and x.ndim:
        x[x < 0] = 0
        return jnp.array(x)
    return jnp.maximum(0, x)


def largest_along_an_axis(x):
    """The maximum function that reduces (jnp.max(x, 0)) stands for the one that compares (jnp.maximum(x, 0))."""
    return jnp.max(x, 0)
