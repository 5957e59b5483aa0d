"""Correct variants of accuracy."""

import functools
import operator
import warnings
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jax_mlp import forward


def counted(params, images, targets):
    """The right answers are counted, and the count is divided by the number of images."""
    right = forward(params, images).argmax(1) == targets.argmax(1)
    return right.sum() / images.shape[0]


def looked_up(params, images, targets):
    """The prediction selects an entry of the one-hot row of the target."""
    predicted = jnp.argmax(forward(params, images), axis=-1)
    first = jnp.arange(targets.shape[1]) == jnp.argmax(targets, axis=-1)[:, None]
    return jnp.take_along_axis(first.astype(jnp.float32), predicted[:, None], axis=1).mean()


def by_sorting(params, images, targets):
    """The answer is the first class of a stable sort in descending order."""
    predicted = jnp.argsort(-forward(params, images), axis=1, stable=True)[:, 0]
    wanted = jnp.argsort(-targets, axis=1, stable=True)[:, 0]
    return 1 - jnp.mean((predicted != wanted).astype(jnp.float32))


def as_the_guide_writes_it(params, images, targets) -> jnp.array:
    """The code of the guide, with this project's names."""
    predictions = forward(params, images)
    predicted_class = jnp.argmax(predictions, axis=1)
    target_class = jnp.argmax(targets, axis=1)
    return jnp.mean(predicted_class == target_class)


@dataclass
class _Accuracy:
    """A dataclass holds the network and the axis of the classes, and is called like a function."""

    network: object
    axis: int = -1

    def __call__(self, params, images, targets):
        answers = self.network(params, images).argmax(axis=self.axis)
        return jnp.mean(jnp.where(answers == targets.argmax(axis=self.axis), 1.0, 0.0))


dataclass_with_call = _Accuracy(forward)


class _Metric:
    """A class of static methods counts the right answers and divides them."""

    def __call__(self, params, images, targets):
        return self.right(forward(params, images), targets) / len(images)

    @staticmethod
    def right(log_probs, targets):
        return jnp.count_nonzero(jnp.argmax(log_probs, 1) == jnp.argmax(targets, 1))


class_with_call = _Metric()


def _top(params, images, targets, k):
    """The function is a `partial` of top-k accuracy, with k = 1."""
    _, answers = jax.lax.top_k(forward(params, images), k)
    return jnp.mean(jnp.any(answers == jnp.argmax(targets, axis=1)[:, None], axis=1))


partial = functools.partial(_top, k=1)


@jax.jit
def compiled_already(params: list, images: jax.Array, targets: jax.Array) -> jax.Array:
    """The function is compiled by `jax.jit` and has type annotations."""
    return jnp.equal(forward(params, images).argmax(-1), targets.argmax(-1)).mean(dtype=jnp.float32)


@functools.partial(jax.jit, static_argnames=("axis",))
def static_argument(params, images, targets, axis=1):
    """The function is compiled with the axis of the classes as a static argument."""
    wrong = jnp.argmax(forward(params, images), axis) != jnp.argmax(targets, axis)
    return 1.0 - wrong.astype(jnp.float32).mean()


as_a_lambda = lambda p, x, y: (forward(p, x).argmax(1) == y.argmax(1)).mean()  # noqa: E731
as_a_lambda.__doc__ = "A `lambda` is given a name and short names for its arguments."


def image_by_image(params, images, targets):
    """The images are classified one at a time, with `vmap`."""

    def right(image, target):
        return forward(params, image[None])[0].argmax() == target.argmax()

    return jnp.average(jax.vmap(right)(images, targets))


def scanned(params, images, targets):
    """A `scan` over the images carries the number of right answers."""

    def count(right, rows):
        log_probs, target = rows
        return right + (jnp.argmax(log_probs) == jnp.argmax(target)), None

    right, _ = jax.lax.scan(count, 0, (forward(params, images), jnp.asarray(targets)))
    return right / targets.shape[0]


def fori_loop(params, images, targets):
    """A `fori_loop` over the images adds 1/n for every right answer."""
    answers, wanted = (jnp.argmax(rows, axis=1) for rows in (forward(params, images), targets))

    def add(i, total):
        return total + jnp.where(answers[i] == wanted[i], 1.0, 0.0)

    return jax.lax.fori_loop(0, len(images), add, 0.0) / len(images)


def einsum(params, images, targets):
    """The one-hot rows of the answers and of the targets are multiplied with `einsum`."""
    n, k = targets.shape
    answers, wanted = (jax.nn.one_hot(jnp.argmax(rows, axis=1), k) for rows in (forward(params, images), targets))
    return jnp.einsum("nk,nk->", answers, wanted) / n


class _Answers(NamedTuple):
    predicted: jax.Array
    wanted: jax.Array


def named_tuple(params, images, targets):
    """`tree.map` takes the `argmax` of both fields of a `NamedTuple`, and `reduce` compares them."""
    answers = jax.tree.map(lambda rows: jnp.argmax(rows, axis=1), _Answers(forward(params, images), targets))
    return jnp.mean(functools.reduce(operator.eq, answers))


def warns(params, images, targets):
    """The author's own warning is issued, and the answers are counted as int64, which is truncated."""
    warnings.warn("accuracy says nothing about confidence", stacklevel=2)
    right = forward(params, images).argmax(1) == targets.argmax(1)
    return right.astype(jnp.int64).sum() / right.size


def from_the_logits(params, images, targets):
    """The logits are not normalised, because that does not change which is the largest."""
    a = images
    for i, (w, b) in enumerate(params, start=1):
        a = jnp.dot(a, w.T) + b
        a = jax.nn.relu(a) if i < len(params) else a
    return jnp.mean(a.argmax(axis=1) == jnp.argmax(targets, axis=1))


def numpy_inside(params, images, targets):
    """NumPy compares the answers with the targets, so the function cannot be compiled."""
    predicted = np.argmax(np.asarray(forward(params, images)), axis=1)
    return np.mean(predicted == np.argmax(np.asarray(targets), axis=1))


def python_loop(params, images, targets):
    """Plain Python counts the right answers, so the result is a Python float and nothing can be compiled."""
    right = 0
    for row, target in zip(forward(params, images), targets, strict=True):
        if int(row.argmax()) == int(target.argmax()):
            right += 1
    return right / len(images)
