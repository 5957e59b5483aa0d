r"""The accuracy: the share of images that the network gets right."""

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
    r"""Share of images, from 0 to 1, whose most probable class is the target's.

    $$\frac{1}{n} \sum_{i=1}^{n} [\operatorname{argmax}_k \log p_{ik} = \operatorname{argmax}_k y_{ik}]$$

    Args:
        params: `(w, b)` per layer.
        images: A batch of images, one flattened image a row.
        targets: A row per image, such as `one_hot(labels)`.

    Returns:
        The share as a scalar.

    Raises:
        ValueError: If shapes do not fit, or the batch is empty.
        TypeError: If an argument holds no real numbers.

    Properties:
        A whole number of images is right: `n * accuracy` is an integer up to rounding.
        Of classes that tie, the first counts.
        The gradient is zero wherever it exists, which is why the loss is trained and not the accuracy.

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
