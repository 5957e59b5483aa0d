"""The pages agree with the tests: every displayed formula names a law, and every named law exists."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAWS = ROOT / "src" / "jax_mlp" / "laws"
PAGES = [*sorted((ROOT / "docs" / "components").glob("*.md")), ROOT / "docs" / "gradcheck.md"]
FORMULA = re.compile(r"^ *\$\$.*?\$\$$", re.MULTILINE | re.DOTALL)
LAW = re.compile(r"\s*<!-- law (\w+)::(\w+) -->")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_formula_has_a_law(page):
    """Each displayed formula is followed by the name of a law, and the test of that name exists."""
    text = page.read_text(encoding="utf-8")
    formulas = [*FORMULA.finditer(text)]
    assert formulas
    for formula in formulas:
        law = LAW.match(text, formula.end())
        assert law, f"{page.name} derives {formula[0].strip()} and names no law that holds it"
        tests = ast.parse((LAWS / f"test_{law[1]}.py").read_text(encoding="utf-8"))
        assert law[2] in {node.name for node in tests.body if isinstance(node, ast.FunctionDef)}


def examples():
    """Every block of Python on every page, and in the README."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for code in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            yield pytest.param(code, id=f"{page.stem}: {code.splitlines()[0]}")


TESTS = "".join(path.read_text(encoding="utf-8") for path in sorted(LAWS.glob("test_*.py")))


@pytest.mark.parametrize("code", [*examples()])
def test_examples_run(code):
    """Python on a page is a program that prints what its comments say, or a literal part of a test."""
    if code in TESTS:
        return
    if "import torch" in code:
        pytest.importorskip("torch")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == re.findall(r"print\(.*\)  # (.*)", code)


def test_every_figure_is_drawn_and_shown():
    """The figures on the pages are exactly the figures that are drawn."""
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md"))
    shown = re.findall(r"^<!-- figure (\w+) -->$", pages, re.MULTILINE)
    drawn = ast.parse((ROOT / "docs" / "figures.py").read_text(encoding="utf-8")).body
    figures = [
        function.name
        for function in drawn
        if isinstance(function, ast.FunctionDef)
        and not function.args.args
        and ast.unparse(function).count("-> Figure:")
    ]
    never_drawn = {path.stem for path in (ROOT / "docs" / "interactive").glob("*.html")}.difference(figures)
    assert sorted({*shown} - never_drawn) == sorted(figures)
    assert len(shown) == len({*shown})


TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
GREEK = r"\\(?:theta|eta|sigma|delta|alpha|epsilon|ell)\b"


def symbols(tex: str) -> set[str]:
    """The letters of a formula, without indices i, j, k, the number e, and the d of a derivative."""
    greek = {*re.findall(GREEK, tex)}
    tex = re.sub(r"\\(mathsf|mathcal|mathbb|operatorname|text|begin|end)\s*(\{[^}]*\}|\w)", "", tex)
    return greek | {*re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", "", tex))}.difference("ijkeOd")


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_every_symbol_is_named(page):
    """Each letter that formulas of a page use is named there: it stands alone in some formula in a sentence."""
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    within = re.findall(r"\$([^$]+)\$", re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL))
    used = {symbol for tex in [*within, *re.findall(r"\$\$(.*?)\$\$", text, re.DOTALL)] for symbol in symbols(tex)}
    heads = [re.sub(r"_\{[^}]*\}|_\w|\^\w|\(.*?\)", "", re.split(r"[=,]", tex)[0]) for tex in within]
    named = {symbol for head in heads if len(symbols(head)) == 1 for symbol in symbols(head)}
    assert used <= named, f"{page.name} uses {sorted(used - named)} and does not say what they are"


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_pages_use_the_decided_words(page):
    """No page uses a word that this project has replaced, or shows the scar of a replacement."""
    old = (
        r"\bjudg|misconception|embedded digit|silent unit|read right|^(?:came|should|broken by):|\b1 (?:epochs|times)\b"
    )
    assert re.findall(rf".*(?:{old}).*", page.read_text(encoding="utf-8"), re.MULTILINE | re.IGNORECASE) == []
