"""Expectations. A law that fails says what it got and what it expected."""

import numpy as np

ROUNDING = 2.0**-20
"""Eight roundings to float32, each of relative size 2**-23: what a short sum may be off by, relative to its terms."""


class LawBroken(AssertionError):
    """An answer is not what the law says."""

    def __init__(self, got, expected: object, where: str = "") -> None:
        self.got, self.expected, self.where = got, expected, where
        super().__init__(f"got {got!r}, expected {expected!r}")


def equal(got, expected) -> None:
    """Every entry is the same number, and the shapes are the same. NaN equals nothing."""
    got, wanted = np.asarray(got), np.asarray(expected)
    if got.shape != wanted.shape or not (got == wanted).all():
        raise LawBroken(got, wanted)


def close(got, expected, within, where: str = "") -> None:
    """Every entry is at most `within` away, and the shapes are the same. NaN is close to nothing."""
    got, wanted = np.asarray(got), np.asarray(expected)
    if got.shape != wanted.shape:
        raise LawBroken(got, wanted, where)
    far = ~(np.abs(np.subtract(got, wanted, dtype=np.float64)) <= within)  # written so that NaN is far
    if far.any():
        raise LawBroken(got, wanted, where)


def sketch(array) -> str:
    """The shape and the type of an array, in words."""
    return f"shape {np.shape(array)}, {np.result_type(array) if np.isscalar(array) else array.dtype}"


def holds(condition, got, expected: str) -> None:
    """The condition holds everywhere; `expected` says in words what `got` should be."""
    if not np.all(condition):
        raise LawBroken(np.asarray(got) if hasattr(got, "dtype") else got, expected)


def each(expectation, got, expected, *options) -> None:
    """The expectation holds for every array of two parameter lists of the same structure."""
    layers = got if isinstance(got, list | tuple) else [got]
    shapes = [tuple(np.shape(a) for a in pair) if isinstance(pair, list | tuple) else pair for pair in layers]
    wanted_shapes = [tuple(np.shape(a) for a in pair) for pair in expected]
    if shapes != wanted_shapes:
        raise LawBroken(shapes, wanted_shapes)
    for layer, (pair, wanted) in enumerate(zip(got, expected, strict=True)):
        for part, name in enumerate(("w", "b")):
            extra = [option[layer][part] if isinstance(option, list) else option for option in options]
            try:
                expectation(pair[part], wanted[part], *extra)
            except LawBroken as broken:
                broken.args = (f"{name} of layer {layer}: {broken}",)
                broken.where = f"{name} of layer {layer}"
                raise
