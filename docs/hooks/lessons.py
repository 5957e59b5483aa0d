"""Gives lessons their parts: the network's pipeline, sketches, the reference's code, and counts.

- `<!-- pipeline loss -->` becomes the stages of the network, with the stage `loss` lit.
- `<!-- sketch neuron -->` becomes docs/sketches/neuron.svg, in the page, so that it has the page's fonts and colours.
- `<!-- code loss -->` becomes the code of the reference's `loss`, without types, docstring or checks; and
  `<!-- code laws/test_relu.py test_example -->` becomes a function of the package as it is.
- `<!-- count laws -->` and `<!-- count mistakes -->` become numbers.
"""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from mkdocs.exceptions import PluginError

from jax_mlp.exercises.bare import bare

DOCS = Path(__file__).parents[1]
PACKAGE = DOCS.parent / "src" / "jax_mlp"


class Stage(NamedTuple):
    """A stage of the network: what it is part of, its page, what goes in and what comes out."""

    part: str
    page: str
    takes: str
    gives: str


STAGES = {
    "init": Stage("start", "init.md", "layer sizes, a key", "parameters"),
    "relu": Stage("predict", "relu.md", "an array of any shape", "the same shape"),
    "forward": Stage("predict", "forward.md", "images (batch, 784)", "log-probabilities (batch, 10)"),
    "one_hot": Stage("compare", "one_hot.md", "labels (batch,)", "targets (batch, 10)"),
    "loss": Stage("compare", "loss.md", "parameters, images, targets", "one number"),
    "gradient": Stage("learn", "backpropagation.md", "parameters, images, targets", "one derivative per parameter"),
    "update": Stage("learn", "update.md", "parameters, a batch, a learning rate", "new parameters"),
    "train_loop": Stage("repeat", "train_loop.md", "parameters, all images, labels", "trained parameters"),
    "accuracy": Stage("test", "accuracy.md", "parameters, images, targets", "a fraction from 0 to 1"),
}
MARK = re.compile(r"^( *)<!-- (pipeline|sketch|code)(?: ([\w./ ]+?))? -->$", re.MULTILINE)
COUNT = re.compile(r"<!-- count (laws|mistakes) -->")


def on_page_markdown(markdown: str, page, config, files) -> str:
    """Put the parts in place of their marks."""

    def part(mark: re.Match) -> str:
        indent, kind, name = mark[1], mark[2], mark[3] or ""
        text = {
            "pipeline": lambda: pipeline(name, page, files),
            "sketch": lambda: sketch(name),
            "code": lambda: code(name),
        }
        return "\n".join(indent + line if line else line for line in text[kind]().splitlines())

    return COUNT.sub(lambda mark: str(count(mark[1])), MARK.sub(part, markdown))


def pipeline(lit: str, page, files) -> str:
    """The stages as a list of links. The lit one is the page itself, and a line below says what goes through it."""
    if lit and lit not in STAGES:
        raise PluginError(f"pipeline: expected one of {', '.join(STAGES)}, got {lit}")
    parts: dict[str, list[str]] = {}
    for name, stage in STAGES.items():
        file = files.get_file_from_path(f"components/{stage.page}")
        current = ' aria-current="page"' if name == lit else ""
        link = f'<a href="{file.url_relative_to(page.file)}"{current}>{name}</a>'
        parts.setdefault(stage.part, []).append(link)
    items = "".join(f"<li><span>{part}</span> {' '.join(links)}</li>" for part, links in parts.items())
    text = f'<nav class="pipeline" aria-label="Stages of the network"><ol>{items}</ol></nav>'
    if lit:
        stage = STAGES[lit]
        text += f'\n<p class="flow">{stage.takes} <b>→ {lit} →</b> {stage.gives}</p>'
    return f"{text}\n"


def sketch(name: str) -> str:
    """A sketch and its caption, in the page. Its file holds a figure: an SVG with a title, and a caption."""
    return (DOCS / "sketches" / f"{name}.svg").read_text(encoding="utf-8")


def code(name: str) -> str:
    """A function's code in a fence."""
    if " " in name:
        path, function = name.split()
        text = (PACKAGE / path).read_text(encoding="utf-8")
        node = _function(text, function)
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        text = "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    else:
        component, _, function = name.partition(".")
        text = bare((PACKAGE / "components" / f"{component}.py").read_text(encoding="utf-8"), [function or component])
        text = ast.unparse(_function(text, function or component))
    text = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length=74", "-"],
        input=text, capture_output=True, text=True, encoding="utf-8", check=True,
    ).stdout.strip()  # fmt: skip
    return f"```python\n{text}\n```"


def _function(text: str, name: str) -> ast.FunctionDef:
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise PluginError(f"code: expected a function {name}, found none")


def count(what: str) -> int:
    """Number of laws of the eight components that any code is tested with, or of mistakes in the catalogue."""
    if what == "mistakes":
        return len(json.loads((PACKAGE / "mistakes" / "caught.json").read_text(encoding="utf-8")))
    files = [path for path in (PACKAGE / "laws").glob("test_*.py") if path.stem.removeprefix("test_") in STAGES]
    laws = [node for path in files for node in ast.parse(path.read_text(encoding="utf-8")).body]
    return sum(
        isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not _of_reference(node) for node in laws
    )


def _of_reference(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator) == "pytest.mark.reference" for decorator in node.decorator_list)
