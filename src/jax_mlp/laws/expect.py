"""Expectations. A law that is broken says what came and what should have come."""

import numpy as np

ROUNDING = 2.0**-20
"""Eight roundings to float32, each of relative size 2**-23: what a short sum may be off by, relative to its terms."""


class LawBroken(AssertionError):
    """What came is not what the law says."""

    def __init__(self, came, should: object, where: str = "") -> None:
        self.came, self.should, self.where = came, should, where
        super().__init__(f"came {came!r}, should have come {should!r}")


def equal(came, should) -> None:
    """Every entry is the same number, and the shapes are the same. NaN equals nothing."""
    came, wanted = np.asarray(came), np.asarray(should)
    if came.shape != wanted.shape or not (came == wanted).all():
        raise LawBroken(came, wanted)


def close(came, should, within, where: str = "") -> None:
    """Every entry is at most `within` away, and the shapes are the same. NaN is close to nothing."""
    came, wanted = np.asarray(came), np.asarray(should)
    if came.shape != wanted.shape:
        raise LawBroken(came, wanted, where)
    far = ~(np.abs(np.subtract(came, wanted, dtype=np.float64)) <= within)  # written so that NaN is far
    if far.any():
        raise LawBroken(came, wanted, where)


def holds(condition, came, should: str) -> None:
    """The condition holds everywhere; `should` says in words what `came` ought to be."""
    if not np.all(condition):
        raise LawBroken(np.asarray(came) if hasattr(came, "dtype") else came, should)


def each(expectation, came, should, *options) -> None:
    """The expectation holds for every array of two parameter lists of the same structure."""
    layers = came if isinstance(came, list | tuple) else [came]
    shapes = [tuple(np.shape(a) for a in pair) if isinstance(pair, list | tuple) else pair for pair in layers]
    wanted_shapes = [tuple(np.shape(a) for a in pair) for pair in should]
    if shapes != wanted_shapes:
        raise LawBroken(shapes, wanted_shapes)
    for layer, (pair, wanted) in enumerate(zip(came, should, strict=True)):
        for part, name in enumerate(("w", "b")):
            extra = [option[layer][part] if isinstance(option, list) else option for option in options]
            try:
                expectation(pair[part], wanted[part], *extra)
            except LawBroken as broken:
                broken.args = (f"{name} of layer {layer}: {broken}",)
                broken.where = f"{name} of layer {layer}"
                raise
