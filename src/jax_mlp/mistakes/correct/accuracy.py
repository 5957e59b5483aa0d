"""Correct variants of accuracy."""

import jax.numpy as jnp

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
