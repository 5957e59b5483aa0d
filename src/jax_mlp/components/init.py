r"""Initial parameters: one pair of random weights and biases per layer.

JAX has no hidden random state. Each random function takes a key, and the same key always gives the same numbers. So
every array needs a key of its own.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax import Array
from jax.core import Tracer
from jaxtyping import Float, Key, UInt32

from jax_mlp.components._checks import check_count, check_key

Params: TypeAlias = Sequence[tuple[Float[Array, "_ _"], Float[Array, " _"]]]
"""The parameters of a network: for each layer, a pair of `w` with shape `(out, in)` and `b` with shape `(out,)`."""

PRNGKey: TypeAlias = Key[Array, ""] | UInt32[Array, " _"]
"""A random key: a typed one from `jax.random.key`, or a raw one from `jax.random.PRNGKey`."""

Scale: TypeAlias = float | Callable[[int], float]
"""A standard deviation, or a function that computes it from a layer's number of inputs (its fan-in)."""


def he(fan_in: int) -> float:
    r"""Standard deviation that preserves the size of the signal through a layer with `relu` (He initialisation).

    $$\sigma = \sqrt{2 / n_\text{in}}$$

    It is $\sqrt 2$ times `lecun`, because `relu` halves the mean square of the signal.

    Args:
        fan_in: Number of inputs of each unit.

    Returns:
        The standard deviation. To use it in `init_mlp`, pass the function itself: `scale=he`.

    Examples:
        >>> he(8)
        0.5

    References:
        He, Zhang, Ren, Sun: Delving deep into rectifiers (2015), equation 10.
    """
    return math.sqrt(2 / fan_in)


def lecun(fan_in: int) -> float:
    r"""Standard deviation that preserves the size of the signal through a linear layer (LeCun initialisation).

    $$\sigma = \sqrt{1 / n_\text{in}}$$

    Glorot initialisation is $\sqrt{2 / (n_\text{in} + n_\text{out})}$, which is a compromise between preserving the
    size of the signal and preserving the size of the gradient. Glorot's and LeCun's formulas agree if a layer has as
    many outputs as inputs.

    Args:
        fan_in: Number of inputs of each unit.

    Returns:
        The standard deviation. To use it in `init_mlp`, pass the function itself: `scale=lecun`.

    Examples:
        >>> lecun(4)
        0.5

    References:
        Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks (2010), equation 10.
    """
    return math.sqrt(1 / fan_in)


def init_weights_biases(
    in_size: int, out_size: int, random_key: PRNGKey, scale: Scale = 1e-3
) -> tuple[Float[Array, "out_size in_size"], Float[Array, " out_size"]]:
    r"""Random weights and biases of one layer, from a normal distribution.

    $$W_{ij} \sim \mathcal N(0, \sigma^2), \qquad b_i \sim \mathcal N(0, \sigma^2)$$

    Args:
        in_size: Number of inputs of the layer.
        out_size: Number of units of the layer.
        random_key: One PRNG key, typed or raw. It is split into one key for the weights and one for the biases.
        scale: The standard deviation $\sigma$, or a function that computes it from `in_size`, such as `he`.

    Returns:
        `(w, b)` with `w` of shape `(out_size, in_size)` and `b` of shape `(out_size,)`, both float32.

    Raises:
        ValueError: If a size is below 1, or `scale` is negative or not finite.
        TypeError: If a size is not an integer, or `random_key` is not a PRNG key.

    Laws:
        - The same key gives the same values. A different key gives different values, in `w` and in `b`.
        - Doubling `scale` doubles every value exactly.

    Examples:
        >>> w, b = init_weights_biases(3, 2, jax.random.key(0))
        >>> w.shape, b.shape
        ((2, 3), (2,))
    """
    in_size = check_count("init_weights_biases", "in_size", in_size, 1)
    out_size = check_count("init_weights_biases", "out_size", out_size, 1)
    w_key, b_key = jax.random.split(check_key("init_weights_biases", "random_key", random_key))
    sigma = jnp.float32(_check_scale(scale(in_size) if callable(scale) else scale))
    w = jax.random.normal(w_key, (out_size, in_size), jnp.float32) * sigma
    return w, jax.random.normal(b_key, (out_size,), jnp.float32) * sigma


def init_mlp(layer_sizes: Sequence[int], key: PRNGKey, scale: Scale = 1e-3) -> Params:
    r"""Random weights and biases of a whole network, one pair per layer.

    Args:
        layer_sizes: The number of inputs, then the number of units of each layer: `[784, 512, 512, 10]` makes three
            layers.
        key: One PRNG key, typed or raw. It is split into one key per layer, and one more, which is not used.
        scale: The standard deviation of all values, or a function that computes it from a layer's fan-in, such as `he`.

    Returns:
        A list with one pair `(w, b)` per layer, `w` of shape `(out, in)` and `b` of shape `(out,)`, both float32.

    Raises:
        ValueError: If there are fewer than two sizes, a size is below 1, or `scale` is negative or not finite.
        TypeError: If a size is not an integer, or `key` is not a PRNG key.

    Laws:
        - A list of n sizes makes n − 1 layers. Each layer has as many inputs as the layer before it has outputs.
        - Every array is drawn with its own key, so layers of equal shape differ.
        - Every key is used at most once, either to draw values or to make new keys. `jax.debug_key_reuse` checks this.

    Examples:
        >>> params = init_mlp([784, 512, 10], jax.random.key(0))
        >>> [(w.shape, b.shape) for w, b in params]
        [((512, 784), (512,)), ((10, 512), (10,))]
    """
    sizes = [check_count("init_mlp", f"layer_sizes[{i}]", size, 1) for i, size in enumerate(layer_sizes)]
    if len(sizes) < 2:
        raise ValueError(
            f"init_mlp: expected at least two layer_sizes, input and output, got {sizes}. Try [784, 512, 10]."
        )
    # As in the guide, there is one key more than there are layers. It is not used. It changes nothing either, because
    # splitting into more keys does not change the first ones.
    keys = jax.random.split(check_key("init_mlp", "key", key), len(sizes))
    return [
        init_weights_biases(in_size, out_size, layer_key, scale)
        for (in_size, out_size), layer_key in zip(pairwise(sizes), keys, strict=False)
    ]


def _check_scale(sigma):
    if isinstance(sigma, Tracer):  # under jit the value is not known yet
        return sigma
    try:
        valid = math.isfinite(sigma) and sigma >= 0
    except TypeError as error:
        raise TypeError(
            f"init_mlp: expected scale to be a number or a function of fan-in, got {sigma!r}. Try 1e-3, or he."
        ) from error
    if not valid:
        raise ValueError(f"init_mlp: expected a finite scale of 0 or more, got {sigma!r}. Try 1e-3, or he.")
    return sigma
