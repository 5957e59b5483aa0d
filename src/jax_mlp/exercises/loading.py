"""The functions of a component, imported from its file as it is on disk now."""

import ast
import os
import re
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import jax_mlp
from jax_mlp._jax import first_line
from jax_mlp._terminal import quoted
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises.stubs import is_stub


class BrokenComponent(Exception):
    """A component cannot be used: its file does not import, or lacks its function."""


def load(component: str, path: Path, command: str) -> dict[str, Any]:
    """The functions of a component, by name, for a command that needs them written.

    Raises:
        ValueError: If the file is missing, still a stub, or cannot be imported.
    """
    if not path.exists() or is_stub(path, component):
        raise ValueError(
            f"exercises {command}: expected {component} to be written, got {path}, which is not written yet. "
            f"To see what is missing, run: pytest --impl={quoted(path.parent)}"
        )
    try:
        return functions(component, path)
    except BrokenComponent as error:
        raise ValueError(
            f"exercises {command}: {first_line(error)}. To see why, run: pytest --impl={quoted(path.parent)}"
        ) from error


def functions(component: str, path: Path) -> dict[str, Any]:
    """The functions of a component, by name, from its file.

    Raises:
        BrokenComponent: If the file cannot be imported, or lacks a function.
    """
    module = _import(component, path)
    found = {name: getattr(module, name, None) for name in COMPONENTS[component]}
    for name, function in found.items():
        if not callable(function):
            there = ", ".join(_defined(module)) or "nothing"
            raise BrokenComponent(f"{path} defines no function {name}. It defines: {there}.")
    return found


def _import(component: str, path: Path) -> ModuleType:
    # A neighbour in the same folder is found as `from helpers import clip`, and as `from .helpers import clip` too.
    name = f"{_package(path.parent)}.{component}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
        sys.meta_path.insert(0, _Neighbours(path.parent))
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), vars(module))  # as it is on disk now, and not its bytecode
    except (Exception, SystemExit) as error:
        line = getattr(error, "lineno", None) or _line_in(path, error)
        where = f", line {line}" if line else ""
        why = f"{path} does not import: {type(error).__name__}{where}: {error}"
        if isinstance(error, ImportError) and path.with_name(f"{error.name}.py").exists():
            why += f". A module {error.name} was imported from elsewhere before: give {error.name}.py another name"
        raise BrokenComponent(why) from error
    return module


class _Neighbours:
    """Finds what lies in a folder before anything else of that name, such as sched.py, but only for files in there."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.path.abspath(folder)

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        """The place of a module, or None if it is not in the folder, or is imported from elsewhere."""
        frame = sys._getframe(1)
        while frame.f_back and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        if path is not None or not os.path.abspath(frame.f_code.co_filename).startswith(self._folder + os.sep):
            return None
        spec = PathFinder.find_spec(name, [self._folder])
        return spec if spec and spec.loader else None  # a folder of data is not a module


def _package(folder: Path) -> str:
    """The name of a package that consists of the files in a folder; what is not there comes from the reference."""
    name = "written_in_" + re.sub(r"\W", "_", str(folder))
    places = [str(folder), str(Path(jax_mlp.__file__).with_name("components"))]
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=places)
    assert spec is not None
    sys.modules.setdefault(name, module_from_spec(spec))
    return name


def in_its_package(path: Path) -> bool:
    """Whether a file has imports such as `from .helpers import clip`, which Python allows only within a package."""
    try:
        nodes = ast.walk(ast.parse(path.read_bytes()))
    except (OSError, SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.ImportFrom) and node.level for node in nodes)


def _line_in(path: Path, error: BaseException) -> int | None:
    line, trace = None, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _defined(module: ModuleType) -> list[str]:
    """The public names that a module has not imported."""
    own = {n: v for n, v in vars(module).items() if not n.startswith("_") and not isinstance(v, ModuleType)}
    return [name for name, value in own.items() if getattr(value, "__module__", module.__name__) == module.__name__]
