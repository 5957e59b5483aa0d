"""The command line, `jax-mlp` or `python -m jax_mlp`. Whatever goes wrong is one line and exit code 2."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from jax_mlp._supervise import SUPERVISED, obey, supervise
from jax_mlp.exercises.commands import app as exercises

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.add_typer(exercises, name="exercises", no_args_is_help=True)


DataDir = Annotated[Path | None, typer.Option(help="Folder of the data. Default: the user's cache directory.")]


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
    data_dir: DataDir = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Keep the run in this folder.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out, by its own settings.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over the run in --out.")] = False,
    devices: Annotated[int | None, typer.Option(help="Split each batch between so many devices.")] = None,
    coordinator: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Train in several processes, of which number 0 listens there."),
    ] = None,
    processes: Annotated[int, typer.Option(help="How many they are. Start each with the same options.")] = 1,
    process: Annotated[int, typer.Option(help="Which of them this is, from 0.")] = 0,
    timeout: Annotated[float, typer.Option(help="Seconds within which all must have come.")] = 60,
) -> None:
    """Train a network on handwritten digits and show how well it reads them."""
    if coordinator is None and (processes, process) != (1, 0):
        raise ValueError("--processes: expected --coordinator HOST:PORT with it, got none.")
    if coordinator is not None and not os.environ.get(SUPERVISED):
        ended = (
            f"--coordinator: expected {processes} processes to stay together, each with a number of its own, but "
            f"number {process} {{}}. What was kept is valid: start all of them again."
        )
        sys.exit(supervise(sys.argv[1:], ended, silent=process > 0))
    # Imported here, so that --help does not wait for JAX.
    from dataclasses import replace

    from tqdm import tqdm

    from jax_mlp.data import DATASETS
    from jax_mlp.parallel import agree
    from jax_mlp.recipes import RECIPES
    from jax_mlp.runs import Run, Settings, initial
    from jax_mlp.runs import train as train_by

    load, chosen = _choose("--data", data, DATASETS), _choose("--recipe", recipe, RECIPES)
    changes = {"n_epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed}
    changes = {name: value for name, value in changes.items() if value is not None}
    if layers is not None:
        changes["layer_sizes"] = _layer_sizes(layers)
    if (resume or force) and out is None:
        raise ValueError(f"--{'resume' if resume else 'force'}: expected --out DIR with it, got none.")
    if resume and (changes or force or (data, recipe) != ("mnist-5k", "guide")):
        raise ValueError(
            "--resume: expected no other options than --out and --data-dir: a run goes on by its own settings."
        )
    mesh = _grid(devices, coordinator, processes, process, timeout)
    run, writes = None if out is None else Run(out), process == 0
    if run and resume:
        settings, digits, done = run.settings, run.digits(data_dir=data_dir), run.done
        begins = f"going on in {out} after epoch {done} of {settings.recipe.n_epochs}"
    else:
        digits, done = load(data_dir), 0
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
            agree(settings.to_json() + str(out is None))
        if run and writes:
            told = run.train(digits, mesh)
        else:
            params, measure_every = run.params if run and resume else initial(used), 1 if run else every
            told = (figures for _, figures in train_by(used, digits, params, done, mesh, measure_every))
        for figures in tqdm(told, total=used.n_epochs, initial=done, unit="epoch", disable=None):
            epoch = figures["epoch"]
            if epoch % every == 0 or epoch == used.n_epochs:
                tqdm.write(
                    f"epoch {epoch:{len(str(used.n_epochs))}} of {used.n_epochs}  {figures['seconds']:6.2f} s  "
                    f"train {figures['train_accuracy']:6.2%}  test {figures['test_accuracy']:6.2%}  "
                    f"loss {figures['loss']:.4f}"
                )
            if stopped() and epoch < used.n_epochs:
                then = f"are kept. Go on: jax-mlp train --out {out} --resume" if run else "were done. --out keeps them."
                print(f"\nStopped. {epoch} of {used.n_epochs} epochs {then}")
                sys.exit(130)
    if figures:  # there was something left to do
        updates = used.n_epochs * -(-len(digits.train_images) // used.batch_size)
        print(
            f"Test accuracy {figures['test_accuracy']:.2%} after {used.n_epochs} epochs, {updates} updates of at most "
            f"{used.batch_size} images, in {time.perf_counter() - start:.1f} s"
        )
    if run and writes:
        for picture in run.draw(digits):
            print(f"drawn: {picture}")


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    data: Annotated[str | None, typer.Option(help="mnist-5k or mnist. Default: what it was trained on.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Show how well the network of a run reads the test digits."""
    import numpy as np

    import jax_mlp as mlp
    from jax_mlp.data import DATASETS
    from jax_mlp.runs import Run

    if data is not None:
        _choose("--data", data, DATASETS)
    kept = Run(run)
    settings, params = kept.settings, kept.params
    digits = kept.digits(data, data_dir)
    images = digits.test_images * np.float32(settings.recipe.pixel_scale)
    targets = mlp.one_hot(digits.test_labels, 10)
    print(
        f"{data or settings.data}, {len(images)} test digits, after epoch {kept.done}: "
        f"{mlp.accuracy(params, images, targets):.2%} read right, loss {mlp.loss(params, images, targets):.4f}"
    )


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    images: Annotated[list[Path], typer.Argument(help="PNG or JPEG, a digit each.")],
    show: Annotated[bool, typer.Option("--show", help="Show what the network sees.")] = False,
) -> None:
    """Read digits from pictures, dark on light or light on dark."""
    import numpy as np

    import jax_mlp as mlp
    from jax_mlp.data.picture import read_picture
    from jax_mlp.runs import Run

    kept = Run(run)
    scale, params = np.float32(kept.settings.recipe.pixel_scale), kept.params
    pictures = np.stack([read_picture(path) for path in images])
    for path, picture, p in zip(images, pictures, np.exp(mlp.forward(params, pictures * scale)), strict=True):
        print(f"{path}: {p.argmax()}")
        if show:
            for row in picture.reshape(28, 28):
                print("  " + "".join(2 * " ░▒▓█"[int(pixel) * 5 // 256] for pixel in row))
        for digit, share in enumerate(p):
            print(f"  {digit} {'█' * round(30 * float(share)):30} {share:6.1%}")


@app.command()
def doctor(data_dir: DataDir = None) -> None:
    """Show what is installed and found, what is missing, and the remedy."""
    import importlib.util
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from jax_mlp import __version__
    from jax_mlp.data.dataset import data_folder
    from jax_mlp.data.mnist import FILES

    def installed(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return ""

    def show(name: str, words: str, remedy: str = "") -> None:
        print(f"{name:<12}{words}{f'. {remedy}' if remedy else ''}")

    show("jax_mlp", f"{__version__} on Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    show("jax", f"{installed('jax')}, jaxlib {installed('jaxlib')}, numpy {installed('numpy')}")
    import jax

    devices = jax.devices()
    show("devices", f"{len(devices)} of kind {devices[0].platform}: {devices[0].device_kind}")
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    show("cores", f"{available} of {os.cpu_count()}", "" if available != 1 else "With one core, training is slow")
    show("threads", os.environ.get("XLA_FLAGS") or "as many as cores: XLA_FLAGS is not set")
    cache = jax.config.values.get("jax_compilation_cache_dir")
    show("compiled", f"kept in {cache}" if cache else "not kept from run to run: JAX_COMPILATION_CACHE_DIR is not set")
    folder = data_folder(data_dir)
    show("mnist-5k", f"kept in {folder}" if (folder / "mnist-5k.bin").is_file() else "comes with the installation")
    raw = folder / "MNIST" / "raw"
    there = [name for name in FILES if (raw / name).is_file() or (raw / f"{name}.gz").is_file()]
    words = f"{len(there)} of {len(FILES)} files in {raw}"
    show("mnist", words, "" if len(there) == len(FILES) else "The rest is downloaded by: jax-mlp train --data mnist")
    for extra, packages in EXTRAS.items():
        missing = [package for package in packages if importlib.util.find_spec(package) is None]
        remedy = f'Missing: {", ".join(missing)}. Install: pip install -e ".[{extra}]"' if missing else ""
        show(f"[{extra}]", "not installed" if missing else "installed", remedy)


EXTRAS = {
    "torch": ("torch", "torchvision"),
    "test": ("pytest", "hypothesis", "optax", "sklearn", "xdist"),
    "bench": ("equinox", "flax", "optax", "torch"),
    "docs": ("mkdocs", "material", "mkdocstrings", "quickjax"),
}
"""What each extra brings, by the names that are imported."""


def _grid(devices: int | None, coordinator: str | None, processes: int, process: int, timeout: float):
    """The devices that a batch is split between: of all processes, if there are several."""
    if devices is None and coordinator is None:
        return None
    import jax

    from jax_mlp import parallel

    if devices is not None and not 1 <= devices <= 1024:
        raise ValueError(f"--devices: expected 1 to 1024, got {devices}.")
    if not 0 < timeout < 1e6:
        raise ValueError(f"--timeout: expected seconds above 0, got {timeout}.")
    jax.config.update("jax_num_cpu_devices", devices or 1)  # of a CPU, as many as are wanted can be made
    if coordinator is not None:
        parallel.connect(coordinator, processes, process, timeout)
        devices = None
    return parallel.grid(devices)


@contextmanager
def _whole_epochs() -> Iterator[Callable[[], bool]]:
    """Tells whether Ctrl-C was pressed. Pressed again, it ends the process at once: what is kept is always valid.

    It is noted and raises nothing, since an exception amid JAX's work can get lost, or end in a crash.
    """
    pressed = False

    def press(*_) -> None:
        nonlocal pressed
        if pressed:
            os._exit(130)
        pressed = True
        os.write(2, b"\nStopping after this epoch. Ctrl-C again: at once.\n")

    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:  # started where Ctrl-C is for others, as by nohup
        yield lambda: False
        return
    signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _check(recipe, layers: str | None, mesh) -> None:
    if (recipe.layer_sizes[0], recipe.layer_sizes[-1]) != (784, 10):
        raise ValueError(
            f"--layers: expected 784 first and 10 last, as images have 784 pixels and show 10 digits, got {layers}. "
            "Try 784,512,512,10."
        )
    if recipe.n_epochs < 1:
        raise ValueError(f"--epochs: expected 1 or more, got {recipe.n_epochs}.")
    if not 0 <= recipe.seed < 2**32:
        raise ValueError(f"--seed: expected 0 to {2**32 - 1}, got {recipe.seed}.")
    if mesh is not None:
        from jax_mlp.components._checks import check_divides

        check_divides("--batch-size", recipe.batch_size, mesh.shape["batch"])


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
    if os.environ.get(SUPERVISED):
        obey(_main)
    else:
        _main()


def _main() -> None:
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
