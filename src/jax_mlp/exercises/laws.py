"""The last exercise: a law of your own."""

EXAMPLE = '''"""Laws of your own. They are judged by what they let through: jax-mlp exercises law

A law is a function test_… that takes an implementation and draws. It is put before right ways to write the component
that it calls, all of which it should accept, and before wrong ways, of which it should reject as many as it can.

In impl there are init_weights_biases, init_mlp, relu, forward, one_hot, loss, accuracy, update and train_loop. They are
called compiled where they can be; impl.relu.raw(x) calls relu as it is, with your very x.
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st


@given(st.floats(-100, 100, width=32, allow_subnormal=False))  # JAX rounds the tiniest numbers to zero
def test_positive_numbers_stay(impl, x):
    """relu(x) = x where x is positive. Which wrong relus keep this law? What would catch them too?"""
    if x > 0:
        assert impl.relu(np.float32(x)) == np.float32(x)
'''
"""What `my_laws.py` begins with."""
