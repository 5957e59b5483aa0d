"""The laws of the loss: its values, how it averages over a batch, and its gradient."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jax_mlp.laws import oracle
from jax_mlp.laws.draws import (
    FEW,
    ONE,
    POOL,
    SQUARE,
    exact_cases,
    few,
    many,
    numbers,
    powers_of_two,
    wide_cases,
)
from jax_mlp.laws.expect import ROUNDING, close, each, equal, holds

# Each shape is compiled once, and its gradient again. That takes longer than a hundred examples.
SHAPES = [shape for shape in POOL if shape != FEW[0]]
DEEP = FEW[1:]
LAYERS = [*ONE, *DEEP]  # one hidden layer, and two


def rounding(case, targets=None):
    """The rounding error of the loss: each term is a log-probability times a target."""
    targets = case.targets if targets is None else targets
    return ROUNDING * oracle.magnitude(case.params, case.images).max() * max(1, np.abs(targets).max())


def with_logits(logits):
    """A network of one layer whose weights are the identity matrix, and images for which its logits are these."""
    n_classes = logits.shape[1]
    return [(np.eye(n_classes, dtype=np.float32), np.zeros(n_classes, np.float32))], logits


def test_example(impl):
    """For one-hot targets and two classes that are equally likely, the loss is (log 2) / 2."""
    params, images = with_logits(np.zeros((5, 2), np.float32))
    close(impl.loss.eager(params, images, np.eye(2)[[1, 0, 0, 1, 1]]), np.log(2) / 2, ROUNDING)


# Values


@given(wide_cases(SHAPES))
def test_one_number(impl, case):
    """The loss of a batch is one number: a float32 scalar."""
    got = impl.loss(case.params, case.images, case.targets)
    holds((got.shape, str(got.dtype)) == ((), "float32"), f"{got.shape} {got.dtype}", "() float32")


@given(exact_cases(SHAPES))
def test_equal_logits_cost_ln_k_over_k(impl, case):
    """For one-hot targets and K classes that are equally likely, the loss is (log K) / K, because the mean over
    classes divides by K.
    """
    params = [(w * 0, b * 0) for w, b in case.params]
    k = case.n_classes
    close(impl.loss(params, case.images, case.targets), np.log(k) / k, ROUNDING)


@given(wide_cases(SHAPES))
def test_never_negative(impl, case):
    """If no entry of the targets is negative, the loss is never negative, because no log-probability is above 0."""
    got = np.asarray(impl.loss(case.params, case.images, case.targets))
    holds(got >= -rounding(case), got, "a loss ≥ 0, up to rounding")


@given(wide_cases(SHAPES))
def test_matches_float64_by_hand(impl, case):
    """Up to rounding, the loss equals the one that NumPy computes in float64 for the same network."""
    got = impl.loss(case.params, case.images, case.targets)
    close(got, oracle.loss(case.params, case.images, case.targets), rounding(case))


@given(exact_cases(SQUARE), powers_of_two(5, 14))
def test_certainty_costs_the_gap_if_wrong_and_nothing_if_right(impl, case, gap):
    """Suppose that one logit exceeds all others by a large gap g, and that the others are equal. The loss is near 0
    if this logit belongs to the right class, and near g / K if it does not.
    """
    k, n = case.n_classes, len(case.labels)
    params, images = with_logits(gap * case.targets)
    wrong = np.roll(case.targets, 1, axis=1)
    # If the gap is 32 or more, the other classes add less than K e^-32 to the sum of exponentials.
    close(impl.loss(params, images, case.targets), 0.0, 1e-12)
    close(impl.loss(params, images, wrong), np.mean(np.full(n, gap)) / k, ROUNDING * gap)


# The batch


@given(wide_cases(ONE))
def test_repeating_the_batch_changes_nothing(impl, case):
    """The loss of four copies of an image is the loss of the image alone, because the loss is a mean and not a sum."""
    images, targets = case.images[:1], case.targets[:1]
    times = impl.loss(case.params, np.tile(images, (4, 1)), np.tile(targets, (4, 1)))
    close(times, impl.loss(case.params, images, targets), rounding(case))


@given(wide_cases(ONE), st.sampled_from([1, 4]))  # every further size would have to be compiled
def test_parts_weigh_what_they_hold(impl, case, at):
    """The loss of a batch is the mean of the losses of its parts, weighted by their sizes."""
    whole = 5 * np.asarray(impl.loss(case.params, case.images, case.targets))
    first = at * np.asarray(impl.loss(case.params, case.images[:at], case.targets[:at]))
    second = (5 - at) * np.asarray(impl.loss(case.params, case.images[at:], case.targets[at:]))
    close(first + second, whole, 5 * rounding(case))


@given(wide_cases(SHAPES, more=5))
def test_images_have_no_order(impl, case):
    """Reordering the images and their targets in the same way does not change the loss."""
    order = case.more.order(len(case.images))
    got = impl.loss(case.params, case.images[order], case.targets[order])
    close(got, impl.loss(case.params, case.images, case.targets), rounding(case))


@given(wide_cases(SHAPES, more=4))
def test_classes_have_no_order(impl, case):
    """Reordering the units of the last layer and the columns of the targets in the same way does
    not change the loss.
    """
    order = case.more.order(case.n_classes)
    w, b = case.params[-1]
    got = impl.loss([*case.params[:-1], (w[order], b[order])], case.images, case.targets[:, order])
    close(got, impl.loss(case.params, case.images, case.targets), rounding(case))


@given(wide_cases(SHAPES, more=64))
def test_linear_in_the_targets(impl, case):
    """The loss for the sum of two arrays of targets is the sum of the two losses."""
    a, b = (np.abs(case.more.fractions(case.targets.shape, 0.5)) for _ in range(2))
    got = impl.loss(case.params, case.images, a + b)
    parts = [np.asarray(impl.loss(case.params, case.images, y), np.float64) for y in (a, b)]
    close(got, sum(parts), rounding(case))


@given(exact_cases(SHAPES), powers_of_two(-6, 6))
def test_proportional_to_the_targets(impl, case, factor):
    """Multiplying the targets by c multiplies the loss by c. If c is a power of two, the equality is exact."""
    got = impl.loss(case.params, case.images, np.float32(factor) * case.targets)
    equal(got, np.float32(factor) * np.asarray(impl.loss(case.params, case.images, case.targets)))


@given(wide_cases(SHAPES))
def test_no_targets_no_loss(impl, case):
    """A target row of zeros adds 0 to the sum, but its image still counts in the mean."""
    equal(np.abs(impl.loss(case.params, case.images, 0 * case.targets)), 0)
    some = case.targets * (np.arange(len(case.labels)) > 0).astype(np.float32)[:, None]
    close(impl.loss(case.params, case.images, some), oracle.loss(case.params, case.images, some), rounding(case))


@given(exact_cases(ONE), st.booleans())
def test_integers_cost_what_floats_cost(impl, case, soft):
    """Integer images and integer targets give the same loss as the same numbers stored as floats."""
    images, targets = np.abs(case.images), case.targets / 2 if soft else case.targets.astype(np.int32)
    got = impl.loss(case.params, images.astype(np.uint8), targets)
    close(got, impl.loss(case.params, images, targets.astype(np.float32)), rounding(case))


def test_many_images_and_layers_too(impl):
    """For 301 images and five layers, the loss equals that computed in float64, up to rounding."""
    case = many()
    got = impl.loss(case.params, case.images, case.targets)
    # A mean of 301 terms of size 1, added one by one, is off by at most 301 x 2**-24.
    close(got, oracle.loss(case.params, case.images, case.targets), 2.0**-15)


@given(few(), st.sampled_from([0.0, 0.25]))
def test_compiling_changes_nothing(impl, case, softness):
    """`jax.jit(loss)` and `loss` give the same result, even for targets that are not one-hot."""
    targets = (1 - np.float32(softness)) * case.targets + np.float32(softness) / case.n_classes
    got = impl.loss.eager(case.params, case.images, targets)
    close(got, impl.loss.jitted(case.params, case.images, targets), rounding(case, targets))


# Gradients


@given(numbers(20))
def test_gradient_of_the_logits_is_p_minus_y(impl, drawn):
    """If the targets of each image sum to 1, the gradient of the mean loss with respect to the logits is (p - y) /
    (nK), for n images and K classes.
    """
    logits, labels = drawn.integers((4, 4), -8, 8), drawn.integers((4,), 0, 3)
    targets = np.eye(4, dtype=np.float32)[labels.astype(int)]
    # If the images are unit vectors, the first weights are the logits, transposed.
    params = [(logits.T, np.zeros(4, np.float32))]
    (d_logits, _), *_ = impl.loss.gradient(params, np.eye(4, dtype=np.float32), targets)
    p = np.exp(oracle.log_softmax(logits.astype(np.float64)))
    close(np.asarray(d_logits).T, (p - targets) / 16, ROUNDING)


@given(wide_cases(LAYERS))
def test_gradient_of_a_shift_is_zero(impl, case):
    """The derivatives with respect to the last layer's biases sum to zero, because adding the same number to all
    logits changes nothing.
    """
    *_, (_, d_bias) = impl.loss.gradient(case.params, case.images, case.targets)
    close(np.asarray(d_bias).sum(), 0.0, ROUNDING)  # each entry is at most 1 / K


@given(exact_cases(LAYERS))
def test_gradient_of_every_layer_is_its_closed_form(impl, case):
    """`jax.grad` and backpropagation in NumPy give the same gradient of the loss with respect to the weights and
    biases of every layer.
    """
    got = impl.loss.gradient(case.params, case.images, case.targets)
    # p - y is rounded relative to the size of the logits, and then multiplied by factors that are at most these.
    growth = oracle.growth(case.params)
    within = ROUNDING * oracle.magnitude(case.params, case.images).max() * growth * np.abs(case.images).max(initial=1)
    each(close, got, oracle.gradient(case.params, case.images, case.targets), within)


# With small weights, logits differ by at most 20. If they differed by 80, a term could be below 2**-126, which XLA
# flushes to zero: for one c and not for another. That could change how a sum is rounded.
@given(exact_cases(LAYERS, sharpness=3), powers_of_two(-4, 4))
def test_gradient_is_passed_on_to_what_comes_before(impl, case, factor):
    """The gradient of c · loss is c times the gradient of the loss."""
    once, times = (impl.loss.pullback(c, case.params, case.images, case.targets) for c in (1.0, factor))
    each(equal, times, [tuple(factor * np.asarray(part) for part in layer) for layer in once])


@given(exact_cases(DEEP))
def test_gradient_of_the_images_is_its_closed_form(impl, case):
    """`jax.grad` and backpropagation in NumPy give the same gradient of the loss with respect to the images."""
    got = impl.loss.gradient(case.params, case.images, case.targets, argnum=1)
    _, expected = oracle.loss_pullback(case.params, case.images, case.targets)
    growth = oracle.growth(case.params) * np.abs(case.params[0][0]).sum(axis=0).max()
    close(got, expected, ROUNDING * oracle.magnitude(case.params, case.images).max() * (1 + growth))


# Fine print


@pytest.mark.fine_print
@given(exact_cases(ONE))
def test_bytes_cost_what_floats_cost(impl, case):
    """Targets stored as bytes give the same loss as the same numbers stored as floats."""
    got = impl.loss(case.params, case.images, case.targets.astype(np.uint8))
    close(got, impl.loss(case.params, case.images, case.targets), rounding(case))


# Errors

W, B, X, Y = (np.zeros(shape, np.float32) for shape in [(2, 3), (2,), (5, 3), (5, 2)])


@pytest.mark.reference
@pytest.mark.parametrize("name", ["loss", "accuracy"])
@pytest.mark.parametrize("call", ["__call__", "eager"])
@pytest.mark.parametrize(
    ("images", "targets", "error", "words"),
    [
        (
            X,
            np.zeros(5),
            ValueError,
            r"same shape as the predictions, got targets.shape=\(5,\).*Encode labels with one",
        ),
        (X, Y.T, ValueError, r"targets.shape=\(2, 5\) and predictions.shape=\(5, 2\)"),
        (X, Y[:3], ValueError, r"targets.shape=\(3, 2\) and predictions.shape=\(5, 2\)"),
        (X, Y.astype(complex), TypeError, "targets to hold real numbers, got dtype complex64"),
        (X[:, :2], Y, ValueError, r"params\[0\] to take 2 inputs"),
    ],
)
def test_refuses(impl, name, call, images, targets, error, words):
    """Compiled or not, `loss` and `accuracy` raise an error if the targets do not fit the predictions."""
    with pytest.raises(error, match=f"{name}: expected .*{words}"):
        getattr(getattr(impl, name), call)(*jax.device_put(([(W, B)], images, targets)))


@pytest.mark.reference
@pytest.mark.parametrize("name", ["loss", "accuracy"])
def test_refuses_to_average_nothing(impl, name):
    """`loss` and `accuracy` raise an error for an empty batch, because a mean over no images is undefined."""
    with pytest.raises(ValueError, match=f"{name}: expected at least one image, got images of shape"):
        getattr(impl, name)([(W, B)], X[:0], Y[:0])
