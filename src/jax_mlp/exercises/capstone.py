"""The capstone: a network made of your eight components, which reads digits."""

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


def load(component: str, path: Path, command: str = "capstone") -> dict:
    """The functions of a component, by name, from its file.

    Raises:
        ValueError: If the file is missing, still a stub, or cannot be imported.
    """
    if not path.exists() or is_stub(path.read_text(encoding="utf-8"), component):
        raise ValueError(
            f"exercises {command}: expected {component} to be written, got {path}, which is not. "
            f"To see what is missing, run: pytest --impl {path.parent}"
        )
    spec = importlib.util.spec_from_file_location(f"jax_mlp_exercises.{component}", path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), vars(module))  # as it is on disk now
        return {name: getattr(module, name) for name in COMPONENTS[component]}
    except Exception as error:
        raise ValueError(
            f"exercises {command}: {path} does not import: {type(error).__name__}: {error}. "
            f"To see why, run: pytest --impl {path.parent}"
        ) from error


def assemble(folder: Path) -> None:
    """Replace the reference's components in `jax_mlp` with those of a folder, so that each of them uses the others.

    A file imports the others with `from jax_mlp import relu`. The files are loaded in teaching order, so each import
    finds a component that was replaced before.

    Raises:
        ValueError: If a file is missing, still a stub, or cannot be imported.
    """
    for component in COMPONENTS:
        use(load(component, Exercises(folder).path(component)))


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
    init_mlp, train_loop, forward, one_hot, accuracy = (
        functions[name] for name in ("init_mlp", "train_loop", "forward", "one_hot", "accuracy")
    )
    digits = DATASETS["mnist-5k"](None)
    scale = np.float32(TUNED.pixel_scale)
    train_images, test_images = digits.train_images * scale, digits.test_images * scale
    init_key, shuffle_key = jax.random.split(jax.random.key(TUNED.seed))

    def show(epoch, seconds, train_accuracy, test_accuracy, loss):
        print(f"epoch {epoch:2}  train {float(train_accuracy):6.2%}  test {float(test_accuracy):6.2%}", flush=True)

    print(
        f"Your init_mlp makes a network with layers {'-'.join(map(str, TUNED.layer_sizes))}; your train_loop trains it."
    )
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
    """Train the network made of a folder's components, and draw digits it reads right and wrong."""
    assemble(folder)
    picture = folder / "capstone.png"
    names = [name for names in COMPONENTS.values() for name in names]
    train({name: getattr(jax_mlp, name) for name in names}, folder / "capstone.html").savefig(picture, dpi=110)
    print(f"Digits it reads right and wrong are in {picture}")
