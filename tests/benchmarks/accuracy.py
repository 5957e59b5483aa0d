"""The training time to a given accuracy on the full MNIST: `python -m tests.benchmarks.accuracy`.

It measures the seconds of training until 90, 95, 97 and 98 % of the test digits are classified correctly, without
compilation and evaluation. It trains both recipes, and a torch loop with the same initial parameters, batch size,
learning rate and loss. The network is evaluated after every epoch. All four take turns, one epoch each, so that a busy
moment of the machine affects them alike.
"""

import dataclasses
import importlib.util
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import jax_mlp as mlp
from jax_mlp.data import load_mnist
from jax_mlp.recipes import RECIPES
from jax_mlp.runs import initial, train
from tests.benchmarks.machine import describe, parser, write

GOALS = [0.90, 0.95, 0.97, 0.98]


def ours(recipe, digits):
    """Seconds and test accuracy of each epoch."""
    next(train(dataclasses.replace(recipe, n_epochs=1), digits, initial(recipe)))  # compiles
    for _, told in train(recipe, digits, initial(recipe)):
        yield told["seconds"], told["test_accuracy"]


def torch_loop(recipe, digits):
    """Seconds and test accuracy of each epoch."""
    import torch
    from torch import nn

    torch.manual_seed(recipe.seed)
    layers = [nn.Linear(n, m) for n, m in pairwise(recipe.layer_sizes)]
    model = nn.Sequential(*(part for layer in layers[:-1] for part in (layer, nn.ReLU())), layers[-1])
    kept = mlp.state_dict(initial(recipe))
    model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in kept.items()})
    optimizer = torch.optim.SGD(model.parameters(), lr=recipe.learning_rate)
    x, test = (
        torch.from_numpy(images * np.float32(recipe.pixel_scale))
        for images in (digits.train_images, digits.test_images)
    )
    y, test_y = (torch.from_numpy(labels.astype(np.int64)) for labels in (digits.train_labels, digits.test_labels))
    for _ in range(recipe.n_epochs):
        start = time.perf_counter()
        order = torch.randperm(len(x)) if recipe.shuffle else torch.arange(len(x))
        for rows in order.split(recipe.batch_size):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows]) / 10
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        seconds = time.perf_counter() - start
        with torch.no_grad():
            accuracy = float((model(test).argmax(1) == test_y).float().mean())
        yield seconds, accuracy  # outside: another loop runs before this one goes on


def reached(epochs) -> dict:
    """When each goal was reached, as epochs and seconds, and the best of all epochs."""
    passed, best, when = 0.0, 0.0, {}
    for number, (seconds, accuracy) in enumerate(epochs, 1):
        passed, best = passed + seconds, max(best, accuracy)
        for goal in GOALS:
            if accuracy >= goal:
                when.setdefault(f"{goal:.0%}", {"epochs": number, "seconds": passed})
    return {"reached": when, "best": best, "seconds": passed}


def main() -> None:
    """Measure, print, and write if asked."""
    arguments = parser(__doc__)
    arguments.add_argument("--epochs", type=int, default=20)
    arguments.add_argument("--data-dir", type=Path)
    options = arguments.parse_args()
    digits = load_mnist(options.data_dir)
    print(f"{describe('torch')}\nfull MNIST, {options.epochs} epochs\n")
    runs = {}
    for name, recipe in RECIPES.items():
        recipe = dataclasses.replace(recipe, n_epochs=options.epochs)
        runs[f"{name}, jax_mlp"] = ours(recipe, digits)
        if importlib.util.find_spec("torch"):
            runs[f"{name}, torch"] = torch_loop(recipe, digits)
        else:
            print(f'{name}, torch: left out, torch is missing. Install: pip install -e ".[torch]"')
    epochs = [{who: next(run) for who, run in runs.items()} for _ in range(options.epochs)]
    measured = {who: reached(epoch[who] for epoch in epochs) for who in runs}
    for who, result in measured.items():
        goals = "  ".join(
            f"{goal} {when['seconds']:6.1f} s (epoch {when['epochs']})" for goal, when in result["reached"].items()
        )
        print(f"{who:15} {goals}  best {result['best']:.2%} in {result['seconds']:.1f} s")
    write(options.json, {"machine": describe("torch"), "epochs": options.epochs, "measured": measured})


if __name__ == "__main__":
    main()
