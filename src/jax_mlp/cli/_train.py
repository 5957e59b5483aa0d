"""`jax-mlp train`: train on one or several devices and processes, and save the run if asked to."""

import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

from jax_mlp._terminal import quoted
from jax_mlp.cli._options import DataDir, choose
from jax_mlp.cli._supervise import SUPERVISED, supervise


def train(
    data: Annotated[
        str, typer.Option(help="mnist-5k, which needs no internet connection, or mnist, the full set.")
    ] = "mnist-5k",
    recipe: Annotated[str, typer.Option(help="guide (the guide's constants) or tuned (higher accuracy).")] = "guide",
    epochs: Annotated[
        int | None,
        typer.Option(help="Passes over the training set. Default: 118 for mnist-5k, and 8 for mnist."),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images per update. Default: the recipe's.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Learning rate. Default: the recipe's.")] = None,
    layers: Annotated[str | None, typer.Option(help="Layer sizes, e.g. 784,512,512,10. Default: the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all random numbers. Default: the recipe's.")] = None,
    data_dir: DataDir = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Save the run in this folder.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume the run in --out, with its saved settings.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the run in --out.")] = False,
    devices: Annotated[int | None, typer.Option(help="Split each batch across this many devices.")] = None,
    coordinator: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Train in several processes. Process 0 listens at this address."),
    ] = None,
    processes: Annotated[
        int, typer.Option(help="Number of processes in the run. Start each with the same options.")
    ] = 1,
    process: Annotated[int, typer.Option(help="Number of this process, from 0.")] = 0,
    timeout: Annotated[float, typer.Option(help="Seconds to wait until all processes have connected.")] = 60,
) -> None:
    """Train a network on handwritten digits."""
    if coordinator is None and (processes, process) != (1, 0):
        raise ValueError("--processes: expected --coordinator HOST:PORT with it, got none. Add process 0's address.")
    if coordinator is not None and not os.environ.get(SUPERVISED):
        ended = (
            f"--coordinator: expected {processes} connected processes, each with its own number, but "
            f"process {process} {{}}. Epochs that were saved are valid. Start all processes again."
        )
        sys.exit(supervise(sys.argv[1:], ended, silent=process > 0))
    # Imported here, so that --help does not load JAX.
    from dataclasses import replace

    from tqdm import tqdm

    from jax_mlp.data import DATASETS
    from jax_mlp.parallel import agree
    from jax_mlp.recipes import RECIPES
    from jax_mlp.runs import Run, Settings, initial
    from jax_mlp.runs import train as train_by

    load, chosen = choose("--data", data, DATASETS), choose("--recipe", recipe, RECIPES)
    changes = {"n_epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed}
    changes = {name: value for name, value in changes.items() if value is not None}
    if layers is not None:
        changes["layer_sizes"] = _layer_sizes(layers)
    if (resume or force) and out is None:
        raise ValueError(
            f"--{'resume' if resume else 'force'}: expected --out DIR with it, got none. Add the folder of the run."
        )
    if resume and (changes or force or (data, recipe) != ("mnist-5k", "guide")):
        raise ValueError(
            "--resume: expected no other options than --out and --data-dir, got more. "
            "Leave them out, because a run continues with its saved settings."
        )
    mesh = _grid(devices, coordinator, processes, process, timeout)
    run, writes = None if out is None else Run(out), process == 0
    if run and resume:
        with nullcontext(run) if coordinator is None else run.sent_by_first() as begun:
            settings, params, done = begun.settings, begun.params, begun.done
            digits = begun.digits(data_dir=data_dir)
        begins = f"resuming the run in {out} after epoch {done} of {settings.recipe.n_epochs}"
    else:
        digits, done, params = load(data_dir), 0, None
        changes = {"n_epochs": chosen.epochs_on(len(digits.train_images)), **changes}
        settings = Settings(data, replace(chosen, **changes))
        _check(settings.recipe, layers, mesh)
        if run and writes:
            run.begin(settings, force)
        sizes = "-".join(map(str, settings.recipe.layer_sizes))
        begins = f"{recipe} recipe on {data}: {len(digits.train_images)} images, layers {sizes}"
    used = settings.recipe

    start, every, figures = time.perf_counter(), -(-used.n_epochs // 20), {}
    with _whole_epochs() as stopped:
        print(begins)
        if coordinator is not None:
            agree(settings.to_json(python="") + str(out is None))
        if run and writes:
            told = run.train(digits, mesh)
        else:
            measure_every = 1 if run else every
            told = (
                figures for _, figures in train_by(used, digits, params or initial(used), done, mesh, measure_every)
            )
        for figures in tqdm(told, total=used.n_epochs, initial=done, unit="epoch", disable=None):
            epoch = figures["epoch"]
            if epoch % every == 0 or epoch == used.n_epochs:
                tqdm.write(
                    f"epoch {epoch:{len(str(used.n_epochs))}} of {used.n_epochs}  {figures['seconds']:6.2f} s  "
                    f"train {figures['train_accuracy']:6.2%}  test {figures['test_accuracy']:6.2%}  "
                    f"loss {figures['loss']:.4f}"
                )
            if stopped() and epoch < used.n_epochs:
                then = "Nothing was saved; next time add --out DIR."
                if run:
                    then = f"They are saved. To resume: jax-mlp train --out {quoted(out)} --resume"
                print(f"\nStopped after {epoch} of {used.n_epochs} epochs. {then}")
                sys.exit(130)
    if figures:  # at least one epoch was trained
        updates = used.n_epochs * -(-len(digits.train_images) // used.batch_size)
        print(
            f"Test accuracy {figures['test_accuracy']:.2%} (epochs: {used.n_epochs}, updates: {updates}, images per "
            f"update: at most {used.batch_size}, time: {time.perf_counter() - start:.1f} s)"
        )
    if run and writes:
        for picture in run.draw(digits):
            print(f"figure: {picture}")


LARGEST = 2**30
"""Number of parameters, in 4 GiB, that a network may have."""


@contextmanager
def _whole_epochs() -> Iterator[Callable[[], bool]]:
    """A function that says whether Ctrl-C was pressed. A second Ctrl-C ends the process at once; a saved run is valid.

    No exception is raised, because an exception inside JAX's work can get lost or crash the process.
    """
    pressed = False

    def press(*_) -> None:
        nonlocal pressed
        if pressed:
            os._exit(130)
        pressed = True
        os.write(2, b"\nStopping after this epoch. Press Ctrl-C again to stop at once.\n")

    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:  # Ctrl-C is ignored, for example under nohup
        yield lambda: False
        return
    signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _grid(devices: int | None, coordinator: str | None, processes: int, process: int, timeout: float):
    """The mesh of devices that share each batch, over all processes, or None for a single device."""
    if devices is None and coordinator is None:
        return None
    import jax

    from jax_mlp import parallel

    if devices is not None and not 1 <= devices <= 1024:
        raise ValueError(f"--devices: expected 1 to 1024, got {devices}. Leave it out to use one device.")
    if not 0 < timeout < 1e6:
        raise ValueError(f"--timeout: expected seconds above 0, got {timeout}. Try 60.")
    jax.config.update("jax_num_cpu_devices", devices or 1)  # a CPU can act as any number of devices
    if coordinator is not None:
        parallel.connect(coordinator, processes, process, timeout)
        devices = None
    return parallel.make_mesh(devices)


def _check(recipe, layers: str | None, mesh) -> None:
    if (recipe.layer_sizes[0], recipe.layer_sizes[-1]) != (784, 10):
        raise ValueError(
            f"--layers: expected 784 first and 10 last, for 784 pixels and 10 digits, got {layers}. Try 784,512,512,10."
        )
    n_params = sum((n_in + 1) * n_out for n_in, n_out in pairwise(recipe.layer_sizes))
    if n_params > LARGEST:
        raise ValueError(f"--layers: expected at most {LARGEST} parameters, got {n_params}. Use smaller layers.")
    if recipe.n_epochs < 1:
        raise ValueError(f"--epochs: expected 1 or more, got {recipe.n_epochs}. Leave it out to use the default.")
    if recipe.batch_size < 1:
        raise ValueError(f"--batch-size: expected 1 or more, got {recipe.batch_size}. Leave it out to use the default.")
    if not 0 < recipe.learning_rate < math.inf:
        raise ValueError(
            f"--learning-rate: expected a number above 0, got {recipe.learning_rate}. Leave it out to use the default."
        )
    if not 0 <= recipe.seed < 2**32:
        raise ValueError(f"--seed: expected 0 to {2**32 - 1}, got {recipe.seed}. Try 0.")
    if mesh is not None:
        from jax_mlp.components._checks import check_divides

        check_divides("--batch-size", recipe.batch_size, mesh.shape["data"])


def _layer_sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(size) for size in text.split(","))
    except ValueError:
        sizes = ()
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"--layers: expected positive numbers separated by commas, got {text!r}. Try 784,512,512,10.")
    return sizes
