"""The laws by their names: which are asked of a component, and what each is called."""

import importlib
import inspect
from pathlib import Path

from jax_mlp.components import COMPONENTS
from jax_mlp.mistakes import Entry, caught_by


def laws(component: str, strict: bool = False) -> dict:
    """The laws of a component, by name: all that is asked of any implementation of it. Strict: its fine print too."""
    module = importlib.import_module(f"jax_mlp.laws.test_{component}")
    return {name: law for name, law in vars(module).items() if name.startswith("test_") and is_law(law, strict)}


def is_law(test, strict: bool = False) -> bool:
    """Whether a test is asked of any implementation. Strict: or is fine print."""
    left_out = {"reference"} if strict else {"reference", "fine_print"}
    return "impl" in inspect.signature(test).parameters and not marks(test) & left_out


def marks(law) -> set[str]:
    """The names of pytest's marks on a law."""
    return {mark.name for mark in getattr(law, "pytestmark", [])}


def is_fine_print(name: str) -> bool:
    """Whether a law such as relu::test_example is fine print: promised by the docstring, and asked for by --strict."""
    stem, _, function = name.partition("::")
    module = importlib.import_module(f"jax_mlp.laws.test_{stem}")
    return "fine_print" in marks(getattr(module, function.partition("[")[0], None))


def component_of(nodeid: str) -> str:
    """The component that a law is about."""
    file, _, name = nodeid.partition("::")
    stem = Path(file).stem.removeprefix("test_")
    if stem in COMPONENTS:
        return stem
    named = [component for component in COMPONENTS if name.startswith(f"test_{component}_")]
    return named[0] if named else "loss"  # gradients are those of the loss


def law_name(item) -> str:
    """A law as it is named everywhere: relu::test_example."""
    return f"{item.path.stem.removeprefix('test_')}::{item.name}"


def function_of(law: str) -> str:
    """The name of a law's function, as the catalogue has it."""
    return law.partition("::")[2].partition("[")[0]


def laws_that_catch(entry: Entry) -> set[str]:
    """The laws that the published table says it breaks. They are asked first: that saves most of the time."""
    return {*caught_by().get(f"{entry.component}/{entry.name}", [])}
