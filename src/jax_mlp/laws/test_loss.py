"""The laws of the loss: what a wrong answer costs, and which way is down."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jax_mlp.laws import oracle
from jax_mlp.laws.draws import (
    DEPTHS,
    FEW,
    ONE,
    exact_cases,
    few,
    many,
    numbers,
    powers_of_two,
    wide_cases,
)
from jax_mlp.laws.expect import ROUNDING, close, each, equal, holds


def rounding(case, targets=None):
    """What rounding may do to the loss: each term is a log-probability times a target."""
    targets = case.targets if targets is None else targets
    return ROUNDING * oracle.magnitude(case.params, case.images).max() * max(1, np.abs(targets).max())


def with_logits(logits):
    """A network of one layer, and images for which its logits are exactly these: unit weights, no bias."""
    n_classes = logits.shape[1]
    return [(np.eye(n_classes, dtype=np.float32), np.zeros(n_classes, np.float32))], logits


def test_example(impl):
    """Two equally likely classes cost ln 2 / 2."""
    params, images = with_logits(np.zeros((5, 2), np.float32))
    close(impl.loss.eager(params, images, np.eye(2)[[1, 0, 0, 1, 1]]), np.log(2) / 2, ROUNDING)


# Properties: values


@given(wide_cases())
def test_one_number(impl, case):
    """A batch has one loss: a float32 scalar."""
    got = impl.loss(case.params, case.images, case.targets)
    holds((got.shape, str(got.dtype)) == ((), "float32"), f"{got.shape} {got.dtype}", "() float32")


@given(exact_cases())
def test_equal_logits_cost_ln_k_over_k(impl, case):
    """Where all K classes are equally likely the loss is ln K / K: the mean runs over classes too."""
    params = [(w * 0, b * 0) for w, b in case.params]
    k = case.n_classes
    close(impl.loss(params, case.images, case.targets), np.log(k) / k, ROUNDING)


@given(wide_cases())
def test_never_negative(impl, case):
    """No answer earns: the loss is 0 orcase.more."""
    got = np.asarray(impl.loss(case.params, case.images, case.targets))
    holds(got >= -rounding(case), got, "0 or more, up to rounding")


@given(wide_cases())
def test_matches_float64_by_hand(impl, case):
    """The value is that of the same network in NumPy and float64."""
    got = impl.loss(case.params, case.images, case.targets)
    close(got, oracle.loss(case.params, case.images, case.targets), rounding(case))


@given(exact_cases(FEW), powers_of_two(5, 14))
def test_certainty_costs_the_gap_if_wrong_and_nothing_if_right(impl, case, gap):
    """Being wrong by a logit gap g costs g / K, however large, and not infinity; being right costs nothing."""
    k, n = case.n_classes, len(case.labels)
    params, images = with_logits(gap * case.targets)
    wrong = np.roll(case.targets, 1, axis=1)
    # From a gap of 32 on, the other classes add less than K e^-32 to the sum of exponentials.
    close(impl.loss(params, images, case.targets), 0.0, 1e-12)
    close(impl.loss(params, images, wrong), np.mean(np.full(n, gap)) / k, ROUNDING * gap)


# Properties: the batch


@given(wide_cases(FEW))
def test_repeating_the_batch_changes_nothing(impl, case):
    """A batch and the same batch twice cost the same: a mean, no sum."""
    twice = impl.loss(case.params, np.tile(case.images, (2, 1)), np.tile(case.targets, (2, 1)))
    close(twice, impl.loss(case.params, case.images, case.targets), rounding(case))


@given(wide_cases(ONE), st.sampled_from([1, 4]))  # every other part would be a program more
def test_parts_weigh_what_they_hold(impl, case, at):
    """N L(whole) = a L(first a) + b L(other b)."""
    whole = 5 * np.asarray(impl.loss(case.params, case.images, case.targets))
    first = at * np.asarray(impl.loss(case.params, case.images[:at], case.targets[:at]))
    second = (5 - at) * np.asarray(impl.loss(case.params, case.images[at:], case.targets[at:]))
    close(first + second, whole, 5 * rounding(case))


@given(wide_cases(more=5))
def test_images_have_no_order(impl, case):
    """Permuting images and targets together changes nothing."""
    order = case.more.order(len(case.images))
    got = impl.loss(case.params, case.images[order], case.targets[order])
    close(got, impl.loss(case.params, case.images, case.targets), rounding(case))


@given(wide_cases(more=4))
def test_classes_have_no_order(impl, case):
    """Permuting the classes of the last layer and of the targets together changes nothing."""
    order = case.more.order(case.n_classes)
    w, b = case.params[-1]
    got = impl.loss([*case.params[:-1], (w[order], b[order])], case.images, case.targets[:, order])
    close(got, impl.loss(case.params, case.images, case.targets), rounding(case))


@given(wide_cases(more=64))
def test_linear_in_the_targets(impl, case):
    """The loss of a sum of targets is the sum of their losses: soft targets are as good as hard ones."""
    a, b = (np.abs(case.more.fractions(case.targets.shape, 0.5)) for _ in range(2))
    got = impl.loss(case.params, case.images, a + b)
    parts = [np.asarray(impl.loss(case.params, case.images, y), np.float64) for y in (a, b)]
    close(got, sum(parts), rounding(case))


@given(exact_cases(), powers_of_two(-6, 6))
def test_proportional_to_the_targets(impl, case, factor):
    """Targets times c cost c times as much, exactly for powers of two."""
    got = impl.loss(case.params, case.images, np.float32(factor) * case.targets)
    equal(got, np.float32(factor) * np.asarray(impl.loss(case.params, case.images, case.targets)))


@given(wide_cases())
def test_no_targets_no_loss(impl, case):
    """Rows of zeros, which one_hot gives for labels out of range, cost nothing, but count as images."""
    equal(np.abs(impl.loss(case.params, case.images, 0 * case.targets)), 0)
    some = case.targets * (np.arange(len(case.labels)) > 0).astype(np.float32)[:, None]
    close(impl.loss(case.params, case.images, some), oracle.loss(case.params, case.images, some), rounding(case))


@given(exact_cases(ONE), st.booleans())
def test_integers_cost_what_floats_cost(impl, case, soft):
    """Images kept as integers, and targets that are no fractions too, cost what the same numbers cost as floats."""
    images, targets = np.abs(case.images), case.targets / 2 if soft else case.targets.astype(np.int32)
    got = impl.loss(case.params, images.astype(np.uint8), targets)
    close(got, impl.loss(case.params, images, targets.astype(np.float32)), rounding(case))


def test_many_images_and_layers_too(impl):
    """301 images after five layers cost what they cost in float64."""
    case = many()
    got = impl.loss(case.params, case.images, case.targets)
    # A mean of 301 terms of size 1, added one by one, is off by at most 301 x 2**-24.
    close(got, oracle.loss(case.params, case.images, case.targets), 2.0**-15)


@given(few(), st.sampled_from([0.0, 0.25]))
def test_compiling_changes_nothing(impl, case, softness):
    """jax.jit(loss) and loss agree, for soft targets too."""
    targets = (1 - np.float32(softness)) * case.targets + np.float32(softness) / case.n_classes
    got = impl.loss.eager(case.params, case.images, targets)
    close(got, impl.loss.jitted(case.params, case.images, targets), rounding(case, targets))


# Gradients


@given(numbers(20))
def test_gradient_of_the_logits_is_p_minus_y(impl, drawn):
    """The gradient with respect to logits is (p - y) / (nK), for every image and class."""
    logits, labels = drawn.integers((4, 4), -8, 8), drawn.integers((4,), 0, 3)
    targets = np.eye(4, dtype=np.float32)[labels.astype(int)]
    # Images that are unit vectors make the first weights the logits themselves, transposed.
    params = [(logits.T, np.zeros(4, np.float32))]
    (d_logits, _), *_ = impl.loss.gradient(params, np.eye(4, dtype=np.float32), targets)
    p = np.exp(oracle.log_softmax(logits.astype(np.float64)))
    close(np.asarray(d_logits).T, (p - targets) / 16, ROUNDING)


@given(wide_cases(DEPTHS))
def test_gradient_of_a_shift_is_zero(impl, case):
    """The gradient of the last bias sums to zero: moving all logits together changes nothing."""
    *_, (_, d_bias) = impl.loss.gradient(case.params, case.images, case.targets)
    close(np.asarray(d_bias).sum(), 0.0, ROUNDING)  # each entry is at most 1 / K


@given(exact_cases(DEPTHS))
def test_gradient_of_every_layer_is_its_closed_form(impl, case):
    """In each layer the gradient is the mean outer product of what comes back with what had entered."""
    got = impl.loss.gradient(case.params, case.images, case.targets)
    # p - y is exact to rounding at the size of the logits; the factors it is multiplied by are no larger than these.
    growth = oracle.growth(case.params)
    within = ROUNDING * oracle.magnitude(case.params, case.images).max() * growth * np.abs(case.images).max(initial=1)
    each(close, got, oracle.gradient(case.params, case.images, case.targets), within)


# Small weights: logits differ by 20 at most. Where they differ by 80, a term may be below 2**-126, which XLA flushes to
# zero, for one c and not for another; and then it may decide which way a sum that lies half-way is rounded.
@given(exact_cases(FEW, sharpness=3), powers_of_two(-4, 4))
def test_gradient_is_passed_on_to_what_comes_before(impl, case, factor):
    """The gradient of c times the loss is c times the gradient."""
    once, times = (impl.loss.pullback(c, case.params, case.images, case.targets) for c in (1.0, factor))
    each(equal, times, [tuple(factor * np.asarray(part) for part in layer) for layer in once])


@given(exact_cases(FEW))
def test_gradient_of_the_images_is_its_closed_form(impl, case):
    """Pixels have a gradient too: p - y, pulled back through every layer."""
    got = impl.loss.gradient(case.params, case.images, case.targets, argnum=1)
    _, expected = oracle.loss_pullback(case.params, case.images, case.targets)
    growth = oracle.growth(case.params) * np.abs(case.params[0][0]).sum(axis=0).max()
    close(got, expected, ROUNDING * oracle.magnitude(case.params, case.images).max() * (1 + growth))


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
    """Targets that do not fit the predictions are refused by loss and accuracy, compiled or not."""
    with pytest.raises(error, match=f"{name}: expected .*{words}"):
        getattr(getattr(impl, name), call)(*jax.device_put(([(W, B)], images, targets)))


@pytest.mark.reference
@pytest.mark.parametrize("name", ["loss", "accuracy"])
def test_refuses_to_average_nothing(impl, name):
    """A mean over no images has no value, and is refused."""
    with pytest.raises(ValueError, match=f"{name}: expected at least one image, got images of shape"):
        getattr(impl, name)([(W, B)], X[:0], Y[:0])
