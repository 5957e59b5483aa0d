"""Other right ways to write the loss."""

import jax
import jax.numpy as jnp

from jax_mlp import forward


def summed_and_divided(params, images, targets):
    """A sum, divided by the number of entries."""
    return -jnp.sum(targets * forward(params, images)) / targets.size


def inner_product(params, images, targets):
    """An inner product of the two as vectors."""
    return -jnp.vdot(forward(params, images), targets.astype(jnp.float32)) / (targets.shape[0] * targets.shape[1])


def mean_of_means(params, images, targets):
    """The mean of the images' own losses, one at a time."""

    def one(image, target):
        return -jnp.mean(forward(params, image[None])[0] * target)

    return jnp.mean(jax.vmap(one)(images, targets))


def from_the_logits(params, images, targets):
    """Logsumexp weighted by the targets' sum, less the targets' logits: nothing is normalised."""
    a = images
    for w, b in params[:-1]:
        a = jax.nn.relu(a @ w.T + b)
    logits = a @ params[-1][0].T + params[-1][1]
    normaliser = jax.scipy.special.logsumexp(logits, axis=1, keepdims=True)
    return jnp.mean((normaliser - logits) * targets)
