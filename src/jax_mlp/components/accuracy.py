r"""The accuracy: the fraction of images that the network classifies correctly."""

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Num

from jax_mlp.components._checks import check_network, check_targets
from jax_mlp.components.forward import forward
from jax_mlp.components.init import Params


def accuracy(
    params: Params, images: Num[ArrayLike, "batch features"], targets: Num[ArrayLike, "batch classes"]
) -> Float[Array, ""]:
    r"""Fraction, from 0 to 1, of the images for which the most probable class is the class of the target.

    $$\frac{1}{n} \sum_{i=1}^{n} [\operatorname{argmax}_k \log p_{ik} = \operatorname{argmax}_k y_{ik}]$$

    There are $n$ images. $p_{ik}$ is the probability that the network gives to class $k$ for image $i$, and $y_{ik}$ is
    entry $k$ of its target. The bracket is 1 if the equation in it holds, and 0 if it does not.

    Args:
        params: One pair `(w, b)` per layer.
        images: A batch of images, one flattened image per row.
        targets: One row per image, such as `one_hot(labels)`.

    Returns:
        The fraction, as a scalar.

    Raises:
        ValueError: If shapes do not fit, or the batch is empty.
        TypeError: If images or targets are not real numbers, or the parameters are not floating-point numbers.

    Laws:
        - The accuracy times n is a whole number of images, up to rounding.
        - If several classes share the largest probability, the first of them is the answer.
        - The gradient is zero wherever it exists. Therefore training minimises the loss instead of maximising the
          accuracy.

    Examples:
        >>> params = [(jnp.eye(2), jnp.zeros(2))]
        >>> images = jnp.array([[1.0, 0.0], [0.0, 1.0]])
        >>> print(accuracy(params, images, jnp.array([[1.0, 0.0], [1.0, 0.0]])))
        0.5
    """
    check_network("accuracy", params, images)
    log_probs = forward(params, images)
    targets = check_targets("accuracy", targets, log_probs)
    return jnp.mean(jnp.argmax(log_probs, axis=1) == jnp.argmax(targets, axis=1))
