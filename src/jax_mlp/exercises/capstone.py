"""The capstone: eight components, put together into one network that reads digits."""

import importlib
import importlib.util
import sys
from pathlib import Path

import jax
import numpy as np

import jax_mlp
from jax_mlp import figures
from jax_mlp.components import COMPONENTS
from jax_mlp.data import DATASETS
from jax_mlp.exercises import Exercises, page
from jax_mlp.exercises.stubs import is_stub
from jax_mlp.recipes import TUNED


def assemble(folder: Path) -> None:
    """Put the components of a folder into `jax_mlp` in place of the reference's, so that each uses the others.

    Files say `from jax_mlp import relu`. In teaching order, each finds what was put there before it.

    Raises:
        ValueError: If one is missing, not started or does not import.
    """
    for component, names in COMPONENTS.items():
        path = Exercises(folder).path(component)
        if not path.exists() or is_stub(path.read_text(encoding="utf-8"), component):
            raise ValueError(
                f"exercises capstone: expected all eight to be written, got {path}, which is not. "
                f"See how far you are: pytest --impl {folder}"
            )
        spec = importlib.util.spec_from_file_location(f"jax_mlp_capstone.{component}", path)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        try:
            exec(compile(path.read_bytes(), str(path), "exec"), vars(module))  # as it is on disk now
            use({name: getattr(module, name) for name in names})
        except Exception as error:
            raise ValueError(
                f"exercises capstone: {path} does not import: {type(error).__name__}: {error}. "
                f"See why: pytest --impl {folder}"
            ) from error


def use(functions: dict) -> None:
    """Put functions into `jax_mlp` in place of the reference's, so that each uses the others."""
    for component, names in COMPONENTS.items():
        for name in {*names} & {*functions}:
            setattr(jax_mlp, name, functions[name])
            setattr(importlib.import_module(f"jax_mlp.components.{component}"), name, functions[name])


def train(functions: dict, html: Path = Path("capstone.html")):
    """Train the network made of eight components on the bundled digits; a figure of what it classifies right and wrong.

    Components given as functions call each other by the names that their own module or notebook has for them.

    Args:
        functions: The components' functions, by name.
        html: Where to write the page on which the network classifies what is drawn.
    """
    init_mlp, train_loop, forward, one_hot, accuracy = (
        functions[name] for name in ("init_mlp", "train_loop", "forward", "one_hot", "accuracy")
    )
    digits = DATASETS["mnist-5k"](None)
    scale = np.float32(TUNED.pixel_scale)
    train_images, test_images = digits.train_images * scale, digits.test_images * scale
    init_key, shuffle_key = jax.random.split(jax.random.key(TUNED.seed))

    def show(epoch, seconds, train_accuracy, test_accuracy, loss):
        print(f"epoch {epoch:2}  train {float(train_accuracy):6.2%}  test {float(test_accuracy):6.2%}", flush=True)

    print(f"Your init_mlp makes the network {'-'.join(map(str, TUNED.layer_sizes))}, your train_loop trains it.")
    print("The learning rate is high, to save time, so accuracy may dip from one epoch to the next.")
    params = train_loop(
        init_mlp(TUNED.layer_sizes, init_key, TUNED.scale),
        train_images,
        test_images,
        digits.train_labels,
        digits.test_labels,
        12,
        batch_size=TUNED.batch_size,
        learning_rate=TUNED.learning_rate,
        key=shuffle_key,
        on_epoch=show,
    )
    log_p = np.asarray(forward(params, test_images))
    targets = one_hot(np.asarray(digits.test_labels), 10)
    right = float(accuracy(params, test_images, targets))
    print(f"Your network reads {right:.2%} of {len(log_p)} digits that it has never seen.")
    about = (
        f"The eight parts of this network were written by hand. It learned from {len(train_images):,} images of MNIST."
    )
    shown = page.content(params, digits.test_images, digits.test_labels, TUNED.pixel_scale, forward, about)
    html.write_text(page.alone(shown), encoding="utf-8")
    print(f"Draw digits for it, or send it to a friend: open {html} in a browser.")
    return figures.digits(digits.test_images, digits.test_labels, np.exp(log_p))


def run(folder: Path) -> None:
    """Train the network of a folder, and draw what it classifies right and wrong."""
    assemble(folder)
    picture = folder / "capstone.png"
    names = [name for names in COMPONENTS.values() for name in names]
    train({name: getattr(jax_mlp, name) for name in names}, folder / "capstone.html").savefig(picture, dpi=110)
    print(f"Look: {picture}")
