"""Expectations: a law that fails says what it got and what it expected."""

import numpy as np

ROUNDING = 2.0**-20
"""The rounding error of a short sum, relative to its terms: eight roundings to float32, each at most 2**-23 of them."""


class LawBroken(AssertionError):
    """A result is not what the law expects."""

    def __init__(self, got, expected: object, where: str = "") -> None:
        self.got, self.expected, self.where = got, expected, where
        super().__init__(f"got {got!r}, expected {expected!r}")


def equal(got, expected) -> None:
    """Raise LawBroken unless the shapes and all entries are equal. NaN equals nothing."""
    got, wanted = np.asarray(got), np.asarray(expected)
    if got.shape != wanted.shape or not (got == wanted).all():
        raise LawBroken(got, wanted)


def close(got, expected, within, where: str = "") -> None:
    """Raise LawBroken unless the shapes are equal and entries differ by at most `within`. NaN is close to nothing."""
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
    """Raise LawBroken unless the condition holds for every entry. `expected` says in words what `got` should be."""
    if not np.all(condition):
        raise LawBroken(np.asarray(got) if hasattr(got, "dtype") else got, expected)


def same_form(got, expected, what: str = "shapes and dtypes") -> None:
    """Raise LawBroken unless the shapes and dtypes are equal, or what else is named."""
    holds(got == expected, f"{what} {got}", f"{what} {expected}")


def each(expectation, got, expected, *options) -> None:
    """Raise LawBroken unless two parameter lists have the same structure and each pair of arrays is as expected."""
    wanted_shapes = [tuple(np.shape(a) for a in pair) for pair in expected]
    if not isinstance(got, list | tuple):
        raise LawBroken(got, f"a list of pairs (w, b), of the shapes {wanted_shapes}")
    shapes = [tuple(np.shape(a) for a in pair) if isinstance(pair, list | tuple) else pair for pair in got]
    same_form(shapes, wanted_shapes, "shapes")
    for layer, (pair, wanted) in enumerate(zip(got, expected, strict=True)):
        for part, name in enumerate(("w", "b")):
            extra = [option[layer][part] if isinstance(option, list) else option for option in options]
            try:
                expectation(pair[part], wanted[part], *extra)
            except LawBroken as broken:
                broken.where = f"{name} of layer {layer + 1}"
                broken.args = (f"{broken.where}: {broken}",)
                raise
