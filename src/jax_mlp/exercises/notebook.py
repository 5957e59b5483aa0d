"""The exercises as one notebook, with the same stubs and hints as the files."""

import ast
import json
import re
from pathlib import Path

from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import stubs
from jax_mlp.exercises.hints import HINTS
from jax_mlp.exercises.stubs import source, stub


def introduction(number: int, hints: bool) -> str:
    """The first cell of a notebook with so many exercises."""
    help_ = '`mlp.hint("relu")` shows a hint, and `mlp.solution("relu")` the answer. ' if hints else ""
    return f"""\
# Write a neural network

You will write a neural network, in {number} exercise{"s" * (number != 1)}. In each exercise, replace
`raise NotImplementedError` in the first code cell. Then run the second code cell, which tests your function with its
laws. A **law** is a statement that every correct implementation satisfies. Your functions call each other, so write
them in order.

{help_}If `import jax_mlp` fails, run
`%pip install "jax-mlp[test]"` first."""


def notebook(solved: bool = False, only: list[str] | None = None, hints: bool = True) -> dict:
    """The notebook in Jupyter's format, with the stubs or, if `solved`, with the solutions."""
    chosen = [component for component in COMPONENTS if only is None or component in only]
    cells = [_markdown(introduction(len(chosen), hints)), _code("import jax_mlp as mlp")]
    for number, component in enumerate(chosen, 1):
        question = "\n\n".join([ast.get_docstring(ast.parse(source(component))) or "", *_formulas(component)])
        cells.append(_markdown(f"## {number}. {component}\n\n{question}\n\n{stubs.numbered_steps(component)}".strip()))
        code = stubs.solution(component).strip() if solved else _without_head(stub(component))
        cells.append(_code(_without_imports_of(chosen, code)))
        cells.append(_code(f"mlp.check({', '.join(COMPONENTS[component])})"))
        if hints:
            folded = "\n\n".join(f"{i}. {hint}" for i, hint in enumerate(HINTS[component], 1))
            cells.append(_markdown(f"<details><summary>Hints</summary>\n\n{folded}\n\n</details>"))
    if chosen == [*COMPONENTS]:
        title = "## Your network reads digits"
        cells.append(_markdown(f"{title}\n\nWhen all eight components pass, this cell trains your network."))
        cells.append(_code(_capstone()))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def write(path: Path, solved: bool = False, only: list[str] | None = None, hints: bool = True) -> None:
    """Write the notebook to a new file, or raise FileExistsError."""
    with open(path, "x", encoding="utf-8") as file:
        json.dump(notebook(solved, only, hints), file, indent=1, ensure_ascii=False)


def _capstone() -> str:
    names = [name for functions in COMPONENTS.values() for name in functions]
    return (
        "from jax_mlp.exercises.capstone import train\n\n"
        f"mine = [{', '.join(names)}]\n"
        "if mlp.check(*mine).passed:\n"
        "    display(train({function.__name__: function for function in mine}))\n"
        "else:\n"
        '    print("Not all eight components pass yet. To see which, run their test cells again.")'
    )


def _formulas(component: str) -> list[str]:
    """The formulas of a component's docstrings, which a notebook typesets."""
    functions = [node for node in ast.parse(source(component)).body if isinstance(node, ast.FunctionDef)]
    docstrings = [ast.get_docstring(node) or "" for node in functions if node.name in COMPONENTS[component]]
    return [formula for text in docstrings for formula in re.findall(r"\$\$.*?\$\$", text, re.DOTALL)]


def _without_imports_of(components: list[str], code: str) -> str:
    """A cell that imports none of these components: in a notebook, that would replace what an earlier cell defines."""
    own = {name for component in components for name in COMPONENTS[component]}
    lines = []
    for line in code.splitlines():
        if line.startswith("from jax_mlp import "):
            left = [name for name in line.removeprefix("from jax_mlp import ").split(", ") if name not in own]
            line = f"from jax_mlp import {', '.join(left)}" if left else stubs.NOTE
        if line != stubs.NOTE:
            lines.append(line)
    return "\n".join(lines)


def _without_head(text: str) -> str:
    """The source of a module without its docstring, which the notebook shows as text instead."""
    body = ast.parse(text).body
    return "\n".join(text.splitlines()[body[0].end_lineno or 0 :]).strip()


def _markdown(text: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code(text: str) -> dict:
    return {"cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
