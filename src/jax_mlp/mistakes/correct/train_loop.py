"""Correct variants of the training loop."""

import functools
import itertools
import time
import warnings
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

from jax_mlp import accuracy, forward, loss, one_hot, update


def _rows(labels, n_classes):
    labels = jnp.asarray(labels)
    return one_hot(labels, n_classes) if labels.ndim == 1 else labels


def _tell(on_epoch, epoch, seconds, params, train, test):
    if on_epoch is not None:
        on_epoch(
            epoch=epoch, seconds=seconds, train_accuracy=float(accuracy(params, *train)),
            test_accuracy=float(accuracy(params, *test)), loss=float(loss(params, *train)),
        )  # fmt: skip


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
    """Batches come from a generator made before the clock starts, and labels are encoded one batch at a time."""
    n_classes = params[-1][0].shape[0]

    def drawn(epoch):
        order = range(len(train_images))
        if key is not None:
            order = jax.random.permutation(jax.random.split(key, n_epochs)[epoch], len(train_images)).tolist()
        for i in range(0, len(train_images), batch_size):
            rows = np.array(order[i : i + batch_size])
            yield np.asarray(train_images)[rows], np.asarray(train_labels)[rows]

    for epoch in range(n_epochs):
        stream = drawn(epoch) if batches is None else ((x, y) for x, y in batches)
        start = time.time()
        for x, y in stream:
            params = update(params, x, _rows(y, n_classes), learning_rate)
        seconds = time.time() - start
        if on_epoch is not None:
            sets = (train_images, train_labels), (test_images, test_labels)
            train, test = ((x, _rows(y, n_classes)) for x, y in sets)
            _tell(on_epoch, epoch + 1, seconds, params, train, test)
    return params


def as_the_guide_writes_it(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """The code of the guide, with this project's names."""
    n_classes = params[-1][1].shape[0]
    train_labels, test_labels = _rows(train_labels, n_classes), _rows(test_labels, n_classes)
    for epoch in tqdm(range(n_epochs), disable=True):
        start_time = time.time()
        order = np.arange(len(train_images))
        if key is not None:
            order = np.asarray(jax.random.permutation(jax.random.fold_in(key, epoch), order))
        numpy_loader = (
            (train_images[rows], train_labels[rows])
            for rows in (order[i : i + batch_size] for i in range(0, len(order), batch_size))
        )
        training_generator = numpy_loader if batches is None else batches
        for x, y in training_generator:
            y = _rows(y, n_classes)
            params = update(params, x, y, learning_rate)
        epoch_time = time.time() - start_time

        if on_epoch is not None:
            train_acc = accuracy(params, train_images, train_labels)
            test_acc = accuracy(params, test_images, test_labels)
            train_loss = loss(params, train_images, train_labels)
            on_epoch(
                epoch=epoch + 1, seconds=epoch_time, train_accuracy=train_acc, test_accuracy=test_acc, loss=train_loss
            )  # fmt: skip
    return params


@dataclass
class _Trainer:
    """A dataclass holds the function that steps and is called like a function, but cannot be hashed."""

    step: object = update
    losses: list = field(default_factory=list)

    def __call__(
        self, params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None,
        batch_size=128, learning_rate=1e-2, key=None, on_epoch=None,
    ):  # fmt: skip
        n_classes = len(params[-1][1])
        x, y = jnp.asarray(train_images), _rows(train_labels, n_classes)
        for epoch in range(1, n_epochs + 1):
            start = time.perf_counter()
            if key is not None:
                key, now = jax.random.split(key)
            chosen = self.cut(x, y, batch_size, None if key is None else now) if batches is None else batches
            for images, labels in chosen:
                params = self.step(params, images, _rows(labels, n_classes), learning_rate)
            seconds = time.perf_counter() - start
            test = test_images, _rows(test_labels, n_classes)
            _tell(on_epoch, epoch, seconds, params, (x, y), test)
        return params

    def cut(self, x, y, batch_size, key):
        order = jnp.arange(len(x)) if key is None else jax.random.permutation(key, len(x))
        return [(x[order[i : i + batch_size]], y[order[i : i + batch_size]]) for i in range(0, len(x), batch_size)]


dataclass_with_call = _Trainer()


class _Loader:
    """Batches of whole arrays, shuffled anew each time they are iterated over."""

    def __init__(self, images, labels, batch_size, key):
        self.images, self.labels, self.batch_size, self.key = images, labels, batch_size, key

    def __len__(self):
        return -(-len(self.images) // self.batch_size)

    def __iter__(self):
        order = np.arange(len(self.images))
        if self.key is not None:
            self.key, now = jax.random.split(self.key)
            order = np.array(jax.random.permutation(now, order))
        for i in range(len(self)):
            rows = order[i * self.batch_size : (i + 1) * self.batch_size]
            yield self.images[rows], self.labels[rows]


def loader_class(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """A class with `__len__` and `__iter__` makes the batches and shuffles them anew for each epoch."""
    n_classes = len(params[-1][1])
    train = np.asarray(train_images), np.asarray(_rows(train_labels, n_classes))
    test = np.asarray(test_images), np.asarray(_rows(test_labels, n_classes))
    loader = batches if batches is not None else _Loader(*train, batch_size, key)
    for epoch in range(n_epochs):
        start = time.monotonic()
        for x, y in loader:
            params = update(params, x, _rows(y, n_classes), learning_rate)
        jax.block_until_ready(params)
        _tell(on_epoch, epoch + 1, time.monotonic() - start, params, train, test)
    return params


def _train(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None, step,
):  # fmt: skip
    """The function is a `partial` that fixes the function that steps."""
    n_classes = len(params[-1][1])
    train = train_images, _rows(train_labels, n_classes)
    cuts = [*range(batch_size, len(train_images), batch_size)]
    for epoch in range(n_epochs):
        start = time.time()
        shuffled = [jnp.asarray(a) for a in train]
        if key is not None:
            shuffled = [jax.random.permutation(jax.random.fold_in(key, epoch), a) for a in train]
        pairs = zip(*(jnp.split(a, cuts) for a in shuffled), strict=True) if batches is None else batches
        for x, y in pairs:
            params = step(params, x, _rows(y, n_classes), learning_rate)
        _tell(on_epoch, epoch + 1, time.time() - start, params, train, (test_images, _rows(test_labels, n_classes)))
    return params


partial = functools.partial(_train, step=update)


def _sgd(params, x, y, rate):
    return jax.tree.map(lambda p, g: p - rate * g, params, jax.grad(loss)(params, x, y))


donating = functools.partial(
    lambda *arguments, step, **options: _train(
        jax.tree.map(jnp.copy, arguments[0]), *arguments[1:], step=step, **options
    ),
    step=jax.jit(_sgd, donate_argnums=0),
)
donating.func.__doc__ = "The parameters are copied once, and every step donates them to a compiled update."


def while_loop(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """A `while` loop with an assignment expression takes batches from a queue until it is empty."""
    n_classes, epoch = len(params[-1][1]), 0
    train = jnp.asarray(train_images), _rows(train_labels, n_classes)
    keys = iter(jax.random.split(key, n_epochs)) if key is not None and n_epochs else None
    while (epoch := epoch + 1) <= n_epochs:
        start = time.time()
        if batches is not None:
            queue = deque(batches)
        else:
            rows = jnp.arange(len(train[0])) if keys is None else jax.random.permutation(next(keys), len(train[0]))
            queue = deque((train[0][r], train[1][r]) for r in np.split(rows, range(batch_size, len(rows), batch_size)))
        while queue:
            x, y = queue.popleft()
            params = update(params, jnp.asarray(x), _rows(y, n_classes), learning_rate)
        _tell(on_epoch, epoch, time.time() - start, params, train, (test_images, _rows(test_labels, n_classes)))
    return params


def recursive(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """Each call trains for one epoch, and calls itself for the epochs that are left."""
    n_classes = len(params[-1][1])
    train, test = (train_images, _rows(train_labels, n_classes)), (test_images, _rows(test_labels, n_classes))

    def epochs_from(epoch, params, key):
        if epoch > n_epochs:
            return params
        start = time.time()
        key, shuffle = (None, None) if key is None else jax.random.split(key)
        order = np.arange(len(train_images)) if shuffle is None else jax.random.permutation(shuffle, len(train_images))
        parts = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
        given = batches if batches is not None else ((train[0][rows], train[1][rows]) for rows in parts)
        params = functools.reduce(lambda p, b: update(p, b[0], _rows(b[1], n_classes), learning_rate), given, params)
        _tell(on_epoch, epoch, time.time() - start, params, train, test)
        return epochs_from(epoch + 1, params, key)

    return epochs_from(1, params, key)


def numpy_shuffles(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """NumPy's generator shuffles, and its seed is the two words of the key."""
    n_classes = len(params[-1][1])
    generator = np.random.default_rng(np.asarray(jax.random.key_data(key))) if key is not None else None
    images, targets = np.array(train_images), np.array(_rows(train_labels, n_classes))
    order = np.arange(len(images))
    for epoch in range(1, n_epochs + 1):
        start = time.time()
        if generator is not None:
            generator.shuffle(order)
        parts = (order[i : i + batch_size] for i in itertools.count(0, batch_size))
        for x, y in (
            batches if batches is not None else ((images[p], targets[p]) for p in itertools.takewhile(len, parts))
        ):
            params = update(params, x, _rows(y, n_classes), learning_rate)
        _tell(
            on_epoch,
            epoch,
            time.time() - start,
            params,
            (images, targets),
            (test_images, _rows(test_labels, n_classes)),
        )
    return params


class _State(NamedTuple):
    params: list
    key: object
    epoch: int


def state_in_a_named_tuple(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """A `NamedTuple` holds the state, and a nested function makes the next state from it."""
    n_classes = len(params[-1][1])
    x, y = jnp.asarray(train_images), _rows(train_labels, n_classes)
    test = test_images, _rows(test_labels, n_classes)

    def drawn(key):
        order = jnp.arange(x.shape[0]) if key is None else jax.random.choice(key, x.shape[0], (x.shape[0],), False)
        for start in range(0, x.shape[0], batch_size):
            rows = order[start : start + batch_size]
            yield jnp.take(x, rows, axis=0), jnp.take(y, rows, axis=0)

    def next_state(state):
        key, now = (None, None) if state.key is None else tuple(jax.random.split(state.key))
        params = state.params
        for images, labels in drawn(now) if batches is None else batches:
            params = update(params, images, _rows(labels, n_classes), learning_rate)
        return _State(params, key, state.epoch + 1)

    state = _State(params, key, 0)
    for _ in range(n_epochs):
        start = time.perf_counter()
        state = jax.block_until_ready(next_state(state)) if key is None else next_state(state)
        _tell(on_epoch, state.epoch, time.perf_counter() - start, state.params, (x, y), test)
    return state.params


def sorted_by_random_numbers(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """The images are sorted by random numbers, and a `match` on the labels encodes them."""
    n_classes = len(params[-1][1])

    def encoded(labels):
        match np.ndim(labels):
            case 1:
                return one_hot(jnp.asarray(labels), n_classes)
            case 2:
                return jnp.asarray(labels)

    train, test = (train_images, encoded(train_labels)), (test_images, encoded(test_labels))
    for epoch in range(n_epochs):
        start = time.time()
        if batches is not None:
            pairs = ((x, encoded(y)) for x, y in batches)
        else:
            rank = jnp.arange(len(train_images))
            if key is not None:
                rank = jnp.argsort(jax.random.uniform(jax.random.fold_in(key, epoch), (len(train_images),)))
            cuts = [rank[i : i + batch_size] for i in range(0, len(rank), batch_size)]
            pairs = ((jnp.asarray(train_images)[cut], train[1][cut]) for cut in cuts)
        for pair in pairs:
            params = update(params, *pair, learning_rate)
        _tell(on_epoch, epoch + 1, time.time() - start, params, train, test)
    return params


def sliced_on_the_device(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """A `fori_loop` slices the full batches on the device, and a short last batch is one more update."""
    n_classes = len(params[-1][1])
    train = jnp.asarray(train_images, jnp.float32), _rows(train_labels, n_classes)
    n, n_full = len(train[0]), len(train[0]) // batch_size
    params = [(jnp.asarray(w), jnp.asarray(b)) for w, b in params]

    @jax.jit
    def full_batches(params, x, y):
        def step(i, params):
            cut = functools.partial(jax.lax.dynamic_slice_in_dim, start_index=i * batch_size, slice_size=batch_size)
            return update(params, cut(x), cut(y), learning_rate)

        return jax.lax.fori_loop(0, n_full, step, params)

    for epoch in range(1, n_epochs + 1):
        start = time.time()
        if batches is None:
            x, y = train
            if key is not None:
                order = jax.random.permutation(jax.random.fold_in(key, epoch), n)
                x, y = x[order], y[order]
            if n_full:
                params = full_batches(params, x, y)
            if n % batch_size:
                params = update(params, x[n_full * batch_size :], y[n_full * batch_size :], learning_rate)
        for given in batches or []:
            params = update(params, given[0], _rows(given[1], n_classes), learning_rate)
        _tell(on_epoch, epoch, time.time() - start, params, train, (test_images, _rows(test_labels, n_classes)))
    return params


def warns(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """The author's own warning is issued, and images and labels are converted to 64 bits, which are truncated."""
    warnings.warn("training may take a while", stacklevel=2)
    train, test = (
        (jnp.asarray(x).astype(jnp.float64), _rows(jnp.asarray(y).astype(jnp.int64), len(params[-1][1])))
        for x, y in ((train_images, train_labels), (test_images, test_labels))
    )
    return _train(
        params, train[0], test[0], train[1], test[1], n_epochs, batches=batches, batch_size=batch_size,
        learning_rate=learning_rate, key=key, on_epoch=on_epoch, step=update,
    )  # fmt: skip


def one_forward_pass(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None,
):  # fmt: skip
    """The figures for `on_epoch`, which is called with keywords, all come from one call of `forward` per set."""
    n_classes = len(params[-1][1])

    def figures(params, images, labels):
        log_p, targets = forward(params, images), _rows(labels, n_classes)
        return float(jnp.mean(log_p.argmax(1) == targets.argmax(1))), float(-jnp.mean(log_p * targets))

    for epoch in range(1, n_epochs + 1):
        start = time.time()
        order = np.arange(len(train_images))
        if key is not None:
            order = np.asarray(jax.random.permutation(jax.random.fold_in(key, epoch), len(train_images)))
        own = (
            (train_images[order[i : i + batch_size]], train_labels[order[i : i + batch_size]])
            for i in range(0, len(order), batch_size)
        )
        for x, y in own if batches is None else batches:
            params = jax.jit(_sgd)(params, x, _rows(y, n_classes), learning_rate)
        seconds = time.time() - start
        if on_epoch:
            (train_accuracy, train_loss), (test_accuracy, _) = (
                figures(params, x, y) for x, y in ((train_images, train_labels), (test_images, test_labels))
            )
            on_epoch(
                epoch=epoch, seconds=seconds, train_accuracy=train_accuracy, test_accuracy=test_accuracy,
                loss=train_loss,
            )  # fmt: skip
    return params
