r"""The rectified linear unit (ReLU): the nonlinearity between the layers.

Without a **nonlinearity** (or *activation function*) between them, any stack of layers is equivalent to a single
layer. `relu` is the simplest one: it replaces negative numbers by 0.
"""

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Num

from jax_mlp.components._checks import as_numbers


def relu(x: Num[ArrayLike, "*shape"]) -> Num[Array, "*shape"]:
    r"""Each entry of `x` if it is positive, and 0 if it is not.

    $$\operatorname{relu}(x) = \max(0, x)$$

    Args:
        x: Real numbers of any shape.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: If `x` is not an array of real numbers.

    Laws:
        - relu(x) ≥ 0 and relu(x) ≥ x.
        - relu(x) − relu(−x) = x and relu(x) + relu(−x) = |x|.
        - The derivative is 1 if x > 0 and 0 if x < 0. At x = 0 there is none, and any number from 0 to 1 is allowed:
          JAX uses 0.5 for `maximum`, and 0 for `jax.nn.relu`.
        - NaN stays NaN, so an error in the network stays visible.

    Examples:
        >>> relu(jnp.array([-2.0, 0.0, 3.0])).tolist()
        [0.0, 0.0, 3.0]

    References:
        Nair, Hinton: Rectified linear units improve restricted Boltzmann machines (2010).
    """
    return jnp.maximum(0, as_numbers("relu", "x", x))
