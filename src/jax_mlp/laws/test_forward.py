"""The laws of forward: each image gives one row of log-probabilities, normalised and finite."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jax_mlp.laws import oracle
from jax_mlp.laws.draws import (
    CLASSIFIERS,
    DEPTHS,
    FEW,
    HIDDEN,
    ONE,
    POOL,
    exact_cases,
    few,
    many,
    powers_of_two,
    wide_cases,
)
from jax_mlp.laws.expect import ROUNDING, close, each, equal, holds, sketch

BATCHES = [shape for shape in POOL if shape[1] > 1]


def rounding(params, images):
    """The rounding error of log-probabilities, relative to the largest terms they are made of."""
    return ROUNDING * oracle.magnitude(params, images)


def test_example(impl):
    """If all weights and biases are zero, all classes are equally likely."""
    params = [(np.zeros((2, 2), np.float32), np.zeros(2, np.float32))]
    close(np.exp(impl.forward.eager(params, np.ones((5, 2), np.float32))), np.full((5, 2), 0.5), ROUNDING)


# Shape and normalisation


@given(wide_cases())
def test_a_row_of_classes_for_each_image(impl, case):
    """For images of shape (batch, features), `forward` returns a float32 array of shape (batch, classes)."""
    got = impl.forward(case.params, case.images)
    expected = f"shape {case.targets.shape}, float32"
    holds(sketch(got) == expected, sketch(got), expected)


@given(wide_cases())
def test_probabilities_of_a_row_sum_to_one(impl, case):
    """The probabilities of each image sum to 1: every row of `exp(forward(params, images))` does."""
    got = np.exp(np.asarray(impl.forward(case.params, case.images), np.float64)).sum(axis=1)
    # An error of e in a log-probability is a relative error of e in the probability.
    close(got, np.ones(len(got)), rounding(case.params, case.images)[:, 0])


@given(wide_cases())
def test_log_probabilities_are_not_positive(impl, case):
    """A log-probability is never above 0, because a probability is never above 1."""
    got = np.asarray(impl.forward(case.params, case.images))
    holds(got <= rounding(case.params, case.images), got, "every entry ≤ 0, up to rounding")


# The batch


@given(wide_cases(FEW))
def test_one_image_at_a_time_gives_what_the_batch_gives(impl, case):
    """The result for an image does not depend on whether it is alone or in a larger batch."""
    whole = impl.forward(case.params, case.images)
    rows = np.concatenate([impl.forward(case.params, case.images[i : i + 1]) for i in range(len(case.images))])
    close(rows, whole, rounding(case.params, case.images))


@given(wide_cases(BATCHES, more=5))
def test_reordering_images_reorders_rows(impl, case):
    """Reordering the images reorders the rows of the result in the same way."""
    order = case.more.order(len(case.images))
    whole = np.asarray(impl.forward(case.params, case.images))
    close(impl.forward(case.params, case.images[order]), whole[order], rounding(case.params, case.images)[order])


@given(exact_cases(BATCHES, more=5))
def test_an_image_changes_its_own_row_only(impl, case):
    """Changing one image leaves the rows of all other images exactly as they were."""
    i = case.more.one_of(range(len(case.images)))
    images = case.images.copy()
    images[i] = case.more.integers(images[i].shape, -4, 4)
    others = np.arange(len(images)) != i
    equal(
        np.asarray(impl.forward(case.params, images))[others],
        np.asarray(impl.forward(case.params, case.images))[others],
    )


# The layers


@given(wide_cases(HIDDEN, more=4))
def test_hidden_units_have_no_order(impl, case):
    """Reordering the units of a hidden layer does not change the result, if the columns of the next layer's weight
    matrix are reordered in the same way.
    """
    layer = case.more.one_of(range(len(case.params) - 1))
    (w, b), (next_w, next_b) = case.params[layer : layer + 2]
    order = case.more.order(len(b))
    params = list(case.params)
    params[layer : layer + 2] = [(w[order], b[order]), (next_w[:, order], next_b)]
    close(impl.forward(params, case.images), impl.forward(case.params, case.images), rounding(params, case.images))


@given(wide_cases(more=4))
def test_features_have_no_order(impl, case):
    """Reordering the pixels of all images does not change the result, if the columns of the first layer's weight
    matrix are reordered in the same way.
    """
    w, b = case.params[0]
    order = case.more.order(w.shape[1])
    got = impl.forward([(w[:, order], b), *case.params[1:]], case.images[:, order])
    close(got, impl.forward(case.params, case.images), rounding(case.params, case.images))


@given(wide_cases())
def test_without_weights_the_last_bias_decides(impl, case):
    """If the last layer's weights are zero, every row is the log-softmax of the last layer's bias vector."""
    w, b = case.params[-1]
    params = [*case.params[:-1], (np.zeros_like(w), b)]
    expected = np.tile(oracle.log_softmax(b[None].astype(np.float64)), (len(case.images), 1))
    close(impl.forward(params, case.images), expected, ROUNDING * (1 + np.abs(b).max()))


@given(exact_cases(HIDDEN))
def test_a_silent_hidden_layer_passes_nothing_on(impl, case):
    """If every input of a layer's `relu` is negative, the layer outputs zeros, and the result ignores the image."""
    w, b = case.params[-2]
    depth = len(case.params)
    params = [*case.params[: depth - 2], (w, b - np.float32(2.0**20)), case.params[-1]]
    last = case.params[-1][1]
    expected = np.tile(oracle.log_softmax(last[None].astype(np.float64)), (len(case.images), 1))
    close(impl.forward(params, case.images), expected, ROUNDING * (1 + np.abs(last).max()))


@given(wide_cases(), st.floats(-64, 64, width=32))
def test_a_shift_of_all_logits_changes_nothing(impl, case, shift):
    """Adding the same number to every logit does not change the log-probabilities."""
    w, b = case.params[-1]
    params = [*case.params[:-1], (w, b + np.float32(shift))]
    got = impl.forward(params, case.images)
    # The shifted bias is itself rounded, relative to the size of the shift.
    close(got, impl.forward(case.params, case.images), rounding(params, case.images) + ROUNDING * abs(shift))


@given(wide_cases())
def test_matches_float64_by_hand(impl, case):
    """A whole network gives the same numbers in JAX as in NumPy with float64, up to rounding."""
    got = impl.forward(case.params, case.images)
    close(got, oracle.forward(case.params, case.images), rounding(case.params, case.images))


@given(exact_cases(ONE, sharpness=3), st.sampled_from([np.uint8, np.int32]))
def test_pixels_may_be_integers(impl, case, dtype):
    """Images stored as integers give the same rows as the same numbers stored as floats."""
    images = np.abs(case.images)
    got = impl.forward(case.params, images.astype(dtype))
    close(got, impl.forward(case.params, images), rounding(case.params, images))


def test_many_images_and_layers_too(impl):
    """For 301 images and five layers, the log-probabilities equal those computed in float64, up to rounding."""
    case = many()
    got = impl.forward(case.params, case.images)
    close(got, oracle.forward(case.params, case.images), rounding(case.params, case.images))


def test_inputs_are_left_as_they_are(impl):
    """`forward` modifies neither the list of layers nor the images."""
    params = [(jnp.ones((3, 2)), jnp.ones(3)), (jnp.ones((2, 3)), jnp.ones(2))]
    images, layers = np.float32([[-1, 0], [2, 0], [0, 2], [1, 1], [0, 0]]), list(params)
    impl.forward.raw(params, images)
    same = len(params) == 2 and all(a is b for a, b in zip(params, layers, strict=True))
    holds(same, f"{len(params)} of 2 layers", "the 2 layers, unchanged")
    equal(images, [[-1, 0], [2, 0], [0, 2], [1, 1], [0, 0]])


# Large logits


def extreme(case):
    """The case's network with a last bias whose entries are far apart, and with a large number added to all of them."""
    w, b = case.params[-1]
    gap, shift = (case.more.one_of([0.0, 1e4, -1e4]) for _ in range(2))
    b = b + np.float32(gap) * np.arange(len(b), dtype=np.float32) + np.float32(shift)
    return [*case.params[:-1], (w, b)], case.images


EXTREMES = exact_cases(CLASSIFIERS, more=2).map(extreme)


@given(EXTREMES)
def test_always_finite(impl, extreme):
    """Log-probabilities are finite even if the logits, or the gaps between them, are very large."""
    got = np.asarray(impl.forward(*extreme))
    holds(np.isfinite(got), got, "finite numbers")


@given(EXTREMES)
def test_far_apart_or_large_logits_are_exact_too(impl, extreme):
    """Up to rounding, the log-probabilities are right even if the logits are near ±10,000, or differ by 10,000."""
    params, images = extreme
    close(impl.forward(params, images), oracle.forward(params, images), rounding(params, images))


@given(exact_cases())
def test_the_last_layer_is_affine(impl, case):
    """Two log-probabilities of an image differ by as much as their logits, even if the logits are negative."""
    got = np.asarray(impl.forward(case.params, case.images))
    logits = oracle.logits(case.params, case.images)
    close(got - got[:, :1], logits - logits[:, :1], 2 * rounding(case.params, case.images))


@given(exact_cases(HIDDEN, more=1), powers_of_two(-20, 20))
def test_scaling_a_layer_up_and_the_next_down_changes_nothing(impl, case, factor):
    """Multiplying the weights and biases of a hidden layer by c > 0 and dividing the next layer's weights by c does
    not change the result.
    """
    layer = case.more.one_of(range(len(case.params) - 1))
    (w, b), (next_w, next_b) = case.params[layer : layer + 2]
    c = np.float32(factor)
    params = list(case.params)
    params[layer : layer + 2] = [(w * c, b * c), (next_w / c, next_b)]
    close(impl.forward(params, case.images), impl.forward(case.params, case.images), rounding(case.params, case.images))


@given(few(), st.sampled_from([0.0, 1e3, -1e3]))
def test_compiling_changes_nothing(impl, case, gap):
    """`jax.jit(forward)` and `forward` give the same results, even if the logits are far apart."""
    w, b = case.params[-1]
    params = [*case.params[:-1], (w, b + gap * np.arange(len(b), dtype=np.float32))]
    got = impl.forward.eager(params, case.images)
    close(got, impl.forward.jitted(params, case.images), rounding(params, case.images))


# Gradients


@given(exact_cases(DEPTHS, more=10))
def test_gradient_is_backpropagation(impl, case):
    """Take any weighted sum of the log-probabilities. `jax.grad` and the chain rule in NumPy give the same gradient
    of this sum with respect to the parameters.
    """
    cotangent = case.more.integers(case.targets.shape, -4, 4)
    got = impl.forward.pullback(cotangent, case.params, case.images)
    expected, _ = oracle.pullback(cotangent, case.params, case.images)
    # Each entry is a sum of products over images. Rounding is relative to the largest term of the sum.
    size = np.abs(cotangent).sum() * oracle.magnitude(case.params, case.images).max() * oracle.growth(case.params)
    each(close, got, expected, ROUNDING * (1 + size))


@given(exact_cases(FEW[1:], more=9))
def test_gradient_of_the_images_is_what_comes_back(impl, case):
    """Take any weighted sum of the log-probabilities. `jax.grad` and the chain rule in NumPy give the same gradient
    of this sum with respect to the images.
    """
    cotangent = case.more.integers(case.targets.shape, -4, 4)
    got = impl.forward.pullback(cotangent, case.params, case.images, argnum=1)
    _, expected = oracle.pullback(cotangent, case.params, case.images)
    size = np.abs(cotangent).sum() * oracle.magnitude(case.params, case.images).max() * oracle.growth(case.params)
    size *= np.abs(case.params[0][0]).sum(axis=0).max()
    close(got, expected, ROUNDING * (1 + size))


STEPS = {
    "The network: each layer computes `w @ x + b`, every layer but the last then applies `relu`, and the logits of the "
    "last layer become the logarithms of probabilities.": [
        test_example, test_a_row_of_classes_for_each_image, test_probabilities_of_a_row_sum_to_one,
        test_log_probabilities_are_not_positive, test_one_image_at_a_time_gives_what_the_batch_gives,
        test_reordering_images_reorders_rows, test_an_image_changes_its_own_row_only, test_hidden_units_have_no_order,
        test_features_have_no_order, test_without_weights_the_last_bias_decides,
        test_a_silent_hidden_layer_passes_nothing_on, test_a_shift_of_all_logits_changes_nothing,
        test_matches_float64_by_hand, test_pixels_may_be_integers, test_many_images_and_layers_too,
        test_inputs_are_left_as_they_are,
    ],
    "Large logits: results and gradients are finite and right up to rounding, even if `exp` of a logit would "
    "overflow.": [
        test_always_finite, test_far_apart_or_large_logits_are_exact_too, test_the_last_layer_is_affine,
        test_scaling_a_layer_up_and_the_next_down_changes_nothing, test_compiling_changes_nothing,
        test_gradient_is_backpropagation, test_gradient_of_the_images_is_what_comes_back,
    ],
}  # fmt: skip
"""The steps in which a forward grows: what each adds, and the laws that ask for it."""


# Errors, and other laws of the reference alone

W, B, X = np.zeros((2, 3), np.float32), np.zeros(2, np.float32), np.zeros((4, 3), np.float32)


@pytest.mark.reference
@pytest.mark.parametrize("call", ["__call__", "eager"])
@pytest.mark.parametrize(
    ("params", "images", "error", "words"),
    [
        ([(W, B)], X[0], ValueError, r"images of shape \(batch, features\), got images.shape=\(3,\).*image\[None, :\]"),
        ([(W, B)], X[:, :2], ValueError, r"params\[0\] to take 2 inputs since the images have 2 features"),
        ([(W, B), (W, B)], X, ValueError, r"params\[1\] to take 2 inputs since params\[0\] gives 2 outputs"),
        ([(W.T, B)], X, ValueError, r"w of shape \(out, in\) and b of shape \(out,\), got w.shape=\(3, 2\)"),
        ([(W, B[:1])], X, ValueError, r"b.shape=\(1,\)"),
        ([], X, ValueError, r"one \(w, b\) pair per layer, got \[\]. Make one with init_mlp"),
        ([(W, B, B)], X, ValueError, r"params\[0\] to be a pair \(w, b\)"),
        ([(W.astype(int), B)], X, TypeError, r"params\[0\]\[0\] to hold floating-point numbers, got dtype int32"),
        ([(W, B)], X.astype(complex), TypeError, "images to hold real numbers, got dtype complex64"),
    ],
)
def test_refuses(impl, call, params, images, error, words):
    """Compiled or not, `forward` raises an error if shapes or dtypes do not fit."""
    with pytest.raises(error, match=f"forward: expected .*{words}"):
        getattr(impl.forward, call)(*jax.device_put((params, images)))


@pytest.mark.fine_print
@given(wide_cases(FEW))
def test_params_may_be_a_tuple(impl, case):
    """A tuple of layers works like a list of layers."""
    equal(impl.forward(tuple(case.params), case.images), impl.forward(case.params, case.images))
