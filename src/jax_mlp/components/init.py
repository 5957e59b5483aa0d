r"""Initial parameters: one pair of random weights and biases per layer.

Everything random in a network happens here. JAX has no hidden random state: a key goes in, and the same key always
gives the same numbers, so each array gets a key of its own.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import jax
from jax import Array
from jax.core import Tracer
from jaxtyping import Float, Key, UInt32

from jax_mlp.components._checks import check_count, check_key

Params: TypeAlias = Sequence[tuple[Float[Array, "_ _"], Float[Array, " _"]]]
"""The parameters of a network: for each layer `w` of shape `(out, in)` and `b` of shape `(out,)`."""

PRNGKey: TypeAlias = Key[Array, ""] | UInt32[Array, "2"]
"""A random key: typed, from `jax.random.key`, or raw, from `jax.random.PRNGKey`."""

Scale: TypeAlias = float | Callable[[int], float]
"""A standard deviation, or a function that gives one from the number of inputs (the fan-in) of a layer."""


def he(fan_in: int) -> float:
    r"""Standard deviation that keeps the signal's size through a layer that ends in relu, which halves its power.

    $$\sigma = \sqrt{2 / n_\text{in}}$$

    Args:
        fan_in: Number of inputs of each unit.

    Returns:
        The standard deviation, to be passed as `scale=he`.

    Examples:
        >>> he(8)
        0.5

    References:
        He, Zhang, Ren, Sun: Delving deep into rectifiers (2015), equation 10.
    """
    return math.sqrt(2 / fan_in)


def lecun(fan_in: int) -> float:
    r"""Standard deviation that keeps the signal's size through a linear layer.

    $$\sigma = \sqrt{1 / n_\text{in}}$$

    This is the condition for the forward direction. Glorot and Bengio also average it with the one for gradients
    into $\sqrt{2 / (n_\text{in} + n_\text{out})}$; the two agree where a layer has as many outputs as inputs.

    Args:
        fan_in: Number of inputs of each unit.

    Returns:
        The standard deviation, to be passed as `scale=lecun`.

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
    r"""Random weights and biases of one layer, drawn from a normal distribution.

    $$W_{ij} \sim \mathcal N(0, \sigma^2), \qquad b_i \sim \mathcal N(0, \sigma^2)$$

    Args:
        in_size: Number of inputs of the layer.
        out_size: Number of units of the layer.
        random_key: One PRNG key, typed or raw. It is split: one half for the weights, one for the biases.
        scale: The standard deviation $\sigma$, or a function of `in_size` that gives it, such as `he`.

    Returns:
        `(w, b)` with `w` of shape `(out_size, in_size)` and `b` of shape `(out_size,)`, both float32.

    Raises:
        ValueError: If a size is below 1, or `scale` is negative or not finite.
        TypeError: If a size is no integer, or `random_key` is no PRNG key.

    Properties:
        The same key gives the same values; another key gives other values in `w` and in `b`.
        Doubling `scale` doubles every value exactly.

    Examples:
        >>> w, b = init_weights_biases(3, 2, jax.random.key(0))
        >>> w.shape, b.shape
        ((2, 3), (2,))
    """
    in_size = check_count("init_weights_biases", "in_size", in_size, 1)
    out_size = check_count("init_weights_biases", "out_size", out_size, 1)
    w_key, b_key = jax.random.split(check_key("init_weights_biases", "random_key", random_key))
    sigma = _check_scale(scale(in_size) if callable(scale) else scale)
    return jax.random.normal(w_key, (out_size, in_size)) * sigma, jax.random.normal(b_key, (out_size,)) * sigma


def init_mlp(layer_sizes: Sequence[int], key: PRNGKey, scale: Scale = 1e-3) -> Params:
    r"""Random weights and biases of a whole network, a pair per layer.

    Args:
        layer_sizes: Widths from the input to the output: `[784, 512, 512, 10]` has three layers.
        key: One PRNG key, typed or raw. Each layer gets a key split from it.
        scale: The standard deviation of all values, or a function of a layer's fan-in, such as `he`.

    Returns:
        A list with one `(w, b)` per layer, `w` of shape `(out, in)` and `b` of shape `(out,)`, all float32.

    Raises:
        ValueError: If there are fewer than two sizes, one is below 1, or `scale` is negative or not finite.
        TypeError: If a size is no integer, or `key` is no PRNG key.

    Properties:
        `len(init_mlp(sizes, key)) == len(sizes) - 1`, and each layer takes what the one before gives.
        Layers of equal shape differ from each other: no two arrays share a key.
        No key is used again once it was drawn from or split. `jax.debug_key_reuse` looks for that.

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
    # As in the guide there is one key more than there are layers. It stays unused, and changes nothing: splitting
    # into more keys leaves the first ones as they are.
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
