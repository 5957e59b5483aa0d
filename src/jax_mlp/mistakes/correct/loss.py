"""Correct variants of the loss."""

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
