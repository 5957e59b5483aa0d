"""The laws of the whole network's gradient, and of the tools that check gradients."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from jax_mlp.gradcheck import GradientMismatch, check_direction, check_gradient, check_taylor, kink_distance
from jax_mlp.laws import oracle
from jax_mlp.laws.draws import DEPTHS, HIDDEN, exact_cases, numbers, wide_cases
from jax_mlp.laws.expect import ROUNDING, LawBroken, close, each, equal, holds

seeds = st.integers(0, 2**31 - 1)


def agrees(check, *arguments, **options):
    """The check passes, or its message is reported as the result."""
    try:
        return check(*arguments, **options)
    except GradientMismatch as mismatch:
        raise LawBroken(str(mismatch), "the gradient of the loss") from mismatch


# The network's gradient


@given(exact_cases(DEPTHS))
def test_grad_matches_finite_differences(impl, case):
    """`jax.grad` of the loss matches a central difference for every weight and every bias."""
    impl.loss(case.params, case.images, case.targets)  # so that a report can show the call
    agrees(check_gradient, impl.loss.function, case.params, case.images, case.targets)


@given(exact_cases(DEPTHS), seeds)
def test_taylor_remainder_has_order_two(impl, case, seed):
    """If a step is halved, the part of the loss's change that the gradient does not explain becomes
    four times smaller.
    """
    impl.loss(case.params, case.images, case.targets)
    # Even the largest step moves the input of a relu by less than its distance from the kink, so the loss is smooth.
    size = oracle.magnitude(case.params, case.images).max()
    step = min(2.0**-10, 2.0**-3 * kink_distance(case.params, case.images) / size)
    agrees(check_taylor, impl.loss.function, case.params, case.images, case.targets, seed=seed, step=step)


@given(wide_cases(DEPTHS), seeds)
def test_slope_along_any_direction(impl, case, seed):
    """Along any direction, the loss changes at the rate that the gradient predicts."""
    assume(kink_distance(case.params, case.images) > 1e-3)
    impl.loss(case.params, case.images, case.targets)
    agrees(check_direction, impl.loss.function, case.params, case.images, case.targets, seed=seed)


@given(exact_cases(HIDDEN))
def test_neighbouring_layers_are_in_balance(impl, case):
    """Multiply each parameter by the derivative of the loss with respect to it. The sum of these products over a
    hidden layer's weights and biases equals their sum over the next layer's weights.
    """
    slopes = impl.loss.gradient(case.params, case.images, case.targets)
    sums = [
        [np.vdot(np.asarray(p, np.float64), np.asarray(slope, np.float64)) for p, slope in zip(*pairs, strict=True)]
        for pairs in zip(case.params, slopes, strict=True)
    ]
    # A gradient is rounded as in the closed form of every layer. Here each entry is multiplied by its parameter.
    slope = ROUNDING * oracle.magnitude(case.params, case.images).max() * oracle.growth(case.params)
    slope *= np.abs(case.images).max(initial=1)
    within = slope * sum(np.abs(part).sum() for layer in case.params for part in layer)
    close([w + b for w, b in sums[:-1]], [w for w, _ in sums[1:]], within)


@given(exact_cases([((2, 3, 2), 5), ((4, 4), 4)]))
def test_gradient_of_a_batch_is_the_mean_of_its_images(impl, case):
    """The gradient of a batch is the mean of the gradients of its images, computed one at a time."""
    n = len(case.images)
    whole = impl.loss.gradient(case.params, case.images, case.targets)
    singles = [impl.loss.gradient(case.params, case.images[i : i + 1], case.targets[i : i + 1]) for i in range(n)]
    mean = jax.tree.map(lambda *leaves: np.mean(leaves, axis=0), *singles)
    growth = oracle.growth(case.params)
    each(close, whole, mean, ROUNDING * oracle.magnitude(case.params, case.images).max() * growth)


@given(exact_cases(HIDDEN))
def test_a_silent_unit_has_no_gradient(impl, case):
    """If the weighted sum of a hidden unit is always negative, the gradients of its bias, and of all weights into and
    out of it, are zero.
    """
    w, b = case.params[0]
    b = b.copy()
    b[0] -= np.float32(2.0**20)
    (dw, db), (next_dw, _), *_ = impl.loss.gradient([(w, b), *case.params[1:]], case.images, case.targets)
    equal(dw[0], np.zeros_like(w[0]))
    equal(db[0], 0.0)
    equal(np.asarray(next_dw)[:, 0], np.zeros(len(next_dw)))


# The tools that check gradients


@pytest.mark.reference
@given(wide_cases(DEPTHS, more=4))
def test_a_wrong_entry_is_found(impl, case):
    """`check_gradient` names the layer, the array and the index of a single entry that is off by a thousandth."""
    assume(kink_distance(case.params, case.images) > 1e-3)
    layer = case.more.one_of(range(len(case.params)))
    part = case.more.one_of(range(2))
    gradient = oracle.gradient(case.params, case.images, case.targets)
    index = tuple(case.more.one_of(range(n)) for n in gradient[layer][part].shape)
    gradient[layer][part][index] += 1e-3 * max(1.0, max(np.abs(a).max() for pair in gradient for a in pair))
    with pytest.raises(GradientMismatch) as caught:
        check_gradient(impl.loss.function, case.params, case.images, case.targets, gradient=gradient)
    holds(f"leaf [{layer}][{part}] at index {index}" in str(caught.value), str(caught.value), f"[{layer}][{part}]")


def cubic(tree, factor):
    """A function of any tree."""
    return factor * sum(jnp.sum(leaf**3 + jnp.sin(leaf)) for leaf in jax.tree.leaves(tree))


def cubic_gradient(tree, factor):
    """The gradient of `cubic`."""
    return jax.tree.map(
        lambda leaf: factor * (3 * leaf.astype(np.float64) ** 2 + np.cos(leaf.astype(np.float64))), tree
    )


def tree(drawn):
    """A tree of three arrays."""
    a, b, c = (drawn.floats(shape, 2.0) for shape in [(2,), (), (1, 3)])
    return {"a": a, "b": (b, c)}


trees = numbers(24).map(tree)


@given(st.floats(0.5, 2.0), st.integers(5, 9))
def test_central_differences_are_wrong_by_the_square_of_the_step(x, k):
    """(f(x+h) - f(x-h)) / 2h differs from f'(x) by h²/6 f'''(x), plus terms of order h⁴."""
    h = 2.0**-k
    off = (np.exp(x + h) - np.exp(x - h)) / (2 * h) - np.exp(x)
    # The next term is h⁴/120 f'''''. Rounding of f, divided by h, is 2**-53 e² / 2**-9.
    close(off, h**2 / 6 * np.exp(x), h**4 / 100 * np.exp(x) + 2.0**-40)


def test_there_is_a_best_step():
    """The error of a central difference is least for a step near the cube root of 3 ε |f| / |f'''|."""
    steps = 2.0 ** -np.arange(2, 45)
    points = np.linspace(0.5, 2, 200)
    off = [np.abs((np.exp(points + h) - np.exp(points - h)) / (2 * h) - np.exp(points)).mean() for h in steps]
    best = np.cbrt(3 * np.finfo(np.float64).eps / 2)  # rounding is at most eps / 2, and f''' = f
    assert best / 8 < steps[np.argmin(off)] < best * 8
    # The sum of both errors there is a bound, since rounding is seldom as large as it can be.
    size = 3 / 2 * np.finfo(np.float64).eps / 2 / best * np.exp(points).mean()
    assert size / 8 < min(off) < size
    # In the log-log plot the slope is 2 on the right, and -1 on the left, where rounding makes the curve rough.
    assert np.polyfit(np.log(steps[:8]), np.log(off[:8]), 1)[0] == pytest.approx(2, abs=0.05)
    assert np.polyfit(np.log(steps[-15:]), np.log(off[-15:]), 1)[0] == pytest.approx(-1, abs=0.3)


# Here the remainder's terms in h² and h³ cancel at one of the middle steps.
@example({"a": np.float32([-(2.0**-8), 0]), "b": (np.float32(0), np.zeros((1, 3), np.float32))}, 1, 0)
@pytest.mark.reference
@given(trees, st.sampled_from([1, 2, 3, 4]), seeds)
def test_any_tree_and_any_function(impl, tree, factor, seed):
    """A correct gradient passes all three checks, for other functions and other trees too."""
    gradient = cubic_gradient(tree, factor)
    check_gradient(cubic, tree, np.float64(factor), gradient=gradient)
    check_direction(cubic, tree, np.float64(factor), gradient=gradient, seed=seed)
    check_taylor(cubic, tree, np.float64(factor), gradient=gradient, seed=seed)


@pytest.mark.reference
def test_a_key_may_be_passed_on(impl):
    """A PRNG key can be one of the further arguments, typed or raw."""

    def noisy(x, key):
        return jnp.sum(x**2 * jax.random.normal(key, (3,)))

    for key in (jax.random.key(0), jax.random.PRNGKey(0)):
        holds((error := check_gradient(noisy, np.ones(3), key)) < 1e-6, error, "less than 1e-6")


@pytest.mark.reference
@given(trees, seeds)
def test_a_wrong_gradient_passes_none(impl, tree, seed):
    """A gradient that is 1 % too long fails all three checks."""
    wrong = jax.tree.map(lambda leaf: 1.01 * leaf, cubic_gradient(tree, 1))
    vector = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(wrong)])
    v = np.random.default_rng(seed).standard_normal(len(vector))
    # Along a direction orthogonal to the gradient the slope is 0, however long the gradient.
    assume(abs(vector @ v) > 0.05 * np.linalg.norm(vector) * np.linalg.norm(v))
    for check in (check_gradient, check_direction, check_taylor):
        options = {} if check is check_gradient else {"seed": seed}
        with pytest.raises(GradientMismatch):
            check(cubic, tree, np.float64(1), gradient=wrong, **options)


@pytest.mark.reference
@given(exact_cases(HIDDEN))
def test_exact_cases_keep_off_the_kink(impl, case):
    """With exact arithmetic, no input of a `relu` here is within 2**-13 of 0, so small steps avoid the kink."""
    distance = kink_distance(case.params, case.images)
    equal(distance, oracle.distance_from_kink(case.params, case.images))
    holds(distance >= 2.0**-13, distance, "at least 2**-13")


@pytest.mark.reference
def test_refuses_what_is_no_scalar_function(impl):
    """The checks raise an error for a function that is not scalar, or a gradient of another shape."""
    with pytest.raises(ValueError, match="expected f to return a scalar"):
        check_gradient(jnp.sin, np.ones(2))
    with pytest.raises(ValueError, match="expected a gradient with the structure and shapes of at"):
        check_gradient(jnp.sum, np.ones(2), gradient=np.ones(3))
    with pytest.raises(GradientMismatch, match="gives 1"):
        check_gradient(jnp.sum, np.ones(2), gradient=np.full(2, np.nan))


@pytest.mark.reference
@pytest.mark.parametrize("check", [check_gradient, check_direction, check_taylor])
@pytest.mark.parametrize(
    ("f", "at", "options", "error", "words"),
    [
        (cubic, {"a": np.ones(2), "b": np.ones(2, int)}, {}, TypeError, "in leaf ['b'] of at, got dtype int64"),
        (jnp.abs, np.array(1 + 1j), {"gradient": np.array(1.0)}, TypeError, "in the array of at, got dtype complex128"),
        (cubic, [np.array([1.0, np.inf])], {}, ValueError, "expected finite numbers in leaf [0] of at, got inf"),
        (jnp.log, -1.0, {}, ValueError, "expected a finite value of f at this point, got nan"),
        (cubic, {}, {}, ValueError, "expected at least one number in at, got {}"),
        (cubic, np.ones((0, 2)), {}, ValueError, "expected at least one number in at, got []"),
        (cubic, np.ones(2), {"step": 0.0}, ValueError, "expected a finite step above 0, got 0.0"),
    ],
    ids=["integers", "complex", "infinity", "nan", "no leaf", "no number", "no step"],
)
def test_refuses_what_has_no_slope(impl, check, f, at, options, error, words):
    """If there is nothing to compare with, as for integers, the checks raise an error that names the leaf."""
    arguments = (1.0,) if f is cubic else ()
    with pytest.raises(error, match=re.escape(words)):
        check(f, at, *arguments, **options)
