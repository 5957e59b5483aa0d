"""Stubs for the exercises, made from the reference: signature and docstring stay, and the body is removed."""

import ast
import re
import sys
import textwrap
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import jax_mlp
from jax_mlp._terminal import quoted
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import FINE_PRINT, LIBRARIES, SHORTCUTS, UNREADABLE, UNTESTED, USEFUL
from jax_mlp.exercises.formulas import plain


def source(component: str) -> str:
    """The reference's source."""
    return (Path(jax_mlp.__file__).parent / "components" / f"{component}.py").read_text(encoding="utf-8")


def sources(component: str) -> list[str]:
    """The reference's source, and that of private modules that it uses, such as `_epoch` for `train_loop`."""
    text = source(component)
    names = re.findall(r"^from jax_mlp\.components\.(_\w+) import", text, re.MULTILINE)
    return [text, *(source(name) for name in names if name not in ("_checks", "_devices"))]


def stub(component: str, folder: str = "exercises", among: Sequence[str] = (*COMPONENTS,)) -> str:
    """The source of a stub, which is numbered among the components to write."""
    text = source(component)
    tree, lines = ast.parse(text), text.splitlines()
    body = [node for each in sources(component) for node in ast.parse(each).body]
    functions = [node for node in body if isinstance(node, ast.FunctionDef) and "check" not in node.name]
    own = [function for function in functions if function.name in COMPONENTS[component]]
    constants = [node for node in body if isinstance(node, ast.Assign)]
    number = among.index(component) + 1
    folder = quoted(folder).replace("\\", "\\\\")  # in a docstring
    parts = [
        f'"""{ast.get_docstring(tree)}\n\n'
        f"Exercise {number} of {len(among)}. Its laws: pytest --impl={folder} {component}\n\n"
        f'{numbered_steps(component)}{_may_use(component)}\n"""',
        _explained(_imports(body, component, names_in([*functions, *constants]))),
    ]
    for function in own:
        first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
        last = function.body[0].end_lineno  # a body begins with its docstring
        parts.append("\n" + "\n".join(lines[first - 1 : last]) + "\n    raise NotImplementedError")
    return plain("\n\n".join(parts) + "\n")


@cache
def steps(component: str) -> dict[str, list[str]]:
    """The steps in which a component can be written: what each adds, and the names of its laws. Most have no steps."""
    for node in _laws(component).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Dict)
            and ast.unparse(node.targets[0]) == "STEPS"
        ):
            pairs = zip(node.value.keys, node.value.values, strict=True)
            return {ast.literal_eval(text): re.findall(r"\w+", ast.unparse(names)) for text, names in pairs if text}
    return {}


def numbered_steps(component: str) -> str:
    """The steps as a list, after a sentence about them, or nothing."""
    lines = [
        textwrap.fill(f"{number}. {text}", 120, subsequent_indent="   ")
        for number, text in enumerate(steps(component), 1)
    ]
    if not lines:
        return ""
    first = (
        f"Write {component} in steps. Once a step is right, its laws pass, even if later steps are missing. "
        "(Some laws of later steps may pass before you write those steps.)"
    )
    return textwrap.fill(first, 120) + "\n\n" + "\n".join(lines) + "\n\n"


def _laws(component: str) -> ast.Module:
    return ast.parse((Path(jax_mlp.__file__).parent / "laws" / f"test_{component}.py").read_text(encoding="utf-8"))


def description(component: str) -> str:
    """The task of a component as Markdown, with plain formulas: the reference's docstrings, and the laws."""
    tree = ast.parse(source(component))
    parts = [f"# {component}", ast.get_docstring(tree) or ""]
    if steps(component):
        parts += ["## Steps", numbered_steps(component).strip()]
    if component in USEFUL:
        parts.append(f"Useful: {USEFUL[component]}")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in COMPONENTS[component]:
            text, examples, after = re.split(r"(?<=\nExamples:\n)((?: .*\n?)+)", plain(ast.get_docstring(node) or ""))
            text = re.sub(r"\nLaws:\n(    .*\n?|\n)+", "\n", text)  # all of them follow below
            text, after = (re.sub(r"\n    (?=\S)(?:- )?", "\n- ", part) for part in (text, after))
            text += f"\n```python\n{textwrap.dedent(examples).strip()}\n```\n{after}"
            parts += [f"## {node.name}({', '.join(argument.arg for argument in node.args.args)})", text]
    laws = {
        node.name: f"- {' '.join((ast.get_docstring(node) or '').split())}"
        for node in _laws(component).body
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not any("reference" in mark or "fine_print" in mark for mark in map(ast.unparse, node.decorator_list))
        and "impl" in [argument.arg for argument in node.args.args]
    }
    parts.append("## Laws")
    for number, (text, names) in enumerate(steps(component).items(), 1):
        parts += [f"### Step {number}. {text.partition(':')[0]}", "\n".join(laws.pop(name) for name in names)]
    return "\n\n".join([*parts, *["\n".join(laws.values())] * bool(laws), _untested(component)])


def without_docstrings(text: str) -> str:
    """The code of a module without its docstrings, or the whole text if it is not valid Python."""
    try:
        tree = ast.parse(text)
    except UNREADABLE:
        return text
    lines: list[str | None] = [*text.splitlines()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            first = node.body[0]
            for line in range(first.lineno - 1, first.end_lineno or first.lineno):
                lines[line] = None
    return "\n".join(line for line in lines if line is not None).strip("\n") + "\n"


def solution(component: str) -> str:
    """The short solution of a component, with the imports that it needs."""
    text = (Path(__file__).parent / "solutions.py").read_text(encoding="utf-8")
    body = ast.parse(text).body
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    chosen = [functions[name] for name in COMPONENTS[component]]
    own = {name for names in COMPONENTS.values() for name in names}
    helpers = [node for name, node in functions.items() if name not in own and name in names_in(chosen)]
    used = names_in([*helpers, *chosen])
    others = [name for name in functions if name in used & own and name not in COMPONENTS[component]]
    imports = [
        ast.unparse(node)
        for node in body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and used & {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    ]
    imports += [f"from jax_mlp import {', '.join(others)}"] * bool(others)
    lines = text.replace("  # fmt: skip", "").splitlines()
    parts = []
    for node in (*helpers, *chosen):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        parts.append("\n".join(lines[first - 1 : node.end_lineno]))
    return "\n\n\n".join(["\n".join(imports), *parts]) + "\n"


def is_stub(path: Path, component: str) -> bool:
    """Whether nothing has been written yet: every function of the component still raises NotImplementedError."""
    try:
        tree = ast.parse(path.read_bytes())  # bytes: there may be a byte-order mark or a coding cookie
    except UNREADABLE:
        return False
    bodies = {node.name: node.body for node in tree.body if isinstance(node, ast.FunctionDef)}
    return all(_says_so(bodies.get(name, [])) for name in COMPONENTS[component])


def _says_so(body: list[ast.stmt]) -> bool:
    statements = [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    match statements:
        case [ast.Raise(ast.Name("NotImplementedError") | ast.Call(ast.Name("NotImplementedError")))]:
            return True
    return False


def names_in(code: Sequence[ast.stmt]) -> set[str]:
    """The names that some code uses, whether it reads them or assigns to them."""
    return {node.id for statement in code for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _imports(body: list[ast.stmt], component: str, used: set[str]) -> list[str]:
    """The imports that the reference needs for its functions, including other components."""
    found: dict[str, set[str]] = {}  # how a line begins, and the names that it ends with
    for node in (node for node in body if isinstance(node, ast.Import | ast.ImportFrom)):
        module = getattr(node, "module", "") or ""
        for alias in node.names:
            if (alias.asname or alias.name) not in used or module.startswith("jax_mlp.components._"):
                continue
            if module:
                public = module.startswith("jax_mlp") and alias.name in jax_mlp.__all__
                begins = f"from {'jax_mlp' if public else module} import "
                found.setdefault(begins, set()).add(ast.unparse(alias))
            else:
                found[f"import {ast.unparse(alias)}"] = set()
    types = used.intersection(ast.unparse(node.target) for node in body if isinstance(node, ast.AnnAssign))
    if types:
        found[f"from jax_mlp.components.{component} import "] = types
    return sorted((begins + ", ".join(sorted(names)) for begins, names in found.items()), key=_place)


def _explained(imports: list[str]) -> str:
    """The imports, with a comment where they give the reference's functions."""
    own = [line for line in imports if line.startswith("from jax_mlp import ")]
    return "\n".join([*(line for line in imports if line not in own), *[NOTE] * bool(own), *own])


NOTE = "# These are the reference's, so that you can write yours in any order. The capstone uses all of yours."
"""What a file says of the functions that it imports from the reference."""


def _place(line: str) -> tuple:
    """A sort key for imports: the standard library's first, this package's last, modules before names."""
    package = line.split()[1].split(".")[0]
    return package == "jax_mlp", package not in sys.stdlib_module_names, line.startswith("from"), line


def _may_use(component: str) -> str:
    solutions = " or ".join((*(f"jax_mlp.{name}" for name in COMPONENTS[component]), *SHORTCUTS[component]))
    parts = [
        f"You may use {', '.join(LIBRARIES)}, the standard library, and the other components of jax_mlp.",
        f"You may not use {solutions}, because that would be the solution.",
    ]
    if component in USEFUL:
        parts.append(f"Useful: {USEFUL[component]}")
    if component not in ("init", "train_loop"):
        parts.append(
            "The laws also call your function under jax.jit, which compiles it before any values are known. So compute "
            "with jax.numpy instead of numpy, and use jnp.where instead of `if`."
        )
    return "\n".join([*(textwrap.fill(part, 120) for part in parts), _untested(component)])


def _untested(component: str) -> str:
    """What the laws do not test, and what they test only if asked."""
    more = f", {UNTESTED[component]}" if component in UNTESTED else ""
    text = textwrap.fill(f'The laws do not test the errors under "Raises"{more}.', 120)
    if component in FINE_PRINT:
        text += f"\nWith pytest --fine-print, they also test {FINE_PRINT[component]}."
    return text
