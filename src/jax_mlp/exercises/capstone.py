"""The capstone: a network made of your eight components, which reads digits."""

import importlib
import traceback
from pathlib import Path

import jax
import numpy as np

import jax_mlp
from jax_mlp import figures
from jax_mlp._jax import forget_compiled
from jax_mlp.components import COMPONENTS
from jax_mlp.data import DATASETS
from jax_mlp.exercises import Exercises, page
from jax_mlp.exercises.loading import load
from jax_mlp.recipes import TUNED

SCALE = 0.05
"""The standard deviation of the first parameters: about that of `he` for 784 inputs. A function is not asked for."""

FIRST, LAST = 9, 3
"""Numbers of epochs: at the recipe's learning rate, and then at a small one."""


def assemble(folder: Path) -> None:
    """Replace the reference's components in `jax_mlp` with those of a folder, so that each of them uses the others.

    A file imports the others with `from jax_mlp import relu`. The files are loaded in teaching order, so each import
    finds a component that was replaced before.

    Raises:
        ValueError: If a file is missing, still a stub, or cannot be imported.
    """
    for component in COMPONENTS:
        use(load(component, Exercises(folder).path(component), "capstone"))


def use(functions: dict) -> None:
    """Replace functions of `jax_mlp` with these, so that each of them uses the others."""
    for component, names in COMPONENTS.items():
        for name in {*names} & {*functions}:
            setattr(jax_mlp, name, functions[name])
            setattr(importlib.import_module(f"jax_mlp.components.{component}"), name, functions[name])


def train(functions: dict, html: Path = Path("capstone.html")):
    """Train the network made of eight components on the bundled digits, and draw digits it reads right and wrong.

    The functions call each other by the names in their own module or notebook.

    Args:
        functions: The components' functions, by name.
        html: Where to write the page on which the network classifies what is drawn.
    """
    for function in functions.values():
        forget_compiled(function)
    init_mlp, train_loop, forward, one_hot, accuracy = (
        functions[name] for name in ("init_mlp", "train_loop", "forward", "one_hot", "accuracy")
    )
    digits = DATASETS["mnist-5k"](None)
    scale = np.float32(TUNED.pixel_scale)
    train_images, test_images = digits.train_images * scale, digits.test_images * scale
    init_key, shuffle_key = jax.random.split(jax.random.key(TUNED.seed))

    start = init_mlp(TUNED.layer_sizes, init_key, SCALE)
    print(
        f"Your init_mlp makes a network with layers {'-'.join(map(str, TUNED.layer_sizes))}; your train_loop trains it."
    )
    print(f"The learning rate is high at first, and small in the last {LAST} epochs, so that the accuracy settles.")
    history: list[dict] = []

    def on_epoch(**figures):
        history.append({name: float(value) for name, value in figures.items()} | {"epoch": len(history) + 1})
        accuracies = [history[-1][f"{part}_accuracy"] for part in ("train", "test")]
        bar = ("█" * round(32 * accuracies[1])).ljust(32, "░")
        print("epoch {:2}  train {:7.2%}  test {:7.2%}  {}".format(len(history), *accuracies, bar), flush=True)

    params = start
    for n_epochs, rate, key in zip((FIRST, LAST), (1, 1 / 8), jax.random.split(shuffle_key), strict=True):
        params = train_loop(
            params,
            train_images,
            test_images,
            digits.train_labels,
            digits.test_labels,
            n_epochs,
            batch_size=TUNED.batch_size,
            learning_rate=rate * TUNED.learning_rate,
            key=key,
            on_epoch=on_epoch,
        )
    log_p = np.asarray(forward(params, test_images))
    targets = one_hot(np.asarray(digits.test_labels), 10)
    right = float(accuracy(params, test_images, targets))
    print(f"Your network reads {right:.2%} of {len(log_p)} digits that it has never seen.")
    if not right > 0.8:
        wrong = what_is_wrong(start, params, log_p, history)
        print(f"A network made of correct components reads more than 90 %. {wrong}")
    about = (
        f"The eight parts of this network were written by hand. It learned from {len(train_images):,} images of MNIST."
    )
    shown = page.content(params, digits.test_images, digits.test_labels, TUNED.pixel_scale, forward, about)
    html.write_text(page.alone(shown), encoding="utf-8")
    print(f"To draw digits for your network, open {html} in a browser. You can also send that file to a friend.")
    return figures.digits(digits.test_images, digits.test_labels, np.exp(log_p))


def what_is_wrong(start, params, log_p: np.ndarray, history: list[dict]) -> str:
    """What most likely keeps a network from learning, in a sentence or two."""
    arrays = [np.asarray(leaf) for leaf in jax.tree.leaves(params)]
    answers = np.argmax(np.nan_to_num(log_p, nan=-np.inf), axis=1)
    if not all(np.isfinite(array).all() for array in arrays):
        what = (
            "Some parameters are not finite. Look at the signs in loss and in update, then at forward (does it "
            "take the logarithm of 0?) and at how init_mlp uses scale."
        )
    elif all(np.array_equal(a, b) for a, b in zip(arrays, jax.tree.leaves(start), strict=True)):
        what = "The parameters did not change. Does update return the new parameters, and does train_loop keep them?"
    elif history and history[-1]["loss"] > history[0]["loss"]:
        what = "The loss grew. Look at the signs in loss and in update."
    elif len(np.unique(answers)) == 1:
        what = f"Its answer for every image is {answers[0]}. Look at init_mlp (are the weights random?) and at forward."
    else:
        what = "It learns something. Look at train_loop (do images and labels stay together?) and at accuracy."
    return f"{what} Then test your components again: the first law that fails says more."


def run(folder: Path) -> None:
    """Train the network made of a folder's components, and draw digits it reads right and wrong."""
    assemble(folder)
    picture = folder / "capstone.png"
    names = [name for names in COMPONENTS.values() for name in names]
    try:
        figure = train({name: getattr(jax_mlp, name) for name in names}, folder / "capstone.html")
    except Exception as error:
        place = next(
            (f for f in reversed(traceback.extract_tb(error.__traceback__)) if _is_in(f.filename, folder)), None
        )
        where = f" in {place.filename}, line {place.lineno}" if place else ""
        raise ValueError(f"exercises capstone: {type(error).__name__}{where}: {error}") from error
    figure.savefig(picture, dpi=110)
    print(f"Digits that your network reads right and wrong are in {picture}")


def _is_in(file: str, folder: Path) -> bool:
    return Path(file).resolve().is_relative_to(folder.resolve())
