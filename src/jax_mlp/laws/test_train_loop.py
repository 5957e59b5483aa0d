"""The laws of the training loop: epochs, batches, shuffling, and what `on_epoch` is called with."""

import time
from functools import cache
from itertools import permutations as orders
from itertools import product

import jax
import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from jax_mlp.laws import oracle
from jax_mlp.laws.draws import exact_cases, few, twelve_classes, untaught
from jax_mlp.laws.expect import ROUNDING, LawBroken, close, each, equal, holds
from jax_mlp.laws.values import as_jax, paste

SMOOTH = [((2, 3), 4)]  # without relu there is no kink, so rounding cannot put an input on its other side
HIDDEN = [((2, 3, 2), 4)]
RATE = 0.125
epochs = st.integers(0, 2)
batch_sizes = st.sampled_from([2, 3])  # 4 images make even batches, or a short last batch
NAMES = ("epoch", "seconds", "train_accuracy", "test_accuracy", "loss")  # what `on_epoch` is called with
TICK = max(0.001, *(time.get_clock_info(name).resolution for name in ("time", "monotonic")))  # up to 16 ms on Windows
KEYS = [jax.random.key(seed) for seed in range(60)]


def run(impl, case, n_epochs, test=None, labels=None, **options):
    """Train on a case, with its first images as test set. Labels are one-hot rows unless others are given."""
    images, targets = (case.images[:3], case.targets[:3]) if test is None else test
    labels = case.targets if labels is None else labels
    options = {"learning_rate": RATE, **options}
    return impl.train_loop(case.params, case.images, images, labels, targets, n_epochs, **options)


def by_hand(case, batch_size, n_epochs, rate=RATE):
    """The parameters after training without shuffling, in float64."""
    return oracle.train(case.params, oracle.split(case.images, case.targets, batch_size) * n_epochs, rate)


def rounding(case, n_updates):
    """The rounding error of parameters after some updates of a network without `relu`."""
    size = (1 + np.abs(case.images).max()) * oracle.magnitude(case.params, case.images).max()
    # Each update adds its own rounding. On a convex loss, only large steps enlarge errors, by at most the last factor.
    return (
        ROUNDING * size * (1 + n_updates) * (1 + RATE * np.square(case.images).sum(axis=1).max()) ** min(n_updates, 2)
    )


# Epochs in order


FOUR = untaught(np.array([[2, 0], [0, 2], [-1, -1], [-2, -2]], np.float32), np.array([0, 1, 2, 2], np.int32), 3)


def reads_all(params, images, targets):
    """The trained network classifies every image correctly."""
    accuracy = oracle.accuracy(params, images, targets)
    holds(accuracy == 1, f"a network with an accuracy of {accuracy}", "one with an accuracy of 1.0")


def test_example(impl):
    """After three epochs, the network classifies all four images of a small training set correctly."""
    params, x, _, targets, _ = FOUR
    trained = impl.train_loop(params, x, x[:3], targets, targets[:3], 3, learning_rate=1.0, batch_size=2)
    reads_all(trained, x, targets)


@given(few())
def test_no_epochs_no_change(impl, case):
    """With zero epochs, `train_loop` returns the parameters unchanged."""
    each(equal, run(impl, case, 0, batch_size=1), case.params)


@given(exact_cases(SMOOTH), st.sampled_from([0, 1, 3]), st.sampled_from([1, 2, 4]))
def test_a_plain_loop_over_update(impl, case, n_epochs, batch_size):
    """`train_loop` makes one update per batch. Without a key for shuffling, it uses the images in the order given."""
    n_updates = n_epochs * len(case.images) // batch_size
    got = run(impl, case, n_epochs, batch_size=batch_size)
    each(close, got, by_hand(case, batch_size, n_epochs), rounding(case, n_updates))


@given(exact_cases(HIDDEN, distinct=5), st.sampled_from([(1, 1), (1, 2), (2, 1), (0, 2), (2, 0)]))
def test_epochs_add_up(impl, case, a_and_b):
    """Without a key, training for m epochs and then n more gives the same parameters as training for m + n epochs."""
    a, b = a_and_b
    first = [tuple(map(np.asarray, layer)) for layer in run(impl, case, a, batch_size=2)]
    then = run(impl, case._replace(params=first), b, batch_size=2)
    each(equal, run(impl, case, a + b, batch_size=2), then)


@given(exact_cases(HIDDEN, distinct=5), st.sampled_from([0, -4, 4]), st.sampled_from([0, 1]))
def test_the_test_set_teaches_nothing(impl, case, pixel, label):
    """The test set has no influence on the trained parameters."""
    other = (np.full_like(case.images[:3], pixel), np.eye(case.n_classes, dtype=np.float32)[[label] * 3])
    expected = run(impl, case, 1, batch_size=2)
    each(equal, run(impl, case, 1, test=other, batch_size=2), expected)


# A short last batch


@given(exact_cases(SMOOTH, distinct=5), st.integers(1, 2), st.sampled_from([3, 5]))
def test_a_short_last_batch(impl, case, n_epochs, batch_size):
    """If the batch size does not divide the number of images, the last batch consists of the remaining images."""
    got = run(impl, case, n_epochs, batch_size=batch_size)
    each(close, got, by_hand(case, batch_size, n_epochs), rounding(case, n_epochs * -(-4 // batch_size)))


def test_ten_epochs_at_a_hundredth_unless_told(impl):
    """The defaults are ten epochs and a learning rate of 0.01."""
    params, x, _, targets, _ = case = twelve_classes()
    got = impl.train_loop(params, x, x[:3], targets, targets[:3], batch_size=128)
    each(close, got, by_hand(case, 128, 10, 1e-2), rounding(case, 60))


def test_learns_what_no_line_can_tell_apart(impl):
    """With a hidden layer, the network learns XOR (exclusive or), which a single layer cannot learn."""
    rng = np.random.default_rng(3)
    params = [(rng.standard_normal((o, i)).astype(np.float32), np.zeros(o, np.float32)) for i, o in [(2, 3), (3, 2)]]
    x, targets = (
        np.array([[1, 1], [-1, -1], [0, 0], [1, -1], [-1, 1]], np.float32),
        np.eye(2, dtype=np.float32)[[0, 0, 0, 1, 1]],
    )
    trained = impl.train_loop(params, x, x[:3], targets, targets[:3], 50, learning_rate=0.5, batch_size=2)
    reads_all(trained, x, targets)


# Labels


@given(exact_cases(SMOOTH, distinct=5), epochs, st.booleans())
def test_labels_may_be_integers(impl, case, n_epochs, as_rows):
    """Integer labels, one-hot rows of floats, and one-hot rows of an integer dtype give the same parameters."""
    labels = case.targets.astype(np.int32) if as_rows else case.labels
    got = run(impl, case, n_epochs, (case.images[:3], labels[:3]), labels, batch_size=2)
    each(equal, got, run(impl, case, n_epochs, batch_size=2))


# Evaluation


def told(impl, case, n_epochs, **options):
    """The trained parameters, and what `on_epoch` was called with, epoch by epoch."""
    seen = []

    def on_epoch(*by_position, **named):
        if by_position or {*named} != {*NAMES}:
            got = ", ".join([*map(str, by_position), *(f"{name}={value}" for name, value in named.items())])
            raise LawBroken(f"on_epoch({got})", f"on_epoch({', '.join(f'{name}=…' for name in NAMES)})")
        epoch, *figures = (named[name] for name in NAMES)
        seen.append((epoch, *map(float, figures)))
        return True  # which train_loop must ignore

    on_epoch.__name__ = "lambda **told: print(told) or True"  # as a report shows it
    return run(impl, case, n_epochs, on_epoch=on_epoch, **options), seen


def told_once(impl, case, **options):
    """The parameters after one epoch, and what `on_epoch` was called with after it."""
    params, seen = told(impl, case, 1, **options)
    calls = f"{len(seen)} call{'s' if len(seen) != 1 else ''} of `on_epoch`"
    holds(len(seen) == 1, calls, "1 call of `on_epoch` after one epoch")
    return params, seen[0]


@given(few(), st.sampled_from([0, 1, 3]))
def test_every_epoch_is_told(impl, case, n_epochs):
    """After each epoch, `on_epoch` is called with the keyword arguments `epoch` (from 1), `seconds`,
    `train_accuracy`, `test_accuracy` and `loss`.
    """
    start = time.perf_counter()
    _, seen = told(impl, case, n_epochs, batch_size=2)
    passed = time.perf_counter() - start
    numbers = [epoch for epoch, *_ in seen]
    right = list(range(1, n_epochs + 1))
    holds(numbers == right, f"on_epoch was called with epoch = {numbers}", f"one call for each of {right}")
    for _, seconds, *_ in seen:
        holds(0 <= seconds <= passed + TICK, f"seconds = {seconds:g}", f"0 ≤ seconds ≤ {passed:.3f}, the whole run")


@given(exact_cases(SMOOTH), st.integers(1, 2), batch_sizes, st.sampled_from([0, 1, 2]))
def test_what_is_told_is_true(impl, case, n_epochs, batch_size, label):
    """`on_epoch` gets both accuracies and the training loss, for the parameters at the end of the epoch."""
    test = (case.images[:3] + 1, np.full_like(case.labels[:3], label))
    params, seen = told(impl, case, n_epochs, test=test, labels=case.labels, batch_size=batch_size, learning_rate=1.0)
    holds(len(seen) > 0, "no call of `on_epoch`", "a call of `on_epoch` after each epoch")
    *_, train_accuracy, test_accuracy, loss = seen[-1]
    logits = oracle.logits(params, np.concatenate([case.images, test[0]]))
    top = np.sort(logits, axis=1)
    assume((top[:, -1] - top[:, -2] > 1e-3).all())  # so that rounding cannot change an answer
    size = ROUNDING * oracle.magnitude(params, case.images).max()
    test_targets = np.eye(case.n_classes)[test[1]]
    close(train_accuracy, oracle.accuracy(params, case.images, case.targets), ROUNDING, "train_accuracy")
    close(test_accuracy, oracle.accuracy(params, test[0], test_targets), ROUNDING, "test_accuracy")
    close(loss, oracle.loss(params, case.images, case.targets), size, "loss")


def test_batches_hold_128_images_unless_told(impl):
    """The default batch size is 128, so 642 images make six updates per epoch."""
    case = twelve_classes()
    got, (*_, train_accuracy, _, loss) = told_once(impl, case)
    each(close, got, by_hand(case, 128, 1), rounding(case, 6))
    close(train_accuracy, oracle.accuracy(got, case.images, case.targets), ROUNDING, "train_accuracy")
    # An unweighted mean over parts of 32 to 512 images would be off by at least 1.6e-5.
    close(loss, oracle.loss(got, case.images, case.targets), 4e-6, "loss")


def test_all_epochs_asked_for_are_gone_through(impl):
    """Training runs for all `n_epochs` epochs, even if every image is already classified correctly, or the loss does
    not fall.
    """
    hopeless = untaught(np.ones((4, 2), np.float32), np.array([0, 0, 1, 2], np.int32), 3)  # equal images, three classes
    for case, rate in [(FOUR, 1.0), (hopeless, 64.0)]:
        _, seen = told(impl, case, 12, batch_size=2, learning_rate=rate)
        holds(len(seen) == 12, f"{len(seen)} epoch{'s' if len(seen) != 1 else ''}", "12 epochs")


# Shuffling


BLANK = [(np.zeros((3, 3), np.float32), np.zeros(3, np.float32))]


def moved(impl, key, n_epochs=1):
    """How far each of three images moves its own weight, in a batch of two and a batch of one.

    Each image has one bright pixel of its own. The learning rate is so small that p stays 1/3, so an image moves its
    weight by (1 - p) / (images in its batch x 3 classes).
    """
    x, labels, rate = np.eye(3, dtype=np.float32), np.zeros(3, np.int32), 2.0**-10
    got = impl.train_loop(BLANK, x, x, labels, labels, n_epochs, batch_size=2, key=key, learning_rate=rate)
    return np.asarray(got[0][0])[0] / rate


@given(st.sampled_from(KEYS[:10]), st.integers(1, 2))
def test_each_image_is_seen_once_an_epoch(impl, key, n_epochs):
    """Shuffling with a key still uses every image exactly once per epoch, even if the last batch is short."""
    got = np.sort(moved(impl, key, n_epochs))
    if n_epochs == 1:
        close(got, 2 / 9 / np.array([2, 2, 1]), 0.01, "how far each image moved its weight")
    # Over several epochs the images take turns in the short batch, but the sum of their moves is the same.
    close(got.sum(), n_epochs * 4 / 9, 0.01, "how far the images moved their weights")


@given(exact_cases(SMOOTH, distinct=5), st.sampled_from(KEYS[:4]))
def test_a_batch_as_large_as_the_set_is_one_update(impl, case, key):
    """If all images fit into one batch, an epoch is one update, and shuffling makes no difference."""
    got = run(impl, case, 1, key=key)
    each(close, got, by_hand(case, 4, 1), rounding(case, 1))


# Three overlapping images, each of its own class: the weights that an image finds depend on those used before it.
OVERLAPPING = np.array([[2, 0, 0], [1, 1, 0], [1, 1, 1]], np.float32)


@cache
def where_orders_lead(n_epochs):
    """For every sequence of orders of the three images, the weights after training on one image at a time, by hand."""
    batches = oracle.split(OVERLAPPING, np.eye(3), 1)
    ends = {(): BLANK}
    for _ in range(n_epochs):
        ends = {
            (*before, order): oracle.train(end, [batches[i] for i in order], 1.0)
            for (before, end), order in product(ends.items(), orders(range(3)))
        }
    return [*ends], np.array([w for ((w, _),) in ends.values()])


def one_by_one(impl, key, n_epochs):
    """The weights after training on the three images, shuffled."""
    x, labels = OVERLAPPING, np.arange(3)
    ((w, _),) = impl.train_loop(BLANK, x, x, labels, labels, n_epochs, batch_size=1, key=key, learning_rate=1.0)
    return np.asarray(w)


def orders_seen(impl, key, n_epochs):
    """The orders in which the three images were used, one per epoch: the possible orders that fit the weights."""
    got = one_by_one(impl, key, n_epochs)
    sequences, ends = where_orders_lead(n_epochs)
    off = np.abs(ends - got).max(axis=(1, 2))
    if not off.min() <= 1e-3:  # two orders end much further apart than this, and rounding is much smaller
        raise LawBroken(got, "weights that some order of the three images leads to")
    return sequences[off.argmin()]


def test_orders_can_be_told_apart():
    """In the laws on shuffling, the order of the images matters: training in two different orders gives clearly
    different weights.
    """
    for n_epochs in (1, 3):
        sequences, ends = where_orders_lead(n_epochs)
        apart = np.abs(ends[:, None] - ends[None]).max(axis=(2, 3)) + np.eye(len(sequences))
        assert apart.min() > 1e-2


@given(st.sampled_from(KEYS[:10]), st.integers(1, 2))
def test_same_key_same_result(impl, key, n_epochs):
    """Two runs with the same key give exactly the same parameters."""
    first = one_by_one(impl, key, n_epochs)
    equal(one_by_one(impl, key, n_epochs), first)


def test_every_epoch_is_shuffled_anew(impl):
    """With a key, the order of the images is drawn anew for every epoch. By chance, two orders can be equal."""
    seen = np.array([orders_seen(impl, key, 3) for key in KEYS])
    for a, b in [(0, 1), (1, 2), (0, 2)]:
        same = (seen[:, a] == seen[:, b]).all(axis=1).sum()
        # By chance, one in six pairs has the same order. More than 30 of 60 do so once in 10**9 runs.
        expected = "the same order in about 10 of 60 runs (three images have six orders)"
        holds(same <= 30, f"the same order in epochs {a + 1} and {b + 1}, in {same} of 60 runs", expected)


def test_another_key_another_order(impl):
    """The order depends on the key: sixty keys give at least five of the six possible orders of three images."""
    seen = [orders_seen(impl, key, 1)[0] for key in KEYS]
    # With sixty random orders, one of the six is missing once in 10**4 runs, and two are missing once in 10**9.
    holds(len(set(seen)) >= 5, f"only the orders {sorted(set(seen))} from 60 keys", "all six orders of 0, 1 and 2")


def test_images_are_shuffled_and_not_batches(impl):
    """Images are shuffled, not just the order of the batches, so any image can end up in the short last batch."""
    short = {int(i) for key in KEYS for i in np.flatnonzero(moved(impl, key) > 1 / 6)}  # 2/9, and the others 1/9
    # Sixty random orders leave one of the three images out once in 10**10 runs.
    holds(len(short) == 3, f"only images {sorted(short)} in the short batch, for 60 keys", "images [0, 1, 2]")


@given(exact_cases(SMOOTH, distinct=5), st.sampled_from(KEYS[:4]), st.booleans())
def test_inputs_are_left_as_they_are(impl, case, key, in_jax):
    """`train_loop` does not modify or delete its arguments, whether they are NumPy or JAX arrays."""
    expected = case.images, case.images[:3], case.labels, case.labels[:3]
    params, sets = as_jax((case.params, expected)) if in_jax else jax.tree.map(np.copy, (case.params, expected))
    impl.train_loop.raw(params, *sets, 2, key=key)
    each(equal, params, case.params)
    for got, wanted, what in zip(sets, expected, ("images", "test images", "labels", "test labels"), strict=True):
        holds(np.array_equal(got, wanted), got, f"the {what}, unchanged")


# Batches of one's own


class Iterable:
    """Batches that can be iterated over, and nothing else: they have no length and no indices."""

    def __init__(self, batches):
        self.batches, self.rounds = batches, 0

    def __iter__(self):
        self.rounds += 1
        return iter(self.batches)

    def __repr__(self):
        return paste(self.batches)  # as a report shows them


@given(exact_cases(SMOOTH, distinct=5), st.integers(1, 2), st.booleans())
def test_batches_may_be_given(impl, case, n_epochs, as_integers):
    """If batches are given, an epoch goes through them once. Their labels may be integers or one-hot rows."""
    batches = Iterable(oracle.split(case.images, case.labels if as_integers else case.targets, 3))
    got = run(impl, case, n_epochs, batches=batches)
    got_rounds, rounds = (f"{n} pass{'es' if n != 1 else ''} over the batches" for n in (batches.rounds, n_epochs))
    holds(batches.rounds == n_epochs, got_rounds, rounds)
    expected = run(impl, case, n_epochs, batch_size=3)
    each(close, got, expected, 1e-6 * (1 + oracle.magnitude(case.params, case.images).max()))


@given(exact_cases(SMOOTH, distinct=5))
def test_batches_alone_teach(impl, case):
    """If batches are given, training uses only them; the training set is then used only for evaluation."""
    batches = oracle.split(case.images, case.targets, 3)
    expected = run(impl, case, 1, batches=batches)
    others = case._replace(images=-case.images)
    got, (*_, loss) = told_once(impl, others, batches=batches)
    each(equal, got, expected)
    size = ROUNDING * oracle.magnitude(got, others.images).max()
    close(loss, oracle.loss(got, others.images, others.targets), size, "loss")


class Slow(Iterable):
    """Batches of which the first takes a while to load. To call `iter` alone takes no time: it may be called early."""

    def __iter__(self):
        time.sleep(10 * TICK)
        yield from super().__iter__()


def test_seconds_are_those_of_the_epoch(impl):
    """`seconds` includes the time to load the epoch's batches, but not the time of `on_epoch` or of earlier epochs."""
    case, seen = FOUR, []

    def on_epoch(epoch, seconds, *_, **__):
        nonlocal start
        seen.append((seconds, passed := time.perf_counter() - start))
        time.sleep(passed + 10 * TICK)  # longer than the next epoch and its evaluation, which compile nothing new
        start = time.perf_counter()

    on_epoch.__name__ = "lambda **told: print(told)"
    start = time.perf_counter()
    run(impl, case, 2, on_epoch=on_epoch, batches=Slow(oracle.split(case.images, case.labels, 3)))
    holds(len(seen) > 0, "no call of on_epoch", "a call after each epoch")
    for seconds, passed in seen:
        holds(seconds > 5 * TICK, seconds, f"about {10 * TICK:g} s or more, which loading takes")
        holds(seconds <= passed + TICK, seconds, f"at most the {passed:.3f} s since on_epoch returned")


STEPS = {
    "Epochs in order: one update per batch, epoch after epoch. In this step, you may assume that "
    "labels are one-hot rows and that the batch size divides the number of images.": [
        test_example, test_no_epochs_no_change, test_a_plain_loop_over_update, test_epochs_add_up,
        test_the_test_set_teaches_nothing,
    ],
    "A short last batch: if the batch size does not divide the number of images, the last batch holds the rest.": [
        test_a_short_last_batch, test_ten_epochs_at_a_hundredth_unless_told, test_learns_what_no_line_can_tell_apart,
    ],
    "Labels: integers are turned into one-hot rows. The number of classes is the length of the last bias, "
    "`params[-1][1]`. One-hot rows are left as they are.": [
        test_labels_may_be_integers,
    ],
    "Evaluation: after each epoch, the accuracies, the loss and the time are passed to the function `on_epoch`, unless "
    "it is `None`.": [
        test_every_epoch_is_told, test_what_is_told_is_true, test_batches_hold_128_images_unless_told,
        test_all_epochs_asked_for_are_gone_through,
    ],
    "Shuffling: with a key, every epoch has a new order. `jax.random.fold_in(key, epoch)` makes a key for each "
    "epoch, and `jax.random.permutation(key, n)` makes a random order.": [
        test_each_image_is_seen_once_an_epoch, test_a_batch_as_large_as_the_set_is_one_update,
        test_same_key_same_result, test_every_epoch_is_shuffled_anew, test_another_key_another_order,
        test_images_are_shuffled_and_not_batches, test_inputs_are_left_as_they_are,
    ],
    "Batches: if the argument `batches` is given, its batches are used instead of those of the training set.": [
        test_batches_may_be_given, test_batches_alone_teach, test_seconds_are_those_of_the_epoch,
    ],
}  # fmt: skip
"""The steps in which a train_loop grows: what each adds, and the laws that ask for it."""
