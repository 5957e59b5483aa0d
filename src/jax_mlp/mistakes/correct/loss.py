"""Correct variants of the loss."""

import functools
import operator
import warnings
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jax_mlp import forward


def summed_and_divided(params, images, targets):
    """The sum is divided by the number of entries."""
    return -jnp.sum(targets * forward(params, images)) / targets.size


def inner_product(params, images, targets):
    """The inner product of the two arrays, as vectors, is divided by the number of entries."""
    return -jnp.vdot(forward(params, images), targets.astype(jnp.float32)) / (targets.shape[0] * targets.shape[1])


def mean_of_means(params, images, targets):
    """The mean is taken of the losses of the images, computed one at a time."""

    def one(image, target):
        return -jnp.mean(forward(params, image[None])[0] * target)

    return jnp.mean(jax.vmap(one)(images, targets))


def from_the_logits(params, images, targets):
    """The logits are not normalised: the loss is the mean of (logsumexp - logits) times the targets."""
    a = images
    for w, b in params[:-1]:
        a = jax.nn.relu(a @ w.T + b)
    logits = a @ params[-1][0].T + params[-1][1]
    normaliser = jax.scipy.special.logsumexp(logits, axis=1, keepdims=True)
    return jnp.mean((normaliser - logits) * targets)


def as_the_guide_writes_it(params, images, targets) -> jnp.array:
    """The code of the guide, with this project's names."""
    preds = forward(params, images)
    return -jnp.mean(preds * targets)  # cateogorical cross entropy


@dataclass
class _CrossEntropy:
    """A dataclass holds the network and is called like a function, but cannot be hashed."""

    network: object

    def __call__(self, params, images, targets):
        return jnp.mean(jnp.negative(self.network(params, images)) * targets)


dataclass_with_call = _CrossEntropy(forward)


class _Loss:
    """A class with a method for the terms and one for their mean is called like a function."""

    def terms(self, params, images, targets):
        return -jnp.asarray(targets, jnp.float32) * forward(params, images)

    def __call__(self, params, images, targets):
        return self.terms(params, images, targets).ravel().mean()


class_with_call = _Loss()


def _reduced(params, images, targets, reduction):
    """The function is a `partial` of a loss that is told how to reduce its terms."""
    return -reduction(forward(params, images) * targets)


partial = functools.partial(_reduced, reduction=jnp.mean)


@jax.jit
def compiled_already(params: list, images: jax.Array, targets: jax.Array) -> jax.Array:
    """The function is compiled by `jax.jit` and has type annotations."""
    return -jnp.average(forward(params, images) * targets)


@functools.partial(jax.jit, static_argnames=("reduction",))
def static_argument(params, images, targets, reduction="mean"):
    """A static argument, a string, selects the reduction with `match`."""
    terms = -forward(params, images) * targets
    match reduction:
        case "mean":
            return terms.mean()
        case "sum":
            return terms.sum()


as_a_lambda = lambda p, x, y: (-forward(p, x) * y).mean()  # noqa: E731
as_a_lambda.__doc__ = "A `lambda` is given a name and short names for its arguments."


def einsum(params, images, targets):
    """`einsum` multiplies and sums, and the sum is divided by the number of entries."""
    n, k = targets.shape
    return -jnp.einsum("nk,nk->", forward(params, images), targets.astype(jnp.float32)) / (n * k)


def tensordot(params, images, targets):
    """Both axes are contracted with `tensordot`, and the sum is divided by the number of entries."""
    log_p = forward(params, images)
    return -jnp.tensordot(log_p, jnp.asarray(targets, log_p.dtype), axes=2) / log_p.size


def scanned(params, images, targets):
    """A `scan` over the images carries the sum of their losses."""

    def add(total, pair):
        image, target = pair
        return total - jnp.dot(forward(params, image[None])[0], target), None

    total, _ = jax.lax.scan(add, 0.0, (images, jnp.asarray(targets, jnp.float32)))
    return total / targets.size


def fori_loop(params, images, targets):
    """A `fori_loop` over the classes adds the mean of one column at a time."""
    log_p, targets = forward(params, images), jnp.asarray(targets, jnp.float32)
    n_classes = targets.shape[1]
    total = jax.lax.fori_loop(0, n_classes, lambda k, sum_: sum_ - jnp.mean(log_p[:, k] * targets[:, k]), 0.0)
    return total / n_classes


def python_sum(params, images, targets):
    """Python's own `sum` adds the means of the classes."""
    columns = zip(forward(params, images).T, jnp.transpose(targets), strict=True)
    return sum(-jnp.mean(column * target) for column, target in columns) / targets.shape[1]


def zeros_left_out(params, images, targets):
    """`where` selects only the terms whose target is not 0."""
    return -jnp.where(targets != 0, forward(params, images) * targets, 0.0).mean()


class _Terms(NamedTuple):
    log_probs: jax.Array
    targets: jax.Array


def named_tuple(params, images, targets):
    """`reduce` multiplies the fields of a `NamedTuple`, and `tree.map` has converted them."""
    terms = jax.tree.map(lambda a: jnp.asarray(a, jnp.float32), _Terms(forward(params, images), targets))
    return operator.neg(functools.reduce(operator.mul, terms).mean())


def warns(params, images, targets):
    """The author's own warning is issued, and the targets are converted to float64, which is truncated."""
    warnings.warn("the loss is a mean over the classes, too", stacklevel=2)
    return -jnp.mean(forward(params, images) * targets.astype(jnp.float64))


@jax.custom_vjp
def _cross_entropy(logits, targets):
    return jnp.mean((jax.nn.logsumexp(logits, axis=1, keepdims=True) - logits) * targets)


def _keep(logits, targets):
    return _cross_entropy(logits, targets), (logits, targets)


def _p_minus_y(kept, g):
    logits, targets = kept
    p = jax.nn.softmax(logits, axis=1)
    return g * (p * targets.sum(axis=1, keepdims=True) - targets) / targets.size, None


_cross_entropy.defvjp(_keep, _p_minus_y)


def gradient_by_hand(params, images, targets):
    """The gradient with respect to the logits is written by hand, with `custom_vjp`."""
    *hidden, (w, b) = params
    a = jnp.asarray(images, jnp.float32)
    for hidden_w, hidden_b in hidden:
        a = jax.nn.relu(a @ hidden_w.T + hidden_b)
    return _cross_entropy(a @ w.T + b, jnp.asarray(targets, jnp.float32))
