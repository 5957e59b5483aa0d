r"""The rectified linear unit: what makes a stack of layers more than one layer.

Without a bend between them, two affine layers are one affine layer. relu is the simplest bend there is.
"""

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Num

from jax_mlp.components._checks import as_numbers


def relu(x: Num[ArrayLike, "*shape"]) -> Num[Array, "*shape"]:
    r"""`x` where it is positive, zero elsewhere.

    $$\operatorname{relu}(x) = \max(0, x)$$

    Args:
        x: Real numbers of any shape.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: If `x` holds no real numbers.

    Properties:
        relu(x) ≥ 0, relu(x) ≥ x, and relu(x) is one of the two.
        relu(x) − relu(−x) = x and relu(x) + relu(−x) = |x|.
        The derivative is 1 above zero and 0 below. At zero every value between is a subgradient: JAX gives 0.5 for
        `maximum`, while `jax.nn.relu` is defined to give 0.
        NaN stays NaN, so a network that has gone wrong does not hide it.

    Examples:
        >>> relu(jnp.array([-2.0, 0.0, 3.0])).tolist()
        [0.0, 0.0, 3.0]

    References:
        Nair, Hinton: Rectified linear units improve restricted Boltzmann machines (2010).
    """
    return jnp.maximum(0, as_numbers("relu", "x", x))
