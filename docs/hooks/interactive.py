"""Puts interactive figures into pages: `<!-- figure NAME -->` becomes docs/interactive/NAME.html, if there is one.

In such a file `~/` at the start of an address stands for the site's root, and `<!-- still -->` for the drawing of the
same name, shown if the browser runs no scripts. A script or style that is on the page already is not put there again.
`data/NAME.js` is what `docs/data.py` computes. The files of the page that the capstone writes are shared with it.
"""

import posixpath
import re
import sys
from pathlib import Path

from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
import data
import figures
from kept import ROOT

DOCS = ROOT / "docs"
SHARED = ROOT / "src" / "jax_mlp" / "exercises" / "page"
MARK = re.compile(r"^<!-- figure (\w+) -->$", re.MULTILINE)
PLACE = re.compile(r"<!-- interactive (\w+) -->")
PART = re.compile(r'^<(?:script|link)\b[^>]*(?:src|href)="[^"]*"[^>]*>(?:</script>)?\n', re.MULTILINE)


def fragment(name: str) -> Path | None:
    """The file of an interactive figure, or None if the figure is only drawn."""
    found = [path for folder in (DOCS / "interactive", SHARED) if (path := folder / f"{name}.html").is_file()]
    return found[0] if found else None


def on_files(files, config):
    """Add the shared scripts and styles, and the data."""
    for path in sorted([*SHARED.glob("*.js"), *SHARED.glob("*.css")]):
        files.append(File.generated(config, f"javascripts/{path.name}", abs_src_path=str(path)))
    for name in data.SCRIPTS:
        files.append(File.generated(config, f"data/{name}.js", content=data.script(name)))
    return files


def on_page_markdown(markdown: str, page, config, files) -> str:
    """Keep the place of an interactive figure through Markdown, which might change its HTML."""
    return MARK.sub(lambda mark: f"<!-- interactive {mark[1]} -->" if fragment(mark[1]) else mark[0], markdown)


def on_page_content(content: str, page, config, files) -> str:
    """Put the figures in their places."""
    root, seen = posixpath.relpath(".", posixpath.dirname(page.url) or "."), set()

    def once(part: re.Match) -> str:
        new = part[0] not in seen
        seen.add(part[0])
        return part[0] if new else ""

    def figure(place: re.Match) -> str:
        path = fragment(place[1])
        assert path is not None
        text = path.read_text(encoding="utf-8").replace("<!-- still -->", still(place[1]))
        return PART.sub(once, text.replace('"~/', f'"{root}/'))

    return PLACE.sub(figure, content)


def still(name: str) -> str:
    """The drawing of a figure, for those whose browser runs no scripts."""
    if name not in figures.FIGURES:
        return ""
    return f"<noscript><!-- drawing {name} --></noscript>"
