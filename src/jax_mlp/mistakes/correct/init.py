"""Correct variants of init. A function of `layer_sizes` is an `init_mlp`, any other an `init_weights_biases`."""

import itertools

import jax
import jax.numpy as jnp


def one_draw_for_weights_and_biases(in_size, out_size, random_key, scale=1e-3):
    """Weights and biases are drawn as one array and then separated."""
    sigma = scale(in_size) if callable(scale) else scale
    block = sigma * jax.random.normal(random_key, (out_size, in_size + 1))
    return block[:, :-1], block[:, -1]


def sequential_split(layer_sizes, key, scale=1e-3):
    """Keys are split off one at a time, each layer's from the remaining key."""
    params = []
    for n_in, n_out in itertools.pairwise(layer_sizes):
        key, w_key, b_key = jax.random.split(key, 3)
        sigma = scale(n_in) if callable(scale) else scale
        params.append((jax.random.normal(w_key, (n_out, n_in)) * sigma, jax.random.normal(b_key, (n_out,)) * sigma))
    return params


def folded_in(layer_sizes, key, scale=1e-3):
    """Each array's key is made by `fold_in` from the network's key and the array's number."""
    params = []
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(layer_sizes)):
        sigma = scale(n_in) if callable(scale) else scale
        shapes = [(n_out, n_in), (n_out,)]
        arrays = [
            sigma * jax.random.normal(jax.random.fold_in(key, 2 * layer + i), shape) for i, shape in enumerate(shapes)
        ]
        params.append(tuple(arrays))
    return params


def one_draw_for_all(layer_sizes, key, scale=1e-3):
    """All values of the network are drawn at once and then cut into arrays."""
    pairs = list(itertools.pairwise(layer_sizes))
    flat = jax.random.normal(key, (sum(n_out * (n_in + 1) for n_in, n_out in pairs),))
    params, start = [], 0
    for n_in, n_out in pairs:
        sigma = scale(n_in) if callable(scale) else scale
        w = flat[start : start + n_out * n_in].reshape(n_out, n_in)
        b = flat[start + n_out * n_in : start + n_out * (n_in + 1)]
        params.append((w * jnp.float32(sigma), b * jnp.float32(sigma)))
        start += n_out * (n_in + 1)
    return params
