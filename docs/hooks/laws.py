"""Writes the laws of a component into its page, from the tests' own docstrings, each with its source."""

import ast
import json
import re
from pathlib import Path

from mkdocs.exceptions import PluginError

PACKAGE = Path(__file__).parents[2] / "src" / "jax_mlp"
COUNTEREXAMPLES = Path(__file__).parents[1] / "counterexamples.json"
MARK = re.compile(r"^<!-- (laws|mistakes) of (\w+) -->$", re.MULTILINE)


LAW = re.compile(r"<!-- law (\w+)::(\w+) -->")


def on_page_markdown(markdown: str, page, config, files) -> str:
    """Put what a mark stands for in its place."""
    markdown = LAW.sub(lambda mark: held_by(*mark.groups()), markdown)
    return MARK.sub(lambda mark: {"laws": laws, "mistakes": mistakes}[mark[1]](mark[2]), markdown)


def held_by(component: str, name: str) -> str:
    """The law that a formula above is held by; PluginError where no test has that name."""
    tree = ast.parse((PACKAGE / "laws" / f"test_{component}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            sentence = " ".join((ast.get_docstring(node) or "").split())
            return f'<span class="law">Held by a law: {sentence} `{name}`</span>'
    raise PluginError(f"laws/test_{component}.py has no law {name}")


def laws(component: str) -> str:
    """Every law of a component: its sentence, and the test that holds it, folded."""
    text = (PACKAGE / "laws" / f"test_{component}.py").read_text(encoding="utf-8")
    lines, parts = text.splitlines(), []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            code = "\n".join("    " + line for line in lines[first - 1 : node.end_lineno])
            sentence = " ".join((ast.get_docstring(node) or "").split()).replace('"', "'")
            test = f"`pytest --impl=DIR {component}::{node.name}`"
            parts.append(f'??? quote "{sentence}"\n\n    {test}\n\n    ```python\n{code}\n    ```\n')
    return "\n".join(parts)


def mistakes(component: str) -> str:
    """Every mistake about a component: its sentence, its code, and a call that shows it wrong."""
    text = (PACKAGE / "mistakes" / f"{component}.py").read_text(encoding="utf-8")
    counterexamples = json.loads(COUNTEREXAMPLES.read_text(encoding="utf-8"))
    lines, parts = text.splitlines(), []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            sentence = " ".join((ast.get_docstring(node) or "").split()).replace('"', "'")
            code = "\n".join("    " + line for line in lines[node.lineno - 1 : node.end_lineno])
            shown = counterexamples.get(f"{component}/{node.name}")
            parts.append(f'??? failure "{sentence}"\n\n    ```python\n{code}\n    ```\n')
            if shown:
                answer = f"{shown['call']}\n# got: {shown['got']}\n# expected: {shown['expected']}"
                block = "\n".join("    " + line for line in answer.replace("\n ", "\n#  ").splitlines())
                parts.append(f"    The smallest counterexample to it:\n\n    ```python\n{block}\n    ```\n")
    return "\n".join(parts)
