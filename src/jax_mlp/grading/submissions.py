"""Where submissions are, and the copy of one that is graded: a folder of component files, or a notebook."""

import ast
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import LIBRARIES, UNREADABLE

FILES = {f"{component}.py" for component in COMPONENTS}
LARGEST_FILE, MOST_FILES = 2**20, 200  # what is larger, or comes after that many, is not copied


class Submission(NamedTuple):
    """One learner's work."""

    name: str
    path: Path | None
    """The folder that holds component files, or a notebook; None if there is neither."""


def find(paths: list[Path], one: bool = False) -> list[Submission]:
    """The submissions in these folders, ordered by name.

    Each of several paths is one submission. So is a notebook, a folder with component files, and one that has nothing
    but a folder `exercises`. In any other folder, each folder and each notebook is one. The work itself may lie
    deeper, as in a clone: the folder nearest to the top that has some is taken. A folder without any is a submission
    of nothing.

    Args:
        paths: Folders and notebooks.
        one: Whether each path is one submission, whatever it contains.

    Raises:
        ValueError: If a path does not exist, the only one is empty, or two submissions have the same name.
    """
    found: list[Submission] = []
    for path in paths:
        if not path.exists():
            raise ValueError(f"exercises grade: expected a folder or a notebook, got {path}, which does not exist.")
        if path.is_file() and not _is_work(path):
            raise ValueError(f"exercises grade: expected a folder or a notebook (.ipynb), got the file {path}.")
        inside = [] if path.is_file() else [e for e in _entries(path) if e.is_dir() or e.suffix == ".ipynb"]
        alone = one or len(paths) > 1 or _is_work(path) or [each.name for each in inside] == ["exercises"]
        if not inside and not alone:
            raise ValueError(f"exercises grade: expected submissions, got {path}, which has no folder and no notebook.")
        if alone:
            found.append(Submission(path.stem if path.is_file() else path.resolve().name, _work(path)))
        else:
            found += [Submission(each.stem if each.is_file() else each.name, _work(each)) for each in inside]
    names = [submission.name for submission in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"exercises grade: expected submissions of different names, got {twice[0]!r} twice. Rename one of them."
        )
    return sorted(found, key=lambda submission: submission.name)


def left_out(paths: list[Path]) -> list[str]:
    """The files in folders of submissions that are none, such as an archive that was not unpacked."""
    folders = [path for path in paths if len(paths) == 1 and path.is_dir() and not _is_work(path)]
    return [each.name for folder in folders for each in _entries(folder) if each.is_file() and each.suffix != ".ipynb"]


def part(submissions: list[Submission], which: str) -> list[Submission]:
    """The part of a list that `2/3` names: every third submission, from the second.

    Raises:
        ValueError: If `which` does not name a part.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", which)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"exercises grade: expected --part as 1/4 (the first of four), got {which!r}.")
    return submissions[int(match[1]) - 1 :: int(match[2])]


def copy(submission: Submission, folder: Path) -> None:
    """Put the component files of a submission, and what lies beside them, into an empty folder."""
    if submission.path is None:
        return
    if submission.path.is_file():
        for component, text in components_of(submission.path).items():
            (folder / f"{component}.py").write_text(text, encoding="utf-8", errors="surrogatepass")
        return
    for path in _files(submission.path):
        target = folder / path.relative_to(submission.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def digest(submission: Submission) -> str:
    """A hash of all that is graded, and of nothing else."""
    made = hashlib.sha256()
    if submission.path is not None:
        files = [submission.path] if submission.path.is_file() else list(_files(submission.path))
        for path in files:
            _add(made, path.relative_to(submission.path).as_posix(), path.read_bytes())
    return made.hexdigest()


def content(folder: Path, component: str) -> str | None:
    """A hash of all that the verdict on a component depends on, or None if that cannot be told.

    A law asks its own component alone. So a file that imports no neighbour, and does not look at files by itself, gets
    the same verdict in every folder that has the same data files.
    """
    source = (folder / f"{component}.py").read_bytes()
    try:
        tree = ast.parse(source)
    except UNREADABLE:
        return None
    for node in ast.walk(tree):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or "" if node.level == 0 else "."]
        elif isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name in LOOKS_AROUND or name.startswith("__"):
                return None
        if not {module.split(".")[0] for module in modules} <= {*LIBRARIES, *SELF_CONTAINED}:
            return None
    made = hashlib.sha256()
    _add(made, component, source)
    for path in _files(folder):
        if path.suffix != ".py":
            _add(made, path.relative_to(folder).as_posix(), path.read_bytes())
    return made.hexdigest()


def _add(made, name: str, content: bytes) -> None:
    """Add a file to a hash, so that no two files give what another two give."""
    made.update(b"%s\0%d\0%s" % (os.fsencode(name), len(content), content))


LOOKS_AROUND = {"open", "exec", "eval", "compile", "globals", "vars", "getattr", "setattr"}
SELF_CONTAINED = {
    "__future__", "collections", "dataclasses", "functools", "itertools", "jax_mlp", "math", "operator", "time",
    "typing", "warnings",
}  # fmt: skip


def components_of(notebook: Path) -> dict[str, str]:
    """The source of each component that a notebook defines. Its cells are read, not run.

    A component is its functions and all that they need: imports, helpers, constants. Other components that it uses come
    from `jax_mlp`, as in the stubs, so that each is graded by itself.
    """
    statements, unreadable = _statements(notebook)
    sources = {}
    own = {name: component for component, names in COMPONENTS.items() for name in names}
    for component, functions in COMPONENTS.items():
        broken = [cell for cell in unreadable if re.search(rf"^\s*def ({'|'.join(functions)})\b", cell, re.MULTILINE)]
        if broken:  # Python cannot read it: to say so is the grader's part
            sources[component] = broken[-1]
        elif any(_bound(statement) & {*functions} for statement in statements):
            sources[component] = _source(statements, functions, {*own} - {*functions})
    return sources


def _source(statements: list[ast.stmt], functions: tuple[str, ...], others: set[str]) -> str:
    wanted, kept = {*functions}, set()
    imports = (ast.Import, ast.ImportFrom)
    made_here = {name for s in statements if not isinstance(s, imports) for name in _bound(s)}
    while True:
        names = wanted - others
        needed = {i for i, s in enumerate(statements) if _bound(s) & names or _completed(s) & names & made_here}
        if needed == kept:
            break
        kept = needed
        wanted |= {name for i in kept for name in _names(statements[i])}
    # A function that is written again later has replaced its earlier versions, whatever they were.
    for name in functions:
        versions = [
            i for i in sorted(kept) if isinstance(statements[i], ast.FunctionDef) and name in _bound(statements[i])
        ]
        kept -= {*versions[:-1]}
    chosen = [statements[i] for i in sorted(kept)]
    future = [s for s in chosen if isinstance(s, ast.ImportFrom) and s.module == "__future__"]
    stars = [
        s for s in statements if isinstance(s, ast.ImportFrom) and s.names[0].name == "*" and s.module != "jax_mlp"
    ]
    borrowed = sorted((wanted & others) - {name for statement in chosen for name in _bound(statement)})
    borrow = [ast.parse(f"from jax_mlp import {', '.join(borrowed)}").body[0]] if borrowed else []
    ordered = [*future, *borrow, *stars, *(s for s in chosen if s not in future)]
    return "\n\n".join(map(ast.unparse, ordered)) + "\n"


def _statements(notebook: Path) -> tuple[list[ast.stmt], list[str]]:
    """The top-level statements of all cells of code, and the cells that are not Python."""
    try:
        cells = json.loads(notebook.read_bytes())["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (*UNREADABLE, KeyError, TypeError):  # not a notebook after all: there is nothing in it
        return [], []
    statements, unreadable = [], []
    for text in texts:
        if text.startswith("%%") and not text.startswith(("%%time", "%%capture")):  # a cell in another language
            continue
        # Jupyter's own commands: %pip …, !ls, relu?
        text = "".join(line for line in text.splitlines(True) if not re.match(r"\s*[%!?]|.*\?\s*$", line))
        try:
            cell = ast.parse(text)
            ast.unparse(cell)  # as will be done with its statements: Python can parse more deeply than it can unparse
        except UNREADABLE:
            unreadable.append(text)
        else:
            statements += cell.body
    return statements, unreadable


def _bound(statement: ast.AST) -> set[str]:
    """The names that a statement defines for those after it."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Name) and isinstance(statement.ctx, ast.Store):
        return {statement.id}
    if isinstance(statement, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return set()
    return {name for child in ast.iter_child_nodes(statement) for name in _bound(child)}


def _completed(statement: ast.stmt) -> set[str]:
    """The name that a statement adds to, as in `relu.defvjp(forwards, backwards)`."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            return {function.value.id}
    return set()


def _names(statement: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _is_work(path: Path) -> bool:
    if path.is_file():
        return path.suffix == ".ipynb"
    return any((path / name).is_file() for name in FILES)


def _work(path: Path) -> Path | None:
    """The nearest folder, from the top, that has component files; or else the first notebook; or None."""
    if path.is_file():
        return path
    level, notebooks = [path], []
    while level:
        for folder in level:
            if _is_work(folder):
                return folder
            notebooks += [each for each in _entries(folder) if each.suffix == ".ipynb" and each.is_file()]
        level = [each for folder in level for each in _entries(folder) if each.is_dir()]
    return notebooks[0] if notebooks else None


def _entries(folder: Path) -> list[Path]:
    """What a folder has, without what is hidden and without links, which may lead anywhere."""
    hidden = (".", "__")
    return sorted(each for each in folder.iterdir() if not each.name.startswith(hidden) and not each.is_symlink())


def _files(folder: Path) -> Iterator[Path]:
    """The ordinary files of a submission that its grade may depend on, a reasonable number and none too large."""
    number = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each != "__pycache__")
        for name in sorted(names):
            path = Path(place, name)
            if name == ".jax-mlp.json":  # the learner's progress, such as the hints that were shown
                continue
            if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST_FILE:
                continue
            number += 1
            if number > MOST_FILES:
                return
            yield path
