"""The laws of relu: values, shapes, and the derivative."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jax_mlp.laws.draws import numbers, powers_of_two
from jax_mlp.laws.expect import close, equal, holds

SHAPES = [(), (1,), (5,), (2, 3), (1, 4, 2), (0,)]
ARRAYS = [*((shape, "float32") for shape in SHAPES), ((2, 3), "float16"), ((2, 3), "bfloat16")]
LARGE = float(np.float32(1e30))


def array(drawn):
    """An array of any shape, made of the last of eight numbers, because shrinking moves the nonzero ones to the end."""
    shape = drawn.one_of(SHAPES)
    return drawn.floats((8,), LARGE)[8 - math.prod(shape) :].reshape(shape)


anything = numbers(33).map(array)
rows = numbers(20).map(lambda drawn: drawn.floats((5,), LARGE))
TINY = 2.0**-126  # smaller numbers, such as half of the smallest x, may be flushed to zero


def test_example(impl):
    """`relu` keeps 3 and turns -2 into 0."""
    equal(impl.relu.eager(np.array([-2.0, 0.0, 3.0], np.float32)), [0.0, 0.0, 3.0])


# Values


@given(anything)
def test_never_negative(impl, x):
    """relu(x) is never negative."""
    got = np.asarray(impl.relu(x))
    holds(got >= 0, got, "every entry ≥ 0")


@given(anything)
def test_never_below_its_input(impl, x):
    """relu(x) is never less than x."""
    got = np.asarray(impl.relu(x))
    holds(got >= x, got, "every entry ≥ the input's")


@given(anything)
def test_idempotent(impl, x):
    """Applying `relu` twice gives the same result as applying it once: relu(relu(x)) = relu(x)."""
    once = impl.relu(x)
    equal(impl.relu(np.asarray(once)), once)


@given(rows)
def test_monotone(impl, x):
    """`relu` never decreases: a larger input never gives a smaller output."""
    got = np.asarray(impl.relu(np.sort(x)))
    holds(got[:-1] <= got[1:], got, "entries in ascending order")


@given(anything)
def test_splits_a_number_into_its_two_sides(impl, x):
    """Subtracting relu(-x) from relu(x) gives x: relu(x) - relu(-x) = x."""
    equal(np.subtract(impl.relu(x), impl.relu(-x)), x)


@given(anything)
def test_two_sides_add_up_to_the_absolute_value(impl, x):
    """Adding relu(x) and relu(-x) gives the absolute value: relu(x) + relu(-x) = |x|."""
    equal(np.add(impl.relu(x), impl.relu(-x)), np.abs(x))


@given(numbers(20), powers_of_two(-8, 8))
def test_scales_with_positive_factors(impl, drawn, factor):
    """relu(c x) = c relu(x) for every c > 0. The test uses powers of two for c, because then nothing is rounded."""
    x = drawn.floats((5,), 1024.0)
    x = np.where(np.abs(x) < 2.0**-100, 0, x).astype(np.float32)  # so that scaling down stays clear of subnormals
    equal(impl.relu(np.float32(factor) * x), np.float32(factor) * np.asarray(impl.relu(x)))


@given(st.sampled_from(ARRAYS), st.integers(-100, 100))
def test_keeps_shape_and_dtype(impl, array, fill):
    """For floating-point numbers, the output has the shape and the dtype of the input."""
    shape, dtype = array
    x = np.full(shape, fill, jnp.dtype(dtype))
    got = impl.relu(x)
    holds((got.shape, str(got.dtype)) == (shape, dtype), f"{got.shape} {got.dtype}", f"{shape} {dtype}")


@given(numbers(25))
def test_entries_do_not_meet(impl, drawn):
    """`relu` treats all positions alike: reordering the inputs reorders the outputs in the same way."""
    x, order = drawn.floats((5,), LARGE), drawn.order(5)
    equal(impl.relu(x[order]), np.asarray(impl.relu(x))[order])


@given(anything)
def test_compiling_changes_nothing(impl, x):
    """Compiling changes nothing: jax.jit(relu)(x) = relu(x)."""
    close(impl.relu.jitted(x), impl.relu.eager(x), TINY)


@given(anything)
def test_the_input_is_left_as_it_is(impl, x):
    """The input is not modified."""
    given_x = x.copy()
    impl.relu.raw(given_x)
    equal(given_x, x)


# Gradients


@given(anything, st.integers(-8, 8))
def test_derivative_is_one_above_zero_and_zero_below(impl, x, cotangent):
    """The derivative of `relu` is 1 where x > 0 and 0 where x < 0."""
    x = np.where(x == 0, np.float32(1), x)  # zero has a law of its own
    equal(impl.relu.pullback(np.full_like(x, cotangent), x), np.where(x > 0, np.float32(cotangent), 0))


@given(st.sampled_from(SHAPES))
def test_derivative_at_zero_is_a_subgradient(impl, shape):
    """At x = 0, JAX's derivative of `relu` is a number from 0 (the derivative for x < 0) to 1 (the
    derivative for x > 0).
    """
    x = np.zeros(shape, np.float32)
    got = np.asarray(impl.relu.pullback(np.ones_like(x), x))
    holds((got >= 0) & (got <= 1), got, "every entry from 0 to 1")


# Laws of the reference alone


@pytest.mark.reference
def test_derivative_at_zero_is_one_half(impl):
    """In JAX, the derivative of `maximum(0, x)` at 0 is 1/2, and the derivative of `jax.nn.relu` at
    0 is defined to be 0.
    """
    equal(impl.relu.pullback(np.float32(1), np.float32(0)), 0.5)
    equal(jax.grad(jax.nn.relu)(0.0), 0.0)


@pytest.mark.fine_print
@given(anything)
def test_nan_stays_nan(impl, x):
    """`relu` returns NaN for NaN, so it does not hide that a computation has gone wrong."""
    got = impl.relu(np.full_like(x, np.nan))
    holds(np.isnan(got), got, "NaN")


@pytest.mark.fine_print
@given(st.sampled_from(["int8", "int32", "uint8", "float16", "bfloat16", "float32"]))
def test_the_largest_numbers_stay_exact(impl, dtype):
    """`relu` returns integers for integers, with the same number of bits. It leaves the largest positive numbers as
    they are, integers or not. A formula with a sum, such as (x + |x|) / 2, would overflow.
    """
    numbers = jnp.iinfo(dtype) if "int" in dtype else jnp.finfo(dtype)
    x = np.array([numbers.min, numbers.min + 1, 0, 1, numbers.max - 1, numbers.max], jnp.dtype(dtype))
    got = impl.relu(x)
    holds(got.dtype == x.dtype, str(got.dtype), dtype)
    equal(got, np.maximum(x, 0))


# Errors


@pytest.mark.reference
@pytest.mark.parametrize("x", ["text", None, [True], 1j, object()], ids=["text", "None", "bool", "complex", "object"])
def test_refuses_what_is_no_real_number(impl, x):
    """`relu` raises a TypeError that names `x` if `x` is not an array of real numbers."""
    with pytest.raises(TypeError, match="relu: expected x to"):
        impl.relu.function(x)


@pytest.mark.reference
def test_refuses_the_other_byte_order(impl):
    """`relu` raises a TypeError that names the remedy if `x` has the byte order of other machines."""
    with pytest.raises(TypeError, match=r"relu: expected x in the byte order .* Convert with x.astype\(np.float32\)"):
        impl.relu.function(np.ones(1, np.dtype(np.float32).newbyteorder()))
