r"""The update: one step of stochastic gradient descent, which is all the learning there is."""

import jax
from jax.typing import ArrayLike
from jaxtyping import Num

from jax_mlp.components._checks import as_numbers, check_network
from jax_mlp.components.init import Params
from jax_mlp.components.loss import loss


@jax.jit
def update(
    params: Params,
    x: Num[ArrayLike, "batch features"],
    y: Num[ArrayLike, "batch classes"],
    learning_rate: Num[ArrayLike, ""] = 1e-2,
) -> Params:
    r"""Parameters after one step against the gradient of the loss on a batch.

    $$\theta \leftarrow \theta - \eta \, \nabla_\theta L(\theta; x, y)$$

    It is compiled once per shape. The learning rate is an argument like any other, so changing it never recompiles.

    Args:
        params: `(w, b)` per layer. They are left as they are.
        x: A batch of images, one flattened image a row.
        y: Their one-hot targets.
        learning_rate: The step size $\eta$.

    Returns:
        New parameters of the same structure, shapes and dtypes.

    Raises:
        ValueError: If shapes do not fit, the batch is empty, or the learning rate is no scalar.
        TypeError: If an argument holds no real numbers.

    Properties:
        A learning rate of 0 changes nothing.
        The loss on the batch drops if the step is small enough: at most $1/L$ where the gradient is $L$-Lipschitz.

    Examples:
        >>> import jax.numpy as jnp
        >>> params = [(jnp.zeros((2, 1)), jnp.zeros(2))]
        >>> x, y = jnp.array([[1.0]]), jnp.array([[0.0, 1.0]])
        >>> bool(loss(update(params, x, y), x, y) < loss(params, x, y))
        True

    References:
        Robbins, Monro: A stochastic approximation method (1951).
    """
    check_network("update", params, x)
    rate = as_numbers("update", "learning_rate", learning_rate)
    if rate.shape != ():
        raise ValueError(f"update: expected one learning_rate for all parameters, got shape {rate.shape}. Try 1e-2.")
    gradients = jax.grad(loss)(params, x, y)
    return jax.tree.map(lambda p, slope: (p - learning_rate * slope).astype(p.dtype), params, gradients)
