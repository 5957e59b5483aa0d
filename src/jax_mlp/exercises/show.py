"""Figures of a learner's own components: what each one does, seen on real numbers."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

import jax_mlp
from jax_mlp._jax import first_line
from jax_mlp._terminal import quoted
from jax_mlp.components import COMPONENTS
from jax_mlp.data import DATASETS
from jax_mlp.exercises import Exercises
from jax_mlp.exercises.loading import load

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = [784, 64, 32, 10]


def draw(component: str, folder: Path) -> "Figure":
    """A figure of a component from a folder of exercises. The reference supplies what it needs of the others.

    Raises:
        ValueError: If the component is not written yet, or cannot be imported or called.
    """
    path = Exercises(folder).path(component)
    functions = {name: getattr(jax_mlp, name) for names in COMPONENTS.values() for name in names}
    functions |= load(component, path, "show")
    try:
        return PICTURES[component](functions)
    except Exception as error:
        raise ValueError(
            f"exercises show: {path} ended in {type(error).__name__}: {first_line(error)}. To see why, run: "
            f"pytest --impl={quoted(folder)} {component}"
        ) from error


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure((width, height), layout="constrained")


def _digits(n: int):
    data = DATASETS["mnist-5k"](None)
    return data.train_images[:n] / np.float32(255), data.train_labels[:n]


def _relu(functions: dict[str, Callable]) -> "Figure":
    relu, x = functions["relu"], jnp.linspace(-3, 3, 601)
    figure = _figure(7, 3)
    left, right = figure.subplots(1, 2)
    left.plot(x, relu(x))
    left.set(title="your relu", xlabel="x")
    right.plot(x, jax.vmap(jax.grad(lambda x: relu(x).sum()))(x))
    right.set(title="its derivative, by jax.grad", xlabel="x")
    return figure


def _init(functions: dict[str, Callable]) -> "Figure":
    params = functions["init_mlp"](SIZES, jax.random.key(0))
    figure = _figure(8, 3)
    for axes, (number, (w, _)) in zip(figure.subplots(1, len(params)), enumerate(params, 1), strict=True):
        axes.hist(np.ravel(w), 60)
        axes.locator_params(axis="x", nbins=4)
        axes.set(title=f"weights of layer {number}", xlabel=f"shape {np.shape(w)}")
    return figure


def _forward(functions: dict[str, Callable]) -> "Figure":
    params = jax_mlp.init_mlp(SIZES, jax.random.key(0), jax_mlp.he)
    x, _ = _digits(1)
    figure = _figure(8, 2.6)
    image, *layers, last = figure.subplots(1, len(SIZES) + 1)
    image.imshow(x[0].reshape(28, 28), cmap="gray_r")
    image.set_title("one digit")
    signal = x[0]
    for number, (axes, (w, b)) in enumerate(zip(layers, params, strict=True), 1):
        signal = np.asarray(w @ signal + b)
        signal = np.maximum(signal, 0) if number < len(params) else signal
        axes.bar(range(len(signal)), signal)
        axes.set_title("logits" if number == len(params) else f"after layer {number}")
    last.bar(range(10), np.exp(np.asarray(functions["forward"](params, x))[0]))
    last.set(title="your forward", xlabel="class", ylabel="exp of the result", ylim=(0, 1))
    return figure


def _one_hot(functions: dict[str, Callable]) -> "Figure":
    labels = [*_digits(10)[1], -1, 10]  # the last two are out of range
    figure = _figure(5, 4)
    axes = figure.subplots()
    axes.imshow(np.asarray(functions["one_hot"](jnp.asarray(labels, jnp.int32), 10)), cmap="Blues")
    axes.set(title="your one_hot", xlabel="class", yticks=range(12), yticklabels=labels, ylabel="label")
    return figure


def _loss(functions: dict[str, Callable]) -> "Figure":
    params = [(jnp.zeros((2, 1)), jnp.zeros(2))]
    bias = np.linspace(-6, 6, 121)
    targets = jnp.array([[1.0, 0.0]])
    losses = [float(functions["loss"]([(params[0][0], jnp.array([b, 0.0]))], jnp.zeros((1, 1)), targets)) for b in bias]
    figure = _figure(5, 3)
    axes = figure.subplots()
    axes.plot(1 / (1 + np.exp(-bias)), losses)
    axes.set(title="your loss, for two classes", xlabel="probability of the correct class", ylabel="loss")
    return figure


def _accuracy(functions: dict[str, Callable]) -> "Figure":
    title = "your accuracy, over updates of the reference"
    return _learning(title, "accuracy", functions["accuracy"], jax_mlp.update)


def _update(functions: dict[str, Callable]) -> "Figure":
    return _learning("the loss on 500 images, under your update", "loss", jax_mlp.loss, functions["update"])


def _learning(title: str, name: str, measure: Callable, update: Callable) -> "Figure":
    x, labels = _digits(500)
    targets = jax_mlp.one_hot(np.asarray(labels), 10)
    params = jax_mlp.init_mlp(SIZES, jax.random.key(0), jax_mlp.he)
    values: list[float] = []
    for _ in range(40):
        values.append(float(measure(params, x, targets)))
        params = update(params, x, targets, 1.0)
    figure = _figure(5, 3)
    axes = figure.subplots()
    axes.plot(values)
    axes.set(title=title, xlabel="updates", ylabel=name)
    return figure


def _train_loop(functions: dict[str, Callable]) -> "Figure":
    from jax_mlp.figures import learning_curves

    x, labels = _digits(2000)
    history: list[dict] = []
    functions["train_loop"](
        jax_mlp.init_mlp(SIZES, jax.random.key(0), jax_mlp.he), x[:1500], x[1500:], labels[:1500], labels[1500:], 12,
        learning_rate=1.0, key=jax.random.key(1), on_epoch=lambda **figures: history.append(figures),
    )  # fmt: skip
    return learning_curves({"your train_loop": history})


PICTURES: dict[str, Callable[[dict[str, Callable]], "Figure"]] = {
    "relu": _relu,
    "init": _init,
    "forward": _forward,
    "one_hot": _one_hot,
    "loss": _loss,
    "accuracy": _accuracy,
    "update": _update,
    "train_loop": _train_loop,
}
