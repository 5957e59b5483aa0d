"""What a law compares, as expressions of the answers of its calls: of `close(np.exp(got), 1, …)` it is `np.exp(a)`.

They are read from the law's source, at the statement that failed, with the values that its variables had there.
"""

import ast
import builtins
import contextlib
import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jax_mlp import laws
from jax_mlp.checking import replay
from jax_mlp.checking.implementation import NO_ANSWER, Call
from jax_mlp.laws.expect import LawBroken
from jax_mlp.laws.values import paste

PLACES = {"close": (0, 1), "equal": (0, 1), "holds": (1, None)}
"""Which arguments of an expectation are what a law got and what it expected."""
MODULES = {"np": np, "jnp": jnp, "jax": jax}
"""What a pasted expression may use, besides Python itself."""
METHODS = ("jitted", "eager", "raw", "pullback", "gradient")
LONGEST = 200  # characters of an expression


class Compared(NamedTuple):
    """The two sides that a law compared.

    Attributes:
        got: The expression that the law looked at, such as `np.exp(a)`, or just `a`. None if it cannot be written.
        expected: The expression that it expected, or None if that contains no answer or cannot be written.
        names: The names of answers in the two expressions, by the position of the call.
    """

    got: str | None
    expected: str | None
    names: dict[int, str]

    @property
    def plain(self) -> bool:
        """Whether the law compared one answer, as it is, with something else."""
        return self.expected is None and self.got in [None, *self.names.values()]


def compared(error: BaseException, calls: list[Call]) -> Compared | None:
    """What a law compared when it failed; or None if its source does not say so, as when it calls in a loop."""
    found, trace = None, error.__traceback__ if isinstance(error, LawBroken) else None
    while trace:
        if Path(trace.tb_frame.f_code.co_filename).parent == Path(str(laws.__file__)).parent:
            found = trace if trace.tb_frame.f_code.co_name.startswith("test_") else found
        trace = trace.tb_next
    if found is None:
        return None
    code, line = found.tb_frame.f_code, found.tb_lineno
    tree = ast.parse(Path(code.co_filename).read_text(encoding="utf-8"))
    law = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == code.co_name)
    nodes = [node for node in ast.walk(law) if isinstance(node, ast.Call)]
    statements = [node for node in nodes if ast.unparse(node.func) in PLACES and node.lineno <= line <= _end(node)[0]]
    if not statements:
        return None
    # The calls of the component up to there, in the order in which Python evaluates them.
    answers = sorted((n for n in nodes if _function(n) and _end(n) <= _end(statements[0])), key=_end)
    if [*map(_function, answers)] != [call.function for call in calls] or calls[-1].result is NO_ANSWER:
        return None
    writer = _Writer(law, answers, {**found.tb_frame.f_globals, **found.tb_frame.f_locals})
    place, other = PLACES[ast.unparse(statements[0].func)]
    results = [call.result for call in calls]
    got = writer.written(statements[0].args[place], error.got, results)  # type: ignore[attr-defined]
    expected = other and writer.written(statements[0].args[other], error.expected, results)  # type: ignore[attr-defined]
    return Compared(got, expected or None, writer.names)


class _Unwritable(Exception):
    """Only the law itself can evaluate this."""


class _Writer:
    """Writes expressions of a law.

    Args:
        law: The law's function.
        answers: Its calls of the component.
        values: The values of its variables.
    """

    def __init__(self, law: ast.FunctionDef, answers: list[ast.Call], values: dict[str, Any]) -> None:
        self.law, self.answers, self.values = law, answers, values
        self.names: dict[int, str] = {}

    def written(self, node: ast.expr, value: Any, results: list) -> str | None:
        """An expression as text, if it contains answers and evaluates to `value` if these are the results."""
        known = dict(self.names)
        with contextlib.suppress(Exception):  # what cannot be written or evaluated is not shown
            text = ast.unparse(self._new(node)) if self._depends(node) else ""
            answers = {name: results[position] for position, name in self.names.items()}
            same = text and replay.same(np.asarray(eval(text, {**MODULES, **answers})), np.asarray(value))
            if same and len(text) < LONGEST:
                return text
        self.names = known
        return None

    def _depends(self, node: ast.AST) -> bool:
        """Whether the numbers in an expression come from an answer."""
        if node in self.answers or (isinstance(node, ast.Name) and self._assigned(node)):
            return True
        sized = isinstance(node, ast.Call) and ast.unparse(node.func) == "len"
        return not sized and any(map(self._depends, ast.iter_child_nodes(node)))

    def _assigned(self, name: ast.Name) -> ast.Assign | None:
        """The last assignment to a variable, if what was assigned contains an answer."""
        assigned = [
            node for node in ast.walk(self.law) if isinstance(node, ast.Assign) and name.id in _names(node.targets)
        ]
        mine = [node for node in assigned if _end(node) < (name.lineno, name.col_offset)]
        return mine[-1] if mine and self._depends(mine[-1].value) else None

    def _new(self, node: Any) -> Any:
        """An expression in which answers have names, and all that has nothing to do with them has its value."""
        if node in self.answers:
            position = self.answers.index(node)
            return ast.Name(self.names.setdefault(position, "abcdefgh"[position]))
        if isinstance(node, ast.Name) and (assignment := self._assigned(node)):
            return _unpacked(self._new(assignment.value), assignment.targets[0], node.id)
        if isinstance(node, ast.JoinedStr):  # words about an answer
            raise _Unwritable
        if not self._depends(node) and not isinstance(node, ast.Slice | ast.Tuple | ast.keyword):
            return self._known(node)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.asarray":
            return self._new(node.args[0])  # JAX's arrays can do all that is asked of NumPy's here
        new = copy.copy(node)
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                setattr(new, field, [self._new(each) for each in value])
            elif isinstance(value, ast.expr | ast.keyword):
                setattr(new, field, self._new(value))
        return new

    def _known(self, node: Any) -> ast.expr:
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(node, ast.Constant) or (isinstance(root, ast.Name) and root.id in {*MODULES, *vars(builtins)}):
            return node
        value = eval(compile(ast.Expression(node), "<law>", "eval"), self.values)
        if callable(value):
            raise _Unwritable
        return ast.Name(paste(value))


def _unpacked(value: ast.expr, target: ast.expr, name: str) -> ast.expr:
    """The part of a value that a variable is assigned: of `(w, b), *_ = value`, b is `value[0][1]`."""
    if isinstance(target, ast.Name):
        return value
    assert isinstance(target, ast.Tuple)
    place = next(place for place, part in enumerate(target.elts) if name in _names([part]))
    if any(isinstance(part, ast.Starred) for part in target.elts[: place + 1]):
        place -= len(target.elts)
    return _unpacked(ast.Subscript(value, ast.Constant(place)), target.elts[place], name)


def _names(nodes: Sequence[ast.AST]) -> set[str]:
    return {each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name)}


def _end(node: Any) -> tuple[int, int]:
    return node.end_lineno, node.end_col_offset


def _function(node: ast.Call) -> str | None:
    """The function of the component that is called, as in impl.relu(x) or impl.relu.eager(x), if it is one."""
    names = ast.unparse(node.func).split(".")
    return names[1] if names[0] == "impl" and names[2:] in ([], *([method] for method in METHODS)) else None
