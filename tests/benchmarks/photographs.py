"""How many of ten drawn digits are read, per kind of photograph: python -m tests.benchmarks.photographs [RUN].

RUN is a folder that `jax-mlp train --recipe tuned --out RUN` has made. Without it, such a run is trained first.
A digit is read, refused, or read as another digit; of the last it also counts those that are shown with a probability
of 97 % or more and without a remark.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import jax_mlp as mlp
from jax_mlp.data import load_mnist_5k
from jax_mlp.data.picture import read_picture
from jax_mlp.recipes import TUNED
from jax_mlp.runs import Run, Settings
from tests.handwriting import KINDS, photograph


def main() -> None:
    """Print a line per kind of photograph."""
    with tempfile.TemporaryDirectory() as folder:
        run = Run(sys.argv[1] if len(sys.argv) > 1 else Path(folder) / "run")
        if not run.exists:
            run.begin(Settings("mnist-5k", TUNED))
            for _ in run.train(load_mnist_5k()):
                pass
        print(f"{'kind':29} read refused wrong surely-wrong")
        for kind in KINDS:
            print(
                f"{kind:29} {' '.join(f'{n:4}' for n in counted(run, kind, Path(folder) / 'photograph'))}", flush=True
            )


def counted(run: Run, kind: str, path: Path) -> tuple[int, int, int, int]:
    """Of ten digits, how many are read, refused, read as another, and that with certainty."""
    read = refused = wrong = surely = 0
    for digit in range(10):
        photograph(digit, kind, path)
        try:
            picture = read_picture(path)
        except ValueError:
            refused += 1
            continue
        p = np.exp(mlp.forward(run.params, picture[None] * np.float32(run.settings.recipe.pixel_scale)))[0]
        read += p.argmax() == digit
        wrong += p.argmax() != digit
        surely += p.argmax() != digit and p.max() >= 0.97
    return read, refused, wrong, surely


if __name__ == "__main__":
    main()
