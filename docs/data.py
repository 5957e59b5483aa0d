"""What interactive figures compute with, made when the site is built: `data/NAME.js` sets `DATA.NAME`."""

import inspect
import json
import os
import pickle
import subprocess
import sys
import tempfile
from base64 import b64encode
from dataclasses import replace
from functools import cache
from pathlib import Path

import jax
import numpy as np

import jax_mlp as mlp
from jax_mlp.components import COMPONENTS
from jax_mlp.components.train_loop import epochs
from jax_mlp.data import DATASETS
from jax_mlp.data.dataset import data_folder
from jax_mlp.data.mnist import FILES
from jax_mlp.exercises import hunt, page
from jax_mlp.recipes import TUNED

sys.path.insert(0, str(Path(__file__).parent / "hooks"))
from kept import kept

PACKAGE = Path(__file__).parents[1] / "src" / "jax_mlp"

SMALL = replace(TUNED, layer_sizes=(784, 128, 64, 10), scale=1e-2)
"""A network small enough to be part of a page. It begins with small weights, which hide little of what it learns."""


def data_set() -> str:
    """The full MNIST if it is at hand, in JAX_MLP_MNIST or where `jax-mlp train --data mnist` keeps it."""
    raw = data_folder(os.environ.get("JAX_MLP_MNIST")) / "MNIST" / "raw"
    return "mnist" if all((raw / name).is_file() for name in FILES) else "mnist-5k"


@cache
def draw() -> dict:
    """The small network, trained, and test digits that it classifies correctly and wrongly."""
    digits = DATASETS[data_set()](os.environ.get("JAX_MLP_MNIST"))
    scale = np.float32(SMALL.pixel_scale)
    n_epochs = SMALL.epochs_on(len(digits.train_images))
    params = mlp.train_loop(
        mlp.init_mlp(SMALL.layer_sizes, jax.random.key(SMALL.seed), SMALL.scale),
        digits.train_images * scale,
        digits.test_images * scale,
        digits.train_labels,
        digits.test_labels,
        n_epochs,
        batch_size=SMALL.batch_size,
        learning_rate=SMALL.learning_rate,
        key=jax.random.key(SMALL.seed + 1),
        measure_every=n_epochs,  # nobody sees what is between
    )
    return page.content(
        params,
        digits.test_images,
        digits.test_labels,
        SMALL.pixel_scale,
        mlp.forward,
        f"This network has two hidden layers, of {SMALL.layer_sizes[1]} and {SMALL.layer_sizes[2]} units. It went "
        f"{n_epochs} times through {len(digits.train_labels):,} images of MNIST when this page was built.",
    )


def scales() -> dict:
    """The first training image of each of the ten digits, as bytes."""
    data = DATASETS["mnist-5k"](None)
    first = [data.train_images[np.flatnonzero(data.train_labels == digit)[0]] for digit in range(10)]
    return {"images": [b64encode(image.astype(np.uint8)).decode() for image in first]}


def learning() -> dict:
    """A run of the tuned recipe on the bundled digits, as the page shows it."""
    return tuned()["shown"]


@cache
def tuned() -> dict:
    """That run: the last parameters, what `on_epoch` receives, and what the page shows. It is kept."""
    return pickle.loads(kept("tuned.pickle", lambda: pickle.dumps(_tuned()), inspect.getsource(_tuned), *TRAINING))


EPOCHS = 40
"""Long enough for what the pages say about a run."""


def _tuned(n_units: int = 8) -> dict:
    """Trains by the tuned recipe.

    What the page shows: both accuracies after every epoch; after some of them also how many test images of each digit
    were answered by which, and the change of the first layer's weights since the start, for the units where it is
    greatest in the end: two pixels a byte, from 1 to 15, where 8 is no change.
    """
    data = DATASETS["mnist-5k"](None)
    train, test = (np.float32(TUNED.pixel_scale) * images for images in (data.train_images, data.test_images))
    params = mlp.init_mlp(TUNED.layer_sizes, jax.random.key(TUNED.seed), TUNED.scale)
    start = np.array(params[0][0])
    labels = [mlp.one_hot(labels, 10) for labels in (data.train_labels, data.test_labels)]
    accuracies = [[float(mlp.accuracy(params, x, y))] for x, y in zip((train, test), labels, strict=True)]
    shown, changes, confusion, history = [*range(11), 12, 14, 16, 18, 20, 25, 30, 35, EPOCHS], [], [], []

    def look(params):
        read = np.asarray(mlp.forward(params, test)).argmax(axis=1)
        confusion.append(np.bincount(10 * data.test_labels + read, minlength=100).tolist())
        changes.append(np.asarray(params[0][0]) - start)

    look(params)
    run = epochs(
        params, train, test, data.train_labels, data.test_labels, EPOCHS, batch_size=TUNED.batch_size,
        learning_rate=TUNED.learning_rate, key=jax.random.key(TUNED.seed + 1),
    )  # fmt: skip
    for params, figures in run:
        history.append({name: float(value) for name, value in figures.items()})
        accuracies[0].append(figures["train_accuracy"])
        accuracies[1].append(figures["test_accuracy"])
        if figures["epoch"] in shown:
            look(params)
    units = np.argsort(-np.linalg.norm(changes[-1], axis=1))[:n_units]
    most = np.quantile(np.abs(changes[-1][units]), 0.995)
    levels = (np.clip(np.rint(np.array(changes)[:, units] / most * 7), -7, 7) + 8).astype(np.uint8)
    packed = (levels[..., ::2] << 4) | levels[..., 1::2]
    on_page = {
        "train": accuracies[0],
        "test": accuracies[1],
        "epochs": shown,
        "weights": [[b64encode(unit.tobytes()).decode() for unit in frame] for frame in packed],
        "confusion": confusion,
    }
    return {"params": jax.tree.map(np.asarray, params), "history": history, "shown": on_page}


def hunt_rounds() -> dict:
    """The rounds of "Find the mistake", with each law and each component's right code once."""
    all_rounds = hunt.rounds(0)
    laws = sorted({law for each in all_rounds for law in each.laws})
    codes = _narrow([*map(hunt.fixed, COMPONENTS), *(each.code for each in all_rounds)])
    fixed = dict(zip(COMPONENTS, codes, strict=False))
    return {
        "laws": laws,
        "fixed": fixed,
        "rounds": [
            {
                "component": each.component, "code": _difference(code, fixed[each.component]),
                "laws": [laws.index(law) for law in each.laws],
                "caughtBy": each.caught_by, "sentence": each.sentence,
                **{name: each.counterexample[name] for name in ("call", "got", "expected")},
            }
            for each, code in zip(all_rounds, codes[len(COMPONENTS) :], strict=True)
        ],
    }  # fmt: skip


def _difference(code: str, fixed: str) -> tuple[int, str, int]:
    """How many characters of the right code come first, what follows, and how many of the right code come last."""
    start = _alike(code, fixed)
    end = _alike(code[start:][::-1], fixed[start:][::-1])
    return start, code[start : len(code) - end], end


def _alike(one: str, other: str) -> int:
    """The number of characters at the start that are the same."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _narrow(codes: list[str]) -> list[str]:
    """Code in lines short enough for a page."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.py" for number in range(len(codes))]
        for file, code in zip(files, codes, strict=True):
            file.write_text(code, encoding="utf-8")
        command = [sys.executable, "-m", "ruff", "format", "--quiet", "--isolated", "--line-length=74", folder]
        subprocess.run(command, check=True)
        return [file.read_text(encoding="utf-8") for file in files]


TRAINING = PACKAGE / "components", PACKAGE / "recipes.py", PACKAGE / "data", "jax", "numpy"

SCRIPTS = {
    "hunt": (hunt_rounds, "ruff", *(PACKAGE / room for room in ("mistakes", "laws", "components", "exercises"))),
    "draw": (draw, *TRAINING, PACKAGE / "exercises" / "page", data_set(), repr(SMALL)),
    "scales": (scales, *TRAINING),
    "learning": (learning, *TRAINING, inspect.getsource(_tuned)),
}
"""By name: a function that returns what JSON can hold, then what that depends on, as docs/hooks/kept.py takes it."""


def script(name: str) -> bytes:
    """The file `data/NAME.js`: a script and not JSON, because pages opened from disk cannot load JSON."""
    make, *depends = SCRIPTS[name]
    text = inspect.getsource(make)
    return kept(
        f"{name}.js", lambda: f"{_head(name)}{json.dumps(make(), separators=(',', ':'))}\n".encode(), text, *depends
    )


def value(name: str):
    """What `DATA.NAME` is."""
    return json.loads(script(name).decode().removeprefix(_head(name)))


def _head(name: str) -> str:
    return f"var DATA = globalThis.DATA || {{}}\nDATA.{name} = "
