"""What the class has not understood: one HTML file, with no script and nothing to load."""

import html
import re
from collections import Counter
from statistics import median

from markdown_it import MarkdownIt

from jax_mlp.checking.names import component_of
from jax_mlp.checking.report import counted
from jax_mlp.exercises.stubs import description
from jax_mlp.grading.copies import Pair
from jax_mlp.grading.formats import Grades
from jax_mlp.grading.points import Points, shown

STYLE = """
:root { color-scheme: light dark; --fail: #d97706; --pass: #2563eb; --track: #8882; --line: #8885 }
body { font: 17px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1, h2, h3 { line-height: 1.25 } h2 { margin-top: 2.5rem }
table { border-collapse: collapse; width: 100% } td, th { padding: .2rem .5rem; text-align: left; vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.bar { width: 35% } .track { background: var(--track); border-radius: 3px; margin-top: .45rem }
.track div { background: var(--fail); height: .7rem; border-radius: 3px }
pre { overflow-x: auto; white-space: pre-wrap; background: var(--track); padding: .7rem; font-size: .85rem }
details { border-top: 1px solid var(--line); padding: .4rem 0 } summary { cursor: pointer } code { font-size: .9em }
.passed .track div { background: var(--pass) } small { opacity: .75 }
"""


def as_page(grades: Grades, points: Points, laws: dict[str, str], copies: list[Pair]) -> str:
    """The page of a class."""
    n, totals = len(grades), [points.total(rows) for rows in grades.values()]
    passed = Counter(c for rows in grades.values() for c, row in rows.items() if row["state"] == "passed")
    parts = [
        "<h1>What the class has not understood</h1>",
        f"<p>{counted(n, 'submission')}. Median: {shown(median(totals))} of {shown(points.most)} points. "
        f"Full marks: {totals.count(points.most)}.</p>" if n else "<p>No submissions.</p>",
        "<h2>Components</h2>",
        _table("passed", [(f'<a href="#{c}">{c}</a>', passed[c], n) for c in points.worth]),
        "<h2>Most frequent mistakes</h2>",
        "<p>Each is shown with the report of one submission. A mistake that the catalogue does not know is counted by "
        "the first law that it fails.</p>",
        *_mistakes(grades, laws),
        "<h2>Laws</h2>",
        "<p>The bars show how many submissions fail each law, of those for which it was run. A law that all pass is "
        "left out.</p>",
    ]  # fmt: skip
    failing = Counter(law for rows in grades.values() for row in rows.values() for law in row["failed"])
    for component in points.worth:
        written = [rows[component] for rows in grades.values() if rows[component]["state"] in ("passed", "failed")]
        own = [
            (_code(text), failing[law], sum(law not in row["not_run"] for row in written))
            for law, text in laws.items()
            if component_of(law) == component and failing[law]
        ]
        unwritten = sum(rows[component]["state"] in ("missing", "not written") for rows in grades.values())
        parts += [
            f'<h3 id="{component}">{component}</h3>',
            f"<p>Not written: {unwritten} of {n}.</p>" if unwritten else "",
        ]
        parts.append(_table("failed", sorted(own, key=lambda law: -law[1])) if own else "<p>Every law passes.</p>")
    parts.append("<h2>Submissions that look alike</h2>")
    if copies:
        rows = "".join(
            f"<tr><td>{html.escape(pair.one)}</td><td>{html.escape(pair.other)}</td>"
            f'<td class="number">{pair.alike:.0%}</td></tr>'
            for pair in copies
        )
        parts.append(
            "<p>These pairs have much code in common that few others have. There may be good reasons, such as work in "
            "pairs, a common tutor or the same web page. Read both before you ask.</p>"
            f'<table><tr><th>one</th><th>other</th><th class="number">in common</th></tr>{rows}</table>'
        )
    else:
        parts.append("<p>None has much code in common with another that few others have.</p>")
    parts += ["<h2>Lessons</h2>", *map(_lesson, points.worth)]
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>What the class has not understood'
        f"</title><style>{STYLE}</style></head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _mistakes(grades: Grades, laws: dict[str, str]) -> list[str]:
    seen: dict[tuple[str, str], list[tuple[str, dict]]] = {}
    for name, rows in grades.items():
        for component, row in rows.items():
            if row["state"] == "failed":
                what = row["mistake"] or row["cause"] or f"First failing law: {laws.get(row['first'], row['first'])}"
                seen.setdefault((component, what), []).append((name, row))
    parts = []
    for (component, what), those in sorted(seen.items(), key=lambda item: (-len(item[1]), item[0])):
        report = min((row["report"] for _, row in those), key=lambda text: (len(text), text))
        names = ", ".join(html.escape(name) for name, _ in those)
        parts.append(
            f"<details><summary><b>{len(those)}</b> × {component}: {_code(what)}</summary>"
            f'<pre>{html.escape(report)}</pre><p><a href="#lesson-{component}">The lesson on {component}</a></p>'
            f"<p><small>{names}</small></p></details>"
        )
    return parts or ["<p>None: whatever was written passes.</p>"]


def _lesson(component: str) -> str:
    text = MarkdownIt().render(re.sub("^#", "###", description(component), flags=re.MULTILINE))
    # A browser opens what is folded when a link leads into it, and not when it leads to it.
    return f'<details><summary>{component}</summary><div id="lesson-{component}">{text}</div></details>'


def _code(sentence: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(sentence))


def _table(became: str, rows: list[tuple[str, int, int]]) -> str:
    lines = "".join(
        f'<tr><td>{what}</td><td class="bar"><div class="track"><div style="width:{number / max(n, 1):.1%}"></div>'
        f'</div></td><td class="number">{number} of {n}</td></tr>'
        for what, number, n in rows
    )
    head = f'<tr><th></th><th></th><th class="number">{became} by</th></tr>'
    return f'<table class="{became}">{head}{lines}</table>'
