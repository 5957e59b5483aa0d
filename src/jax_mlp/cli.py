"""The command line, `jax-mlp` or `python -m jax_mlp`. Whatever goes wrong is one line and exit code 2."""

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from jax_mlp.exercises.commands import app as exercises

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.add_typer(exercises, name="exercises", no_args_is_help=True)


@app.callback()
def about() -> None:
    """A multi-layer perceptron in plain JAX, property-tested."""


@app.command()
def train(
    data: Annotated[str, typer.Option(help="mnist-5k, which needs no network, or mnist, the full set.")] = "mnist-5k",
    recipe: Annotated[str, typer.Option(help="guide or tuned.")] = "guide",
    epochs: Annotated[
        int | None,
        typer.Option(help="Passes over the training set. Default: as many updates as the guide's."),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images per update. Default: the recipe's.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Step size. Default: the recipe's.")] = None,
    layers: Annotated[str | None, typer.Option(help="Such as 784,512,512,10. Default: the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random. Default: the recipe's.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the data. Default: the user's cache directory.")
    ] = None,
) -> None:
    """Train a network on handwritten digits and show how well it reads them."""
    # Imported here, so that --help does not wait for JAX.
    import jax
    import numpy as np
    from tqdm import tqdm

    from jax_mlp import init_mlp, train_loop
    from jax_mlp.data import DATASETS
    from jax_mlp.recipes import RECIPES

    load, chosen = _choose("--data", data, DATASETS), _choose("--recipe", recipe, RECIPES)
    sizes = chosen.layer_sizes if layers is None else _layer_sizes(layers)
    if (sizes[0], sizes[-1]) != (784, 10):
        raise ValueError(
            f"--layers: expected 784 first and 10 last, as images have 784 pixels and show 10 digits, got {layers}. "
            "Try 784,512,512,10."
        )
    if epochs is not None and epochs < 1:
        raise ValueError(f"--epochs: expected 1 or more, got {epochs}.")

    digits = load(data_dir)
    seed = chosen.seed if seed is None else seed
    if not 0 <= seed < 2**32:
        raise ValueError(f"--seed: expected 0 to {2**32 - 1}, got {seed}.")
    init_key, shuffle_key = jax.random.key(seed), jax.random.key(seed + 1)
    batch_size = chosen.batch_size if batch_size is None else batch_size
    learning_rate = chosen.learning_rate if learning_rate is None else learning_rate
    n_epochs = chosen.epochs_on(len(digits.train_images)) if epochs is None else epochs
    every = -(-n_epochs // 20)
    start = time.perf_counter()
    final = {}

    def show(epoch: int, seconds: float, train_accuracy: float, test_accuracy: float, loss: float) -> None:
        final["accuracy"] = test_accuracy
        if epoch % every == 0 or epoch == n_epochs:
            tqdm.write(
                f"epoch {epoch:{len(str(n_epochs))}} of {n_epochs}  {seconds:6.2f} s  train {train_accuracy:6.2%}  "
                f"test {test_accuracy:6.2%}  loss {loss:.4f}"
            )

    print(f"{recipe} recipe on {data}: {len(digits.train_images)} images, layers {'-'.join(map(str, sizes))}")
    train_loop(
        init_mlp(sizes, init_key, chosen.scale),
        digits.train_images * np.float32(chosen.pixel_scale),
        digits.test_images * np.float32(chosen.pixel_scale),
        digits.train_labels,
        digits.test_labels,
        n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        key=shuffle_key if chosen.shuffle else None,
        on_epoch=show,
    )
    updates = n_epochs * -(-len(digits.train_images) // batch_size)
    print(
        f"Test accuracy {final['accuracy']:.2%} after {n_epochs} epochs, {updates} updates of at most {batch_size} "
        f"images, in {time.perf_counter() - start:.1f} s"
    )


def _choose(option: str, name: str, choices: dict):
    if name not in choices:
        raise ValueError(f"{option}: expected {' or '.join(choices)}, got {name!r}.")
    return choices[name]


def _layer_sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(size) for size in text.split(","))
    except ValueError:
        sizes = ()
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"--layers: expected sizes of 1 or more between commas, got {text!r}. Try 784,512,512,10.")
    return sizes


def main() -> None:
    """Run the command line."""
    try:
        sys.exit(app(args=sys.argv[1:] or ["--help"], prog_name="jax-mlp", standalone_mode=False))
    except (ValueError, TypeError, ArithmeticError, ImportError, OSError, MemoryError) as error:
        message = str(error)
    except typer.Abort:  # Ctrl-C, or no answer to a question
        message = "stopped."
    except Exception as error:  # typer's own errors know how to word themselves; anything else is a bug, and shown
        describe = getattr(error, "format_message", None)
        if describe is None:
            raise
        context = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError":
            print(describe())
            sys.exit(2)
        command = context.command_path if context else "jax-mlp"
        message = f"{describe()} (in: jax-mlp {shlex.join(sys.argv[1:])}). See {command} --help."
    print(f"jax-mlp: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)
