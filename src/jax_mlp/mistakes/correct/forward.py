"""Correct variants of forward."""

import functools
import warnings
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import vmap
from jax.scipy.special import logsumexp

from jax_mlp import relu


def batched(params, images):
    """The whole batch goes through each matrix at once, and JAX's own `log_softmax` normalises it."""
    *hidden, (w, b) = params
    for hidden_w, hidden_b in hidden:
        images = jax.nn.relu(images @ hidden_w.T + hidden_b)
    return jax.nn.log_softmax(images @ w.T + b, axis=-1)


def einsum(params, images):
    """Axes are named with `einsum`; the largest logit is subtracted by hand, without a gradient."""
    a = images
    for i, (w, b) in enumerate(params):
        a = jnp.einsum("oi,bi->bo", w, a) + b
        if i < len(params) - 1:
            a = jnp.where(a > 0, a, 0)
    a = a - jax.lax.stop_gradient(a.max(axis=1, keepdims=True))
    return a - jnp.log(jnp.exp(a).sum(axis=1, keepdims=True))


def bias_as_a_weight(params, images):
    """Each bias is one more column of weights, for an input that is always 1."""
    a = images
    for w, b in params[:-1]:
        ones = jnp.ones((a.shape[0], 1))
        a = jnp.maximum(jnp.concatenate([a, ones], 1) @ jnp.concatenate([w, b[:, None]], 1).T, 0)
    w, b = params[-1]
    logits = jnp.concatenate([a, jnp.ones((a.shape[0], 1))], 1) @ jnp.concatenate([w, b[:, None]], 1).T
    return logits - logsumexp(logits, axis=1, keepdims=True)


@jax.jit
def compiled_already(params, images):
    """`vmap` is used twice: over the images, and within a layer over its units."""

    def layer(w, b, a):
        return jax.vmap(lambda row, bias: jnp.vdot(row, a) + bias)(w, b)

    def one(image):
        for w, b in params[:-1]:
            image = jnp.maximum(0.0, layer(w, b, image))
        logits = layer(*params[-1], image)
        return logits - logsumexp(logits)

    return jax.vmap(one)(images)


@functools.partial(vmap, in_axes=(None, 0))
def as_the_guide_writes_it(
    params,
    image,
) -> jnp.array:
    """The code of the guide, with this project's names."""
    activations = image
    for w, b in params[:-1]:
        outputs = jnp.dot(w, activations) + b
        activations = relu(outputs)
    final_w, final_b = params[-1]
    logits = jnp.dot(final_w, activations) + final_b
    return logits - logsumexp(logits)


@dataclass
class _Network:
    """A dataclass holds the activation function and is called like a function."""

    activation: object = jax.nn.relu

    def __call__(self, params, images):
        a = images
        for w, b in params[:-1]:
            a = self.activation(jnp.dot(a, w.T) + b)
        return jax.nn.log_softmax(jnp.dot(a, params[-1][0].T) + params[-1][1])


dataclass_with_call = _Network()


class _Sequential:
    """A class has a method for a layer and one for the log-softmax, and is called like a function."""

    def layer(self, a, w, b):
        return jnp.matmul(a, jnp.transpose(w)) + jnp.expand_dims(b, 0)

    def log_softmax(self, z):
        shifted = z - jnp.max(z, axis=-1, keepdims=True)
        return shifted - jnp.log(jnp.sum(jnp.exp(shifted), axis=-1, keepdims=True))

    def __call__(self, params, images):
        *hidden, last = params
        for w, b in hidden:
            images = jnp.maximum(self.layer(images, w, b), 0)
        return self.log_softmax(self.layer(images, *last))


class_with_call = _Sequential()


def _network(params, images, activation, normalise):
    """The function is a `partial` that fixes the activation function and the normalisation."""
    for w, b in params[:-1]:
        images = activation(images @ w.T + b)
    w, b = params[-1]
    return normalise(images @ w.T + b)


partial = functools.partial(_network, activation=jax.nn.relu, normalise=jax.nn.log_softmax)


@functools.partial(jax.jit, static_argnames=("activation",))
def static_argument(params: list, images: jax.Array, activation=jax.nn.relu) -> jax.Array:
    """The function is compiled with the activation function as a static argument."""
    for w, b in params[:-1]:
        images = activation(jnp.inner(images, w) + b)
    logits = jnp.inner(images, params[-1][0]) + params[-1][1]
    return logits - jax.nn.logsumexp(logits, axis=1)[:, None]


def _layer(a, layer):
    w, b = layer
    return jnp.clip(a @ w.T + b, 0)


def reduced(params, images):
    """`functools.reduce` applies the hidden layers one after another."""
    w, b = params[-1]
    return jax.nn.log_softmax(functools.reduce(_layer, params[:-1], images) @ w.T + b, axis=1)


def recursive(params, images):
    """Each call applies one layer, and calls itself with the layers that are left."""
    (w, b), *others = params
    outputs = images @ w.T + b
    return recursive(others, jax.nn.relu(outputs)) if others else jax.nn.log_softmax(outputs)


def python_loop(params, images):
    """A Python loop over the images computes one row at a time."""
    rows = []
    for image in images:
        activations = image
        for w, b in params[:-1]:
            activations = jnp.maximum(jnp.dot(w, activations) + b, 0)
        w, b = params[-1]
        logits = jnp.dot(w, activations) + b
        rows.append(logits - logsumexp(logits))
    return jnp.stack(rows)


class _Dense(NamedTuple):
    w: jax.Array
    b: jax.Array

    def __call__(self, a):
        return jnp.einsum("oi,...i->...o", self.w, a) + self.b


def named_tuple(params, images):
    """Each layer becomes a `NamedTuple` with `__call__`, and `match` separates the last one."""
    match [_Dense(*layer) for layer in params]:
        case [*hidden, last]:
            for layer in hidden:
                images = jax.nn.relu(layer(images))
            return jax.nn.log_softmax(last(images))


def mapped(params, images):
    """`lax.map` applies a closure to one image after another."""

    def one(image):
        for i, (w, b) in enumerate(params):
            image = w @ image + b
            if i + 1 != len(params):
                image = image * (image > 0)
        return image - logsumexp(image)

    return jax.lax.map(one, jnp.asarray(images, jnp.float32))


def fori_loop(params, images):
    """A `fori_loop` over the images sets one row of logits at a time."""
    *hidden, (w, b) = params

    def set_row(i, logits):
        a = images[i]
        for hidden_w, hidden_b in hidden:
            a = jnp.maximum(hidden_w @ a + hidden_b, 0.0)
        return logits.at[i].set(w @ a + b)

    logits = jax.lax.fori_loop(0, images.shape[0], set_row, jnp.zeros((images.shape[0], b.shape[0])))
    return logits - logsumexp(logits, axis=-1, keepdims=True)


def walrus(params, images):
    """A queue of layers is emptied by a `while` loop with an assignment expression."""
    layers, a = deque(params), images
    while layer := layers.popleft():
        a = a @ layer[0].T + layer[1]
        if not layers:
            return a - logsumexp(a, axis=1, keepdims=True)
        a = jnp.maximum(a, 0)


def columns(params, images):
    """Images are columns, so that each layer multiplies by `w` from the left; `logaddexp` normalises."""
    weights, biases = zip(*params, strict=True)
    a = jnp.transpose(images)
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        a = jnp.maximum(w @ a + b[:, None], 0)
    logits = weights[-1] @ a + biases[-1][:, None]
    return (logits - functools.reduce(jnp.logaddexp, logits)).T


@jax.checkpoint
def checkpointed(params, images):
    """`jax.checkpoint` computes the activations again for the gradient, and a dot product names its axes."""
    for w, b in params[:-1]:
        images = jax.nn.relu(jax.lax.dot_general(images.astype(w.dtype), w, (((1,), (1,)), ((), ()))) + b)
    w, b = params[-1]
    return jax.nn.log_softmax(jax.lax.dot_general(images.astype(w.dtype), w, (((1,), (1,)), ((), ()))) + b)


def warns(params, images):
    """The author's own warning is issued, and the images are converted to float64, which is truncated."""
    warnings.warn("images should be between 0 and 1", stacklevel=2)
    return batched(params, images.astype(jnp.float64))
