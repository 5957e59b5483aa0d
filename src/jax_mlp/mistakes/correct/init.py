"""Correct variants of init. A function of `layer_sizes` is an `init_mlp`, any other an `init_weights_biases`."""

import functools
import itertools
import operator
import warnings
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import random


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


def a_layer_as_the_guide_writes_it(
    in_size: int,
    out_size: int,
    random_key: random.PRNGKey,
    scale: float = 1e-3,
) -> tuple[jnp.array, jnp.array]:
    """The code of the guide for one layer, with this project's names."""
    w_key, b_key = random.split(random_key)
    return jnp.array(random.normal(w_key, (out_size, in_size))) * scale, jnp.array(
        random.normal(b_key, (out_size,)) * scale
    )


def as_the_guide_writes_it(
    layer_sizes: list,
    key: random.PRNGKey,
    scale: float = 1e-3,
) -> list[tuple[jnp.array, jnp.array]]:
    """The code of the guide, with this project's names."""
    keys = random.split(key, len(layer_sizes))
    return [
        a_layer_as_the_guide_writes_it(in_size, out_size, key, scale)
        for in_size, out_size, key in zip(layer_sizes[:-1], layer_sizes[1:], keys, strict=False)
    ]


@dataclass
class _Normal:
    """A dataclass holds the distribution and is called like a function, but cannot be hashed."""

    draw: object = jax.random.normal

    def __call__(self, in_size, out_size, random_key, scale=1e-3):
        w_key, b_key = jax.random.split(random_key, 2)
        return scale * self.draw(w_key, (out_size, in_size)), scale * self.draw(b_key, (out_size,))


dataclass_with_call = _Normal()


class _Initialiser:
    """A class has a method for one layer and is called with the sizes of all layers."""

    def layer(self, n_in, n_out, key, scale):
        w_key, b_key = jax.random.split(key)
        return jax.random.normal(w_key, (n_out, n_in)) * scale, jax.random.normal(b_key, (n_out,)) * scale

    def __call__(self, layer_sizes, key, scale=1e-3):
        params = []
        for i in range(len(layer_sizes) - 1):
            key, layer_key = jax.random.split(key)
            params.append(self.layer(layer_sizes[i], layer_sizes[i + 1], layer_key, scale))
        return params


class_with_call = _Initialiser()


def _layer(in_size, out_size, random_key, scale=1e-3, *, draw):
    """The function is a `partial` that fixes the distribution."""
    keys = jax.random.split(random_key)
    return tuple(scale * draw(key, shape) for key, shape in zip(keys, [(out_size, in_size), (out_size,)], strict=True))


partial = functools.partial(_layer, draw=jax.random.normal)


@functools.partial(jax.jit, static_argnums=(0, 1))
def static_sizes(in_size: int, out_size: int, random_key: jax.Array, scale: float = 1e-3):
    """The function is compiled with the two sizes as static arguments."""
    w_key, b_key = jax.random.split(random_key)
    return jax.random.normal(w_key, (out_size, in_size)) * scale, jax.random.normal(b_key, (out_size,)) * scale


def initialisers(in_size, out_size, random_key, scale=1e-3):
    """One of JAX's own initialisers draws both arrays."""
    w_key, b_key = jax.random.split(random_key)
    normal = jax.nn.initializers.normal(stddev=scale)
    return normal(w_key, (out_size, in_size), jnp.float32), normal(b_key, (out_size,), jnp.float32)


def iterator_of_keys(layer_sizes, key, scale=1e-3):
    """All keys are split off at once, and `next` takes one for each array."""
    keys = iter(jax.random.split(key, 2 * (len(layer_sizes) - 1)))
    return [
        (jax.random.normal(next(keys), (n_out, n_in)) * scale, jax.random.normal(next(keys), (n_out,)) * scale)
        for n_in, n_out in itertools.pairwise(layer_sizes)
    ]


def generator_of_keys(layer_sizes, key, scale=1e-3):
    """A closure splits off one key after another, without end."""

    def fresh():
        nonlocal key
        key, used = jax.random.split(key)
        return used

    draw = lambda *shape: scale * jax.random.normal(fresh(), shape)  # noqa: E731
    return [(draw(n_out, n_in), draw(n_out)) for n_in, n_out in itertools.pairwise(layer_sizes)]


class _Units(NamedTuple):
    w: jax.Array
    b: jax.Array


def named_tuple(layer_sizes, key, scale=1e-3):
    """`tree.map` draws an array for every shape, and each layer is a `NamedTuple`."""
    shapes = [_Units((n_out, n_in), (n_out,)) for n_in, n_out in itertools.pairwise(layer_sizes)]
    is_shape = lambda node: type(node) is tuple  # noqa: E731
    tree = jax.tree.structure(shapes, is_leaf=is_shape)
    keys = jax.tree.unflatten(tree, [*jax.random.split(key, tree.num_leaves)])
    return jax.tree.map(lambda shape, k: scale * jax.random.normal(k, shape), shapes, keys, is_leaf=is_shape)


def recursive(layer_sizes, key, scale=1e-3):
    """The first layer is drawn, and a recursion makes the others, with a `match` on the sizes."""
    match list(layer_sizes):
        case [n_in, n_out, *others]:
            w_key, b_key, other_key = jax.random.split(key, 3)
            layer = scale * jax.random.normal(w_key, (n_out, n_in)), scale * jax.random.normal(b_key, (n_out,))
            return [layer, *recursive([n_out, *others], other_key, scale)]
        case _:
            return []


def reduced(layer_sizes, key, scale=1e-3):
    """`accumulate` makes the chain of keys, and the `operator` module does the arithmetic."""
    chain = itertools.accumulate(layer_sizes[1:], lambda k, _: jax.random.fold_in(k, 1), initial=key)
    params = []
    for n_in, n_out, layer_key in zip(layer_sizes[:-1], layer_sizes[1:], chain, strict=False):
        keys = [jax.random.fold_in(layer_key, data) for data in (2, 3)]
        arrays = map(jax.random.normal, keys, [(n_out, n_in), (n_out,)])
        params.append(tuple(map(operator.mul, arrays, itertools.repeat(scale))))
    return params


def row_by_row(in_size, out_size, random_key, scale=1e-3):
    """`vmap` draws one unit at a time, its weights and then its bias, each unit with its own key."""

    def unit(key):
        w_key, b_key = jax.random.split(key)
        return jax.random.normal(w_key, (in_size,)) * scale, jax.random.normal(b_key) * scale

    return jax.vmap(unit)(jax.random.split(random_key, out_size))


def inverse_of_the_distribution(in_size, out_size, random_key, scale=1e-3):
    """Uniform numbers are turned into normal ones by the inverse of their distribution function."""

    def normal(key, *shape):
        uniform = jax.random.uniform(key, shape, minval=2.0**-24, maxval=1.0)
        return scale * jax.scipy.special.ndtri(uniform)

    w_key, b_key = jax.random.split(random_key)
    return normal(w_key, out_size, in_size), normal(b_key, out_size)


def warns(in_size, out_size, random_key, scale=1e-3):
    """The author's own warning is issued, and float64 is asked for, which is truncated."""
    warnings.warn("a scale of 1e-3 is small", stacklevel=2)
    w_key, b_key = jax.random.split(random_key)
    w = jax.random.normal(w_key, (out_size, in_size), dtype=jnp.float64)
    return scale * w, scale * jax.random.normal(b_key, (out_size,))


def numpy_inside(in_size, out_size, random_key, scale=1e-3):
    """NumPy's generator draws the numbers, and its seed is the two words of the key."""
    generator = np.random.default_rng(np.asarray(jax.random.key_data(random_key)))
    w, b = (generator.normal(0.0, 1.0, shape) * scale for shape in [(out_size, in_size), (out_size,)])
    return jnp.asarray(w, jnp.float32), jnp.asarray(b, jnp.float32)
