"""The exercises: eight stubs to fill in, what may be used for each, hints, and a network made of the result."""

import json
from pathlib import Path

from jax_mlp.components import COMPONENTS

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


class Exercises:
    """A folder of exercises, and what is remembered about it."""

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
        hints = self._remembered().get("hints")
        return hints if isinstance(hints, dict) else {}

    @property
    def selected(self) -> list[str]:
        """The components that are asked for: all, unless a teacher chose some."""
        only = self._remembered().get("only")
        return [component for component in COMPONENTS if not isinstance(only, list) or component in only]

    @property
    def without_hints(self) -> bool:
        """Whether a teacher switched hints off."""
        return self._remembered().get("without hints") is True

    def remember(self, **hints: int) -> None:
        """Keep the number of hints shown for components."""
        self._keep({"hints": {**self.hints_shown, **hints}})

    def choose(self, only: list[str] | None, without_hints: bool) -> None:
        """Keep what a teacher chose."""
        self._keep({"only": only} if only else {})
        self._keep({"without hints": True} if without_hints else {})

    def _remembered(self) -> dict:
        try:
            content = json.loads(self._memory.read_text())
        except (OSError, ValueError):  # only hints are lost: they begin anew
            return {}
        return content if isinstance(content, dict) else {}

    def _keep(self, more: dict) -> None:
        self._memory.write_text(json.dumps({**self._remembered(), **more}) + "\n")

    def path(self, component: str) -> Path:
        """The file of a component."""
        return self.folder / f"{component}.py"

    def shown(self, component: str) -> str:
        """That path as a person in the current folder writes it."""
        path = self.path(component).absolute()
        return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
