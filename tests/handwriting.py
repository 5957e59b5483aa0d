"""Digits drawn stroke by stroke, as pictures of any size, paper and pen."""

from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

# Digits as a hand would draw them: strokes through points, x to the right and y down, from 0 to 100.
STROKES = {
    0: [[(50, 5), (25, 20), (15, 50), (25, 82), (50, 95), (76, 80), (85, 50), (74, 18), (50, 5)]],
    1: [[(58, 5), (52, 50), (46, 95)]],
    2: [[(20, 25), (32, 8), (58, 5), (76, 20), (70, 42), (45, 68), (18, 92), (45, 88), (84, 92)]],
    3: [[(22, 12), (48, 5), (72, 16), (68, 36), (42, 47), (70, 56), (80, 75), (62, 93), (36, 95), (17, 84)]],
    4: [[(36, 8), (26, 32), (20, 55), (48, 57), (82, 54)], [(70, 12), (66, 50), (62, 95)]],
    5: [[(76, 8), (32, 8), (27, 42), (54, 38), (76, 52), (78, 74), (58, 94), (22, 90)]],
    6: [[(66, 5), (40, 24), (24, 54), (26, 82), (48, 95), (70, 84), (72, 62), (52, 52), (28, 64)]],
    7: [[(15, 12), (48, 10), (84, 10), (66, 40), (50, 70), (42, 96)]],
    8: [[(72, 15), (48, 5), (26, 18), (36, 40), (64, 56), (74, 78), (52, 95), (28, 82), (34, 58), (64, 38), (72, 15)]],
    9: [[(74, 22), (50, 6), (28, 20), (30, 42), (54, 48), (74, 32), (74, 22), (72, 55), (60, 95)]],
}


def drawn(digit: int, size=300, pen=0.1, light_on_dark=False, margin=0.2, slant=0.0) -> Image.Image:
    """A picture of a digit, drawn with a round pen."""
    paper, ink = ((18, 20, 30), (235, 230, 210)) if light_on_dark else ((244, 240, 228), (30, 40, 90))
    picture = Image.new("RGB", (size, round(1.2 * size)), paper)
    pencil, scale, width = ImageDraw.Draw(picture), size * (1 - 2 * margin) / 100, max(1, round(pen * size))
    for stroke in STROKES[digit]:
        points = [(margin * size + (x + slant * (50 - y)) * scale, margin * size + y * scale) for x, y in stroke]
        pencil.line(points, fill=ink, width=width, joint="curve")
        for x, y in points:
            pencil.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=ink)
    return picture.filter(ImageFilter.GaussianBlur(size / 200))


STYLES = ({"pen": 0.08}, {"light_on_dark": True, "size": 120, "pen": 0.06, "slant": 0.15})
"""Two hands: one thick and upright on paper, one thin and slanted on a board."""


def _lit(grey, rng, drop=0.15, **_):
    """Light that falls from left to right."""
    return grey * np.linspace(1, 1 - drop, grey.shape[1])[None, :, None]


def _noisy(grey, rng, noise=5.0, **_):
    return grey + rng.normal(0, noise, grey.shape)


def _on_desk(grey, rng, width=0.15, shade=110, **_):
    """A desk around the paper."""
    margin = round(width * grey.shape[1])
    padded = np.full((grey.shape[0] + 2 * margin, grey.shape[1] + 2 * margin, 3), float(shade))
    padded[margin:-margin, margin:-margin] = grey
    return padded


def _pencil(grey, rng, contrast=60, **_):
    """The same, drawn with a pencil."""
    low, high = grey.min(), grey.max()
    return high - contrast * (high - grey) / (high - low)


def _cropped(grey, rng, above=True, beside=True, **_):
    """Cut along the edges of the digit."""
    rows, columns = np.nonzero(grey.min(axis=2) < 0.5 * grey.max())
    rows = slice(rows.min(), rows.max() + 1) if above else slice(None)
    return grey[rows, columns.min() : columns.max() + 1] if beside else grey[rows]


KINDS = {
    "plain": (),
    "exif orientation": (),
    "16 bits of grey": (),
    "palette": (),
    "white ink, transparent": (),
    "cmyk": (),
    "animated": (),
    "tiny": (),
    "cropped": (_cropped,),
    "cropped above and below": (partial(_cropped, beside=False),),
    "cropped on the left and right": (partial(_cropped, above=False), partial(_noisy, noise=2.0)),
    "light falls by 15 %": (_lit,),
    "light falls by 30 %": (partial(_lit, drop=0.3),),
    "light falls by 70 %": (partial(_lit, drop=0.7), partial(_noisy, noise=3.0)),
    "noise 5": (_noisy,),
    "noise 15": (partial(_noisy, noise=15.0),),
    "pencil, noise 2": (_pencil, partial(_noisy, noise=2.0)),
    "pencil, light, noise 2": (_pencil, _lit, partial(_noisy, noise=2.0)),
    "pencil, light falls by 40 %": (_pencil, partial(_lit, drop=0.4), partial(_noisy, noise=3.0)),
    "narrow desk": (partial(_on_desk, width=0.03),),
    "desk": (_on_desk,),
    "wide desk": (partial(_on_desk, width=0.5),),
    "light desk": (partial(_on_desk, shade=190),),
    "black desk": (partial(_on_desk, shade=10),),
    "desk on the left": (),
    "desk, paper turned": (),
    "desk, pencil, light": (_pencil, _on_desk, _lit, partial(_noisy, noise=2.0)),
}
"""Kinds of photographs, and what is done to the picture of a digit on paper."""


def photograph(digit: int, kind: str, path) -> None:
    """Write a picture of a digit to a file, as a camera or another program would have made it."""
    rng = np.random.default_rng(digit)
    picture = drawn(digit, pen=0.08)
    grey = np.asarray(picture, float)
    if kind == "desk on the left":
        grey = _on_desk(grey, rng)[60:-60, :-60]
    for change in KINDS[kind]:
        grey = change(grey, rng)
    picture = Image.fromarray(np.clip(np.round(grey), 0, 255).astype(np.uint8))
    options = {"format": "PNG"}
    if kind == "exif orientation":
        exif = Image.Exif()
        exif[0x0112] = 6  # turned by 90° when shown
        picture, options = picture.transpose(Image.Transpose.ROTATE_90), {"format": "JPEG", "exif": exif}
    elif kind == "16 bits of grey":
        picture = Image.fromarray(np.asarray(picture.convert("L"), np.uint16) * 257)
    elif kind == "palette":
        picture = picture.quantize(8)
    elif kind == "white ink, transparent":
        ink = picture.convert("L").point(lambda grey: 255 - grey)
        picture = Image.merge("LA", (Image.new("L", ink.size, 255), ink))
    elif kind == "cmyk":
        picture, options = picture.convert("CMYK"), {"format": "JPEG"}
    elif kind == "animated":
        options |= {"save_all": True, "append_images": [Image.new("RGB", picture.size)]}
    elif kind == "tiny":
        picture = picture.resize((15, 18), Image.Resampling.BOX)
    elif kind == "desk, paper turned":
        turned = picture.convert("RGBA").rotate(12, Image.Resampling.BICUBIC, expand=True)
        desk = Image.new("RGBA", (turned.width + 80, turned.height + 80), (120, 90, 60, 255))
        desk.alpha_composite(turned, (40, 40))
        picture = desk.convert("RGB")
    picture.save(path, **options)
