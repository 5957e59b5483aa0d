"""A picture of a digit, made like MNIST's own: 28 by 28 pixels, light on dark, 20 of them high, in the middle."""

from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from jax_mlp.data.paper import ink_on_paper

LARGEST = 64_000_000
"""Pixels of a picture that is still opened."""

TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""What makes a picture upright, by the orientation in its EXIF data."""


def read_picture(path: str | Path) -> UInt8[np.ndarray, "784"]:
    """The pixels of one digit, as MNIST has them, from a PNG or JPEG of any size, such as a photograph.

    Dark on light or light on dark. The desk around the paper, uneven light and noise are removed first. The digit is
    cropped, scaled to fit into 20 by 20 pixels, and put into 28 by 28 so that its centre of mass is in the middle.

    Args:
        path: The file.

    Returns:
        A flattened image with pixels from 0 to 255.

    Raises:
        FileNotFoundError: If there is no such file.
        IsADirectoryError: If it is a folder.
        ValueError: If it is no PNG or JPEG, is damaged or too large, or shows nothing.

    References:
        Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits, on how its images were made.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"predict: expected a picture, got the folder {path}. Name the picture in it.")
    if not path.exists():
        raise FileNotFoundError(f"predict: expected a picture, got {path}, which is not there. Check the path.")
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            width, height = picture.size
            grey = _grey(picture) if width * height <= LARGEST else None
    except Exception as error:  # PIL raises many kinds for damaged files
        raise ValueError(f"predict: expected a PNG or JPEG, got {path}: {error}. Save it as one of them.") from error
    if grey is None:
        raise ValueError(
            f"predict: expected a picture of at most {LARGEST} pixels, got {width} by {height} in {path}. "
            "Make it smaller."
        )
    # A camera's pixels are many more than a digit needs.
    ink = ink_on_paper(np.asarray(Image.fromarray(grey).reduce(max(1, max(grey.shape) // 400))))
    if ink is None:
        raise ValueError(f"predict: expected a digit, got {path}, which shows none. Draw one that is larger or bolder.")
    return centred(ink)


def centred(ink: Float32[np.ndarray, "height width"]) -> UInt8[np.ndarray, "784"]:
    """A digit as MNIST has it: cropped, scaled to fit into 20 by 20 pixels, and centred by mass in 28 by 28.

    The pages of the site do the same in JavaScript: `network.centred` of jax_mlp/exercises/page/network.js.

    Args:
        ink: How dark each pixel is. Not all of it is 0.

    Returns:
        A flattened image with pixels from 0 to 255.
    """
    rows, columns = np.nonzero(ink > 0.1 * ink.max())
    ink = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    height, width = ink.shape
    size = (max(1, round(20 * width / max(ink.shape))), max(1, round(20 * height / max(ink.shape))))
    small = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BOX))
    small = small / small.max()
    # Pixel 14, the first beyond the middle, is where the centres of MNIST's own images lie.
    top, left = (
        int(np.clip(round(14 - centre), 0, 28 - length))
        for centre, length in zip(_centre(small), small.shape, strict=True)
    )
    framed = np.zeros((28, 28), np.float32)
    framed[top : top + small.shape[0], left : left + small.shape[1]] = small
    return np.round(255 * framed).astype(np.uint8).ravel()


def _grey(picture: Image.Image) -> np.ndarray:
    """A picture, the first one of an animation, in shades of grey from 0 to 255, as its program would show it."""
    turned = TURNED.get(picture.getexif().get(0x0112, 1))  # a camera keeps how it was held
    picture = picture if turned is None else picture.transpose(turned)
    if picture.mode.startswith("I"):  # 16 bits, which convert would clip; and a camera may use fewer of them
        shades = np.asarray(picture, np.float32)
        return shades * (255 / max(shades.max(), 1))
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("RGB").convert("L"), np.float32)
    picture = picture.convert("RGBA")
    on_white, on_black = (
        np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, paper), picture).convert("L"), np.float32)
        for paper in ("white", "black")
    )
    return on_white if np.ptp(on_white) >= 48 else on_black  # white ink shows on black alone


def _centre(image: np.ndarray) -> tuple[float, float]:
    """The centre of mass."""
    rows, columns = np.indices(image.shape)
    return float((rows * image).sum() / image.sum()), float((columns * image).sum() / image.sum())
