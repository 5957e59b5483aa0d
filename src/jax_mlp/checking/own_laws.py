"""Tests laws of one's own: `python -m jax_mlp.checking.own_laws FILE [LAW]`.

Each function `test_…` in the file runs on the correct variants of the component it calls, which it should accept, and
on the mistakes in that component, which it should reject.
"""

import ast
import contextlib
import importlib.util
import inspect
import sys
import textwrap
import warnings
from pathlib import Path

from jax_mlp._terminal import prepare_output
from jax_mlp.checking.evaluate import workers
from jax_mlp.checking.implementation import Implementation
from jax_mlp.components import COMPONENTS
from jax_mlp.mistakes import Entry, mistakes, variants


def laws_in(file: str) -> dict:
    """The laws of a file, by name."""
    spec = importlib.util.spec_from_file_location("own_laws", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: law for name, law in vars(module).items() if name.startswith("test_") and callable(law)}


def keeps(law, entry: Entry | None) -> tuple[bool, str, set[str]]:
    """Whether an entry (None: the reference) keeps a law, what was said if not, and which components were called."""
    implementation = Implementation()
    if entry:
        implementation.use(entry.component, entry.functions)
    said = ""
    try:
        if law(implementation) is not None:
            said = "It returns a value, but only assert counts. Write assert instead of return."
    except Exception as error:
        said = "\n    ".join([f"{type(error).__name__}: {error}".splitlines()[0].rstrip(": "), *_where(error, law)])
    called = {call.function for call in implementation.calls}
    return not said, said, {component for component, names in COMPONENTS.items() if called & {*names}}


def _where(error: Exception, law) -> list[str]:
    """The numbers that Hypothesis drew, the line of the law that failed, and what the two sides of its assert gave."""
    function = inspect.unwrap(getattr(getattr(law, "hypothesis", None), "inner_test", law))
    drawn = [line for note in getattr(error, "__notes__", []) for line in note.splitlines()]
    lines = [line.strip() for line in drawn if line.startswith("    ") and "impl=" not in line]
    trace, frame, number = error.__traceback__, None, 0
    while trace:
        if trace.tb_frame.f_code is function.__code__:
            frame, number = trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next
    if frame is None:
        return lines
    body = ast.parse(textwrap.dedent(inspect.getsource(function)))
    number -= function.__code__.co_firstlineno - 1
    failed = [node for node in ast.walk(body) if isinstance(node, ast.Assert) and node.lineno <= number]
    failed = [node for node in failed if number <= (node.end_lineno or 0)]
    for node in failed:
        lines.append(f"failed: {ast.unparse(node)}")
        if isinstance(node.test, ast.Compare) and isinstance(error, AssertionError):
            sides = [node.test.left, *node.test.comparators]
            names = {**frame.f_globals, **frame.f_locals}  # in one, since a generator sees no locals of eval
            for side in (side for side in sides if not isinstance(side, ast.Constant)):
                with contextlib.suppress(Exception):  # the values only help
                    value = eval(compile(ast.Expression(side), "law", "eval"), names)
                    lines.append(f"{ast.unparse(side)} is {value}")
    return lines


def _judge(task) -> tuple[bool, str, set[str]]:
    file, name, kind, component, entry_name = task
    warnings.simplefilter("ignore")  # of the variants: they are not what is tested
    entries = [*mistakes(component), *variants(component)] if component else []
    return keeps(laws_in(file)[name], next((e for e in entries if (e.kind, e.name) == (kind, entry_name)), None))


def main(file: str, only: str = "") -> int:
    """Test the laws of a file, print the results, and return 1 if one rejects a correct variant or catches nothing.

    Args:
        file: The file.
        only: The name of the one law to test. Default: all.
    """
    try:
        names = [*laws_in(file)]
    except Exception as error:
        print(f"{file} does not import: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    if not names or (only and only not in names):
        what = f"no law {only}. It has: {', '.join(names)}." if names else "no law. Write a function named test_…."
        print(f"exercises law: {file} has {what}", file=sys.stderr)
        return 2
    judged = []
    with workers() as pool:
        for name in [only] if only else names:
            judged.append(_show(pool, file, name))
    for component in COMPONENTS:
        caught = [each for ok, tested, each in judged if tested == component and ok]
        if len(caught) > 1:
            known = {entry.name: entry.sentence for entry in mistakes(component)}
            missed = [sentence for name, sentence in known.items() if name not in set().union(*caught)]
            n_caught = len(known) - len(missed)
            print(f"\nTogether, {len(caught)} laws of {component} catch {n_caught} of {len(known)} mistakes")
            for sentence in missed:
                print(f"    missed by all  {sentence}")
    return int(not all(ok for ok, *_ in judged))


def _show(pool, file: str, name: str) -> tuple[bool, str, set[str]]:
    """Print what one law does. Whether it is a law and catches something, of which component, and what it catches."""
    print(f"\n{name}", flush=True)
    kept, said, components = pool.submit(_judge, (file, name, "", "", "")).result()
    if not components:
        print("  calls no component. Call one: impl.relu(x)" + (f"\n    {said}" if said else ""))
        return False, "", set()
    component = max(components, key=[*COMPONENTS].index)
    if not kept:
        print(f"  the reference does not satisfy it, so it is not a law:\n    {said}")
        return False, component, set()
    right, wrong = variants(component), mistakes(component)
    tasks = [(file, name, entry.kind, component, entry.name) for entry in [*right, *wrong]]
    verdicts = [*pool.map(_judge, tasks)]
    rejected = [(entry, said) for entry, (kept, said, _) in zip(right, verdicts, strict=False) if not kept]
    missed = [entry for entry, (kept, *_) in zip(wrong, verdicts[len(right) :], strict=True) if kept]
    caught = [entry for entry in wrong if entry not in missed]
    print(f"  accepts {len(right) - len(rejected)} of {len(right)} correct variants of {component}")
    for entry, said in rejected:
        print(f"    rejects a correct variant: {entry.name}: {entry.sentence}\n      {said}")
    print(f"  catches {len(caught)} of {len(wrong)} mistakes")
    for words, entries in (("caught", caught), ("missed", missed)):
        for entry in entries:
            print(f"    {words:<14} {entry.sentence}")
    return not rejected and bool(caught), component, {entry.name for entry in caught}


if __name__ == "__main__":
    prepare_output()
    sys.exit(main(str(Path(sys.argv[1]).resolve()), *sys.argv[2:]))
