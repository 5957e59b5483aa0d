"""A run in a folder: its settings, one line of history per epoch, the last completed epoch's parameters, and figures.

The folder is valid at any moment, whatever ends the process. `params.safetensors` contains the number of its epoch.
Later lines of the history belong to an epoch that was not completed.
"""

import io
import json
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh

import jax_mlp
from jax_mlp._files import named_in_errors, write_atomically
from jax_mlp._jax import summary
from jax_mlp.components.init import Params, he, init_mlp, lecun
from jax_mlp.components.train_loop import epochs
from jax_mlp.data import DATASETS, Dataset
from jax_mlp.parallel import sent_by_first, shard_params
from jax_mlp.parameters import load, metadata, save
from jax_mlp.recipes import Recipe

SCALES = {"he": he, "lecun": lecun}
PICTURES = ("learning_curves", "confusion_matrix", "mistakes", "first_layer")


@dataclass(frozen=True)
class Settings:
    """The settings of a run, which determine its result.

    Attributes:
        data: The name of the data set.
        recipe: The hyperparameters. `n_epochs` is the number of epochs of this run.
    """

    data: str
    recipe: Recipe

    def to_json(self, python: str = platform.python_version()) -> str:
        """The settings as JSON, together with the versions of the software."""
        recipe = asdict(self.recipe)
        recipe["scale"] = getattr(self.recipe.scale, "__name__", self.recipe.scale)
        versions = {"jax_mlp": jax_mlp.__version__, "jax": jax.__version__, "python": python}
        return json.dumps({"data": self.data, "recipe": recipe, "versions": versions}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Settings":
        """The settings in such a text."""
        kept = json.loads(text)
        recipe = kept["recipe"]
        scale = SCALES.get(recipe["scale"], recipe["scale"])
        return cls(kept["data"], Recipe(**{**recipe, "layer_sizes": tuple(recipe["layer_sizes"]), "scale": scale}))


def initial(recipe: Recipe) -> Params:
    """The initial parameters of a recipe."""
    return init_mlp(recipe.layer_sizes, _key(recipe.seed), recipe.scale)


def train(
    recipe: Recipe, digits: Dataset, params: Params, done: int = 0, mesh: Mesh | None = None, measure_every: int = 1
) -> Iterator[tuple[Params, dict[str, float]]]:
    """Train by a recipe, from the parameters after `done` epochs, on the devices of a mesh if one is given."""
    return epochs(
        params if mesh is None else shard_params(params, mesh),
        digits.train_images,
        digits.test_images,
        digits.train_labels,
        digits.test_labels,
        recipe.n_epochs,
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        key=_key(recipe.seed + 1) if recipe.shuffle else None,
        pixel_scale=recipe.pixel_scale,
        measure_every=measure_every,
        done=done,
    )


def _is_foreign(path: Path, own: set[str]) -> bool:
    """Whether a file is neither of a run, nor a part of one that was being written, nor of a file manager."""
    name = re.sub(r"\.\d+\.part$", "", path.name)
    return name not in own | {"run.json", ".DS_Store", "Thumbs.db", "desktop.ini"}


def _key(seed: int) -> Array:
    """The key of a seed, whatever generator of random numbers JAX is set to use: a seed stands for one run."""
    return jax.random.key(seed, impl="threefry2x32")


class Run:
    """A folder that contains a run, or will contain one."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._settings, self._params = self.folder / "run.json", self.folder / "params.safetensors"
        self._history = self.folder / "history.jsonl"

    @property
    def exists(self) -> bool:
        """Whether the folder contains a run."""
        return self._settings.exists()

    @property
    def settings(self) -> Settings:
        """The settings of the run."""
        if not self.exists:
            raise FileNotFoundError(
                f"run: expected a folder that contains a run, got {self.folder}, which does not. "
                f"Make one with: jax-mlp train --out {self.folder}"
            )
        try:
            return Settings.from_json(self._settings.read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"run: expected settings in {self._settings}, got {type(error).__name__}: {error}. "
                "Start again with --force."
            ) from error

    @property
    def params(self) -> Params:
        """The parameters after the last completed epoch."""
        params, sizes = load(self._params), self.settings.recipe.layer_sizes
        got = (params[0][0].shape[1], *(len(b) for _, b in params))
        if got != sizes:
            raise ValueError(
                f"run: expected layers {sizes} in {self._params}, got {got}. The file belongs to another run. "
                "Start again with --force."
            )
        return params

    @property
    def done(self) -> int:
        """Number of completed epochs."""
        try:
            return int(metadata(self._params)["epoch"])
        except (KeyError, ValueError) as error:
            raise ValueError(
                f"run: expected the number of an epoch in {self._params}, got none. Start again with --force."
            ) from error

    @property
    def history(self) -> list[dict[str, float]]:
        """The accuracies, the loss and the seconds of each completed epoch."""
        try:
            lines = self._history.read_text(encoding="utf-8").splitlines() if self._history.exists() else []
            told = [json.loads(line) for line in lines[: self.done]]  # a kill may leave half a line after these
            return [figures for figures in told if figures["epoch"] <= self.done]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"run: expected one line of JSON per epoch in {self._history}, got {summary(error)}. "
                "Delete the file; --resume then continues without it."
            ) from error

    def begin(self, settings: Settings, force: bool = False) -> None:
        """Write the settings and the initial parameters.

        Raises:
            FileExistsError: If the folder is not empty, unless it contains a run and `force` is true.
        """
        if self.exists and not force:
            raise FileExistsError(
                f"--out: expected a new folder, got {self.folder}, which contains a run. "
                "Add --resume to continue it, or --force to overwrite it."
            )
        own = {self._params.name, self._history.name, *(f"{name}.png" for name in PICTURES)}
        if self.folder.exists() and not self.exists:
            if not self.folder.is_dir() or any(_is_foreign(path, own) for path in self.folder.iterdir()):
                raise FileExistsError(
                    f"--out: expected a new or empty folder, got {self.folder}, which contains other files. "
                    "Choose another folder."
                )
        self.folder.mkdir(parents=True, exist_ok=True)
        self._settings.unlink(missing_ok=True)  # until this is written again, the folder does not contain a run
        for name in own:
            (self.folder / name).unlink(missing_ok=True)
        for part in self.folder.glob("*.part"):
            part.unlink()
        self._keep(initial(settings.recipe), 0)
        write_atomically(self._settings, settings.to_json().encode())

    def train(self, digits: Dataset, mesh: Mesh | None = None) -> Iterator[dict[str, float]]:
        """Train from the last completed epoch to the end, and yield the figures of each epoch once it is saved."""
        kept = "".join(json.dumps(line) + "\n" for line in self.history)
        write_atomically(self._history, kept.encode())  # without a line of an epoch that was not completed
        done = self.done
        for params, figures in train(self.settings.recipe, digits, self.params, done, mesh):
            if not self.exists or self.done != done:
                raise ValueError(
                    f"run: expected to be the only process that writes to {self.folder}, got files that another one "
                    "has changed. End all but one, and give each run a folder of its own."
                )
            done = int(figures["epoch"])
            with named_in_errors(self._history), open(self._history, "a", encoding="utf-8") as history:
                history.write(json.dumps(figures) + "\n")
            self._keep(params, done)
            yield figures

    def draw(self, digits: Dataset) -> list[Path]:
        """Draw the learning curves, the confusion matrix, the most confident mistakes and the first weights."""
        from jax_mlp import figures

        params = self.params
        p = np.exp(jax_mlp.forward(params, digits.test_images * np.float32(self.settings.recipe.pixel_scale)))
        drawn = (
            figures.learning_curves({"this run": self.history}),
            figures.confusion_matrix(digits.test_labels, p.argmax(axis=1)),
            figures.digits(digits.test_images, digits.test_labels, p),
            figures.first_layer(np.asarray(params[0][0])),
        )
        paths = [self.folder / f"{name}.png" for name in PICTURES]
        for path, figure in zip(paths, drawn, strict=True):
            content = io.BytesIO()
            figure.savefig(content, format="png", dpi=120)
            write_atomically(path, content.getvalue())
        return paths

    @contextmanager
    def sent_by_first(self) -> Iterator["Run"]:
        """A copy of the run of process 0, in every process: the others may have no disk in common with it."""
        first = jax.process_index() == 0
        if first:
            _ = self.settings, self.params  # raise what is wrong with them here, where their names are known
        with TemporaryDirectory() as folder:
            for path in (self._settings, self._params):
                (Path(folder) / path.name).write_bytes(sent_by_first(path.read_bytes() if first else b""))
            yield Run(folder)

    def digits(self, data: str | None = None, data_dir: Path | None = None) -> Dataset:
        """The data set of the run, or another one."""
        name = data or self.settings.data
        if name not in DATASETS:
            raise ValueError(f"run: expected the data set {' or '.join(DATASETS)}, got {name!r}. Load it yourself.")
        return DATASETS[name](data_dir)

    def _keep(self, params: Params, epoch: int) -> None:
        save(params, self._params, {"epoch": str(epoch)})
