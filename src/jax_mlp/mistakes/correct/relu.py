"""Correct variants of relu."""

import functools
import operator
import warnings
from dataclasses import dataclass

import jax
import jax.numpy as jnp


def library(x):
    """JAX's own function is used, whose derivative at 0 is 0."""
    return jax.nn.relu(x)


def where(x):
    """`where` selects x or 0, so the derivative at 0 is 0, and NaN becomes 0."""
    return jnp.where(x > 0, x, 0)


def times_a_step(x):
    """`x` is multiplied by the result of the comparison x > 0."""
    return x * (x > 0)


def half_the_sum(x):
    """The mean of x and |x| is computed."""
    return (x + jnp.abs(x)) / 2


def clip(x):
    """`x` is clipped from below at 0."""
    return jnp.clip(x, 0)


@jax.custom_vjp
def derivative_by_hand(x):
    """The derivative is written by hand, and is 1 at 0."""
    return jnp.maximum(x, 0)


derivative_by_hand.defvjp(lambda x: (jnp.maximum(x, 0), x), lambda x, g: (g * (x >= 0),))


def as_the_guide_writes_it(x) -> jnp.array:
    """The code of the guide, with this project's names."""
    return jnp.maximum(0, x)


@dataclass
class _Threshold:
    """A dataclass holds the threshold and is called like a function, but cannot be hashed."""

    at: float = 0.0

    def __call__(self, x):
        return jnp.maximum(x, self.at)


dataclass_with_call = _Threshold()


class _Relu:
    """A class without any data is called like a function."""

    def __call__(self, x):
        return jax.lax.max(x, jnp.zeros_like(x))


class_with_call = _Relu()


def _leaky(x, slope):
    """The function is a `partial` of a leaky ReLU whose slope is 0."""
    return jnp.where(x > 0, x, slope * x)


partial = functools.partial(_leaky, slope=0.0)

as_a_lambda = lambda x: x - jnp.minimum(x, 0)  # noqa: E731
as_a_lambda.__doc__ = "A `lambda` is given a name, and subtracts the negative part."


@jax.jit
def compiled_already(x: jax.Array) -> jax.Array:
    """The function is compiled by `jax.jit` and has type annotations."""
    return jax.lax.select(x > 0, x, jnp.zeros_like(x))


@functools.partial(jax.jit, static_argnames="floor")
def static_argument(x, floor=0):
    """The function is compiled with a second argument that is static and has a default."""
    return jnp.clip(x, min=floor)


@jax.custom_jvp
def forward_derivative_by_hand(x):
    """The derivative is written by hand for forward mode, and is 0 at 0."""
    return jnp.maximum(x, 0)


@forward_derivative_by_hand.defjvp
def _forward_derivative(primals, tangents):
    (x,), (tangent,) = primals, tangents
    return jnp.maximum(x, 0), jnp.where(x > 0, tangent, jnp.zeros_like(tangent))


def set_by_index(x):
    """Negative entries are set to 0 with `.at`, which JAX cannot compile for a single number."""
    return x.at[x < 0].set(0)


def in_double_precision(x):
    """The zero asks for float64, so JAX warns that it is truncated to float32."""
    return jnp.maximum(x, jnp.zeros((), jnp.float64)).astype(x.dtype)


def warns(x):
    """The author's own warning is issued on every call."""
    warnings.warn("relu is about to forget the negative numbers", stacklevel=2)
    return jnp.maximum(x, 0)


def entry_by_entry(x):
    """A `cond` decides about each entry, and `vmap` applies it to all of them."""
    x = jnp.asarray(x)
    one = jax.vmap(lambda v: jax.lax.cond(v > 0, lambda v: v, jnp.zeros_like, v))
    return one(x.ravel()).reshape(x.shape)


def recursive(x):
    """A `match` on the shape recurses into the rows until only numbers are left."""
    match x.shape:
        case ():
            return jnp.where(x > 0, x, jnp.zeros_like(x))
        case (0, *_):
            return jnp.asarray(x)
        case _:
            return jnp.stack([recursive(row) for row in x])


def operators(x):
    """The `operator` module multiplies `x` by a comparison."""
    return operator.mul(x, operator.gt(x, 0).astype(x.dtype))


def reduced(x):
    """The larger of two arrays is found by `functools.reduce`."""
    return functools.reduce(jnp.maximum, [x, jnp.zeros_like(x)])


def piecewise(x):
    """The two pieces of the function are given to `piecewise`."""
    return jnp.piecewise(x, [x > 0], [lambda v: v, 0])


def heaviside(x):
    """`x` is multiplied by the Heaviside step function, with the factor 0 at 0."""
    return x * jnp.heaviside(x, 0)


def leaky_library(x):
    """JAX's leaky ReLU is given a slope of 0."""
    return jax.nn.leaky_relu(x, negative_slope=0.0)


def python_loop(x):
    """A Python `if` decides about each entry, so the function cannot be compiled."""
    x = jnp.asarray(x)
    entries = [v if v > 0 else jnp.zeros_like(v) for v in x.ravel()]
    return jnp.array(entries, x.dtype).reshape(x.shape)
