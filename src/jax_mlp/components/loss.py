r"""The loss: how wrong the network's predictions are."""

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Num

from jax_mlp.components._checks import check_network, check_targets
from jax_mlp.components.forward import forward
from jax_mlp.components.init import Params


def loss(
    params: Params, images: Num[ArrayLike, "batch features"], targets: Num[ArrayLike, "batch classes"]
) -> Float[Array, ""]:
    r"""Cross-entropy between targets and predictions, averaged over the images *and* the classes.

    $$L = -\frac{1}{nK} \sum_{i=1}^{n} \sum_{k=0}^{K-1} y_{ik} \log p_{ik}$$

    Here $p_{ik}$ is the probability that the network gives to class $k$ for image $i$, and $y_{ik}$ is entry $k$ of its
    target. There are $n$ images and $K$ classes. Textbooks average over the images only. This loss, as in the guide, is
    $K$ times smaller, and so is the effect of a learning rate.

    Args:
        params: One pair `(w, b)` per layer.
        images: A batch of images, one flattened image per row.
        targets: One row of probabilities per image, such as `one_hot(labels)`.

    Returns:
        The loss, a scalar that is never negative.

    Raises:
        ValueError: If shapes do not fit, or the batch is empty.
        TypeError: If images or targets are not real numbers, or the parameters are not floating-point numbers.

    Laws:
        - If all classes are equally likely, the loss is $(\log K) / K$ for one-hot targets.
        - If each target sums to 1, the gradient with respect to the logits is $(p - y) / (nK)$.
        - Repeating every image in the batch changes nothing.

    Examples:
        >>> params = [(jnp.zeros((2, 3)), jnp.zeros(2))]
        >>> value = loss(params, jnp.ones((1, 3)), jnp.array([[0.0, 1.0]]))
        >>> print(f"{value:.4f}")  # (log 2) / 2
        0.3466

    References:
        Goodfellow, Bengio, Courville: Deep Learning (2016), section 6.2.1.
    """
    check_network("loss", params, images)
    log_probs = forward(params, images)
    with jax.numpy_dtype_promotion("standard"):  # targets may be integers
        return -jnp.mean(log_probs * check_targets("loss", targets, log_probs))
