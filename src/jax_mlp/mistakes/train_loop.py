"""Mistakes in the training loop. Nearly all are the same loop with one thing changed."""

import time

import jax
import jax.numpy as jnp
import numpy as np

from jax_mlp import accuracy, loss, one_hot, update


def _rows(labels, n_classes):
    """One-hot rows for labels, which may be one-hot already."""
    labels = jnp.asarray(labels)
    return one_hot(labels, n_classes) if labels.ndim == 1 else labels


def _shuffled(n, key, epoch):
    """The order of the images in an epoch."""
    return np.arange(n) if key is None else np.asarray(jax.random.permutation(jax.random.fold_in(key, epoch), n))


def _in_order(n, batch_size, key, epoch):
    """The batches of an epoch, as index arrays."""
    order = _shuffled(n, key, epoch)
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]


def _loop(
    params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None, batch_size=128,
    learning_rate=1e-2, key=None, on_epoch=None, split=_in_order, step=update, first_epoch=1, teach_test=False,
    stale=False, last_only=False, swapped=False, restart=False, told_epochs=1, until=lambda answer, **figures: False,
):  # fmt: skip
    """The correct loop. Each option after on_epoch makes one mistake."""
    n_classes = params[-1][1].shape[0]
    train, test = (
        (jnp.asarray(images), _rows(labels, n_classes))
        for images, labels in ((train_images, train_labels), (test_images, test_labels))
    )
    start_params = params
    for epoch in range(n_epochs):
        start, before = time.perf_counter(), params
        if restart:
            params = start_params
        if batches is not None:
            epoch_batches = ((x, _rows(y, n_classes)) for x, y in batches)
        else:
            data = test if teach_test else train
            epoch_batches = ((data[0][i], data[1][i]) for i in split(len(data[0]), batch_size, key, epoch))
        for x, y in epoch_batches:
            params = step(params, x, y, learning_rate)
        if on_epoch is not None and (epoch + 1) % told_epochs == 0:
            judged = before if stale else params
            first, second = (test, train) if swapped else (train, test)
            figures = dict(
                epoch=epoch + first_epoch,
                seconds=time.perf_counter() - start,
                train_accuracy=float(accuracy(judged, *first)),
                test_accuracy=float(accuracy(judged, *second)),
                loss=float(loss(judged, *((x, y) if last_only else train))),
            )
            if until(on_epoch(**figures), **figures):
                break
    return params


def last_batch_dropped(*arguments, **options):
    """A last batch that is not full is dropped, so some images are not used."""

    def split(n, batch_size, key, epoch):
        return [i for i in _in_order(n, batch_size, key, epoch) if len(i) == min(batch_size, n)]

    return _loop(*arguments, **options, split=split)


def whole_batches_only(*arguments, **options):
    """The number of batches is rounded down (n // batch_size), so the network learns nothing if there are fewer
    images than the batch size.
    """

    def split(n, batch_size, key, epoch):
        return [i for i in _in_order(n, batch_size, key, epoch) if len(i) == batch_size]

    return _loop(*arguments, **options, split=split)


def batches_end_at_the_batch_size(*arguments, **options):
    """Batches are cut as x[i : batch_size] instead of x[i : i + batch_size], so all but the first are empty."""

    def split(n, batch_size, key, epoch):
        order = _shuffled(n, key, epoch)
        return [order[i:batch_size] for i in range(0, n, batch_size)]

    return _loop(*arguments, **options, split=split)


def last_batch_filled_up(*arguments, **options):
    """A short last batch is filled up with the first images, so those are used twice per epoch."""

    def split(n, batch_size, key, epoch):
        order = _shuffled(n, key, epoch)
        return [np.take(order, range(i, i + batch_size), mode="wrap") for i in range(0, n, batch_size)]

    return _loop(*arguments, **options, split=split)


def last_batch_moved_back(*arguments, **options):
    """The last batch begins earlier in order to be full, so it repeats images of the batch before it. For example,
    `jax.lax.dynamic_slice` does this.
    """

    def split(n, batch_size, key, epoch):
        order, size = _shuffled(n, key, epoch), min(batch_size, n)
        return [order[min(i, n - size) :][:size] for i in range(0, n, size)]

    return _loop(*arguments, **options, split=split)


def same_order_every_epoch(*arguments, **options):
    """The images are shuffled only once, or with the same key each time, so every epoch has the same order."""

    def split(n, batch_size, key, epoch):
        return _in_order(n, batch_size, key, 0)

    return _loop(*arguments, **options, split=split)


def same_key_every_epoch(params, images, test_images, labels, test_labels, n_epochs=10, *, key=None, **options):
    """Every epoch applies the same permutation to the order of the previous epoch, so the orders repeat in a cycle.
    The remedy is a new key for each epoch: `fold_in(key, epoch)`.
    """
    on_epoch = options.pop("on_epoch", None)
    for epoch in range(1, n_epochs + 1):
        if key is not None and options.get("batches") is None:
            order = jax.random.permutation(key, len(images))
            images, labels = jnp.asarray(images)[order], jnp.asarray(labels)[order]
        params = _loop(
            params, images, test_images, labels, test_labels, 1, **options, first_epoch=epoch, on_epoch=on_epoch
        )
    return params


def key_ignored(*arguments, **options):
    """The key is ignored, so the images are never shuffled."""

    def split(n, batch_size, key, epoch):
        return _in_order(n, batch_size, None, epoch)

    return _loop(*arguments, **options, split=split)


def always_shuffled(*arguments, **options):
    """The images are shuffled even if no key is given."""

    def split(n, batch_size, key, epoch):
        return _in_order(n, batch_size, jax.random.key(0) if key is None else key, epoch)

    return _loop(*arguments, **options, split=split)


def shuffled_by_the_clock(*arguments, **options):
    """The order comes from NumPy's generator instead of the key, so the same key gives different orders."""

    def split(n, batch_size, key, epoch):
        order = np.arange(n) if key is None else RNG.permutation(n)
        return [order[i : i + batch_size] for i in range(0, n, batch_size)]

    return _loop(*arguments, **options, split=split)


RNG = np.random.default_rng(0)


def drawn_with_replacement(*arguments, **options):
    """Images are drawn with replacement, so some are used twice in an epoch and others not at all."""

    def split(n, batch_size, key, epoch):
        if key is None:
            return _in_order(n, batch_size, None, epoch)
        order = np.asarray(jax.random.randint(jax.random.fold_in(key, epoch), (n,), 0, n))
        return [order[i : i + batch_size] for i in range(0, n, batch_size)]

    return _loop(*arguments, **options, split=split)


def labels_left_behind(params, train_images, test_images, train_labels, test_labels, *rest, **options):
    """The images are shuffled but their labels are not, so most images get a wrong label."""
    if options.get("key") is not None:
        train_images = jnp.asarray(train_images)[np.asarray(jax.random.permutation(options["key"], len(train_images)))]
    return _loop(params, train_images, test_images, train_labels, test_labels, *rest, **options)


def one_epoch_too_many(params, a, b, c, d, n_epochs=10, **options):
    """The loop runs one epoch too many."""
    return _loop(params, a, b, c, d, n_epochs + 1, **options)


def one_epoch_too_few(params, a, b, c, d, n_epochs=10, **options):
    """The loop runs one epoch too few."""
    return _loop(params, a, b, c, d, max(n_epochs - 1, 0), **options)


def returns_within_the_loop(params, a, b, c, d, n_epochs=10, **options):
    """`return` is indented into the loop over epochs, so training ends after the first one."""
    return _loop(params, a, b, c, d, min(n_epochs, 1), **options)


def one_update_an_epoch(*arguments, **options):
    """Only the first batch of each epoch is used."""

    def split(n, batch_size, key, epoch):
        return _in_order(n, batch_size, key, epoch)[:1]

    return _loop(*arguments, **options, split=split)


def whole_set_as_one_batch(*arguments, **options):
    """The batch size is ignored, so an epoch is one update on the whole training set."""

    def split(n, batch_size, key, epoch):
        return _in_order(n, n, key, epoch)

    return _loop(*arguments, **options, split=split)


def default_batch_of_64(*arguments, batch_size=64, **options):
    """The default batch size is 64 instead of 128."""
    return _loop(*arguments, batch_size=batch_size, **options)


def rate_not_passed_on(*arguments, **options):
    """The learning rate is not passed on to `update`, so its default of 0.01 is always used."""
    return _loop(*arguments, **options, step=lambda params, x, y, _: update(params, x, y))


def learns_from_the_test_set(*arguments, **options):
    """The network is trained on the test set instead of the training set."""
    return _loop(*arguments, **options, teach_test=True)


def tests_count_too(params, train_images, test_images, train_labels, test_labels, *rest, **options):
    """The test set is added to the training set, so the test accuracy no longer tests anything."""
    n_classes = params[-1][1].shape[0]
    images = jnp.concatenate([jnp.asarray(train_images), jnp.asarray(test_images)])
    labels = jnp.concatenate([_rows(train_labels, n_classes), _rows(test_labels, n_classes)])
    return _loop(params, images, test_images, labels, test_labels, *rest, **options)


def starts_over_every_epoch(*arguments, **options):
    """Every epoch starts again from the initial parameters, so only the last epoch counts."""
    return _loop(*arguments, **options, restart=True)


def updates_are_thrown_away(*arguments, **options):
    """The result of `update` is not assigned to `params`, so the parameters never change."""

    def step(params, x, y, learning_rate):
        update(params, x, y, learning_rate)
        return params

    return _loop(*arguments, **options, step=step)


def figures_of_the_last_epoch(*arguments, **options):
    """Accuracies and loss are computed with the parameters from before the epoch's updates."""
    return _loop(*arguments, **options, stale=True)


def loss_of_the_last_batch(*arguments, **options):
    """The loss is computed on the last batch instead of the whole training set."""
    return _loop(*arguments, **options, last_only=True)


def figures_swapped(*arguments, **options):
    """Training accuracy and test accuracy are swapped."""
    return _loop(*arguments, **options, swapped=True)


def tested_on_the_training_set(params, images, test_images, labels, test_labels, *rest, **options):
    """The test accuracy is computed on the training set."""
    return _loop(params, images, images, labels, labels, *rest, **options)


def epochs_from_zero(*arguments, **options):
    """Epochs are numbered from 0 instead of 1."""
    return _loop(*arguments, **options, first_epoch=0)


def told_every_other_epoch(*arguments, **options):
    """`on_epoch` is called after every second epoch instead of after every epoch."""
    return _loop(*arguments, **options, told_epochs=2)


def batches_gone_through_once(*arguments, batches=None, **options):
    """`batches` is turned into a list once, so every epoch reuses the batches of the first."""
    return _loop(*arguments, batches=None if batches is None else list(batches), **options)


def batches_used_up(*arguments, batches=None, **options):
    """One iterator over `batches` serves all epochs, so it is used up after the first, and later epochs get none."""
    return _loop(*arguments, **options, batches=batches if batches is None else iter(batches))


def batches_ignored(*arguments, batches=None, **options):
    """`batches` is ignored, so the training set is split into batches as usual."""
    return _loop(*arguments, **options)


def in_reverse(*arguments, **options):
    """The batches are used in reverse order, from the last to the first."""

    def split(n, batch_size, key, epoch):
        return _in_order(n, batch_size, key, epoch)[::-1]

    return _loop(*arguments, **options, split=split)


def seconds_since_the_first_epoch(*arguments, on_epoch=None, **options):
    """The clock is started only once, before the first epoch, so later times include the earlier epochs."""
    start = time.perf_counter()

    def told(seconds, **others):
        return on_epoch(seconds=time.perf_counter() - start, **others)

    return _loop(*arguments, on_epoch=on_epoch and told, **options)


def seconds_of_nothing(*arguments, on_epoch=None, **options):
    """The clock is started after the updates, so every epoch seems to take no time."""

    def told(seconds, **others):
        return on_epoch(seconds=0.0, **others)

    return _loop(*arguments, on_epoch=on_epoch and told, **options)


def start_is_an_index_too(*arguments, on_epoch=None, batches=None, **options):
    """The loop over batches overwrites the start time with the batch's index, so `seconds` is wrong."""

    def told(seconds, **others):
        return on_epoch(seconds=seconds if batches is not None else time.time() - 2, **others)

    return _loop(*arguments, on_epoch=on_epoch and told, batches=batches, **options)


def parameters_given_away(params, *arguments, **options):
    """In each update, JAX is allowed to reuse the memory of the old parameters (`donate_argnums`), so the first update
    deletes the caller's parameters.
    """
    return _loop(params, *arguments, **options, step=jax.jit(update, donate_argnums=0))


def shuffled_in_place(params, images, test_images, labels, *rest, key=None, **options):
    """The caller's own images and labels are shuffled in place, so they change."""
    if key is not None and isinstance(images, np.ndarray) and images.flags.writeable and labels.flags.writeable:
        order = _shuffled(len(images), key, 0)
        images[:], labels[:] = images[order], labels[order]
    return _loop(params, images, test_images, labels, *rest, key=key, **options)


def list_changed_in_place(params, *arguments, **options):
    """The caller's list `params` is changed in place, so it holds the trained parameters afterwards."""
    params[:] = _loop(params, *arguments, **options)
    return params


def always_ten_classes(params, images, test_images, labels, test_labels, *rest, **options):
    """Integer labels become rows of ten columns, even if the network has another number of classes."""
    return _loop(params, images, test_images, _rows(labels, 10), _rows(test_labels, 10), *rest, **options)


def encoded_twice(params, images, test_images, labels, test_labels, *rest, **options):
    """Labels are always encoded, so labels that are one-hot already are treated as class numbers."""
    classes = jnp.arange(params[-1][1].shape[0])
    encoded = [(jnp.asarray(y)[:, None] == classes).astype(jnp.float32) for y in (labels, test_labels)]
    return _loop(params, images, test_images, *encoded, *rest, **options)


def encoded_by_dtype(params, images, test_images, labels, test_labels, *rest, **options):
    """Labels of an integer dtype are always encoded, so one-hot rows stored as integers are encoded again."""
    n_classes = len(params[-1][1])
    encoded = [one_hot(y, n_classes) if np.asarray(y).dtype.kind == "i" else y for y in (labels, test_labels)]
    return _loop(params, images, test_images, *encoded, *rest, **options)


def orders_by_turns(*arguments, **options):
    """There are only two orders, and the epochs alternate between them."""

    def split(n, batch_size, key, epoch):
        return _in_order(n, batch_size, key, epoch % 2)

    return _loop(*arguments, **options, split=split)


def tested_on_whole_batches(params, images, test_images, labels, test_labels, *rest, **options):
    """The test set is split into full batches only, so the last images are not tested."""
    n = len(test_images) - len(test_images) % options.get("batch_size", 128) or len(test_images)
    return _loop(params, images, test_images[:n], labels, test_labels[:n], *rest, **options)


def measured_on_the_batches(params, images, test_images, labels, *rest, batches=None, **options):
    """If batches are given, training accuracy and loss are computed on them instead of the training set."""
    if batches is None:
        return _loop(params, images, test_images, labels, *rest, **options)
    kept = list(batches)
    x = jnp.concatenate([jnp.asarray(x) for x, _ in kept])
    y = jnp.concatenate([_rows(y, params[-1][1].shape[0]) for _, y in kept])
    return _loop(params, x, test_images, y, *rest, batches=batches, **options)


def seconds_of_on_epoch_too(*arguments, on_epoch=None, **options):
    """The clock runs from one call of `on_epoch` to the next, so the time of `on_epoch` is included."""
    start = time.perf_counter()

    def told(seconds, **others):
        nonlocal start
        now = time.perf_counter()
        on_epoch(seconds=now - start, **others)
        start = now

    return _loop(*arguments, **options, on_epoch=on_epoch and told)


def stops_when_on_epoch_answers(*arguments, **options):
    """The return value of `on_epoch` is used as a request to stop, so training ends too early."""
    return _loop(*arguments, **options, until=lambda answer, **figures: answer)


def stops_when_all_is_right(*arguments, **options):
    """Training stops once every training image is classified correctly, so later epochs are missing."""
    return _loop(*arguments, **options, until=lambda answer, train_accuracy, **figures: train_accuracy == 1)


def stops_when_the_loss_stays(*arguments, **options):
    """Training stops after five epochs without a lower loss (early stopping), so later epochs are missing."""
    losses = []

    def until(answer, loss, **figures):
        losses.append(loss)
        return len(losses) > 5 and min(losses[-5:]) >= min(losses[:-5])

    return _loop(*arguments, **options, until=until)


def told_by_position(*arguments, on_epoch=None, **options):
    """`on_epoch` is called with positional arguments instead of keywords, so a function with its parameters in
    another order gets the wrong values.
    """

    def told(**figures):
        return on_epoch(*figures.values())

    return _loop(*arguments, **options, on_epoch=on_epoch and told)


def parts_count_alike(params, images, test_images, labels, *rest, on_epoch=None, **options):
    """The loss is averaged over groups of 512 images, and a short last group counts as much as a full one."""
    trained = []

    def step(params, x, y, learning_rate):
        trained[:] = update(params, x, y, learning_rate)
        return list(trained)

    def told(**figures):
        x, y = jnp.asarray(images), _rows(labels, params[-1][1].shape[0])
        parts = [loss(list(trained), x[i : i + 512], y[i : i + 512]) for i in range(0, len(x), 512)]
        return on_epoch(**figures | {"loss": float(np.mean(parts))})

    return _loop(params, images, test_images, labels, *rest, **options, on_epoch=on_epoch and told, step=step)


def mean_loss_of_the_epoch(*arguments, on_epoch=None, **options):
    """The reported loss is the mean of the batch losses, each computed before the update on that batch, instead of
    the loss after the epoch.
    """
    losses = []

    def step(params, x, y, learning_rate):
        losses.append(float(loss(params, x, y)))
        return update(params, x, y, learning_rate)

    def told(**figures):
        mean = sum(losses) / len(losses)
        losses.clear()
        return on_epoch(**figures | {"loss": mean})

    return _loop(*arguments, **options, on_epoch=on_epoch and told, step=step)


def best_epoch_returned(params, *arguments, on_epoch=None, later=False, **options):
    """The parameters with the highest test accuracy are returned instead of those after the last epoch."""
    now, best = params, (-1.0, params)

    def step(params, x, y, learning_rate):
        nonlocal now
        now = update(params, x, y, learning_rate)
        return now

    def told(**figures):
        nonlocal best
        if figures["test_accuracy"] > best[0] or (later and figures["test_accuracy"] == best[0]):
            best = figures["test_accuracy"], now
        return on_epoch and on_epoch(**figures)

    _loop(params, *arguments, **options, on_epoch=told, step=step)
    return best[1]


def last_of_the_best_epochs_returned(*arguments, **options):
    """The parameters with the highest test accuracy, the last ones of equals, are returned instead of those after the
    last epoch.
    """
    return best_epoch_returned(*arguments, **options, later=True)
