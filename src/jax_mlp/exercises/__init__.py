"""The exercises: eight stubs to fill in, what may be used for each, hints, and a network made of the result."""

import json
from pathlib import Path

LIBRARIES = ("jax", "jaxtyping", "numpy", "tqdm")
"""What may be imported, besides the standard library and the other components of `jax_mlp`."""

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
"""What of JAX would be the exercise itself: functions, or modules of them."""

UNASKED = {
    "init": "keys that are used again",
    "relu": "NaN and integers",
    "one_hot": "labels kept as bytes",
    "update": "half precision, and that it is compiled",
    "train_loop": "measure_every, of bytes, and of many devices",
}
"""What the reference promises, besides its errors, and no law asks of anybody else."""


class Progress:
    """What is remembered in a file: how many hints were shown for each component, and which components pass."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def started(self) -> bool:
        """Whether there is such a file."""
        return self._file.exists()

    @property
    def hints_shown(self) -> dict[str, int]:
        """How many hints were shown for each component."""
        return self._read("hints")

    @property
    def passing(self) -> dict[str, bool]:
        """Whether each component that was tested passes."""
        return self._read("passing")

    def remember(self, hints: dict[str, int] | None = None, passing: dict[str, bool] | None = None) -> None:
        """Add to what is remembered."""
        memory = {"hints": {**self.hints_shown, **(hints or {})}, "passing": {**self.passing, **(passing or {})}}
        self._file.write_text(json.dumps(memory) + "\n")

    def _read(self, what: str) -> dict:
        try:
            return json.loads(self._file.read_text())[what]
        except (OSError, ValueError, KeyError, TypeError):  # only a memory is lost: it begins anew
            return {}


def beside_the_notebook() -> Progress:
    """The progress of the notebook in the current folder. It is another file than that of a folder of exercises."""
    return Progress(Path(".jax-mlp-notebook.json"))


class Exercises(Progress):
    """A folder of exercises, and what is remembered about it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / ".jax-mlp.json")
        self.folder = folder

    def path(self, component: str) -> Path:
        """The file of a component."""
        return self.folder / f"{component}.py"

    def shown(self, component: str) -> str:
        """That path as a person in the current folder writes it."""
        path = self.path(component).absolute()
        return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
