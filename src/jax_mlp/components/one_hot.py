r"""One-hot encoding: from a class number to a row of probabilities, 1 for that class and 0 for all others."""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float32, Integer

from jax_mlp.components._checks import as_numbers, check_count


def one_hot(x: Integer[ArrayLike, " batch"], n_classes: int = 10) -> Float32[Array, "batch {n_classes}"]:
    r"""One row per label, with 1 in the column of its class and 0 in all other columns.

    $$Y_{ik} = [x_i = k]$$

    The bracket is 1 if the equation in it holds, and 0 if it does not.

    Args:
        x: Integer labels.
        n_classes: Number of classes, which is the width of a row.

    Returns:
        Rows of float32 zeros and ones.

    Raises:
        ValueError: If `x` is not one-dimensional, or `n_classes` is below 1.
        TypeError: If the labels, or `n_classes`, are not integers.

    Laws:
        - A label that is negative, or is `n_classes` or more, gives a row of zeros, never a wrong class.
        - `argmax` along the row of a label in range gives the label back.
        - If all labels are in range, `one_hot(x, n) @ v` is `v[x]`.

    Examples:
        >>> one_hot(jnp.array([2, 0]), 3).tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
        >>> one_hot(jnp.array([-1, 3]), 3).tolist()
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    labels = as_numbers("one_hot", "x", x, np.integer)
    n_classes = check_count("one_hot", "n_classes", n_classes, 1)
    if labels.ndim != 1:
        raise ValueError(
            f"one_hot: expected labels of shape (batch,), got x.shape={labels.shape}. Flatten them with x.ravel()."
        )
    return (labels.astype(int)[:, None] == jnp.arange(n_classes)[None, :]).astype(jnp.float32)
