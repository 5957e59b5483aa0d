"""Correct variants of the training loop."""

import time

import jax
import jax.numpy as jnp
import numpy as np

from jax_mlp import accuracy, loss, one_hot, update


def _rows(labels, n_classes):
    labels = jnp.asarray(labels)
    return one_hot(labels, n_classes) if labels.ndim == 1 else labels


def _tell(on_epoch, epoch, seconds, params, train, test):
    if on_epoch is not None:
        train_accuracy, test_accuracy = accuracy(params, *train), accuracy(params, *test)
        on_epoch(epoch, seconds, float(train_accuracy), float(test_accuracy), float(loss(params, *train)))


def indices_first(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """The key is split once per epoch, and NumPy shuffles and slices whole arrays."""
    n_classes = len(params[-1][1])
    train = np.asarray(train_images), np.asarray(_rows(train_labels, n_classes))
    test = jnp.asarray(test_images), _rows(test_labels, n_classes)
    for epoch in range(1, n_epochs + 1):
        start = time.time()
        if batches is not None:
            for x, y in batches:
                params = update(params, x, _rows(y, n_classes), learning_rate)
        else:
            images, targets = train
            if key is not None:
                key, shuffle = jax.random.split(key)
                order = np.asarray(jax.random.permutation(shuffle, len(images)))
                images, targets = images[order], targets[order]
            while len(images):
                params = update(params, images[:batch_size], targets[:batch_size], learning_rate)
                images, targets = images[batch_size:], targets[batch_size:]
        _tell(on_epoch, epoch, time.time() - start, params, train, test)
    return params


@jax.jit
def _epoch(params, images, targets, learning_rate):
    def one(params, batch):
        return update(params, *batch, learning_rate), None

    return jax.lax.scan(one, params, (images, targets))[0]


def compiled_epoch(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """The full batches of an epoch are one compiled `scan`; a short last batch is one more update."""
    n_classes = len(params[-1][1])
    train = jnp.asarray(train_images, jnp.float32), _rows(train_labels, n_classes)
    test = jnp.asarray(test_images, jnp.float32), _rows(test_labels, n_classes)
    n = len(train[0])
    full = n // batch_size * batch_size
    params = jax.tree.map(jnp.asarray, params)
    for epoch in range(n_epochs):
        start = time.time()
        if batches is not None:
            for x, y in batches:
                params = update(params, jnp.asarray(x), _rows(y, n_classes), learning_rate)
        else:
            order = jnp.arange(n)
            if key is not None:
                order = jax.random.permutation(jax.random.fold_in(key, epoch), order)
            x, y = train[0][order], train[1][order]
            if full:
                stacked = (a[:full].reshape(-1, batch_size, a.shape[1]) for a in (x, y))
                params = _epoch(params, *stacked, learning_rate)
            if full < n:
                params = update(params, x[full:], y[full:], learning_rate)
        _tell(on_epoch, epoch + 1, time.time() - start, params, train, test)
    return params


def generator(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """Batches come from a generator of index arrays, and labels are encoded one batch at a time."""
    n_classes = params[-1][0].shape[0]

    def given(epoch):
        yield from batches

    def drawn(epoch):
        order = range(len(train_images))
        if key is not None:
            order = jax.random.permutation(jax.random.split(key, n_epochs)[epoch], len(train_images)).tolist()
        for i in range(0, len(train_images), batch_size):
            rows = np.array(order[i : i + batch_size])
            yield np.asarray(train_images)[rows], np.asarray(train_labels)[rows]

    for epoch in range(n_epochs):
        start = time.time()
        for x, y in (drawn if batches is None else given)(epoch):
            params = update(params, x, _rows(y, n_classes), learning_rate)
        seconds = time.time() - start
        if on_epoch is not None:
            sets = (train_images, train_labels), (test_images, test_labels)
            train, test = ((x, _rows(y, n_classes)) for x, y in sets)
            _tell(on_epoch, epoch + 1, seconds, params, train, test)
    return params
