"""The pages say what the tests hold: every displayed formula names a law, and every law named is there."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*sorted((ROOT / "docs" / "components").glob("*.md")), ROOT / "docs" / "gradcheck.md"]
FORMULA = re.compile(r"^ *\$\$.*?\$\$$", re.MULTILINE | re.DOTALL)
LAW = re.compile(r"\s*<!-- law (\w+)::(\w+) -->")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_formula_has_a_law(page):
    """After each displayed formula stands the law that holds it, and the test of that name exists."""
    text = page.read_text(encoding="utf-8")
    formulas = [*FORMULA.finditer(text)]
    assert formulas
    for formula in formulas:
        law = LAW.match(text, formula.end())
        assert law, f"{page.name} derives {formula[0].strip()} and names no law that holds it"
        tests = ast.parse((ROOT / "tests" / f"test_{law[1]}.py").read_text(encoding="utf-8"))
        assert law[2] in {node.name for node in tests.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.stem)
def test_examples_run(page):
    """Python on a page that is a program by itself runs, and prints what its comments say."""
    for code in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        if "print(" not in code:
            continue  # a piece of a test, which runs where it stands
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert run.stdout.splitlines() == re.findall(r"print\(.*\)  # (.*)", code)
