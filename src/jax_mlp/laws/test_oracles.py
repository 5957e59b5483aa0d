"""Comparisons with other libraries: optax, scikit-learn, and JAX's own checker. test_torch.py compares with torch."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import optax
from hypothesis import given
from jax.test_util import check_grads
from sklearn.metrics import accuracy_score

from jax_mlp._jax import enable_x64
from jax_mlp.laws import oracle
from jax_mlp.laws.draws import FEW, exact_cases, powers_of_two, wide_cases
from jax_mlp.laws.expect import ROUNDING, close, each


@cache
def textbook():
    """The cross-entropy of logits and labels as optax computes it, compiled once."""
    return jax.jit(lambda *given: optax.softmax_cross_entropy_with_integer_labels(*given).mean())


@given(wide_cases(FEW))
def test_loss_times_k_is_optaxs_cross_entropy(impl, case):
    """K times the loss is the textbook cross-entropy, as optax computes it from the logits."""
    expected = textbook()(oracle.logits(case.params, case.images).astype(np.float32), case.labels)
    got = case.n_classes * np.asarray(impl.loss(case.params, case.images, case.targets))
    close(got, expected, case.n_classes * ROUNDING * oracle.magnitude(case.params, case.images).max())


@given(exact_cases(FEW, sharpness=0))  # whole numbers, so that the rounding of log-softmax cannot make a tie
def test_accuracy_is_scikit_learns(impl, case):
    """The accuracy equals scikit-learn's `accuracy_score` for the predicted classes."""
    predicted = oracle.logits(case.params, case.images).argmax(axis=1)
    close(impl.accuracy(case.params, case.images, case.targets), accuracy_score(case.labels, predicted), ROUNDING)


@given(exact_cases(FEW), powers_of_two(-6, 3))
def test_update_is_optaxs_sgd(impl, case, rate):
    """The update makes the same step as `optax.sgd` with the gradient of the loss."""
    sgd = optax.sgd(rate)
    gradient = oracle.gradient(case.params, case.images, case.targets)
    steps, _ = sgd.update(gradient, sgd.init(case.params))
    growth = oracle.growth(case.params)
    size = oracle.magnitude(case.params, case.images).max() * growth * (1 + np.abs(case.images).max())
    got = impl.update(case.params, case.images, case.targets, rate)
    each(close, got, optax.apply_updates(case.params, steps), (1 + rate) * ROUNDING * size)


@given(exact_cases(FEW))
def test_gradient_passes_jaxs_check_grads(impl, case):
    """The gradient of the loss passes `jax.test_util.check_grads` in float64."""
    with enable_x64(True):
        params, images, targets = jax.tree.map(
            lambda a: jnp.array(a, jnp.float64), (case.params, case.images, case.targets)
        )
        impl.loss(params, images, targets)  # so that a report can show the call
        check_grads(
            lambda p: impl.loss.compiled(p, images, targets), (params,), order=1, modes=["rev"], atol=1e-4, rtol=1e-4
        )
