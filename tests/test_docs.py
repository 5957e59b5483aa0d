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
