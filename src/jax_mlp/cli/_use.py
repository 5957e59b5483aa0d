"""`jax-mlp evaluate` and `jax-mlp predict`: use the network of a saved run."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from jax_mlp.cli._options import DataDir, choose


def evaluate(
    run: Annotated[Path, typer.Argument(help="The folder of a saved run.")],
    data: Annotated[str | None, typer.Option(help="mnist-5k or mnist. Default: the data of the run.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Show the accuracy and the loss of a saved run."""
    import numpy as np

    import jax_mlp as mlp
    from jax_mlp.data import DATASETS
    from jax_mlp.runs import Run

    if data is not None:
        choose("--data", data, DATASETS)
    kept = Run(run)
    settings, params = kept.settings, kept.params
    digits = kept.digits(data, data_dir)
    images = digits.test_images * np.float32(settings.recipe.pixel_scale)
    targets = mlp.one_hot(digits.test_labels, 10)
    print(
        f"{data or settings.data}, {len(images)} test images, after epoch {kept.done}: "
        f"{mlp.accuracy(params, images, targets):.2%} correct, loss {mlp.loss(params, images, targets):.4f}"
    )


def predict(
    run: Annotated[Path, typer.Argument(help="The folder of a saved run.")],
    images: Annotated[list[Path], typer.Argument(help="PNG or JPEG, one digit each, dark on light or light on dark.")],
    show: Annotated[bool, typer.Option("--show", help="Also show the 28 by 28 pixels that the network sees.")] = False,
) -> None:
    """Read handwritten digits from pictures."""
    import numpy as np

    import jax_mlp as mlp
    from jax_mlp.data.picture import read_picture
    from jax_mlp.runs import Run

    kept = Run(run)
    scale, params = np.float32(kept.settings.recipe.pixel_scale), kept.params
    refused = False
    for path in images:
        try:
            picture = read_picture(path)
        except (OSError, ValueError) as error:
            print(f"jax-mlp: {error}", file=sys.stderr, flush=True)
            refused = True
            continue
        p = np.exp(mlp.forward(params, picture[None] * scale))[0]
        print(f"{path}: {p.argmax()}")
        if show:
            for row in picture.reshape(28, 28):
                print("  " + "".join(2 * " ░▒▓█"[int(pixel) * 5 // 256] for pixel in row))
        for digit, probability in enumerate(p):
            print(f"  {digit} {'█' * round(30 * float(probability)):30} {probability:6.1%}")
    if refused:
        sys.exit(2)
