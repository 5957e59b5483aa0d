"""What interactive figures compute with, made when the site is built: `data/NAME.js` sets `DATA.NAME`."""

from base64 import b64encode
from pathlib import Path

import jax
import numpy as np

import jax_mlp as mlp
from jax_mlp.components.train_loop import epochs
from jax_mlp.data import DATASETS
from jax_mlp.exercises import hunt
from jax_mlp.recipes import TUNED

ROOT = Path(__file__).parents[1]


def scales() -> dict:
    """The first training image of each of the ten digits, as bytes."""
    data = DATASETS["mnist-5k"](None)
    first = [data.train_images[np.flatnonzero(data.train_labels == digit)[0]] for digit in range(10)]
    return {"images": [b64encode(image.astype(np.uint8)).decode() for image in first]}


def learning(n_epochs: int = 40, n_units: int = 8) -> dict:
    """A run of the tuned recipe on the bundled digits.

    Both accuracies after every epoch; after some of them also how many test images of each digit were read as which,
    and the change of the first layer's weights since the start, for the units where it is greatest in the end: two
    pixels a byte, from 1 to 15, where 8 is no change.
    """
    data = DATASETS["mnist-5k"](None)
    train, test = (np.float32(TUNED.pixel_scale) * images for images in (data.train_images, data.test_images))
    params = mlp.init_mlp(TUNED.layer_sizes, jax.random.key(TUNED.seed), TUNED.scale)
    start = np.array(params[0][0])
    labels = [mlp.one_hot(labels, 10) for labels in (data.train_labels, data.test_labels)]
    accuracies = [[float(mlp.accuracy(params, x, y))] for x, y in zip((train, test), labels, strict=True)]
    shown, changes, confusion = [*range(11), 12, 14, 16, 18, 20, 25, 30, 35, 40], [], []

    def look(params):
        read = np.asarray(mlp.forward(params, test)).argmax(axis=1)
        confusion.append(np.bincount(10 * data.test_labels + read, minlength=100).tolist())
        changes.append(np.asarray(params[0][0]) - start)

    look(params)
    run = epochs(
        params, train, test, data.train_labels, data.test_labels, n_epochs, batch_size=TUNED.batch_size,
        learning_rate=TUNED.learning_rate, key=jax.random.key(TUNED.seed + 1),
    )  # fmt: skip
    for params, figures in run:
        accuracies[0].append(figures["train_accuracy"])
        accuracies[1].append(figures["test_accuracy"])
        if figures["epoch"] in shown:
            look(params)
    units = np.argsort(-np.linalg.norm(changes[-1], axis=1))[:n_units]
    most = np.quantile(np.abs(changes[-1][units]), 0.995)
    levels = (np.clip(np.rint(np.array(changes)[:, units] / most * 7), -7, 7) + 8).astype(np.uint8)
    packed = (levels[..., ::2] << 4) | levels[..., 1::2]
    return {
        "train": accuracies[0],
        "test": accuracies[1],
        "epochs": shown,
        "weights": [[b64encode(unit.tobytes()).decode() for unit in frame] for frame in packed],
        "confusion": confusion,
    }


def hunt_rounds() -> dict:
    """The rounds of "Find the mistake", with each law and each component's right code once."""
    all_rounds = hunt.rounds(0)
    laws = sorted({law for each in all_rounds for law in each.laws})
    return {
        "laws": laws,
        "fixed": {component: hunt.fixed(component) for component in hunt.HUNTED},
        "rounds": [
            {
                "component": each.component, "code": each.code, "laws": [laws.index(law) for law in each.laws],
                "caughtBy": each.caught_by, "sentence": each.sentence,
                **{name: each.counterexample[name] for name in ("call", "got", "expected")},
            }
            for each in all_rounds
        ],
    }  # fmt: skip


_PACKAGE = [ROOT / "src" / "jax_mlp" / part for part in ("components", "data", "recipes.py")]

SCRIPTS = {
    "hunt": (
        hunt_rounds,
        Path(__file__),
        *(ROOT / "src" / "jax_mlp" / room for room in ("mistakes", "laws", "components", "exercises")),
    ),
    "scales": (scales, Path(__file__), *_PACKAGE, "numpy"),
    "learning": (learning, Path(__file__), *_PACKAGE, "jax", "numpy"),
}
"""By name: a function that returns what JSON can hold, then what that depends on, as docs/hooks/kept.py takes it."""
