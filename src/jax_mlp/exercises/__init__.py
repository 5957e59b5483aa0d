"""The exercises: eight stubs to fill in, rules about what may be used, hints, and a capstone that trains the result."""

import hashlib
import json
from pathlib import Path

import jax_mlp
from jax_mlp._terminal import quoted
from jax_mlp.components import COMPONENTS

HERE = Path("exercises")
"""The folder that `start` makes, unless another is named."""

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

USEFUL = {
    "init": "jax.random.split(key, n) makes n keys out of one. jax.random.normal(key, shape) draws numbers from the "
    "normal distribution with mean 0 and standard deviation 1.",
    "forward": "jax.vmap(f) applies f, a function of one image, to every row of a batch. You can do without it.",
    "update": "jax.grad(loss) is a function that takes the same arguments as loss, and gives its gradient with respect "
    "to the first. jax.tree.map(f, a, b) applies f to the arrays in the same places of a and b.",
}
"""What JAX offers for an exercise and NumPy does not."""

FINE_PRINT = {
    "init": "that no key is used twice, and that scale may be a function",
    "relu": "NaN, arrays of integers, and the largest numbers",
    "forward": "params as a tuple",
    "one_hot": "labels stored as bytes",
    "loss": "targets stored as bytes",
    "update": "parameters in half precision, and params as a tuple",
}
"""The parts of a docstring that are tested only with --fine-print."""

UNTESTED = {
    "update": "or whether the function is compiled",
    "train_loop": "the progress bar, measure_every, how pixels stored as bytes are converted, or several devices",
}
"""The parts of a docstring, besides errors, that no law tests."""

UNREADABLE = (OSError, SyntaxError, ValueError, RecursionError, MemoryError)
"""The errors of reading and parsing a learner's file: there may be no such file, or its code is nested too deeply."""


class Progress:
    """What is remembered in a file: how many hints were shown, and which components and steps pass."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def started(self) -> bool:
        """Whether there is such a file."""
        return self._file.exists()

    @property
    def hints_shown(self) -> dict[str, int]:
        """How many hints were shown for each component."""
        return self._read("hints", {})

    @property
    def passing(self) -> dict[str, bool]:
        """Whether each component that was tested passes."""
        return self._read("passing", {})

    @property
    def selected(self) -> list[str]:
        """The components to write: all, unless a teacher chose some."""
        only = self._read("only", [*COMPONENTS])
        return [component for component in COMPONENTS if component in only]

    @property
    def without_hints(self) -> bool:
        """Whether a teacher switched hints off."""
        return self._read("without hints", False)

    @property
    def steps_passed(self) -> dict[str, int]:
        """How many steps of each component pass, from the first on."""
        return self._read("steps", {})

    def remember(self, **more: dict) -> None:
        """Add to what is remembered: `hints`, `passing` or `steps`, each by component."""
        self._keep({what: {**self._read(what, {}), **new} for what, new in more.items()})

    def choose(self, only: list[str] | None, without_hints: bool) -> None:
        """Keep what a teacher chose. Anything that is not chosen stays as it was."""
        self._keep(({"only": only} if only else {}) | ({"without hints": True} if without_hints else {}))

    def _remembered(self) -> dict:
        try:
            content = json.loads(self._file.read_text())
        except (OSError, ValueError):  # only a memory is lost: it begins anew
            return {}
        return content if isinstance(content, dict) else {}

    def _read(self, what: str, default):
        value = self._remembered().get(what)
        return value if isinstance(value, type(default)) else default

    def _keep(self, more: dict) -> None:
        self._file.write_text(json.dumps({**self._remembered(), **more}) + "\n")


def beside_the_notebook() -> Progress:
    """The progress of the notebook in the current folder. It is another file than that of a folder of exercises."""
    return Progress(Path(".jax-mlp-notebook.json"))


class Exercises(Progress):
    """A folder of exercises, and its progress."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / ".jax-mlp.json")
        self.folder = folder

    def path(self, component: str) -> Path:
        """The file of a component."""
        return self.folder / f"{component}.py"

    def has_passed(self, component: str) -> bool:
        """Whether the file of a component passed its laws as it is now."""
        return self._read("passed as", {}).get(component, "") == self._digest(component) != ""

    def remember_passed(self, passing: dict[str, bool]) -> None:
        """Keep whether the file of each of these components passes its laws as it is now."""
        self.remember(**{"passed as": {c: self._digest(c) if passes else "" for c, passes in passing.items()}})

    def _digest(self, component: str) -> str:
        try:
            content = self.path(component).read_bytes()
            return hashlib.sha256(jax_mlp.__version__.encode() + content).hexdigest()  # another version has other laws
        except OSError:
            return ""

    def shown(self, component: str) -> str:
        """The file of a component, relative to the current folder if it is inside."""
        return str(_relative(self.path(component)))

    @property
    def in_folder(self) -> str:
        """The end of a command that names this folder, such as ` --in homework`. The default folder needs none."""
        folder = _relative(self.folder)
        return "" if folder == _relative(default_folder()) else f" --in {quoted(folder)}"


def default_folder() -> Path:
    """The folder that commands take by default: `exercises`, or the current folder if the exercises are in it."""
    inside = Exercises(Path()).started and not Exercises(HERE).started
    return Path() if inside else HERE


def _relative(path: Path) -> Path:
    path = path.absolute()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
