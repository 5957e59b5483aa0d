r"""The training loop: one update per batch, and an evaluation after every epoch."""

import math
import time
from collections.abc import Callable, Iterable, Iterator

import jax
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Num

from jax_mlp.components._checks import check_count, check_dataset, check_divides, check_key, check_network
from jax_mlp.components._devices import mesh_of, put
from jax_mlp.components._epoch import copied, learn, learn_from, measure
from jax_mlp.components.init import Params, PRNGKey


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
    measure_every: int = 1,
) -> Params:
    r"""Parameters after `n_epochs` passes over the training set, or over `batches` if given.

    $$\theta \leftarrow \operatorname{update}(\theta, x_B, y_B, \eta) \quad \text{for every batch } B$$

    Here $\theta$ are the parameters, $x_B$ and $y_B$ are the images and the targets of batch $B$, and $\eta$ is the
    learning rate. If `sys.stderr` is a terminal, a progress bar is drawn on it.

    Args:
        params: One pair `(w, b)` per layer. They are not modified. If `jax_mlp.parallel` has split (sharded) the
            parameters over several devices, each batch is split over these devices too.
        train_images: Images to learn from, one flattened image per row. Pixels stored as bytes are converted to floats
            one batch at a time.
        test_images: Images to test the network on. It is never trained on them.
        train_labels: Integers, or one-hot rows.
        test_labels: Integers, or one-hot rows.
        n_epochs: Number of passes over the training set, or over `batches` if given.
        batches: An iterable of batches `(x, y)`, such as a list or a DataLoader. It is iterated over once per epoch,
            and its batches are used instead of those of the training set. `y` holds integers or one-hot rows. The
            training set is then used only for evaluation, and `batch_size` is ignored.
        batch_size: Images per update. If it does not divide the number of images, the last batch is shorter.
        learning_rate: The learning rate of every update.
        key: A key for shuffling the training set, which gives a new order for every epoch. Without a key, images are
            used in the order given.
        on_epoch: Called after each epoch that is evaluated (see `measure_every`), as
            `on_epoch(epoch=…, seconds=…, train_accuracy=…, test_accuracy=…, loss=…)`. Epochs are counted from 1.
            `seconds` is the time of the epoch's updates, including the loading of its batches. `loss` is the loss on
            the training set. The loss and the accuracies are for the parameters at the end of the epoch.
        measure_every: The number of epochs from one evaluation to the next. `on_epoch` is called only after an
            epoch that is evaluated. The last epoch is always evaluated.

    Returns:
        The trained parameters.

    Raises:
        ValueError: If shapes do not fit, if the training set or the test set is empty, if an epoch has no batches, if a
            label or another argument is out of range, or if a pixel is not finite.
        TypeError: If images or labels are not arrays of real numbers.
        FloatingPointError: If the loss is not finite after an epoch.

    Laws:
        - Without `batches`, every image is used exactly once per epoch, even if the last batch is short.
        - Zero epochs change nothing.
        - Without a key, training for m epochs and then for n more gives the same as training for m + n epochs.

    Examples:
        >>> import jax.numpy as jnp
        >>> from jax_mlp import accuracy, one_hot
        >>> params = [(jnp.zeros((2, 1)), jnp.zeros(2))]
        >>> x, labels = jnp.array([[-1.0], [1.0]]), jnp.array([0, 1])
        >>> trained = train_loop(params, x, x, labels, labels, n_epochs=3, learning_rate=1.0)
        >>> print(accuracy(trained, x, one_hot(labels, 2)))
        1.0
    """
    from tqdm import tqdm  # imported here, so that `import jax_mlp` stays fast

    told = epochs(
        params, train_images, test_images, train_labels, test_labels, n_epochs, batches=batches,
        batch_size=batch_size, learning_rate=learning_rate, key=key, measure_every=measure_every,
    )  # fmt: skip
    bar = tqdm(told, total=n_epochs, unit="epoch", disable=None)
    for trained, figures in bar:
        params = trained
        if "loss" in figures:
            train, test = (f"{figures[name]:.1%}" for name in ("train_accuracy", "test_accuracy"))
            bar.set_postfix(train=train, test=test, loss=f"{figures['loss']:.4f}")
            if on_epoch is not None:
                on_epoch(**figures)
    return params


def epochs(
    params, train_images, test_images, train_labels, test_labels, n_epochs, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, measure_every: int = 1, pixel_scale: float = 1.0, done: int = 0,
) -> Iterator[tuple[Params, dict[str, float]]]:  # fmt: skip
    """The epochs of `train_loop`: the parameters after each one, and what `on_epoch` is called with if it is evaluated.

    The next epoch overwrites the parameters, so copy any that you want to keep. Pixels are multiplied by `pixel_scale`
    when they are used. If `done` epochs were completed before, training resumes after those, and ends with exactly the
    parameters of an uninterrupted run.
    """
    n_epochs = check_count("train_loop", "n_epochs", n_epochs, 0)
    batch_size = check_count("train_loop", "batch_size", batch_size, 1)
    measure_every = check_count("train_loop", "measure_every", measure_every, 1)
    if not (math.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"train_loop: expected a finite learning_rate above 0, got {learning_rate}. Try 1e-2.")
    if key is not None:
        check_key("train_loop", "key", key)
        if batches is not None:
            raise ValueError("train_loop: expected key or batches, got both. Shuffle the batches where they are made.")
    check_network("train_loop", params)
    n_features, n_classes = params[0][0].shape[1], params[-1][0].shape[0]
    check_dataset("train_loop", "train_", train_images, train_labels, n_features, n_classes)
    check_dataset("train_loop", "test_", test_images, test_labels, n_features, n_classes)

    mesh = mesh_of(params)
    if mesh is not None and batches is None:
        check_divides("train_loop", batch_size, mesh.shape["data"])
    params = copied(params)  # because an epoch overwrites the parameters that it is given
    train = put(train_images, mesh), put(train_labels, mesh)
    test = put(test_images, mesh), put(test_labels, mesh)
    for epoch in range(done + 1, n_epochs + 1):
        start = time.perf_counter()
        if batches is None:
            params = learn(params, *train, key, epoch, learning_rate, pixel_scale, batch_size, mesh)
        else:
            params = learn_from(batches, params, epoch, learning_rate)
        jax.block_until_ready(params)
        figures = {"epoch": epoch, "seconds": time.perf_counter() - start}
        if epoch % measure_every == 0 or epoch == n_epochs:
            measured = np.asarray(measure(params, train, test, pixel_scale, mesh)).tolist()
            figures |= zip(("train_accuracy", "test_accuracy", "loss"), measured, strict=True)
            if not math.isfinite(figures["loss"]):
                raise FloatingPointError(
                    f"train_loop: expected a finite loss, got {figures['loss']} after epoch {epoch} with "
                    f"learning_rate={learning_rate}. Try a smaller one."
                )
        yield params, figures
