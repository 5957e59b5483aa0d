"""Correct variants of one_hot."""

import jax
import jax.numpy as jnp


def library(x, n_classes=10):
    """JAX's own function is used."""
    return jax.nn.one_hot(x, n_classes, dtype=jnp.float32)


def where(x, n_classes=10):
    """Labels are compared with a table of class numbers, and `where` selects 1 or 0."""
    classes = jax.lax.broadcasted_iota(jnp.int32, (x.shape[0], n_classes), 1)
    return jnp.where(classes == x[:, None].astype(jnp.int32), 1.0, 0.0)


def vmapped(x, n_classes=10):
    """The labels are encoded one at a time, with `vmap`."""
    return jax.vmap(lambda label: (jnp.arange(n_classes) == label).astype(jnp.float32))(x)


def ones_dropped_in(x, n_classes=10):
    """The ones are set by index, and indices out of range are dropped."""
    x = x.astype(jnp.int32)
    places = jnp.where(x < 0, n_classes, x)  # a negative index would count from the end
    return jnp.zeros((x.shape[0], n_classes), jnp.float32).at[jnp.arange(x.shape[0]), places].set(1, mode="drop")
