r"""The update: one step of stochastic gradient descent. A network learns by repeating it."""

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
    r"""New parameters, after one step against the gradient of the loss on a batch.

    $$\theta \leftarrow \theta - \eta \, \nabla_\theta L(\theta; x, y)$$

    Here $\theta$ are all weights and biases, $L$ is the loss, and $\eta$ is the learning rate. The function is compiled
    once for each combination of shapes and dtypes. Changing the learning rate does not compile it again.

    Args:
        params: One pair `(w, b)` per layer. They are not modified.
        x: A batch of images, one flattened image per row.
        y: The targets of the images, such as `one_hot(labels)`.
        learning_rate: The learning rate $\eta$, which scales the step.

    Returns:
        New parameters, with the same structure, shapes and dtypes.

    Raises:
        ValueError: If shapes do not fit, the batch is empty, or the learning rate is not a scalar.
        TypeError: If the images, the targets or the learning rate are not real, or the parameters are not
            floating-point numbers.

    Laws:
        - A learning rate of 0 changes nothing.
        - A small enough step lowers the loss on the batch, unless the gradient is 0 or a `relu` has the input 0. In a
          network of one layer, there is an $M$ such that the gradient changes at most $M$ times as fast as the
          parameters (the gradient is $M$-Lipschitz). Then every $\eta$ up to $1/M$ is small enough.

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
    with jax.numpy_dtype_promotion("standard"):  # parameters may be of half precision
        return jax.tree.map(lambda p, slope: (p - learning_rate * slope).astype(p.dtype), params, gradients)
