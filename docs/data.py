"""What interactive figures compute with, made when the site is built: `data/NAME.js` sets `DATA.NAME`."""

import json
import os
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import jax
import numpy as np

import jax_mlp as mlp
from jax_mlp.data import DATASETS
from jax_mlp.data.dataset import data_folder
from jax_mlp.data.mnist import FILES
from jax_mlp.exercises import page
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
    epochs = SMALL.epochs_on(len(digits.train_images))
    params = mlp.train_loop(
        mlp.init_mlp(SMALL.layer_sizes, jax.random.key(SMALL.seed), SMALL.scale),
        digits.train_images * scale,
        digits.test_images * scale,
        digits.train_labels,
        digits.test_labels,
        epochs,
        batch_size=SMALL.batch_size,
        learning_rate=SMALL.learning_rate,
        key=jax.random.key(SMALL.seed + 1),
    )
    return page.content(
        params,
        digits.test_images,
        digits.test_labels,
        SMALL.pixel_scale,
        mlp.forward,
        f"This network, {'-'.join(map(str, SMALL.layer_sizes))}, learned from {len(digits.train_labels):,} images of "
        f"MNIST in {epochs} epochs, when this page was built.",
    )


SCRIPTS = {
    "draw": (
        draw,
        Path(__file__), PACKAGE / "components", PACKAGE / "recipes.py", PACKAGE / "data",
        PACKAGE / "exercises" / "page",
        "jax", "numpy", data_set(),
    ),
}  # fmt: skip
"""By name: a function that returns what JSON can hold, then what that depends on, as docs/hooks/kept.py takes it."""


def script(name: str) -> bytes:
    """The file `data/NAME.js`: a script and not JSON, because pages opened from disk cannot load JSON."""
    make, *depends = SCRIPTS[name]
    return kept(f"{name}.js", lambda: f"{_head(name)}{json.dumps(make(), separators=(',', ':'))}\n".encode(), *depends)


def value(name: str):
    """What `DATA.NAME` is."""
    return json.loads(script(name).decode().removeprefix(_head(name)))


def _head(name: str) -> str:
    return f"var DATA = globalThis.DATA || {{}}\nDATA.{name} = "
