"""Draws the figures when the site is built: `<!-- figure NAME -->` becomes a drawing for wide pages and one for phones.

They are parts of the page, so that they have its faces and its colours, by day and by night.
"""

import html
import inspect
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
import data
import figures
from kept import ROOT, kept

DOCS = ROOT / "docs"
MADE_FROM = (
    inspect.getsource(data.draw), inspect.getsource(data._tuned), DOCS / "measured", ROOT / "tests" / "handwriting.py",
    ROOT / "src" / "jax_mlp" / "exercises" / "page", ROOT / "src" / "jax_mlp" / "exercises" / "page" / "palette.css",
    *(ROOT / "src" / "jax_mlp" / part for part in ("components", "data", "recipes.py", "figures.py")),
    "jax", "matplotlib",
)  # fmt: skip

MARK = re.compile(r"<!-- (figure|drawing) (\w+) -->")


def on_page_content(content: str, page, config, files) -> str:
    """Put a figure, its caption and the command that made it in place of its mark; of a drawing, only that."""

    def figure(mark: re.Match) -> str:
        if mark[1] == "drawing":
            return drawing(mark[2])
        caption = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(figures.words(mark[2])[0]))
        return (
            f"<figure>{drawing(mark[2])}<figcaption>{caption} "
            f'<details class="source"><summary>How it was made</summary>'
            f"<code>python docs/figures.py DIR {mark[2]}</code></details></figcaption></figure>"
        )

    return MARK.sub(figure, content)


def drawing(name: str) -> str:
    """The drawing of a figure, in both widths, with its description."""
    alt = html.escape(figures.words(name)[1], quote=True)
    made_from = figures.source(name), *MADE_FROM
    svgs = [
        kept(f"{name}-{width}.svg", lambda width=width: figures.inline(name, width).encode(), *made_from).decode()
        for width in figures.WIDTHS
    ]
    return f'<div class="drawing" role="img" aria-label="{alt}">{"".join(svgs)}</div>'
