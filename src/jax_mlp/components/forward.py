r"""The forward pass: from images to log-probabilities.

It is written for one image, as on paper, and `jax.vmap` makes it work on a batch.
"""

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.special import logsumexp
from jax.typing import ArrayLike
from jaxtyping import Float, Num

from jax_mlp.components._checks import check_network
from jax_mlp.components.init import Params
from jax_mlp.components.relu import relu


def forward(params: Params, images: Num[ArrayLike, "batch features"]) -> Float[Array, "batch classes"]:
    r"""Log-probabilities of the classes for each image.

    $$a_0 = x, \qquad a_l = \operatorname{relu}(W_l a_{l-1} + b_l), \qquad z = W_L a_{L-1} + b_L$$

    $$\log p_k = z_k - \log \sum_j e^{z_j}$$

    Args:
        params: `(w, b)` per layer, as `init_mlp` makes them.
        images: A batch of images, one flattened image a row.

    Returns:
        Natural logarithms of probabilities, one row an image.

    Raises:
        ValueError: If shapes do not fit each other.
        TypeError: If images are no real numbers, or parameters no floating-point numbers.

    Properties:
        The probabilities `exp(forward(params, images))` of a row sum to 1.
        A row depends on its own image alone.
        Adding the same number to every entry of the last bias changes nothing.
        Differences of 10,000 between logits still give finite results, as no exponential is taken of a large number
        and no logarithm of zero.

    Examples:
        >>> params = [(jnp.zeros((2, 3)), jnp.zeros(2))]
        >>> jnp.exp(forward(params, jnp.ones((1, 3)))).tolist()
        [[0.5, 0.5]]

    References:
        Goodfellow, Bengio, Courville: Deep Learning (2016), sections 4.1 and 6.2.2.3.
    """
    check_network("forward", params, images)
    return jax.vmap(_forward_one, in_axes=(None, 0))(params, jnp.asarray(images))


def _forward_one(params: Params, image: Num[Array, " features"]) -> Float[Array, " classes"]:
    activations = image
    for w, b in params[:-1]:
        activations = relu(jnp.dot(w, activations) + b)
    w, b = params[-1]
    logits = jnp.dot(w, activations) + b
    return logits - logsumexp(logits)
