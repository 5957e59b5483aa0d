"""The laws of accuracy: it is the fraction of images whose most probable class is the target."""

import jax
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jax_mlp.laws import oracle
from jax_mlp.laws.draws import (
    CLASSIFIERS,
    FEW,
    ONE,
    exact_cases,
    few,
    many,
    numbers,
    powers_of_two,
    wide_cases,
)
from jax_mlp.laws.expect import ROUNDING, close, each, equal, holds, sketch

# Exact cases have exact logits. But log-softmax rounds, so nearly equal logits may become equal. If the answer depends
# on the largest logit, weights are therefore integers: logits then differ by at least 1/8, or not at all.
sharp_cases = exact_cases(sharpness=0)


def answers(case):
    """One-hot rows for the network's own answers, the classes of the largest logits."""
    return np.eye(case.n_classes, dtype=np.float32)[oracle.logits(case.params, case.images).argmax(axis=1)]


def test_example(impl):
    """If one of two images is classified correctly, the accuracy is 0.5."""
    unit = np.eye(2, dtype=np.float32)
    close(impl.accuracy.eager([(unit, 0 * unit[0])], unit, np.array([[1.0, 0.0], [1.0, 0.0]])), 0.5, ROUNDING)


# Values


@given(wide_cases())
def test_a_share(impl, case):
    """The accuracy of a batch is one number between 0 and 1."""
    got = impl.accuracy(case.params, case.images, case.targets)
    holds(np.shape(got) == () and np.asarray(got).dtype.kind == "f", sketch(got), "shape () and a float")
    got = np.asarray(got)
    holds(-ROUNDING <= got <= 1 + ROUNDING, got, "a number from 0 to 1, up to rounding")


@given(wide_cases())
def test_of_whole_images(impl, case):
    """Up to rounding, the accuracy times the number of images is a whole number."""
    got = len(case.images) * np.asarray(impl.accuracy(case.params, case.images, case.targets))
    holds(np.abs(got - np.round(got)) <= ROUNDING * len(case.images), got, "a whole number of images")


@given(sharp_cases)
def test_what_it_predicts_is_right(impl, case):
    """If the targets are the network's own answers, the accuracy is 1."""
    close(impl.accuracy(case.params, case.images, answers(case)), 1.0, ROUNDING)


@given(exact_cases(CLASSIFIERS, sharpness=0))
def test_what_it_does_not_predict_is_wrong(impl, case):
    """If the class of every target differs from the network's answer, the accuracy is 0."""
    close(impl.accuracy(case.params, case.images, np.roll(answers(case), 1, axis=1)), 0.0, ROUNDING)


@given(sharp_cases)
def test_counted_one_by_one(impl, case):
    """The accuracy equals the fraction of right answers, counted by a loop in plain Python."""
    expected = oracle.accuracy(case.params, case.images, case.targets)
    close(impl.accuracy(case.params, case.images, case.targets), expected, ROUNDING)


@given(exact_cases(sharpness=0, more=5))
def test_images_have_no_order(impl, case):
    """Reordering the images, together with their targets, changes nothing."""
    order = case.more.order(len(case.images))
    got = impl.accuracy(case.params, case.images[order], case.targets[order])
    close(got, impl.accuracy(case.params, case.images, case.targets), ROUNDING)


@given(exact_cases(sharpness=0, more=4))
def test_classes_have_no_names(impl, case):
    """Reordering the last layer's units and the targets' columns in the same way changes nothing, if no image has a
    tie for its largest logit and no target has a tie for its largest entry.
    """
    order = case.more.order(case.n_classes)
    w, b = case.params[-1]
    b = b + 2.0**-8 * np.arange(len(b), dtype=np.float32)  # no ties, since they would go to another class
    got = impl.accuracy([*case.params[:-1], (w[order], b[order])], case.images, case.targets[:, order])
    close(got, impl.accuracy([*case.params[:-1], (w, b)], case.images, case.targets), ROUNDING)


@given(sharp_cases, st.integers(-64, 64))
def test_a_shift_of_all_logits_changes_nothing(impl, case, shift):
    """Adding the same number to every logit does not change the accuracy."""
    w, b = case.params[-1]
    params = [*case.params[:-1], (w, b + np.float32(shift))]
    got = impl.accuracy(params, case.images, case.targets)
    close(got, impl.accuracy(case.params, case.images, case.targets), ROUNDING)


@given(sharp_cases, powers_of_two(0, 6))
def test_confidence_does_not_count(impl, case, factor):
    """Multiplying all logits by a positive number does not change the accuracy."""
    w, b = case.params[-1]
    params = [*case.params[:-1], (np.float32(factor) * w, np.float32(factor) * b)]
    got = impl.accuracy(params, case.images, case.targets)
    close(got, impl.accuracy(case.params, case.images, case.targets), ROUNDING)


@given(exact_cases(ONE, sharpness=0), st.sampled_from([1, 4]))  # every further size would have to be compiled
def test_parts_weigh_what_they_hold(impl, case, at):
    """The accuracy of a batch is the mean of the accuracies of its parts, weighted by their sizes."""
    whole = 5 * np.asarray(impl.accuracy(case.params, case.images, case.targets))
    first = at * np.asarray(impl.accuracy(case.params, case.images[:at], case.targets[:at]))
    second = (5 - at) * np.asarray(impl.accuracy(case.params, case.images[at:], case.targets[at:]))
    close(first + second, whole, 5 * ROUNDING)


@given(sharp_cases, st.integers(-9, 9))
def test_ties_go_to_the_first_class(impl, case, logit):
    """If all logits are equal, the answer is class 0."""
    params = [(w * 0, b * 0 + np.float32(logit)) for w, b in case.params]
    close(impl.accuracy(params, case.images, case.targets), np.mean(case.labels == 0), ROUNDING)


@given(exact_cases(sharpness=0, more=64))
def test_soft_targets_count_by_their_largest_entry(impl, case):
    """If a target has several nonzero entries (a soft target), its class is the one with the largest entry."""
    soft = np.abs(case.more.floats(case.targets.shape, 1.0))
    expected = oracle.accuracy(case.params, case.images, soft)
    close(impl.accuracy(case.params, case.images, soft), expected, ROUNDING)


@given(numbers(20), st.sampled_from([1.0, 2.0**-12]))
def test_each_image_is_judged_by_its_own_row(impl, drawn, unit):
    """The answer for an image is the class of the largest logit in its row, even if the second largest is only
    slightly smaller.
    """
    logits, labels = np.float32(unit) * drawn.integers((4, 4), -8, 8), drawn.integers((4,), 0, 3)
    targets = np.eye(4, dtype=np.float32)[labels.astype(int)]
    params = [(np.eye(4, dtype=np.float32), np.zeros(4, np.float32))]
    expected = np.mean(logits.argmax(axis=1) == labels)
    close(impl.accuracy(params, logits, targets), expected, ROUNDING)


@given(exact_cases(ONE, sharpness=0))
def test_integers_count_as_floats_do(impl, case):
    """Integer images and integer targets give the same accuracy as the same numbers stored as floats."""
    images = np.abs(case.images)
    got = impl.accuracy(case.params, images.astype(np.uint8), case.targets.astype(np.int32))
    close(got, impl.accuracy(case.params, images, case.targets), ROUNDING)


def test_many_images_and_layers_too(impl):
    """With 301 images and a network of five layers, the accuracy still counts every image."""
    case = many()
    expected = oracle.accuracy(case.params, case.images, case.targets)
    close(impl.accuracy(case.params, case.images, case.targets), expected, ROUNDING)


@given(exact_cases(FEW, sharpness=0))
def test_no_gradient(impl, case):
    """The gradient is zero wherever it exists, because the accuracy is constant between its jumps."""
    try:
        got = impl.accuracy.gradient(case.params, case.images, case.targets)
    except jax.errors.JAXTypeError:  # code that leaves JAX, for NumPy, has no gradient
        return
    each(equal, got, [tuple(map(np.zeros_like, layer)) for layer in case.params])


@given(few())
def test_compiling_changes_nothing(impl, case):
    """Compiling changes nothing: `jax.jit(accuracy)` and `accuracy` agree."""
    got = impl.accuracy.eager(case.params, case.images, case.targets)
    close(got, impl.accuracy.jitted(case.params, case.images, case.targets), ROUNDING)
