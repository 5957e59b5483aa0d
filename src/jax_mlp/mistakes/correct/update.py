"""Correct variants of the update."""

import functools
import operator
import warnings
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import grad, jit
from jax.flatten_util import ravel_pytree

from jax_mlp import forward, loss


@jax.jit
def pair_by_pair(params, x, y, learning_rate=1e-2):
    """The layers are updated one by one, with the gradient from `value_and_grad`."""
    _, slopes = jax.value_and_grad(loss)(params, x, y)
    return [(w - learning_rate * dw, b - learning_rate * db) for (w, b), (dw, db) in zip(params, slopes, strict=True)]


@jax.jit
def as_one_vector(params, x, y, learning_rate=1e-2):
    """All parameters are put into one long vector, and separated again after the step."""
    vector, unravel = ravel_pytree(params)
    slopes = jax.grad(lambda v: loss(unravel(v), x, y))(vector)
    return unravel(vector - learning_rate * slopes)


@jax.jit
def by_the_pullback(params, x, y, learning_rate=1e-2):
    """-y / (nK) is pulled back through `forward`, and no loss is computed."""
    _, pullback = jax.vjp(lambda p: forward(p, x), params)
    (slopes,) = pullback(-jnp.asarray(y, jnp.float32) / y.size)
    return jax.tree.map(lambda p, g: p + (-learning_rate) * g, params, slopes)


def rate_as_an_array(params, x, y, learning_rate=1e-2):
    """A plain function converts the learning rate to an array and calls a compiled one."""
    return pair_by_pair(params, x, y, jnp.asarray(learning_rate, jnp.float32))


LEARNING_RATE = 1e-2


@jit
def as_the_guide_writes_it(params, x, y, learning_rate=LEARNING_RATE) -> list[tuple[jnp.array, jnp.array]]:
    """The code of the guide, with this project's names."""
    grads = grad(loss)(params, x, y)
    return [(w - learning_rate * dw, b - learning_rate * db) for (w, b), (dw, db) in zip(params, grads, strict=False)]


@dataclass
class _Descent:
    """A dataclass holds the loss and is called like a function, but cannot be hashed."""

    objective: object

    def __call__(self, params, x, y, learning_rate=0.01):
        grads = jax.grad(self.objective)(params, x, y)
        return jax.tree.map(lambda p, g: p - learning_rate * g, params, grads)


dataclass_with_call = _Descent(loss)


class _State(NamedTuple):
    step: int


class _Sgd:
    """A class has the `init` and the `update` of an optimiser, whose state is a `NamedTuple`."""

    def init(self, params):
        return _State(0)

    def update(self, grads, state, rate):
        return jax.tree.map(lambda g: -rate * g, grads), _State(state.step + 1)

    def __call__(self, params, x, y, learning_rate=1e-2):
        grads = jax.grad(loss)(params, x, y)
        updates, _ = self.update(grads, self.init(params), learning_rate)
        return jax.tree.map(jnp.add, params, updates)


optimiser_class = _Sgd()


def _step(params, x, y, learning_rate=1e-2, *, objective):
    """The function is a `partial` that fixes the loss."""
    _, grads = jax.value_and_grad(objective)(params, x, y)
    return [
        tuple(p - learning_rate * g for p, g in zip(*pairs, strict=True)) for pairs in zip(params, grads, strict=True)
    ]


partial = functools.partial(_step, objective=loss)

compiled_partial = jax.jit(functools.partial(_step, objective=loss))


def plain(params: list, x: jax.Array, y: jax.Array, learning_rate: float = 1e-2) -> list:
    """The function has type annotations, is not compiled, and uses `tree.map`."""
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, jax.grad(loss)(params, x, y))


as_a_lambda = lambda p, x, y, eta=0.01: jax.tree.map(lambda a, g: a - eta * g, p, jax.grad(loss)(p, x, y))  # noqa: E731
as_a_lambda.__doc__ = "A `lambda` is given a name and short names for its arguments."


_donating = jax.jit(plain, donate_argnums=0)


def donated_copy(params, x, y, learning_rate=1e-2):
    """The parameters are copied, and the copy is donated to a compiled function."""
    return _donating(jax.tree.map(lambda p: jnp.array(p, copy=True), params), x, y, learning_rate)


@jax.jit
def leaves(params, x, y, learning_rate=1e-2):
    """The leaves are updated in a flat list, and `tree.unflatten` restores the structure."""
    flat, tree = jax.tree.flatten(params)
    slopes = jax.tree.leaves(jax.grad(loss)(params, x, y))
    moved = map(operator.sub, flat, [operator.mul(learning_rate, slope) for slope in slopes])
    return jax.tree.unflatten(tree, moved)


@jax.jit
def set_by_index(params, x, y, learning_rate=1e-2):
    """A new list is filled in a Python loop, and each array changes with `.at` and `add`."""
    moved = list(params)
    for i, (dw, db) in enumerate(jax.grad(loss)(params, x, y)):
        w, b = moved[i]
        moved[i] = (w.at[:].add(-learning_rate * dw), b.at[:].add(-learning_rate * db))
    return moved


@jax.jit
def backpropagation_by_hand(params, x, y, learning_rate=1e-2):
    """The gradients are computed by hand, from the last layer to the first."""
    x, y = jnp.asarray(x, jnp.float32), jnp.asarray(y, jnp.float32)
    entering = [x]
    for w, b in params:
        z = entering[-1] @ w.T + b
        entering.append(jnp.maximum(z, 0))
    error = (jax.nn.softmax(z, axis=1) * y.sum(axis=1, keepdims=True) - y) / y.size
    moved = []
    for (w, b), a in zip(reversed(params), reversed(entering[:-1]), strict=True):
        moved.append((w - learning_rate * error.T @ a, b - learning_rate * error.sum(axis=0)))
        error = (error @ w) * (a > 0)
    return moved[::-1]


def recursive(params, x, y, learning_rate=1e-2):
    """The list of layers is updated by a recursion over it."""

    def move(layers, slopes):
        if not layers:
            return []
        ((w, b), *others), ((dw, db), *other_slopes) = layers, slopes
        return [(w - learning_rate * dw, b - learning_rate * db), *move(others, other_slopes)]

    return move(params, jax.grad(loss)(params, x, y))


@jax.jit
def image_by_image(params, x, y, learning_rate=1e-2):
    """`vmap` computes the gradient of each image, and the step uses their mean."""
    one = jax.grad(lambda p, image, target: loss(p, image[None], target[None]))
    slopes = jax.vmap(one, in_axes=(None, 0, 0))(params, x, y)
    return jax.tree.map(lambda p, g: p - learning_rate * g.mean(axis=0), params, slopes)


@jax.jit
def accumulated(params, x, y, learning_rate=1e-2):
    """A `scan` over the images accumulates the gradient."""

    def add(total, pair):
        image, target = pair
        slopes = jax.grad(loss)(params, image[None], target[None])
        return jax.tree.map(jnp.add, total, slopes), None

    total, _ = jax.lax.scan(add, jax.tree.map(jnp.zeros_like, params), (x, y))
    return jax.tree.map(lambda p, g: p - learning_rate / x.shape[0] * g, params, total)


def warns(params, x, y, learning_rate=1e-2):
    """The author's own warning is issued, and the learning rate is float64, which is truncated."""
    warnings.warn("plain gradient descent is slow", stacklevel=2)
    rate = jnp.asarray(learning_rate).astype(jnp.float64)
    return [
        (w - rate * dw, b - rate * db) for (w, b), (dw, db) in zip(params, jax.grad(loss)(params, x, y), strict=True)
    ]


@functools.partial(jax.jit, static_argnames="learning_rate")
def static_rate(params, x, y, learning_rate=1e-2):
    """The learning rate is static, so the function is compiled for each rate, and not inside another jit."""
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, jax.grad(loss)(params, x, y))


def numpy_inside(params, x, y, learning_rate=1e-2):
    """NumPy does the arithmetic of the step, so the function cannot be compiled."""
    slopes = jax.grad(loss)(params, x, y)
    return jax.tree.map(lambda p, g: jnp.asarray(np.asarray(p) - np.float32(learning_rate) * g), params, slopes)
