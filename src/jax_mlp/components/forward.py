r"""The forward pass: from images to log-probabilities.

The formula is for one image. `jax.vmap` turns a function of one image into a function of a batch.
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
    r"""One log-probability per class, for each image.

    $$a_0 = x, \qquad a_l = \operatorname{relu}(W_l a_{l-1} + b_l), \qquad z = W_D a_{D-1} + b_D$$

    $$\log p_k = z_k - \log \sum_j e^{z_j}$$

    Here $x$ is an image, $W_l$ and $b_l$ are the parameters of layer $l$, and $D$ is the number of layers. The numbers
    $z$ are called **logits**, and $p$ are the probabilities of the classes.

    Args:
        params: One pair `(w, b)` per layer, as `init_mlp` makes them.
        images: A batch of images, one flattened image per row.

    Returns:
        Natural logarithms of probabilities, one row per image and one column per class.

    Raises:
        ValueError: If shapes do not fit each other.
        TypeError: If the images are not real numbers, or the parameters are not floating-point numbers.

    Laws:
        - The probabilities `exp(forward(params, images))` sum to 1 along each row.
        - A row depends only on its own image.
        - Adding the same number to every entry of the last layer's bias vector changes nothing.
        - The result is finite even if logits differ by 10,000, because `forward` never takes `exp` of a large number
          or the logarithm of 0.

    Examples:
        >>> params = [(jnp.zeros((2, 3)), jnp.zeros(2))]
        >>> jnp.exp(forward(params, jnp.ones((1, 3)))).tolist()
        [[0.5, 0.5]]

    References:
        Goodfellow, Bengio, Courville: Deep Learning (2016), sections 4.1 and 6.2.2.3.
    """
    check_network("forward", params, images)
    with jax.numpy_dtype_promotion("standard"):  # bytes times floats, even if JAX is set to be strict
        return jax.vmap(_forward_one, in_axes=(None, 0))(params, jnp.asarray(images))


def _forward_one(params: Params, image: Num[Array, " features"]) -> Float[Array, " classes"]:
    activations = image
    for w, b in params[:-1]:
        activations = relu(jnp.dot(w, activations) + b)
    w, b = params[-1]
    logits = jnp.dot(w, activations) + b
    return logits - logsumexp(logits)
