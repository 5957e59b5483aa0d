"""Writes the laws of a component, and the mistakes they catch, into pages, in their own words.

`<!-- laws relu -->` becomes all of them, `<!-- law relu::test_example -->` the line under a formula that a law tests,
`<!-- steps train_loop -->` the steps of an exercise, `<!-- catches -->` the matrix of all components,
`<!-- failure relu/leaky -->` a mistake and the report on it, and
`<!-- hunt example -->` a round of "Find the mistake" for browsers that run no scripts.
"""

import ast
import html
import posixpath
import re
from functools import cache
from pathlib import Path

from mkdocs.exceptions import PluginError
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import hunt
from jax_mlp.exercises.stubs import numbered_steps
from jax_mlp.mistakes import caught_by, counterexamples

PACKAGE = Path(__file__).parents[2] / "src" / "jax_mlp"
LAW = re.compile(r"<!-- law (\w+)::(\w+) -->")
MARK = re.compile(r"^<!-- (laws \w+|steps \w+|catches|failure \w+/\w+|hunt example) -->$", re.MULTILINE)
MINUS = re.compile(r"(?<=[\s(\[,])-(?=[\s\w(.])|(?<=\b\w)-(?=\w\b)")
FINE_PRINT = '<span class="count">fine print</span>'
ID = re.compile(r' id="([^"]+)"')
PLACE = re.compile(r"<!-- put (law|promise|mistake|matrix|round)s? (\w+) -->")


def on_page_markdown(markdown: str, page, config, files) -> str:
    """Put headings and sentences in place of the marks, and keep places for what Markdown might change."""
    for read in (functions, caught):  # what they read may have changed since the last build
        read.cache_clear()
    markdown = LAW.sub(lambda mark: tested(*mark.groups(), page.file.src_uri), markdown)
    return MARK.sub(lambda mark: PARTS[mark[1].split()[0]](mark[1].split()[-1], page.file.src_uri), markdown)


def on_page_content(content: str, page, config, files) -> str:
    """Put laws and mistakes in their places."""
    folded = {"law": law_rows, "promise": promise_rows, "mistake": mistake_rows, "matrix": matrix, "round": example}
    content = PLACE.sub(lambda place: folded[place[1]](place[2]), content)
    page.present_anchor_ids.update(ID.findall(content))  # so that MkDocs checks links to laws like those to headings
    return content


def tested(component: str, name: str, page: str) -> str:
    """The line under a formula that a law tests; PluginError if no law has that name."""
    if name not in functions("laws", component):
        raise PluginError(f"laws/test_{component}.py has no law {name}")
    where = f"components/{component}.md" if component in COMPONENTS else "gradcheck.md"
    mark = f"[✓ Tested]({posixpath.relpath(where, posixpath.dirname(page))}#{name})"
    return f'<span class="law">{mark}: {words(functions("laws", component)[name][0])}</span>'


def all_laws(component: str, page: str) -> str:
    """The laws of a component, what the reference promises beyond them, and the mistakes they catch."""
    n_laws, n_mistakes = len(hunt.laws(component)), len(functions("mistakes", component))
    fine_print = any("mark.fine_print" in code for _, code in functions("laws", component).values())
    asked = " `pytest --fine-print` also tests those that are marked *fine print*." * fine_print
    promises = (
        "\n\n### Further laws of the reference\n\n"
        f"Your code need not satisfy these laws.{asked}\n\n<!-- put promises {component} -->"
        if len(functions("laws", component)) > n_laws
        else ""
    )
    if n_mistakes == 0:
        return (
            f"{n_laws} laws test all functions together. Open a law to read its code.\n\n<!-- put laws {component} -->"
            f"{promises}"
        )
    matrix_at = posixpath.relpath("catches.md", posixpath.dirname(page))
    return (
        f"{n_laws} laws test `{component}`. Each square is one of {n_mistakes} known mistakes. A shaded square means "
        "that the law catches that mistake. A solid square means that no other law catches it. "
        "Open a law to read its code.\n\n"
        f"<!-- put laws {component} -->{promises}\n\n### Mistakes that the laws catch\n\n"
        f"Open a mistake to see its code and the smallest counterexample. [All laws and mistakes in one "
        f"matrix]({matrix_at}#{component})\n\n<!-- put mistakes {component} -->"
    )


def catches(_: str, page: str) -> str:
    """The matrix of all components, and what it adds up to."""
    missed = sum(not laws for laws in caught().values())
    once = sum(len(laws) == 1 for laws in caught().values())
    parts = [
        f"The catalogue has {len(caught())} mistakes. The laws miss {missed} of them. "
        f"{once} of them are caught by only one law each."
    ]
    for component in COMPONENTS:
        names, laws = [*functions("mistakes", component)], hunt.laws(component)
        parts += [f"## {component}", f"{len(laws)} laws and {len(names)} mistakes.", f"<!-- put matrix {component} -->"]
        busy = {law for name in names for law in caught()[f"{component}/{name}"]}
        if idle := [f"“{laws[law]}”" for law in laws if law not in busy]:
            parts.append(f"These laws catch none of the mistakes: {' '.join(idle)}")
    return "\n\n".join(parts)


@cache
def caught() -> dict[str, list[str]]:
    """For each mistake, the laws that catch it."""
    return caught_by()


def failure(key: str, page: str) -> str:
    """The code of a mistake, under the component's name, and what a report says about it."""
    component, name = key.split("/")
    sentence, code = functions("mistakes", component)[name]
    shown = counterexamples()[key]
    report = {
        "law": hunt.laws(component)[shown["law"]], "counterexample": shown["call"],
        "got": shown["got"], "expected": shown["expected"], "likely cause": sentence,
    }  # fmt: skip
    lines = "\n".join(f"{label + ':':<17}{text}" for label, text in report.items())
    return f"```python\n{code.replace(f'def {name}(', f'def {component}(')}\n```\n\n```\n{lines}\n```"


PARTS = {
    "laws": all_laws,
    "steps": lambda component, _: numbered_steps(component),
    "catches": catches,
    "failure": failure,
    "hunt": lambda *_: "<!-- put round 1 -->",
}


@cache
def functions(room: str, component: str) -> dict[str, tuple[str, str]]:
    """The tests of a law file, or the mistakes about a component: by name, the sentence and the code without it."""
    path = PACKAGE / room / f"{'test_' if room == 'laws' else ''}{component}.py"
    if not path.exists():  # gradients, which is not a component, has no mistakes
        return {}
    text = path.read_text(encoding="utf-8")
    lines, found = text.splitlines(), {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") == (room == "laws"):
            if node.name.startswith("_"):
                continue
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            says = node.body[0]
            code = lines[first - 1 : says.lineno - 1] + lines[says.end_lineno : node.end_lineno]
            found[node.name] = " ".join((ast.get_docstring(node) or "").split()), "\n".join(code)
    return found


def law_rows(component: str) -> str:
    """Each law: its sentence, the mistakes that it catches, and its code."""
    names, rows = [*functions("mistakes", component)], []
    for law in hunt.laws(component):
        sentence, code = functions("laws", component)[law]
        caught_names = [name for name in names if law in caught().get(f"{component}/{name}", [])]
        links = ", ".join(f'<a href="#{name}">{plain(name)}</a>' for name in caught_names) or "none"
        catches = f"It catches: {links}. " if names else ""
        rows.append(
            f"<details><summary><span>{words(sentence)}</span>{marks(component, law) if names else ''}</summary>"
            f'<div id="{law}">{coloured(code)}<p>{catches}'
            f"Run it alone: <code>pytest --impl=DIR {component}::{law}</code></p></div></details>"
        )
    return f'<div class="laws">{"".join(rows)}</div>'


def promise_rows(component: str) -> str:
    """Each test that only the reference has to pass."""
    rows = [
        f"<details><summary><span>{words(sentence)}</span>{FINE_PRINT * ('mark.fine_print' in code)}</summary>"
        f'<div id="{name}">{coloured(code)}</div></details>'
        for name, (sentence, code) in functions("laws", component).items()
        if name not in hunt.laws(component)
    ]
    return f'<div class="laws">{"".join(rows)}</div>'


def mistake_rows(component: str) -> str:
    """Each mistake: its sentence, its code, the laws that catch it, and a call that shows it."""
    rows, shown, laws = [], counterexamples(), functions("laws", component)  # with those of the fine print
    for name, (sentence, code) in functions("mistakes", component).items():
        key = f"{component}/{name}"
        catching = [law for law in laws if law in caught()[key]]
        links = "".join(f'<li><a href="#{law}">{words(laws[law][0])}</a></li>' for law in catching)
        count = f"{len(catching)} law{'s' * (len(catching) != 1)}"
        rows.append(
            f'<details><summary><span>{words(sentence)}</span><span class="count">{count}</span></summary>'
            f'<div id="{name}">'
            f"{coloured(code)}{counterexample(shown[key]) if shown.get(key) else ''}"
            f"<p>Caught by:</p><ul>{links}</ul></div></details>"
        )
    return f'<div class="laws">{"".join(rows)}</div>'


def matrix(component: str) -> str:
    """The laws of a component as rows, each with a square for every mistake."""
    rows = [
        f'<li><a href="components/{component}.html#{law}">{words(sentence)}</a>{marks(component, law, named=True)}</li>'
        for law, sentence in hunt.laws(component).items()
    ]
    return f'<ol class="matrix">{"".join(rows)}</ol>'


def example(_: str) -> str:
    """The first round, with its answer folded."""
    this = hunt.rounds(0)[0]
    laws = "".join(f"<li>{words(law)}</li>" for law in this.laws)
    return (
        f'<div id="hunt-example" class="laws"><p><strong>{this.component}</strong></p>{coloured(this.code)}'
        f"<ol>{laws}</ol>"
        f"<details><summary><span>The answer</span></summary><div><p>Law {this.caught_by + 1} catches it. "
        f"{words(this.sentence)}</p>{counterexample(this.counterexample)}<p>The same function without the mistake:</p>"
        f"{coloured(hunt.fixed(this.component))}</div></details></div>"
    )


def counterexample(shown: dict[str, str]) -> str:
    """The smallest counterexample to a mistake."""
    lines = [
        shown["call"],
        *(f"# {each + ':':<9} {shown[each]}".replace("\n", "\n#           ") for each in ("got", "expected")),
    ]
    return f"<p>The smallest counterexample:</p>{coloured(chr(10).join(lines))}"


def marks(component: str, law: str, named: bool = False) -> str:
    """A square for each mistake: empty, shaded if the law catches it, solid if no other law does."""
    squares, count = {"missed": [], "caught": [], "alone": []}, 0
    names = [*functions("mistakes", component)]
    for place, name in enumerate(names):
        laws = caught().get(f"{component}/{name}", [])
        kind = "missed" if law not in laws else "alone" if len(laws) == 1 else "caught"
        count += kind != "missed"
        size = 6 if kind != "missed" else 2
        at = f"M{8 * place + (8 - size) // 2} {(8 - size) // 2}h{size}v{size}h-{size}z"
        squares[kind].append((at, name))
    drawn = ""
    for kind, found in squares.items():
        if named and kind != "missed":
            drawn += "".join(f'<path class="{kind}" d="{at}"><title>{plain(name)}</title></path>' for at, name in found)
        elif found:
            drawn += f'<path class="{kind}" d="{"".join(at for at, _ in found)}"/>'
    label = f"catches {count} of {len(names)} mistakes"
    return (
        f'<svg class="marks" style="--n: {len(names)}" viewBox="0 0 {8 * len(names)} 8" role="img" '
        f'aria-label="{label}">{drawn}</svg>'
    )


def words(sentence: str) -> str:
    """A sentence as HTML: backticks enclose code, and a minus elsewhere is a real one, after which no line ends."""
    pieces = html.escape(sentence, quote=False).split("`")
    return "".join(f"<code>{each}</code>" if n % 2 else MINUS.sub("−", each) for n, each in enumerate(pieces))


def plain(name: str) -> str:
    """A function's name as words."""
    return name.replace("_", " ")


def coloured(code: str) -> str:
    """Code as HTML."""
    return highlight(code, PythonLexer(), HtmlFormatter(cssclass="highlight", wrapcode=True))
