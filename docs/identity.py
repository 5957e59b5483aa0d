"""Draws the logo, and the card that is shown when a page is shared: `python docs/identity.py`.

The logo, which is the favicon too, is one of the bundled digits, pixel by pixel. The card is a page of its own,
photographed by Chromium.
"""

import re
import shutil
from itertools import groupby
from pathlib import Path

import numpy as np

from jax_mlp.data import DATASETS

DOCS = Path(__file__).parent
PALETTE = (DOCS.parent / "src/jax_mlp/exercises/page/palette.css").read_text(encoding="utf-8")


def digits(number: int) -> np.ndarray:
    """One bundled image of each digit."""
    data = DATASETS["mnist-5k"](None)
    chosen = [np.flatnonzero(data.train_labels == digit)[number] for digit in range(10)]
    return data.train_images[chosen].reshape(10, 28, 28)


def pixels(image: np.ndarray, colour: str) -> str:
    """The pixels of an image as SVG, in runs of one shade, of four."""
    runs = []
    for y, row in enumerate(np.rint(image / 255 * 4).astype(int)):
        x = 0
        for shade, run in groupby(row):
            n = len([*run])
            if shade:
                runs.append((shade, f"M{x} {y}h{n}v1h-{n}z"))
            x += n
    paths = [
        f'<path opacity="{shade / 4}" d="{"".join(run for each, run in runs if each == shade)}"/>'
        for shade in range(1, 5)
    ]
    return f'<g fill="{colour}" shape-rendering="crispEdges">{"".join(paths)}</g>'


def logo() -> str:
    """A 3 of 28 by 28 pixels, paper on ink."""
    ink, paper = (re.findall(rf"--{name}: (#\w+)", PALETTE)[0] for name in ("ink", "paper"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28">'
        f'<rect width="28" height="28" rx="5" fill="{ink}"/>'
        f"{pixels(digits(3)[3], paper)}</svg>\n"
    )


def card() -> bytes:
    """What is shown where a page is shared: 1200 by 630 pixels."""
    from playwright.sync_api import sync_playwright

    row = "".join(f'<svg viewBox="2 2 24 24">{pixels(image, "#1d1b19")}</svg>' for image in digits(3))
    page = f"""<link rel="stylesheet" href="{(DOCS / "site.css").as_uri()}">
<style>{PALETTE} body {{ margin: 70px 80px; width: 1040px; font: 34px/1.4 "Source Serif"; color: var(--ink);
background: var(--paper) }} h1 {{ font-size: 76px; line-height: 1.1; margin: 0 0 30px; letter-spacing: -0.02em }}
p {{ color: var(--ink-soft); margin: 0 }} div {{ display: flex; margin: 44px 0 30px -10px }} svg {{ width: 106px }}
code {{ font: 600 34px "Source Code"; color: var(--ink) }}</style>
<h1>Write a neural network.<br>Find out what you got wrong.</h1>
<div>{row}</div>
<p><code>jax_mlp</code> · Eight small components in JAX,
the laws that test them, and the mistakes that the laws catch.</p>"""
    at = DOCS / "card.html"
    at.write_text(page, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1200, "height": 630})
        tab.goto(at.as_uri())
        tab.evaluate("document.fonts.ready")
        picture = tab.screenshot()
        browser.close()
    at.unlink()
    return picture


if __name__ == "__main__":
    for name, content in {"logo.svg": logo().encode(), "card.png": card()}.items():
        (DOCS / name).write_bytes(content)
        print(f"written: {DOCS / name}, {len(content):,} bytes")
