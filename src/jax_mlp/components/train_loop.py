r"""The training loop: update on every batch, look at the result after every epoch."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Num

from jax_mlp.components._checks import check_count, check_dataset, check_key, check_network
from jax_mlp.components.accuracy import accuracy
from jax_mlp.components.init import Params, PRNGKey
from jax_mlp.components.loss import loss
from jax_mlp.components.one_hot import one_hot
from jax_mlp.components.update import update


def train_loop(
    params: Params,
    train_images: Num[ArrayLike, "train features"],
    test_images: Num[ArrayLike, "test features"],
    train_labels: Num[ArrayLike, "train ..."],
    test_labels: Num[ArrayLike, "test ..."],
    n_epochs: int = 10,
    *,
    batches: Iterable | None = None,
    batch_size: int = 128,
    learning_rate: float = 1e-2,
    key: PRNGKey | None = None,
    on_epoch: Callable[..., object] | None = None,
) -> Params:
    r"""Parameters after `n_epochs` passes over the training set.

    $$\theta \leftarrow \operatorname{update}(\theta, x_B, y_B) \quad \text{for every batch } B \text{ of every epoch}$$

    A progress bar is drawn on standard error where that is a terminal.

    Args:
        params: `(w, b)` per layer. They are left as they are.
        train_images: Images to learn from, one flattened image a row.
        test_images: Images to be judged by. No update ever sees them.
        train_labels: Integers, or one-hot rows.
        test_labels: Integers, or one-hot rows.
        n_epochs: Number of passes over the training set.
        batches: Where given, the batches of an epoch: an iterable of `(x, y)`, such as a list or a DataLoader, gone
            through once an epoch. The training set is then used for measuring alone, and `batch_size` for nothing.
        batch_size: Images per update. The last batch of an epoch is shorter where the division leaves a remainder.
        learning_rate: The step size.
        key: Shuffles the training set anew in every epoch. Without a key the order is kept.
        on_epoch: Called after each epoch as `on_epoch(epoch=…, seconds=…, train_accuracy=…, test_accuracy=…, loss=…)`:
            the epoch's number from 1, the time its updates took, and, under the parameters it ended with, both
            accuracies and the loss on the training set.

    Returns:
        The trained parameters.

    Raises:
        ValueError: If shapes do not fit, a set or an epoch is empty, a label is out of range, a pixel is not finite, or
            a number is out of its range.
        TypeError: If images or labels hold no real numbers.
        FloatingPointError: If an epoch ends with a loss that is not finite.

    Properties:
        Every example is seen once an epoch, those of a short last batch included.
        Zero epochs change nothing. Without a key, a + b epochs are a epochs and then b more.

    Examples:
        >>> import jax.numpy as jnp
        >>> params = [(jnp.zeros((2, 1)), jnp.zeros(2))]
        >>> x, labels = jnp.array([[-1.0], [1.0]]), jnp.array([0, 1])
        >>> trained = train_loop(params, x, x, labels, labels, n_epochs=3, learning_rate=1.0)
        >>> print(accuracy(trained, x, one_hot(labels, 2)))
        1.0
    """
    from tqdm import tqdm  # here, so that importing the package does not pay for it

    told = epochs(
        params, train_images, test_images, train_labels, test_labels, n_epochs,
        batches=batches, batch_size=batch_size, learning_rate=learning_rate, key=key,
    )  # fmt: skip
    bar = tqdm(told, total=n_epochs, unit="epoch", disable=None)
    for trained, figures in bar:
        params = trained
        train, test = (f"{figures[name]:.1%}" for name in ("train_accuracy", "test_accuracy"))
        bar.set_postfix(train=train, test=test, loss=f"{figures['loss']:.4f}")
        if on_epoch is not None:
            on_epoch(**figures)
    return params


def epochs(
    params, train_images, test_images, train_labels, test_labels, n_epochs,
    *, batches=None, batch_size=128, learning_rate=1e-2, key=None, done: int = 0,
) -> Iterator[tuple[Params, dict[str, float]]]:  # fmt: skip
    """What `train_loop` goes through: after each epoch, the parameters and what `on_epoch` is told.

    The parameters are written over by the next epoch: copy what is to be kept. With `done` epochs done before, it goes
    on to where it would have come without a break, bit for bit.
    """
    n_epochs = check_count("train_loop", "n_epochs", n_epochs, 0)
    batch_size = check_count("train_loop", "batch_size", batch_size, 1)
    if not (math.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"train_loop: expected a finite learning_rate above 0, got {learning_rate}. Try 1e-2.")
    if key is not None:
        check_key("train_loop", "key", key)
        if batches is not None:
            raise ValueError("train_loop: expected key or batches, got both. Shuffle the batches where they are made.")
    train_images, train_labels = np.asarray(train_images), np.asarray(train_labels)
    test_images, test_labels = np.asarray(test_images), np.asarray(test_labels)
    check_network("train_loop", params)
    n_features, n_classes = params[0][0].shape[1], params[-1][0].shape[0]
    check_dataset("train_loop", "train_", train_images, train_labels, n_features, n_classes)
    check_dataset("train_loop", "test_", test_images, test_labels, n_features, n_classes)

    params, train, test = _on_device(params, (train_images, train_labels), (test_images, test_labels), n_classes)
    for epoch in range(done + 1, n_epochs + 1):
        start = time.perf_counter()
        if batches is None:
            params = _epoch(params, *train, key, epoch, learning_rate, batch_size)
        else:
            params = _through(batches, params, epoch, learning_rate)
        jax.block_until_ready(params)
        seconds = time.perf_counter() - start
        train_accuracy, test_accuracy, train_loss = map(float, _measure(params, train, test))
        if not math.isfinite(train_loss):
            raise FloatingPointError(
                f"train_loop: expected a finite loss, got {train_loss} after epoch {epoch} with "
                f"learning_rate={learning_rate}. Try a smaller one."
            )
        figures = {"train_accuracy": train_accuracy, "test_accuracy": test_accuracy, "loss": train_loss}
        yield params, {"epoch": epoch, "seconds": seconds, **figures}


@partial(jax.jit, static_argnames="n_classes")
def _on_device(params, train, test, n_classes: int):
    """Both sets with one-hot targets, and a copy of the parameters, which an epoch may write over."""
    train, test = ((images, _targets(labels, n_classes)) for images, labels in (train, test))
    return jax.tree.map(jnp.copy, params), train, test


@partial(jax.jit, static_argnames="batch_size", donate_argnames="params")
def _epoch(params, images, targets, key, epoch, learning_rate, batch_size: int):
    """An epoch in one compiled call: the whole batches in a scan, and then what the division leaves."""
    order = jnp.arange(len(images))
    if key is not None:
        # The key of an epoch depends on its number alone, so that a run can be taken up again at any epoch.
        order = jax.random.permutation(jax.random.fold_in(key, epoch), len(images))

    def step(params, rows):
        return update(params, images[rows], targets[rows], learning_rate), None

    n_whole = len(images) - len(images) % batch_size
    params, _ = jax.lax.scan(step, params, order[:n_whole].reshape(-1, batch_size))
    return step(params, order[n_whole:])[0] if n_whole < len(images) else params


def _through(batches: Iterable, params, epoch: int, learning_rate):
    """An epoch of batches that were given. JAX computes while the next one is being loaded."""
    n_features, n_classes = params[0][0].shape[1], params[-1][0].shape[0]
    number = -1
    for number, (x, y) in enumerate(batches):
        check_dataset("train_loop", f"batch {number}'s ", x, y, n_features, n_classes)
        params = update(params, x, _encode(y, n_classes), learning_rate)
    if number < 0:
        raise ValueError(
            f"train_loop: expected batches in epoch {epoch}, got none. An iterator or generator can be gone "
            "through only once: pass a list or a DataLoader."
        )
    return params


@jax.jit
def _measure(params, train, test):
    return accuracy(params, *train), accuracy(params, *test), loss(params, *train)


def _targets(labels, n_classes: int):
    return one_hot(labels, n_classes) if np.ndim(labels) == 1 else labels


_encode = jax.jit(_targets, static_argnames="n_classes")
