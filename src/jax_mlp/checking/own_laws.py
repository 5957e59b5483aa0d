"""Tests laws of one's own: `python -m jax_mlp.checking.own_laws FILE`.

Each function `test_…` in the file runs on the correct variants of the component it calls, which it should accept, and
on the mistakes in that component, which it should reject.
"""

import importlib.util
import inspect
import sys
import traceback
from pathlib import Path

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
    """The line of the law that failed, and the numbers that Hypothesis drew."""
    file = inspect.getsourcefile(inspect.unwrap(getattr(getattr(law, "hypothesis", None), "inner_test", law)))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    drawn = [line for note in getattr(error, "__notes__", []) for line in note.splitlines()]
    return [
        *(f"line {frame.lineno}: {frame.line}" for frame in frames[-1:]),
        *(line.strip() for line in drawn if line.startswith("    ") and "impl=" not in line),
    ]


def _judge(task) -> tuple[bool, str, set[str]]:
    file, name, kind, component, entry_name = task
    entries = [*mistakes(component), *variants(component)] if component else []
    return keeps(laws_in(file)[name], next((e for e in entries if (e.kind, e.name) == (kind, entry_name)), None))


def main(file: str) -> int:
    """Test the laws of a file, print the results, and return 1 if one rejects a correct variant or catches nothing."""
    try:
        names = [*laws_in(file)]
    except Exception as error:
        print(f"{file} does not import: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    if not names:
        print(f"{file} has no law: expected a function with a name that begins with test_.", file=sys.stderr)
        return 2
    worst = 0
    with workers() as pool:
        for name in names:
            worst = max(worst, _show(pool, file, name))
    return worst


def _show(pool, file: str, name: str) -> int:
    print(f"\n{name}", flush=True)
    kept, said, components = pool.submit(_judge, (file, name, "", "", "")).result()
    if not components:
        print("  calls no component. Call one: impl.relu(x)" + (f"\n    {said}" if said else ""))
        return 1
    if not kept:
        print(f"  the reference does not satisfy it, so it is not a law:\n    {said}")
        return 1
    component = max(components, key=[*COMPONENTS].index)
    right, wrong = variants(component), mistakes(component)
    tasks = [(file, name, entry.kind, component, entry.name) for entry in [*right, *wrong]]
    verdicts = [kept for kept, _, _ in pool.map(_judge, tasks)]
    accepted = [entry for entry, kept in zip(right, verdicts, strict=False) if kept]
    through = [entry for entry, kept in zip(wrong, verdicts[len(right) :], strict=True) if kept]
    caught = [entry for entry in wrong if entry not in through]
    print(f"  accepts {len(accepted)} of {len(right)} correct variants of {component}")
    for entry in right:
        if entry not in accepted:
            print(f"    rejects a correct variant: {entry.name}: {entry.sentence}")
    print(f"  catches {len(caught)} of {len(wrong)} mistakes")
    for words, entries in (("caught", caught), ("missed", through)):
        for entry in entries:
            print(f"    {words:<14} {entry.sentence}")
    return int(len(accepted) < len(right) or not caught)


if __name__ == "__main__":
    sys.exit(main(str(Path(sys.argv[1]).resolve())))
