"""From a photograph to ink alone: without the desk around the paper, uneven light and noise."""

from typing import Any

import numpy as np
import scipy.ndimage

ndimage: Any = scipy.ndimage  # its types allow for what its defaults never return

LEAST = 16
"""Shades of grey, of 256, by which ink differs from its paper at least."""


def ink_on_paper(grey: np.ndarray) -> np.ndarray | None:
    """How far each pixel of a photograph is from the shade of its paper, and exactly 0 off the strokes.

    Ink may be darker than its paper or lighter. None if there is nothing on the paper.
    """
    grey = _evenly_lit(_sheet(grey))  # now its paper is 0
    # What fills a side is desk or shade, and not the digit. If there is none, the digit gets a margin of paper, because
    # it may reach the border.
    sides = grey[0], grey[-1], grey[:, 0], grey[:, -1]
    beside_desk = any(np.quantile(np.abs(side), 0.1) > LEAST for side in sides)
    window = max(3, round(0.35 * max(grey.shape)))
    grey = grey if beside_desk else np.pad(grey, window // 2 + 1)
    smooth = _smooth(grey)
    # A closing removes what is dark and narrower than its window, and an opening what is light. What remains is the
    # paper with its light and shade.
    dark, light = ndimage.grey_closing(smooth, window), ndimage.grey_opening(smooth, window)
    kinds = [(dark - smooth, dark - grey), (smooth - light, grey - light)]
    for with_border in (False, True)[not beside_desk :]:  # beside a desk, only if there is nothing else
        # Inside strokes of one kind, as in a 0, paper looks like strokes of the other: the strokes reach farther.
        found = max(((_strokes(seen, with_border), ink) for seen, ink in kinds), key=lambda kind: _extent(kind[0]))
        if found[0].any():
            return np.where(found[0], np.maximum(found[1], 0), 0)
    return None


def _smooth(grey: np.ndarray) -> np.ndarray:
    return ndimage.gaussian_filter(grey, max(grey.shape) / 400)


def _sheet(grey: np.ndarray) -> np.ndarray:
    """The paper without what it lies on: a large part of one shade that fills a rectangle and has something on it."""
    smooth = _smooth(grey)
    middle = (smooth.min() + smooth.max()) / 2
    for part in (smooth > middle, smooth <= middle):
        labels, _ = ndimage.label(part)
        for number, box in enumerate(ndimage.find_objects(labels), 1):
            sheet = ndimage.binary_fill_holes(labels[box] == number)
            if not 0.15 * grey.size < sheet.sum() < grey.size or not _is_rectangular(sheet):
                continue
            whole = np.zeros(grey.shape, bool)
            whole[box] = sheet
            if not _has_an_edge(whole, smooth):
                continue
            inner = ndimage.binary_erosion(sheet, iterations=max(2, round(0.03 * max(sheet.shape))))
            if inner.any() and np.ptp(smooth[box][inner]) > LEAST:
                nearest = ndimage.distance_transform_edt(~inner, return_distances=False, return_indices=True)
                return grey[box][tuple(nearest)]
    return grey


def _has_an_edge(part: np.ndarray, smooth: np.ndarray) -> bool:
    """Whether the shade changes at once where a part ends. In light that falls evenly, it changes little by little."""
    width = max(2, round(0.03 * max(part.shape)))
    inside = part & ~ndimage.binary_erosion(part, iterations=width, border_value=1)
    outside = ndimage.binary_dilation(part, iterations=width) & ~part
    step = np.median(smooth[inside]) - np.median(smooth[outside])
    return bool(abs(step) > 0.3 * np.ptp(smooth))


def _evenly_lit(grey: np.ndarray) -> np.ndarray:
    """The picture without the light that falls on it: a quadratic function of the place, near most pixels."""
    rows, columns = (np.linspace(-1, 1, length) for length in grey.shape)
    y, x = np.meshgrid(rows, columns, indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    some = (slice(None, None, max(1, max(grey.shape) // 60)),) * 2
    places, shades = terms[some].reshape(-1, 6), grey[some].ravel()
    near = np.abs(shades[:, None] - np.arange(256)) < LEAST / 2
    most = near[:, near.sum(axis=0).argmax()]  # the pixels near the most frequent shade
    light = np.array([np.median(shades[most]), 0, 0, 0, 0, 0])
    # The sum of the distances becomes least, and not that of their squares, so that ink has little weight. But a digit
    # that fills its picture would be followed: if many pixels have one shade, the light is even already.
    for _ in range(0 if most.mean() > 0.38 else 30):
        weight = 1 / np.sqrt(np.abs(shades - places @ light) + 0.1)
        light = np.linalg.lstsq(weight[:, None] * places, weight * shades)[0]
    light = terms @ light
    # The difference between ink and paper is smaller where there is less light.
    bright = np.maximum(light, max(0.25 * light.max(), LEAST))
    return ((grey - light) * (bright.max() / bright)).astype(np.float32)


def _is_rectangular(part: np.ndarray) -> bool:
    """Whether it fills the smallest of the rectangles around it, however they are turned."""
    points = np.argwhere(part & ~ndimage.binary_erosion(part))
    angles = np.radians(np.arange(0, 90, 3))
    along, across = (points @ np.stack([np.cos(a), np.sin(a)]) for a in (angles, angles + np.pi / 2))
    return part.sum() > 0.85 * (np.ptp(along, axis=0) * np.ptp(across, axis=0)).min()


def _strokes(ink: np.ndarray, with_border: bool) -> np.ndarray:
    """Where something stands out of the noise, in pieces of some size."""
    ink = ink - np.median(ink)
    noise = 1.5 * np.median(np.abs(ink))
    least = max(LEAST / 2, 5 * noise, 0.2 * ink.max())
    labels, n = ndimage.label(ink > least, np.ones((3, 3)))
    sums = ndimage.sum(ink, labels, np.arange(n + 1))
    sums[0] = 0
    if not with_border:
        sums[np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))] = 0
    kept = (sums > 0.03 * sums.max())[labels]
    if _extent(kept) < (0.1 * max(ink.shape)) ** 2 or ink.max() < LEAST:
        return np.zeros_like(kept)
    return ndimage.binary_dilation(kept, iterations=max(1, max(ink.shape) // 60))


def _extent(ink: np.ndarray) -> int:
    """The square of the diagonal of the box around it."""
    rows, columns = np.nonzero(ink)
    return int(np.ptp(rows) ** 2 + np.ptp(columns) ** 2) if len(rows) else 0
