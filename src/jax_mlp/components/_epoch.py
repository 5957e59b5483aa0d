"""One epoch, and its evaluation. If the data are arrays, each of them is a single compiled call."""

from collections.abc import Iterable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jax_mlp.components._checks import check_dataset, detached
from jax_mlp.components._devices import share
from jax_mlp.components.accuracy import accuracy
from jax_mlp.components.loss import loss
from jax_mlp.components.one_hot import one_hot
from jax_mlp.components.update import update


@partial(jax.jit, static_argnames=("batch_size", "mesh"), donate_argnames="params")
def learn(params, images, labels, key, epoch, learning_rate, pixel_scale, batch_size: int, mesh):
    """The parameters after one update per batch of the training set. They overwrite the ones passed in."""
    order = jnp.arange(len(images))
    if key is not None:
        # The key of an epoch depends only on the epoch's number, so that a run can be resumed at any epoch.
        order = jax.random.permutation(jax.random.fold_in(key, epoch), len(images))

    def step(params, rows):
        x, y = _scaled(images[rows], pixel_scale), _targets(labels[rows], len(params[-1][1]))
        return update(params, x, y, learning_rate)

    return _in_batches(step, params, order, batch_size, mesh)


def learn_from(batches: Iterable, params, epoch: int, learning_rate):
    """The parameters after one update per given batch. JAX computes while the next batch is being loaded."""
    n_features, n_classes = params[0][0].shape[1], params[-1][0].shape[0]
    number = -1
    if not isinstance(batches, Iterable):
        raise TypeError(f"train_loop: expected batches to be an iterable, got {batches!r}. Pass a list.")
    for number, batch in enumerate(batches):
        if not isinstance(batch, Sequence) or len(batch) != 2:
            raise TypeError(
                f"train_loop: expected batch {number} to be a pair (x, y), got a {type(batch).__name__}. "
                "Pass images and labels."
            )
        x, y = map(detached, batch)
        check_dataset("train_loop", f"batch {number}'s ", x, y, n_features, n_classes)
        x, y = (array if isinstance(array, jax.Array) else np.asarray(array) for array in (x, y))
        params = update(params, x, _targets(y, n_classes), learning_rate)
    if number < 0:
        raise ValueError(
            f"train_loop: expected batches in epoch {epoch}, got none. A generator can be used only once, so pass "
            "a list or a DataLoader instead."
        )
    return params


@partial(jax.jit, static_argnames="mesh")
def measure(params, train, test, pixel_scale, mesh):
    """Both accuracies, and the loss on the training set.

    A set is evaluated in parts, so that only the activations of one part are in memory at a time.
    """

    def of(images, labels):
        def add(sums, rows):
            x, y = _scaled(images[rows], pixel_scale), _targets(labels[rows], len(params[-1][1]))
            return sums + len(rows) / len(images) * jnp.stack([accuracy(params, x, y), loss(params, x, y)])

        size = 512 * (1 if mesh is None else mesh.shape["data"])
        return _in_batches(add, jnp.zeros(2, jnp.float32), jnp.arange(len(images)), size, mesh)

    (train_accuracy, train_loss), (test_accuracy, _) = of(*train), of(*test)
    return jnp.stack([train_accuracy, test_accuracy, train_loss])


def _in_batches(step, carry, rows, batch_size: int, mesh):
    """Carry a value through all full batches in a scan, and then through the short last batch if there is one."""
    n_whole = len(rows) - len(rows) % batch_size
    if n_whole > 0:
        whole = share(rows[:n_whole].reshape(-1, batch_size), mesh)
        # With two steps per iteration, XLA need not copy what the first one has written.
        carry, _ = jax.lax.scan(lambda carry, rows: (step(carry, rows), None), carry, whole, unroll=2)
    return step(carry, rows[n_whole:]) if n_whole < len(rows) else carry


def _scaled(images, pixel_scale):
    with jax.numpy_dtype_promotion("standard"):  # bytes times a float, even if JAX is set to be strict
        return images * jnp.float32(pixel_scale)


@partial(jax.jit, static_argnames="n_classes")
def _targets(labels, n_classes: int):
    return one_hot(labels, n_classes) if labels.ndim == 1 else labels


@jax.jit
def copied(params):
    """A copy of the parameters, because `learn` overwrites the ones that it is given."""
    return jax.tree.map(jnp.copy, params)
