"""Random test cases for the laws: small networks and batches of a few fixed shapes, with values of many kinds.

JAX compiles once per shape, so new shapes are slow and new values cost nothing. So shapes come from a small pool,
which contains the degenerate ones, and values are unrestricted.
"""

import itertools
import math
from functools import cache
from typing import NamedTuple

import jax
import numpy as np
from hypothesis import strategies as st

from jax_mlp.laws import oracle

POOL = [
    ((1, 1), 1),  # the smallest network: one weight, one class, one image
    ((3, 2), 2),  # one layer
    ((4, 4), 4),  # as many images as pixels and classes, so that a transposed array has the same shape
    ((2, 3, 2), 5),
    ((3, 1, 4), 3),  # a single hidden unit
    ((4, 3, 3, 3), 3),  # hidden layers of equal size, and as many images as classes
]
"""Layer sizes and batch sizes."""

HIDDEN = [shape for shape in POOL if len(shape[0]) > 2]
FEW = [((3, 2), 2), ((4, 3, 3, 3), 3)]  # for gradients, which take longest to compile
ONE = [((2, 3, 2), 5)]  # for calls that are not compiled as a whole, since each of their steps is compiled per shape
SQUARE = [((4, 4), 4)]
DEPTHS = [FEW[0], *ONE, FEW[1]]  # no hidden layer, one, and two
CLASSIFIERS = [shape for shape in POOL if shape[0][-1] > 1]


class Numbers:
    """Arrays made from random bytes, one after another. One draw of many bytes is much faster than one per number."""

    def __init__(self, drawn: bytes) -> None:
        self.left = drawn

    def one_of(self, things):
        """One of several things, from one byte. It shrinks towards the first."""
        return things[self._next((), 1)[0] % len(things)]

    def order(self, n: int) -> np.ndarray:
        """A permutation of n things, as indices, from one byte each. It shrinks towards the identity."""
        return np.argsort(np.frombuffer(self._next((n,), 1), np.uint8), kind="stable").astype(np.int32)

    def int32(self) -> int:
        """Any integer of 32 bits, from four bytes."""
        return int.from_bytes(self._next((), 4), signed=True)

    def integers(self, shape, low: int, high: int) -> np.ndarray:
        """Integers stored as floats, so that sums and products are exact, from one byte each. They shrink towards 0."""
        return _towards_zero(low, high)[np.frombuffer(self._next(shape, 1), np.uint8) % (high - low + 1)].reshape(shape)

    def fractions(self, shape, bound: float) -> np.ndarray:
        """0, -1, 1, -2, 2, … times bound / 2**15, from two bytes each: enough digits that products and sums round."""
        bits = np.frombuffer(self._next(shape, 2), ">u2").astype(np.int32)
        return ((bits >> 1) ^ -(bits & 1)).reshape(shape).astype(np.float32) * np.float32(bound / 2**15)

    def floats(self, shape, bound: float) -> np.ndarray:
        """Numbers of any size up to a bound, from four bytes each: fraction and sign from three, exponent from one.

        There are no subnormal numbers, because XLA flushes them to zero.
        """
        bits = np.frombuffer(self._next(shape, 4), ">u4")
        fraction = (1 + (bits >> 9) * 2.0**-23) * np.where(bits & 0x100, -1, 1)
        powers = _powers_below(bound)
        return (fraction * powers[(bits & 0xFF) % len(powers)]).astype(np.float32).reshape(shape)

    def _next(self, shape, width: int) -> bytes:
        end = width * math.prod(shape)
        assert end <= len(self.left), f"{end} bytes wanted of {len(self.left)}"
        drawn, self.left = self.left[:end], self.left[end:]
        return drawn


class Case(NamedTuple):
    """A network, a batch, and the right answers."""

    params: list[tuple[np.ndarray, np.ndarray]]
    images: np.ndarray
    labels: np.ndarray
    targets: np.ndarray
    more: Numbers = Numbers(b"")
    """Random bytes for whatever else the law needs. A second draw would be slower and would shrink badly in Hypothesis,
    because it tries a copy of one draw in place of another and, if that does not fit, zeros."""

    @property
    def n_classes(self) -> int:
        """The width of a row of targets."""
        return self.targets.shape[1]


def numbers(size: int, distinct: int | None = None):
    """Numbers made from this many bytes, from which a law takes what it needs.

    Args:
        size: The number of bytes.
        distinct: How many different draws there are, of which the first is all zeros. Default: as many as bytes allow.
    """
    if distinct is None:
        return st.binary(min_size=size, max_size=size).map(Numbers)
    rng = np.random.default_rng(size)
    return st.sampled_from([bytes(size), *(rng.bytes(size) for _ in range(distinct - 1))]).map(Numbers)


@cache
def _powers_below(bound: float) -> np.ndarray:
    """0, 1, and powers of two ever further from 1. Those from 2**-9 to 2**8 occur several times."""
    exponents = sorted(range(-9, 9), key=abs) * 6 + sorted(range(-126, 127, 2), key=abs)
    return np.array([0.0, *(2.0**exponent for exponent in exponents if 2.0 ** (exponent + 1) <= bound)])


@cache
def _towards_zero(low: int, high: int) -> np.ndarray:
    return np.array(sorted(range(low, high + 1), key=lambda value: (abs(value), value < 0)), np.float32)


def keys():
    """A hundred typed PRNG keys."""
    return st.sampled_from(range(100)).map(cache(jax.random.key))


def exact_cases(pool=POOL, sharpness=None, more: int = 0, distinct: int | None = None):
    """Networks whose logits are computed without rounding, and whose relus never have an input near 0.

    Images are integers and weights are integers times 2**-s, so the input of a relu, minus its bias, is a multiple of
    some power of two. Each bias is an odd multiple of half that power, so the sum is at least that half away from 0.

    A law that calls what is not compiled takes a few `distinct` cases, since a hundred of them would take seconds.
    """

    def case(drawn, sizes, batch):
        s = int(drawn.integers((), 0, 3)) if sharpness is None else sharpness
        params, unit = [], 1.0
        for n_in, n_out in itertools.pairwise(sizes):
            unit *= 2.0**-s
            w = drawn.integers((n_out, n_in), -3, 3) * np.float32(2.0**-s)
            b = (drawn.integers((n_out,), -8, 7) + np.float32(0.5)) * np.float32(unit)
            params.append((w, b))
            unit /= 2
        return params, drawn.integers((batch, sizes[0]), -4, 4)

    return _cases(pool, case, 1, more, distinct)


def wide_cases(pool=POOL, bound: float = 2.0, more: int = 0):
    """Networks of numbers with many digits. They show what exact cases hide, which shrink to zeros."""

    def case(drawn, sizes, batch):
        params = [
            (drawn.fractions((n_out, n_in), bound), drawn.fractions((n_out,), bound))
            for n_in, n_out in itertools.pairwise(sizes)
        ]
        return params, drawn.fractions((batch, sizes[0]), bound)

    return _cases(pool, case, 2, more)


def _cases(pool, case, width: int, more: int, distinct: int | None = None):
    def make(drawn):
        sizes, batch = drawn.one_of(pool)
        labels = drawn.integers((batch,), 0, sizes[-1] - 1).astype(np.int32)
        params, images = case(drawn, sizes, batch)
        return Case(params, images, labels, np.eye(sizes[-1], dtype=np.float32)[labels], drawn)

    def size(sizes, batch):
        n_parameters = sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes))
        return batch + 2 + width * (n_parameters + batch * sizes[0])

    return numbers(more + max(size(*shape) for shape in pool), distinct).map(make)


def made(sizes, batch: int, seed: int) -> Case:
    """A network and a batch of normal numbers, the same every time. One label in ten is the network's second choice."""
    rng = np.random.default_rng(seed)
    params = [
        tuple(rng.standard_normal(shape, np.float32) * np.float32(0.75) for shape in [(n_out, n_in), (n_out,)])
        for n_in, n_out in itertools.pairwise(sizes)
    ]
    images = rng.standard_normal((batch, sizes[0]), np.float32)
    *_, second, labels = oracle.logits(params, images).argsort(axis=1).T.astype(np.int32)
    labels[::10] = second[::10]
    return Case(params, images, labels, np.eye(sizes[-1], dtype=np.float32)[labels])


def many() -> Case:
    """A deep network, ten classes, and 301 images: more than a byte can count, and not divisible into equal parts."""
    return made((3, 4, 4, 4, 4, 10), 301, 12151)  # with this seed most classes occur, and no relu is near its kink


def twelve_classes() -> Case:
    """642 images of twelve classes, which make five batches of 128 and a short one, and an untrained network."""
    rng = np.random.default_rng(17)  # with this seed no two classes are nearly equally likely after an epoch
    labels = rng.integers(0, 12, 642).astype(np.int32)
    return untaught(rng.integers(-2, 3, (642, 2)).astype(np.float32), labels, 12)


def untaught(images, labels, n_classes) -> Case:
    """A case with a network of one layer, whose parameters are all 0."""
    params = [(np.zeros((n_classes, images.shape[1]), np.float32), np.zeros(n_classes, np.float32))]
    return Case(params, images, labels, np.eye(n_classes, dtype=np.float32)[labels])


LARGE = {"many": many, "twelve_classes": twelve_classes}
"""The cases that are too large to print in a report, by the names that it uses for them."""


def few(n: int = 5):
    """A few networks with one hidden layer, for calls that are not compiled: a hundred of those would take seconds."""
    return exact_cases(ONE, distinct=n)


def powers_of_two(low: int, high: int):
    """Powers of two: multiplying a float by one changes only its exponent, so the result is exact."""
    return st.sampled_from([2.0**exponent for exponent in sorted(range(low, high + 1), key=abs)])


def function(source: str):
    """A function whose name is its source, so that a report can print it."""
    made = eval(source)
    made.__name__ = source
    return made
