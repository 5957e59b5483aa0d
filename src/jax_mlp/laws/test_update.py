"""The laws of the update: the direction and the size of a step, and that nothing else changes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jax_mlp.laws import oracle
from jax_mlp.laws.draws import FEW, HIDDEN, ONE, exact_cases, few, many, powers_of_two, wide_cases
from jax_mlp.laws.expect import ROUNDING, close, each, equal, holds, same_form
from jax_mlp.laws.values import as_jax

RATES = powers_of_two(-6, 6)  # with such a rate only the subtraction rounds


def rounding(case, rate):
    """The rounding error of each array: of the parameter itself, and of the gradient times the rate."""
    growth = oracle.growth(case.params)
    gradient = ROUNDING * oracle.magnitude(case.params, case.images).max() * growth * (1 + np.abs(case.images).max())
    return [tuple(ROUNDING * np.abs(a).max() + rate * gradient for a in layer) for layer in case.params]


def test_example(impl):
    """Take one layer, one image that consists of the single number 1, two equal logits and the learning rate 1. Then
    the weight and bias of the right class rise by 1/4, and those of the other class fall by 1/4.
    """
    params = [(np.zeros((2, 1), np.float32), np.zeros(2, np.float32))]
    got = impl.update.eager(params, np.array([[1.0]]), np.array([[0.0, 1.0]]), 1.0)
    expected = [(np.array([[-0.25], [0.25]]), np.array([-0.25, 0.25]))]
    each(close, got, expected, ROUNDING)


# The direction and the size of a step


@given(few(3), st.just(0.25))
def test_the_rate_counts_each_time(impl, case, rate):
    """Every call uses the learning rate that it is given, even if `update` was compiled with another one."""
    small = impl.update.eager(case.params, case.images, case.targets, rate)
    large = impl.update.eager(case.params, case.images, case.targets, 4 * rate)
    expected = [
        tuple(p + 4 * (np.asarray(q, np.float64) - p) for p, q in zip(layer, stepped, strict=True))
        for layer, stepped in zip(case.params, small, strict=True)
    ]
    within = [tuple(4 * r for r in layer) for layer in rounding(case, 4 * rate)]
    each(close, large, expected, within)


@given(few(3), st.just(0.5))
def test_steps_remember_nothing(impl, case, rate):
    """Each step is against the gradient for the arguments of its own call. `update` remembers nothing of earlier
    calls.
    """
    once = impl.update.eager(case.params, case.images, case.targets, rate)
    again = impl.update.eager(case.params, case.images, case.targets, rate)
    each(equal, again, [tuple(map(np.asarray, layer)) for layer in once])
    once = [tuple(map(np.asarray, layer)) for layer in once]
    # If rounding decides on which side of its kink a unit is, there is no gradient to compare with.
    assume(oracle.distance_from_kink(once, case.images) > 1e-3 * oracle.magnitude(once, case.images).max())
    twice = impl.update.eager(once, case.images, case.targets, rate)
    each(close, twice, oracle.update(once, case.images, case.targets, rate), rounding(case._replace(params=once), rate))


@given(exact_cases(), RATES | st.sampled_from([0.1, 0.3, 7.7]))
def test_a_step_against_the_gradient(impl, case, rate):
    """From each weight and each bias, `update` subtracts the learning rate times the derivative of the loss."""
    got = impl.update(case.params, case.images, case.targets, rate)
    expected = oracle.update(case.params, case.images, case.targets, rate)
    each(close, got, expected, rounding(case, rate))


def test_many_images_and_layers_too(impl):
    """For 301 images and five layers, a step uses the mean gradient over all images and changes every layer."""
    case = many()
    got = impl.update(case.params, case.images, case.targets, 1.0)
    # A mean of 301 terms of size 1, added one by one, is off by at most 301 x 2**-24. Steps are thousandths and more.
    each(close, got, oracle.update(case.params, case.images, case.targets, 1.0), 2.0**-15)


@given(wide_cases(FEW, bound=16.0))
def test_the_default_rate_is_a_hundredth(impl, case):
    """The default learning rate is 0.01."""
    got = impl.update(case.params, case.images, case.targets)
    each(close, got, impl.update(case.params, case.images, case.targets, 1e-2), rounding(case, 1e-2))


@given(exact_cases())
def test_no_rate_no_step(impl, case):
    """With a learning rate of 0, the parameters stay exactly the same."""
    each(equal, impl.update(case.params, case.images, case.targets, 0.0), case.params)


@given(exact_cases(), RATES)
def test_nothing_to_learn_no_step(impl, case, rate):
    """If all entries of the targets are 0, the loss is 0 for all parameters, so its gradient is 0 and nothing
    changes.
    """
    each(equal, impl.update(case.params, case.images, 0 * case.targets, rate), case.params)


# What a step leaves unchanged


@given(wide_cases())
def test_structure_is_kept(impl, case):
    """The new parameters have the same structure, shapes and dtypes as the old ones."""
    got = impl.update(case.params, case.images, case.targets, 1.0)
    sketches = [str(jax.tree.map(lambda _: "array", params)).replace("'", "") for params in (got, case.params)]
    holds(sketches[0] == sketches[1], *sketches)
    got = [tuple((a.shape, str(a.dtype)) for a in pair) for pair in got]
    same_form(got, [tuple((a.shape, "float32") for a in pair) for pair in case.params])


@given(few(3))
def test_inputs_are_left_as_they_are(impl, case):
    """`update` neither changes nor deletes its arguments, so they can still be read afterwards."""
    given_case = case.params, case.images, case.targets
    # An update could donate JAX arrays, or change NumPy arrays and the list in place.
    for params, x, y in (as_jax(given_case), jax.tree.map(np.copy, given_case)):
        impl.update.raw(params, x, y, 1.0)
        impl.update.raw(params, x, y)
        each(equal, params, case.params)
        equal(x, case.images)
        equal(y, case.targets)


@given(exact_cases(more=5), RATES)
def test_images_have_no_order(impl, case, rate):
    """The order of the images within a batch makes no difference."""
    order = case.more.order(len(case.images))
    got = impl.update(case.params, case.images[order], case.targets[order], rate)
    each(close, got, oracle.update(case.params, case.images, case.targets, rate), rounding(case, rate))


@given(exact_cases(HIDDEN), RATES)
def test_a_silent_unit_learns_nothing(impl, case, rate):
    """If a hidden unit's weighted sum is negative for every image of the batch, its weights and bias do not change."""
    w, b = case.params[0]
    silent = b - np.float32(2.0**20) * (np.arange(len(b)) == 0)
    params = [(w, silent.astype(np.float32)), *case.params[1:]]
    came_w, came_b = map(np.asarray, impl.update(params, case.images, case.targets, rate)[0])
    equal(came_w[0], w[0])
    equal(came_b[0], params[0][1][0])


# Descent


@given(exact_cases([((3, 2), 2), ((4, 4), 4)]))
def test_the_loss_drops_where_it_is_convex(impl, case):
    """For a network of one layer, a step with the learning rate 1/M lowers the loss, unless the gradient is 0. M
    bounds how fast the gradient changes.
    """
    images = case.images
    # Per image, the second derivative along a unit vector of logits is at most 1/2. A logit moves by at most |(x, 1)|.
    lipschitz = np.mean(np.sum(images**2, axis=1) + 1) / (2 * case.n_classes)
    rate = 1 / lipschitz
    before = oracle.loss(case.params, images, case.targets)
    after = oracle.loss(impl.update(case.params, images, case.targets, float(rate)), images, case.targets)
    slopes = oracle.gradient(case.params, images, case.targets)
    square = sum(float(np.sum(np.square(a))) for layer in slopes for a in layer)
    # The descent lemma: the loss falls by at least half the rate times the squared gradient. Parameters are rounded.
    most = before - rate * square / 2
    expected = f"a loss of at most {most:.7g} after the step (it was {before:.7g} before)"
    holds(after <= most + rounding_of_loss(case.params, images), f"a loss of {after:.7g} after the step", expected)


@given(exact_cases())
def test_the_loss_drops_after_a_small_step(impl, case):
    """With any number of layers, a small step lowers the loss, unless the gradient is 0 or a relu has the input 0."""
    before = oracle.loss(case.params, case.images, case.targets)
    slopes = oracle.gradient(case.params, case.images, case.targets)
    square = sum(float(np.sum(np.square(a))) for layer in slopes for a in layer)
    # The rate is halved until it is small enough: with the exact gradient, in float64, it satisfies Armijo's condition.
    rate, drop = 1.0, 0.0
    while rate > 2.0**-12:
        drop = before - oracle.loss(
            oracle.update(case.params, case.images, case.targets, rate), case.images, case.targets
        )
        if drop >= rate * square / 4:
            break
        rate /= 2
    assume(drop > 4 * rounding_of_loss(case.params, case.images))  # so that rounding cannot hide the fall
    after = oracle.loss(impl.update(case.params, case.images, case.targets, rate), case.images, case.targets)
    holds(after < before, after, f"below {before}")


def rounding_of_loss(params, images):
    """How much the loss may change when the parameters are rounded to float32."""
    return ROUNDING * oracle.magnitude(params, images).max()


# Compiling


@given(few(3), st.just(0.25))
def test_compiling_again_changes_nothing(impl, case, rate):
    """Calling `update` inside a function that is compiled with `jax.jit` gives the same result."""
    expected = impl.update.eager(case.params, case.images, case.targets, rate)
    got = impl.update.jitted(case.params, case.images, case.targets, rate)
    each(close, got, [tuple(map(np.asarray, layer)) for layer in expected], rounding(case, rate))


# Laws of the reference alone


@pytest.mark.reference
def test_a_new_rate_never_recompiles(impl):
    """`update` is compiled only once for a hundred different learning rates."""
    params = [(np.zeros((2, 7), np.float32), np.zeros(2, np.float32))]
    x, y = np.ones((1, 7), np.float32), np.array([[0.0, 1.0]], np.float32)
    impl.update(params, x, y, 0.5)
    before = impl.update.function._cache_size()
    for rate in np.linspace(0.01, 1, 100):
        impl.update(params, x, y, float(rate))
    equal(impl.update.function._cache_size(), before)


@pytest.mark.fine_print
@pytest.mark.parametrize("rate", [0.1, np.float32(0.1), jnp.float32(0.1)], ids=["python", "numpy", "jax"])
def test_half_precision_stays_half_precision(impl, rate):
    """Parameters keep their dtype, whatever the type of the learning rate."""
    params = [(np.ones((2, 3), np.float16), np.ones(2, np.float16))]
    (w, b), *_ = impl.update(params, np.ones((1, 3), np.float32), np.array([[0.0, 1.0]]), rate)
    holds(w.dtype == b.dtype == np.float16, f"{w.dtype} {b.dtype}", "float16")


@pytest.mark.fine_print
def test_a_tuple_stays_a_tuple(impl):
    """If `params` is a tuple of layers, the new parameters are a tuple too."""
    params = ((np.ones((2, 3), np.float32), np.ones(2, np.float32)),)
    got = impl.update(params, np.ones((1, 3), np.float32), np.array([[0.0, 1.0]]))
    holds(isinstance(got, tuple), f"a {type(got).__name__}", "a tuple")


@pytest.mark.reference
@given(st.lists(exact_cases(ONE), min_size=2, max_size=5), RATES)
def test_any_number_of_updates_equals_float64_by_hand(impl, cases, rate):
    """After several updates, the parameters equal those computed by NumPy in float64, up to rounding."""
    params, exact, within = cases[0].params, cases[0].params, 0.0
    for case in cases:
        size = oracle.magnitude(exact, case.images).max()
        assume(oracle.distance_from_kink(exact, case.images) > 1e-3 * size)
        params = impl.update(params, case.images, case.targets, rate / 64)
        exact = oracle.update(exact, case.images, case.targets, rate / 64)
        # Each step adds its own rounding, and enlarges earlier errors by the curvature, which these factors bound.
        growth = (1 + np.abs(exact[1][0]).sum()) * (1 + np.abs(case.images).max())
        within = within * (1 + rate / 64 * growth**2) + ROUNDING * (1 + size) * (1 + rate / 64 * growth)
    each(close, params, exact, within)


# Errors

W, B, X, Y = (np.zeros(shape, np.float32) for shape in [(2, 3), (2,), (4, 3), (4, 2)])


@pytest.mark.reference
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([(W, B)], X[:, :2], Y), ValueError, r"update: .*params\[0\] to take 2 inputs"),
        (([(W, B)], X, Y[:2]), ValueError, r"loss: .*targets.shape=\(2, 2\)"),
        (([(W, B)], X[:0], Y[:0]), ValueError, "loss: expected at least one image"),
        (([(W.astype(int), B)], X, Y), TypeError, r"update: .*params\[0\]\[0\] to hold floating-point numbers"),
        (([(W, B)], X, Y, np.ones(2)), ValueError, r"update: .*one learning_rate for all parameters, got shape \(2,\)"),
    ],
)
def test_refuses(impl, arguments, error, words):
    """If shapes or dtypes do not fit, `update` raises an error when it is compiled."""
    with pytest.raises(error, match=words):
        impl.update(*jax.device_put(arguments))
