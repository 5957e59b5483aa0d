"""Digits drawn stroke by stroke, as pictures of any size, paper and pen."""

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
