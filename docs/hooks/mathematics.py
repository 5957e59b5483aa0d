"""Draws mathematics when the site is built: each formula becomes an SVG, with its TeX as its accessible name."""

import html
import re
from functools import cache

from quickjax import render

FORMULA = re.compile(r'<(span|div) class="arithmatex">\s*\\([(\[])(.*?)\\[)\]]\s*</\1>([.,;:!?)]*)', re.DOTALL)


@cache
def drawn(tex: str, display: bool) -> str:
    """The SVG of a formula. What it says is said by the element around it."""
    return str(render(tex, display=display)).replace(' role="img"', ' aria-hidden="true"', 1)


def on_post_page(output: str, page, config) -> str:
    """Swap every formula of a finished page."""

    def swap(match: re.Match) -> str:
        tag, kind, tex, end = match.groups()
        tex = html.unescape(tex).strip()
        label = html.escape(" ".join(tex.split()), quote=True)
        formula = f'<{tag} class="math" role="img" aria-label="{label}">{drawn(tex, kind == "[")}</{tag}>'
        # No line begins with a full stop.
        return f'<span class="closed">{formula}{end}</span>' if end else formula

    return FORMULA.sub(swap, output)
