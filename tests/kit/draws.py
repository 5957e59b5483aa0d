"""What the laws are tried on: small networks and batches of a few fixed shapes, with values of every kind.

A new shape costs a compilation and new values cost nothing. So shapes come from a pool that holds the degenerate ones,
and values are free.
"""

import itertools
from functools import cache
from typing import NamedTuple

import hypothesis.extra.numpy as hnp
import jax
import numpy as np
from hypothesis import strategies as st

POOL = [
    ((1, 1), 1),  # the smallest network: one weight, one class, one image
    ((3, 2), 2),  # one layer
    ((4, 4), 4),  # a batch as large as its images and its classes: a transpose goes unnoticed by shape
    ((2, 3, 2), 5),
    ((3, 1, 4), 3),  # a single hidden unit
    ((4, 3, 3, 3), 3),  # hidden layers of equal size, a batch as large as the classes
]
"""Layer sizes and batch sizes."""

HIDDEN = [shape for shape in POOL if len(shape[0]) > 2]
CLASSIFIERS = [shape for shape in POOL if shape[0][-1] > 1]


class Case(NamedTuple):
    """A network, a batch, and the right answers."""

    params: list[tuple[np.ndarray, np.ndarray]]
    images: np.ndarray
    labels: np.ndarray
    targets: np.ndarray

    @property
    def n_classes(self) -> int:
        """The width of a row of targets."""
        return self.targets.shape[1]


@cache  # making a strategy takes longer than drawing from it
def integers(shape, low: int, high: int):
    """Arrays of float32 that hold integers: sums and products of such are exact. They shrink towards zero."""
    values = np.array(sorted(range(low, high + 1), key=lambda value: (abs(value), value < 0)), np.float32)
    size = int(np.prod(shape))
    # One draw of bytes is much faster than a draw for each entry.
    return st.binary(min_size=size, max_size=size).map(
        lambda drawn: values[np.frombuffer(drawn, np.uint8) % len(values)].reshape(shape)
    )


@cache
def fractions(shape, bound: float):
    """Arrays of float32 that hold 16 bits each, up to a bound: enough for every product and sum to be rounded."""
    size = int(np.prod(shape))

    def spread(drawn):
        bits = np.frombuffer(drawn, ">u2").astype(np.int32)
        return ((bits >> 1) ^ -(bits & 1)).reshape(shape).astype(np.float32) * np.float32(
            bound / 2**15
        )  # 0, -1, 1, -2, 2, …

    return st.binary(min_size=2 * size, max_size=2 * size).map(spread)


def floats(shape, bound: float = 8.0, dtype=np.float32):
    """Arrays of any floats up to a bound. XLA flushes subnormal numbers to zero, so they are left out."""
    width = np.dtype(dtype).itemsize * 8
    elements = st.floats(-bound, bound, width=width, allow_subnormal=False)  # type: ignore[arg-type]
    return hnp.arrays(dtype, shape, elements=elements)


def keys(largest_seed: int = 2**31 - 1):
    """Typed PRNG keys."""
    return st.integers(0, largest_seed).map(jax.random.key)


@st.composite
def exact_cases(draw, pool=POOL, sharpness=None) -> Case:
    """Networks whose logits are computed without any rounding, and whose relus are never near their kink.

    Images hold integers and weights integers times 2**-s, so what enters a relu, less its bias, is a multiple of some
    power of two. Each bias is an odd multiple of half that power: the sum is never nearer to zero than that half.
    """
    sizes, batch = draw(st.sampled_from(pool))
    s = draw(st.integers(0, 3)) if sharpness is None else sharpness
    images = draw(integers((batch, sizes[0]), -4, 4))
    params, unit = [], 1.0
    for n_in, n_out in itertools.pairwise(sizes):
        unit *= 2.0**-s
        w = draw(integers((n_out, n_in), -3, 3)) * np.float32(2.0**-s)
        b = (draw(integers((n_out,), -8, 7)) + np.float32(0.5)) * np.float32(unit)
        params.append((w, b))
        unit /= 2
    labels = draw(integers((batch,), 0, sizes[-1] - 1)).astype(np.int32)
    return Case(params, images, labels, np.eye(sizes[-1], dtype=np.float32)[labels])


@st.composite
def wide_cases(draw, pool=POOL, bound: float = 2.0) -> Case:
    """Networks of numbers with many digits: what exact ones hide (shrinking stops at zero, and zero forgives) shows."""
    sizes, batch = draw(st.sampled_from(pool))
    params = [
        (draw(fractions((n_out, n_in), bound)), draw(fractions((n_out,), bound)))
        for n_in, n_out in itertools.pairwise(sizes)
    ]
    images = draw(fractions((batch, sizes[0]), bound))
    labels = draw(integers((batch,), 0, sizes[-1] - 1)).astype(np.int32)
    return Case(params, images, labels, np.eye(sizes[-1], dtype=np.float32)[labels])


def permutations(n: int):
    """Orders of n things, as index arrays."""
    return st.permutations(range(n)).map(lambda order: np.array(order, dtype=np.int32))


def powers_of_two(low: int, high: int):
    """Multiplying by these changes no digit of a float, only its exponent."""
    return st.integers(low, high).map(lambda exponent: 2.0**exponent)
