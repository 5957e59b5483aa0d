"""Mistakes in relu."""

import jax
import jax.numpy as jnp
import numpy as np


def leaky(x):
    """Negative inputs are multiplied by 0.01 instead of being set to 0 (leaky ReLU)."""
    return jnp.where(x > 0, x, 0.01 * x)


def absolute_value(x):
    """Negative inputs are made positive instead of being set to 0, so the result is the absolute value."""
    return jnp.abs(x)


def identity(x):
    """The input is returned unchanged, so a stack of layers is equivalent to a single layer."""
    return x


def the_wrong_side(x):
    """`minimum` is used instead of `maximum`, so positive inputs become 0 and negative ones stay."""
    return jnp.minimum(0, x)


def a_step(x):
    """The result of the comparison x > 0 is returned, so every positive input becomes 1."""
    return (x > 0).astype(x.dtype)


def capped_at_six(x):
    """Values above 6 are replaced by 6 (this is ReLU6), so large inputs can no longer be told apart."""
    return jnp.clip(x, 0, 6)


def smooth(x):
    """Softplus, log(1 + e^x), is used instead of ReLU, so the output is positive even for negative inputs."""
    return jax.nn.softplus(x)


def gelu(x):
    """GELU is used instead of ReLU, so negative inputs can give small negative outputs."""
    return jax.nn.gelu(x)


def one_maximum_for_all(x):
    """The maximum is taken over the whole array instead of entry by entry, so all outputs are equal."""
    return jnp.broadcast_to(jnp.maximum(0, jnp.max(x, initial=0)), x.shape)


def cut_off_at_one(x):
    """Inputs are compared with 1 instead of 0, so positive inputs up to 1 are lost."""
    return jnp.where(x > 1, x, 0)


def sign_flipped(x):
    """max(-x, 0) is computed, so positive inputs become 0 and negative ones become positive."""
    return jnp.maximum(-x, 0)


def float32_always(x):
    """The result is always cast to float32, so the dtype of the input is lost."""
    return jnp.maximum(0, x).astype(jnp.float32)


def flattens(x):
    """The result is flattened to one dimension, so the shape of the input is lost."""
    return jnp.maximum(0, x).ravel()


def gradient_of_the_identity(x):
    """The value is right, but the derivative is 1 everywhere, even for negative inputs, where it should be 0."""
    return x + jax.lax.stop_gradient(jnp.maximum(0, x) - x)


def no_gradient(x):
    """The value is right, but the derivative is 0 everywhere, so no layer with `relu` can learn."""
    return jax.lax.stop_gradient(jnp.maximum(0, x))


def in_place(x):
    """A NumPy input is changed in place, so the caller loses the original values."""
    if isinstance(x, np.ndarray) and x.ndim:
        x[x < 0] = 0
        return jnp.array(x)
    return jnp.maximum(0, x)


def largest_along_an_axis(x):
    """`jnp.max(x, 0)` is used instead of `jnp.maximum(x, 0)`, so only the maximum along axis 0 is returned."""
    return jnp.max(x, 0)


def integers_through_float32(x):
    """The result is computed in float32, so integers above 2**24 lose digits."""
    x = jnp.asarray(x)
    return jnp.maximum(x.astype(jnp.float32), 0).astype(x.dtype)
