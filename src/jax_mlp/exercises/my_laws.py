"""Laws of your own. The command `jax-mlp exercises law` tests them.

A law is a function named test_… that takes an implementation, impl, and random values. The command tries it on correct
variants of the component, all of which it should accept, and on known mistakes, of which it should catch as many as
it can.

impl has the functions relu, init_weights_biases, init_mlp, forward, one_hot, loss, accuracy, update and train_loop.
Calling one runs its compiled version, if it can be compiled. impl.relu.raw(x) calls relu itself, with x as it is.
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st


@given(st.floats(-100, 100, width=32, allow_subnormal=False))
def test_positive_numbers_stay(impl, x):
    """relu(x) = x if x is positive. Which mistakes does this miss?"""
    if x > 0:  # JAX rounds the tiniest (subnormal) numbers to zero
        assert impl.relu(np.float32(x)) == np.float32(x)
