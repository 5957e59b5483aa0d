"""The exercises: eight stubs to fill in, rules about what may be used, hints, and a capstone that trains the result."""

import json
from pathlib import Path

LIBRARIES = ("jax", "jaxtyping", "numpy", "tqdm")
"""The libraries that may be imported, besides the standard library and the other components of `jax_mlp`."""

SHORTCUTS = {
    "init": ("jax.nn.initializers",),
    "relu": ("jax.nn",),
    "forward": ("jax.nn.log_softmax", "jax.scipy.special.log_softmax"),
    "one_hot": ("jax.nn.one_hot",),
    "loss": (),
    "accuracy": (),
    "update": ("jax.example_libraries.optimizers",),
    "train_loop": (),
}
"""The functions and modules of JAX that would be the solution of an exercise."""

FINE_PRINT = {
    "init": "the use of each key at most once, and a function for scale",
    "relu": "NaN, and arrays of integers",
    "forward": "params as a tuple",
    "one_hot": "labels stored as bytes",
    "update": "parameters in half precision",
}
"""The parts of a docstring that are tested only with --fine-print."""

UNTESTED = {
    "update": "or whether the function is compiled",
    "train_loop": "the progress bar, measure_every, memory use, or several devices",
}
"""The parts of a docstring, besides errors, that no law tests."""


class Exercises:
    """A folder of exercises, and the number of hints shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._memory = folder / ".jax-mlp.json"

    @property
    def started(self) -> bool:
        """Whether `jax-mlp exercises start` made this folder."""
        return self._memory.exists()

    @property
    def hints_shown(self) -> dict[str, int]:
        """How many hints were shown for each component."""
        try:
            return json.loads(self._memory.read_text())["hints"]
        except (OSError, ValueError, KeyError, TypeError):  # at worst, the hints start again
            return {}

    def remember(self, **hints: int) -> None:
        """Save the number of hints shown for some components."""
        self._memory.write_text(json.dumps({"hints": {**self.hints_shown, **hints}}) + "\n")

    def path(self, component: str) -> Path:
        """The file of a component."""
        return self.folder / f"{component}.py"

    def shown(self, component: str) -> str:
        """That path, relative to the current folder if it is inside."""
        path = self.path(component).absolute()
        return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
