"""Draws the figures when the site is built: a `<!-- figure NAME -->` becomes one for light paper and one for dark."""

import posixpath
import re
import sys
from pathlib import Path

from mkdocs.structure.files import File

DOCS = Path(__file__).parents[1]
sys.path.insert(0, str(DOCS))
sys.path.insert(0, str(Path(__file__).parent))
import figures
from kept import ROOT, kept

MADE_FROM = (
    DOCS / "figures.py", DOCS / "measured", ROOT / "tests" / "handwriting.py",
    *(ROOT / "src" / "jax_mlp" / part for part in ("components", "data", "recipes.py", "figures.py")),
    "jax", "matplotlib",
)  # fmt: skip

MARK = re.compile(r"^<!-- figure (\w+) -->$", re.MULTILINE)


def on_files(files, config):
    """Add the drawings to the site."""
    for name in figures.FIGURES:
        for theme in figures.INK:
            svg = kept(f"{name}-{theme}.svg", lambda name=name, theme=theme: figures.drawn(name)[theme], *MADE_FROM)
            files.append(File.generated(config, f"figures/{name}-{theme}.svg", content=svg))
    return files


def on_page_markdown(markdown: str, page, config, files) -> str:
    """Put a figure, its caption and the command that made it in place of its mark."""

    def figure(match: re.Match) -> str:
        caption, alt = figures.words(match[1])
        at = posixpath.relpath(f"figures/{match[1]}", posixpath.dirname(page.file.src_uri))
        return (
            f'<figure markdown="span">\n![{alt}]({at}-light.svg#only-light)\n![{alt}]({at}-dark.svg#only-dark)\n'
            f"<figcaption>{caption} <code>python docs/figures.py DIR {match[1]}</code></figcaption>\n</figure>"
        )

    return MARK.sub(figure, markdown)
