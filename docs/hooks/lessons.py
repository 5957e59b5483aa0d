"""Gives lessons their parts: the network's pipeline, sketches, the reference's code, and counts.

- `<!-- pipeline loss -->` becomes the stages of the network, with the stage `loss` lit.
- `<!-- sketch neuron -->` becomes docs/sketches/neuron.svg, in the page, so that it has the page's fonts and colours.
- `<!-- code loss -->` becomes the code of the reference's `loss`, without types, docstring and checks; and
  `<!-- code laws/test_relu.py test_example -->` becomes a function of the package as it is.
- `<!-- count laws -->` and `<!-- count mistakes -->` become numbers.
"""

import ast
import json
import re
from pathlib import Path
from typing import NamedTuple

from mkdocs.exceptions import PluginError

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
        text = {"pipeline": lambda: pipeline(name, page, files), "sketch": lambda: sketch(name), "code": lambda: code(name)}
        return "\n".join(indent + line if line else line for line in text[kind]().splitlines())

    return COUNT.sub(lambda mark: str(count(mark[1])), MARK.sub(part, markdown))


def pipeline(lit: str, page, files) -> str:
    """The stages as a list of links. The one that is lit is the page itself, and a line below says what goes through."""
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
        return _fenced(text.splitlines()[first - 1 : node.end_lineno])
    component, _, function = name.partition(".")
    text = (PACKAGE / "components" / f"{component}.py").read_text(encoding="utf-8")
    node, lines = _function(text, function or component), text.splitlines()
    names = {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}
    kept: list[ast.stmt] = []
    for statement in reversed(node.body):
        used = {each.id for later in kept for each in ast.walk(later) if isinstance(each, ast.Name)}
        if not _is_check(statement, names, used):
            kept.insert(0, statement)
    for argument in [*node.args.args, *node.args.kwonlyargs]:
        argument.annotation = None
    head = [f"@{ast.unparse(decorator)}" for decorator in node.decorator_list]
    head.append(f"def {node.name}({ast.unparse(node.args)}):")
    return _fenced(head + [line for each in kept for line in lines[each.lineno - 1 : each.end_lineno]])


def _function(text: str, name: str) -> ast.FunctionDef:
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise PluginError(f"code: expected a function {name}, found none")


def _is_check(statement: ast.stmt, names: set[str], used: set[str]) -> bool:
    """Whether a statement is a docstring, or only checks the arguments."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) or ast.unparse(statement).startswith("check_")
    if isinstance(statement, ast.If):
        return isinstance(statement.body[0], ast.Raise)
    if isinstance(statement, ast.Assign) and isinstance(target := statement.targets[0], ast.Name):
        called = ast.unparse(statement.value)
        return called.startswith(("check_", "as_numbers(")) and (target.id in names or target.id not in used)
    return False


def _fenced(lines: list[str]) -> str:
    return "\n".join(["```python", *lines, "```"])


def count(what: str) -> int:
    """Number of laws of the eight components that any code is tested with, or of mistakes in the catalogue."""
    if what == "mistakes":
        return len(json.loads((PACKAGE / "mistakes" / "caught.json").read_text(encoding="utf-8")))
    files = [path for path in (PACKAGE / "laws").glob("test_*.py") if path.stem.removeprefix("test_") in STAGES]
    laws = [node for path in files for node in ast.parse(path.read_text(encoding="utf-8")).body]
    return sum(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not _of_reference(node) for node in laws)


def _of_reference(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator) == "pytest.mark.reference" for decorator in node.decorator_list)
