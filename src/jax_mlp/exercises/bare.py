"""Code without docstrings, annotations and checks of its arguments, so that a reader sees its idea alone."""

import ast
from collections.abc import Sequence

from jax_mlp.exercises.stubs import names_in


def bare(text: str, names: Sequence[str]) -> str:
    """Functions of a module and what they use of it, without docstrings, annotations and checks of the arguments."""
    defined = {name: node for node in ast.parse(text).body for name in _defines(node)}
    wanted, kept = [*names], []
    for name in wanted:  # which grows meanwhile
        if name in defined and defined[name] not in kept and name not in ("jax", "jnp", "np"):
            kept.append(_Bare().visit(defined[name]))
            wanted += names_in([kept[-1]])
    kept.sort(key=lambda node: (not isinstance(node, ast.Import | ast.ImportFrom), node.lineno))
    written = [ast.unparse(node) for node in kept]
    return "\n\n".join(written) + "\n"


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    return [target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)]


class _Bare(ast.NodeTransformer):
    """Removes docstrings, annotations and checks."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:]
        node.returns = None
        self.generic_visit(node)
        names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
        stored = [each.id for each in names if isinstance(each.ctx, ast.Store)]
        for copy in [each for each in node.body if isinstance(each, ast.Assign) and isinstance(each.value, ast.Name)]:
            new, old = ast.unparse(copy.targets[0]), ast.unparse(copy.value)
            if stored.count(new) == 1 and old not in stored:  # a second name for what never changes
                node.body.remove(copy)
                for each in names:
                    each.id = old if each.id == new else each.id
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        self.generic_visit(node)
        each = node.generators[0]
        counted = isinstance(each.iter, ast.Call) and ast.unparse(each.iter.func) == "enumerate"
        unchanged = counted and ast.unparse(each.target).endswith(f", {ast.unparse(node.elt)})")
        return each.iter.args[0] if unchanged and not each.ifs else node  # type: ignore[union-attr]

    def visit_With(self, node: ast.With) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        setting = ast.unparse(node.items[0]).startswith("jax.")  # such as how JAX promotes types
        return node.body if setting else node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not _checks(node):
            return node
        return next(argument for argument in node.args if not isinstance(argument, ast.Constant | ast.JoinedStr))

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | None:
        return None if _checks(node.value) else self.generic_visit(node)  # type: ignore[return-value]

    def visit_If(self, node: ast.If) -> ast.stmt | None:
        return None if isinstance(node.body[0], ast.Raise) else self.generic_visit(node)  # type: ignore[return-value]

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | None:
        self.generic_visit(node)
        return None if ast.unparse(node.targets[0]) == ast.unparse(node.value) else node


def _checks(node: ast.expr) -> bool:
    name = ast.unparse(node.func).lstrip("_") if isinstance(node, ast.Call) else ""
    return name.startswith("check_") or name == "as_numbers"
