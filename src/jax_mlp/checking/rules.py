"""The rules for code under test: it may not use the solution, or change the code that tests it."""

import ast
import functools
import importlib
import inspect
import sys
import types
from pathlib import Path

import jax_mlp
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import LIBRARIES, SHORTCUTS, UNREADABLE

JUDGES = ("tests", "jax_mlp", "pytest", "_pytest", "pluggy", "hypothesis", "builtins")
NAMESPACES = ("jax", "jax.numpy", "jax.random", "jax.nn", "numpy")


class Shortcut(Exception):
    """The answer was called instead of written."""


def syntax_error(path: Path) -> str | None:
    """What keeps a file from being Python, in words, or None."""
    try:
        compile(path.read_bytes(), str(path), "exec")
    except UNREADABLE as error:
        line = getattr(error, "lineno", None)
        where = f", line {line}" if line else ""
        text = (getattr(error, "text", "") or "").strip()
        what = getattr(error, "msg", str(error)) or "its code is nested too deeply"
        return f"{path} does not import: {type(error).__name__}{where}: {what}" + (
            f"\n           {text}" if text else ""
        )
    return None


def foreign_imports(path: Path) -> str | None:
    """What a file, or a helper beside it that it uses, imports that it may not, in words; or None."""
    folder, files = path.parent, [path]
    for file in files:  # which grows
        try:
            tree = ast.parse(file.read_bytes())  # bytes: there may be a byte-order mark or a coding cookie
        except UNREADABLE:
            continue  # the import will say so
        for line, module in (found for node in ast.walk(tree) for found in _imported(node)):
            root = module.split(".")[0]
            helpers = [helper for helper in (folder / f"{root}.py", *(folder / root).rglob("*.py")) if helper.exists()]
            if helpers or root in COMPONENTS:  # other components are looked at by themselves
                files += [helper for helper in helpers if helper not in files and root not in COMPONENTS]
            elif root not in (*LIBRARIES, "jax_mlp") and root not in sys.stdlib_module_names:
                return (
                    f"{file}, line {line}, imports {module}. You may use {', '.join(LIBRARIES)}, the standard "
                    "library and the other components of jax_mlp."
                )
    return None


def _imported(node: ast.AST) -> list[tuple[int, str]]:
    """The modules that a piece of code imports, each with its line."""
    match node:
        case ast.Import(names):
            return [(node.lineno, alias.name) for alias in names]
        case ast.ImportFrom(str(module), _, 0):
            return [(node.lineno, module)]
        case ast.Call(
            ast.Name("import_module" | "__import__") | ast.Attribute(_, "import_module"), [ast.Constant(str(name)), *_]
        ):
            return [(node.lineno, name)]
    return []


def set_tripwires(folder: Path) -> None:
    """Whoever calls an exercise's answer from within that exercise's file gets a Shortcut."""
    for component, names in COMPONENTS.items():
        path = str(folder / f"{component}.py")
        for name in names:
            _wire(path, name, f"jax_mlp.{name}", [jax_mlp, f"jax_mlp.components.{component}"])
        for shortcut in SHORTCUTS[component]:
            try:
                module = importlib.import_module(shortcut)
            except ImportError:
                module_name, function = shortcut.rsplit(".", 1)
                _wire(path, function, shortcut, [module_name])
            else:
                for function in [n for n, value in vars(module).items() if callable(value) and n[0] != "_"]:
                    _wire(path, function, f"{shortcut}.{function}", [module])


def _wire(path: str, name: str, shown: str, modules: list) -> None:
    modules = [importlib.import_module(module) if isinstance(module, str) else module for module in modules]
    function = getattr(modules[0], name)

    @functools.wraps(function)
    def wired(*arguments, **options):
        frame = sys._getframe(1)
        while frame:
            if frame.f_code.co_filename == path:
                raise Shortcut(f"{Path(path).name} calls {shown}: that is the exercise itself. Write it yourself.")
            frame = frame.f_back
        return function(*arguments, **options)

    for module in modules:
        setattr(module, name, wired)


def fingerprint() -> dict[str, object]:
    """Every function that tests, or that laws are written with, as it is now."""
    found: dict[str, object] = {}
    for name, module in list(sys.modules.items()):
        if module is None or not (name.split(".")[0] in JUDGES or name in NAMESPACES):
            continue
        for key, value in list(vars(module).items()):
            if inspect.isfunction(value) or inspect.isclass(value) or inspect.isbuiltin(value):
                found[f"{name}.{key}"] = getattr(value, "__code__", value)
            if inspect.isclass(value) and value.__module__ == name:
                for attribute, method in list(vars(value).items()):
                    if isinstance(method, types.FunctionType):
                        found[f"{name}.{key}.{attribute}"] = method.__code__
    return found


def changed(before: dict[str, object]) -> str | None:
    """What is no longer what it was, in words, or None."""
    now = fingerprint()
    gone = [name for name, value in before.items() if now.get(name) is not value]
    return f"{gone[0]} was replaced. Laws are tested with the original." if gone else None
