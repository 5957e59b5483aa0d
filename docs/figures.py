"""The site's figures, each drawn from a real run on the bundled digits: `python docs/figures.py DIR [NAME …]`.

Every function draws one. The first line of its docstring is the caption, and the rest describes it for those who cannot
see it. Each is drawn twice, for a wide page and for a phone, with the site's palette, one meaning per colour.
"""

import ast
import hashlib
import inspect
import json
import pickle
import re
import sys
import tempfile
import textwrap
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path

import jax
import jax.numpy as jnp
import matplotlib
import numpy as np
from matplotlib.figure import Figure

import jax_mlp as mlp
from jax_mlp import figures
from jax_mlp._jax import enable_x64
from jax_mlp.data import DATASETS
from jax_mlp.data.picture import read_picture
from jax_mlp.exercises import page
from jax_mlp.recipes import GUIDE, TUNED

sys.path.insert(0, str(Path(__file__).parents[1]))
import data as scripts
from kept import ROOT, kept
from measured import CONTENDERS

from tests import handwriting

_CSS = (ROOT / "src" / "jax_mlp" / "exercises" / "page" / "palette.css").read_text(encoding="utf-8")
PALETTE = dict(re.findall(r"--([\w-]+): (#\w{6});", _CSS.partition('="slate"] {')[0]))
"""The colours of light paper, by name."""

INK, SOFT, LINE, RIGHT, WRONG, FORWARD, BACKWARD = (
    PALETTE[name] for name in ("ink", "ink-soft", "line", "right", "wrong", "forward", "backward")
)

WIDTHS = {"wide": 7.0, "narrow": 3.7}
"""In inches of 96 pixels."""

CYCLES = {"relu": (INK, SOFT), "scales": (WRONG, RIGHT, SOFT, INK), "best_step": (INK, SOFT), "learning": (INK, SOFT),
          "along_the_step": (INK, BACKWARD), "growth": (INK, SOFT), "log_softmax": (INK, WRONG),
          "surprises": (INK, SOFT, INK, WRONG), "devices": (INK, SOFT, INK, SOFT),
          **dict.fromkeys(("confusion", "mistakes", "weights", "drawn_digits"), (RIGHT, WRONG))}  # fmt: skip
"""The colours C0, C1, … of a figure. Those of all others are forward and backward."""

_page = {"width": WIDTHS["wide"]}


def sheet(height: float, most: float = 9) -> Figure:
    """A figure as wide as the page, or as `most` inches."""
    return Figure(figsize=(min(_page["width"], most), height), layout="constrained")


def panels(n: int, height: float, **options):
    """A figure of some panels: side by side, or on a phone one above the other. The height is that of one panel."""
    if narrow():
        options.pop("width_ratios", None)
        options.pop("sharey", None)
    figure = sheet(n * height if narrow() else height)
    return figure, figure.subplots(*((n, 1) if narrow() else (1, n)), **options)


def narrow() -> bool:
    """Whether the page is that of a phone."""
    return _page["width"] < 5


@cache
def digits():
    """The bundled digits."""
    return DATASETS["mnist-5k"](None)


@cache
def trained(recipe):
    """A network trained by a recipe, and what `on_epoch` received. Both are kept."""
    if recipe == TUNED:
        return scripts.tuned()["params"], scripts.tuned()["history"]
    name = f"trained-{hashlib.sha256(f'{recipe}'.encode()).hexdigest()[:8]}.pickle"
    return pickle.loads(kept(name, lambda: pickle.dumps(_train(recipe)), *scripts.TRAINING, inspect.getsource(_train)))


def _train(recipe):
    data, history = digits(), []
    scale = np.float32(recipe.pixel_scale)
    params = mlp.train_loop(
        mlp.init_mlp(recipe.layer_sizes, jax.random.key(recipe.seed), recipe.scale),
        data.train_images * scale,
        data.test_images * scale,
        data.train_labels,
        data.test_labels,
        scripts.EPOCHS,
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        key=jax.random.key(recipe.seed + 1) if recipe.shuffle else None,
        measure_every=2,
        on_epoch=lambda **told: history.append({name: float(value) for name, value in told.items()}),
    )
    return jax.tree.map(np.asarray, params), history


def read():
    """The probabilities that the tuned network gives for the test images."""
    params, _ = trained(TUNED)
    return np.exp(mlp.forward(params, digits().test_images * np.float32(TUNED.pixel_scale)))


def network() -> Figure:
    """Layer by layer, a trained network turns 784 pixels into ten probabilities. Darker squares are larger numbers.

    A handwritten digit of 784 pixels is on the left. Two patterns of 512 squares follow, more or less dark: the
    activations of the hidden units. On the right are ten bars of probabilities. One of them is long, and it belongs
    to the right digit.
    """
    which = 33
    data = digits()
    params, _ = trained(TUNED)
    x = data.test_images[which] * np.float32(TUNED.pixel_scale)
    values = [x]
    for w, b in params[:-1]:
        values.append(np.asarray(mlp.relu(w @ values[-1] + b)))
    p = read()[which]
    figure = sheet(4.6 if narrow() else 2.4)
    picture, *layers, bars = figure.subplots(*((2, 2) if narrow() else (1, 4))).flat
    picture.imshow(x.reshape(28, 28), cmap=figures.ink())
    picture.set_title("784 pixels")
    for number, (axes, value) in enumerate(zip(layers, values[1:], strict=True)):
        axes.imshow(value.reshape(32, 16), cmap=figures.ink())
        axes.set_title("512 units")
        axes.set_xlabel(f"hidden layer {number + 1}")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    picture.set_axis_off()
    bars.barh(range(10), p, color=[RIGHT if digit == data.test_labels[which] else FORWARD for digit in range(10)])
    bars.set(yticks=range(10), xlim=(0, 1), xticks=[0, 1])
    bars.invert_yaxis()
    bars.set_title("10 probabilities")
    return figure


def draw() -> Figure:
    """A drawn 3, what the network sees of it, what its two hidden layers make of that, and its answer.

    On the left a 3 in thick strokes. Beside it the same digit in 28 by 28 pixels, cropped and centred. Then come the
    128 and 64 hidden units, more or less bright, and ten bars of probabilities, the longest of which belongs to 3.
    """
    shown = scripts.value("draw")
    params = page.unpacked(shown["layers"])
    drawing = handwriting.drawn(3, pen=0.08)
    with tempfile.TemporaryDirectory() as folder:
        drawing.save(Path(folder) / "digit.png")
        seen = read_picture(Path(folder) / "digit.png")
    values = [seen * np.float32(shown["pixelScale"])]
    for w, b in params[:-1]:
        values.append(np.asarray(mlp.relu(w @ values[-1] + b)))
    p = np.exp(mlp.forward(params, values[0][None]))[0]
    figure = sheet(6.4 if narrow() else 2.4)
    *pictures, bars = (figure.add_subplot(*((3, 2) if narrow() else (1, 5)), place) for place in range(1, 6))
    images = {
        "a drawing": 255 - np.asarray(drawing.convert("L")),
        "784 pixels": seen.reshape(28, 28),
        f"{len(values[1])} units": values[1].reshape(-1, 8),
        f"{len(values[2])} units": values[2].reshape(-1, 8),
    }
    for axes, (title, image) in zip(pictures, images.items(), strict=True):
        axes.imshow(image, cmap=figures.ink())
        axes.set(title=title, xticks=[], yticks=[])
    bars.barh(range(10), p, color=FORWARD)
    bars.set(yticks=range(10), xlim=(0, 1), xticks=[0, 1], title="its answer")
    bars.invert_yaxis()
    figure.suptitle(f"{shown['accuracy']} of {shown['tested']} test images are classified correctly", fontsize="medium")
    return figure


def scales() -> Figure:
    """With He's scale, the signal roughly keeps its size through ten layers. With other scales it shrinks or grows.

    The size of the signal, the square root of the mean square of the activations of 200 images, against the layer, on a
    logarithmic axis. With the scales 0.001 and 0.01 it shrinks by a constant factor per layer. With 0.2 it grows by a
    constant factor. With He's scale it stays about as large as it was. There are no biases.
    """
    x = digits().test_images[:200] * np.float32(1 / 255)
    figure = sheet(3.4)
    axes = figure.subplots()
    for name, scale in {"0.2": 0.2, "He": mlp.he, "0.01": 0.01, "0.001": 1e-3}.items():
        values = x
        sizes = [np.sqrt(np.mean(values**2))]
        for w, _ in mlp.init_mlp([784] + 10 * [512], jax.random.key(0), scale):
            values = np.asarray(mlp.relu(values @ w.T), np.float64)
            sizes.append(np.sqrt(np.mean(values**2)))
        axes.semilogy(range(11), sizes, "o-", color=RIGHT if name == "He" else WRONG)
        axes.annotate(f"scale {name}", (10, sizes[-1]), (8, 0), textcoords="offset points", va="center")
    axes.set(
        xlabel="layer", ylabel="size of the signal", xticks=range(11), xticklabels=["image", *map(str, range(1, 11))]
    )
    return figure


def relu() -> Figure:
    """At x = 0, relu has no derivative. JAX uses 1/2 there for `maximum(0, x)`, and 0 for `jax.nn.relu`.

    On the left is relu: zero for negative x, then a straight line of slope 1. The other curve is its derivative: 0 for
    negative x and 1 for positive x. At x = 0, a dot at one half is what JAX gives for maximum(0, x), and a dot at 0
    is what jax.nn.relu gives.
    """
    x = np.linspace(-2, 2, 401, dtype=np.float32)
    slope = jax.vmap(jax.grad(mlp.relu))
    figure, (left, right) = panels(2, 2.6)
    left.plot(x, mlp.relu(x))
    left.set(title="relu(x)", xlabel="x")
    for side in (x[x < 0], x[x > 0]):
        right.plot(side, slope(side), color="C0")
    for name, function in (("maximum(0, x)", mlp.relu), ("jax.nn.relu(x)", jax.nn.relu)):
        at_zero = jax.grad(function)(0.0)
        right.plot(0, at_zero, "o", color=INK)
        right.annotate(name, (0, at_zero), (9, 0), textcoords="offset points", va="center")
    right.set(title="its derivative", xlabel="x")
    return figure


def log_softmax() -> Figure:
    """The logarithm of softmax ends in −∞ when the logits are far apart. Log-softmax goes on.

    The log-probability of the less likely of two classes, against the gap between the logits, in float32. Log-softmax
    starts at log 1/2 and soon becomes a straight line, as far as the figure goes. The logarithm of softmax follows it
    and ends at a gap of 87. From there on it is minus infinity.
    """
    gaps = np.linspace(0, 130, 521, dtype=np.float32)
    z = np.stack([np.zeros_like(gaps), gaps], axis=1)
    ours = mlp.forward([(np.eye(2, dtype=np.float32), np.zeros(2, np.float32))], z)[:, 0]
    naive = np.asarray(jnp.log(jax.nn.softmax(z, axis=1))[:, 0])
    end = gaps[np.isfinite(naive)].max()
    figure = sheet(3.4)
    axes = figure.subplots()
    axes.plot(gaps, ours, label="z - logsumexp(z)")
    axes.plot(gaps, naive, ":", linewidth=4, label="log(softmax(z)), in float32")
    axes.annotate(f"−∞ from a gap of {end:.0f} on", (end, naive[np.isfinite(naive)].min()), (8, -118), color=WRONG,
                  arrowprops={"arrowstyle": "->", "color": WRONG})  # fmt: skip
    axes.set(xlabel="gap between the two logits", ylabel="log p of the smaller")
    axes.legend()
    return figure


def one_hot() -> Figure:
    """A label becomes a row with a 1 in the column of its class. No class belongs to −1 or 10, so their rows hold no 1.

    A table with a row for each of the labels 5, 0, 4, 1, 9, −1 and 10, and a column for each of the classes 0 to 9.
    Each of the first five rows has one filled square, in the column of its label. The rows of −1 and 10 are empty.
    """
    labels = np.array([5, 0, 4, 1, 9, -1, 10])
    figure = sheet(3.2, 4.6)
    axes = figure.subplots()
    axes.pcolormesh(np.asarray(mlp.one_hot(labels, 10)), cmap=figures.ink(), edgecolors=LINE, linewidth=0.5)
    axes.set(xlabel="class", ylabel="label", xticks=np.arange(10) + 0.5, xticklabels=range(10))
    axes.set(yticks=np.arange(7) + 0.5, yticklabels=labels, aspect="equal")
    axes.invert_yaxis()
    return figure


def surprise() -> Figure:
    """The smaller the probability p of the right class, the greater the surprise, −log p. It has no upper bound.

    The curve falls from left to right. It is 0 at p = 1, and rises without bound as p approaches 0. Three dots lie on
    it, each with a test image: far down on the right a digit of which the tuned network is sure, in the middle one
    that it doubts, and high up on the left one that it takes for another digit.
    """
    labels = digits().test_labels
    right = read()[np.arange(len(labels)), labels]
    figure = sheet(3.4)
    axes = figure.subplots()
    p = np.linspace(0.005, 1, 400)
    axes.plot(p, -np.log(p), color=INK)
    for goal, x, y, colour in ((0.01, 0.1, 0.7, WRONG), (0.5, 0.47, 0.36, SOFT), (0.99, 0.83, 0.26, RIGHT)):
        which = np.abs(right - goal).argmin()
        axes.plot(right[which], -np.log(right[which]), "o", color=colour)
        inset = axes.inset_axes((x, y, 0.16, 0.24))
        inset.imshow(digits().test_images[which].reshape(28, 28), cmap=figures.ink())
        inset.set_title(f"a {labels[which]}: p = {right[which]:.2f}", color=colour)
        inset.set_axis_off()
        axes.annotate("", (right[which], -np.log(right[which])), (x + 0.08, y), textcoords="axes fraction",
                      arrowprops={"arrowstyle": "-", "color": colour})  # fmt: skip
    axes.set(xlabel="probability p of the right class", ylabel="surprise −log p", xlim=(-0.02, 1.03), ylim=(-0.2, 5.4))
    return figure


def p_minus_y() -> Figure:
    """Belief minus truth: p − y for a test image that the tuned network classifies wrongly.

    Three bar charts over the ten classes. The probabilities p have their longest bar at a wrong class. The target y
    has one bar, at the right class. Their difference p − y is positive where the network believed too much, and
    negative at the right class.
    """
    p, labels = read(), digits().test_labels
    wrong = np.flatnonzero(p.argmax(axis=1) != labels)
    which = wrong[p[wrong].max(axis=1).argmin()]  # the least sure of them shows most
    y = np.asarray(mlp.one_hot(labels[which : which + 1], 10))[0]
    figure, all_axes = panels(3, 2.0 if narrow() else 2.6, sharey=True)
    for axes, values, title, colour in zip(all_axes, (p[which], y, p[which] - y), ("p", "y", "p − y"),
                                           (FORWARD, RIGHT, BACKWARD), strict=True):  # fmt: skip
        axes.bar(range(10), values, color=colour)
        axes.axhline(0, linewidth=0.8, color=INK)
        axes.set(title=title, xlabel="class", xticks=range(10))
    return figure


def confusion() -> Figure:
    """Each row counts 100 images of one digit. Most of the answers are right: those are on the diagonal.

    A table with ten rows, the true digits, and ten columns, the network's answers, with counts. Nearly all images are
    on the diagonal, more than ninety of a hundred in most rows. The other squares are darker the more images they
    count.
    """
    return figures.confusion_matrix(digits().test_labels, read().argmax(axis=1), min(_page["width"], 5))


def mistakes() -> Figure:
    """The first row is read correctly. Below it, "4 as 9" is a 4 that the network takes for a 9.

    Thirty small images of handwritten digits. The first row shows each digit once, classified correctly. The rows
    below show digits that are classified wrongly, the answers first of which the network is
    most certain. Each has the right digit and the network's answer. Some of them are hard for people, too.
    """
    return figures.digits(digits().test_images, digits().test_labels, read(), width=_page["width"])


def along_the_step() -> Figure:
    """A small step lowers the loss as the gradient predicts. A step that is too long can raise it.

    The loss on one batch after a step against the gradient, plotted against the learning rate. At first it follows
    the falling tangent. Then it falls less, reaches a minimum, and rises. At large rates it ends above the horizontal
    line where it began.
    """
    data = digits()
    x = data.train_images[:128] * np.float32(TUNED.pixel_scale)
    y = mlp.one_hot(data.train_labels[:128], 10)
    params = mlp.init_mlp(TUNED.layer_sizes, jax.random.key(0), mlp.he)
    rates = np.linspace(0, 12, 49, dtype=np.float32)
    losses = np.array([mlp.loss(mlp.update(params, x, y, rate), x, y) for rate in rates])
    slope = -sum(float(jnp.sum(g**2)) for g in jax.tree.leaves(jax.grad(mlp.loss)(params, x, y)))
    figure = sheet(3.4)
    axes = figure.subplots()
    axes.plot(rates, losses, label="loss after one update")
    near = rates[rates < 1.6 * losses[0] / -slope]
    axes.plot(near, losses[0] + slope * near, "--", label="tangent: −η · squared gradient")
    axes.axhline(losses[0], linewidth=0.8, color=SOFT, label="loss before")
    axes.set(xlabel="learning rate η", ylabel="loss on the batch", ylim=(0, 2 * losses[0]))
    axes.legend(loc="upper right")
    return figure


def one_step() -> Figure:
    """One step of learning: numbers flow forwards, and gradients flow backwards along the same edges.

    A network of two inputs, two hidden units and two classes. Each edge carries its weight and, below it in another
    colour, the gradient of that weight. The units carry the weighted sums z and their gradients. The second hidden
    unit is inactive, so its gradients are zero.
    """
    x, y = np.array([[1.0, 2.0]], np.float32), np.array([[0.0, 1.0]], np.float32)
    params = [
        (np.array([[1, 1], [1, -1]], np.float32), np.zeros(2, np.float32)),
        (np.array([[1, 2], [-1, 1]], np.float32), np.array([-3, 3], np.float32)),
    ]
    slopes = jax.grad(mlp.loss)(params, x, y)
    values, units = x[0], [[f"x = {value:.3g}" for value in x[0]]]
    for (w, b), (_, slope) in zip(params, slopes, strict=True):
        z = w @ values + b
        units.append([f"z = {value:.3g}\n∇ {by:.3g}" for value, by in zip(z, slope, strict=True)])
        values = np.asarray(mlp.relu(z))
    figure = sheet(3.4)
    axes = figure.subplots()
    for layer, ((w, _), (slope, _)) in enumerate(zip(params, slopes, strict=True)):
        for to, at in np.ndindex(2, 2):
            ends = layer + 0.17, layer + 0.83
            axes.plot(ends, [-at, -to], color=SOFT, linewidth=0.8)
            along = 0.5 if at == to else 0.25
            where = ends[0] + along * (ends[1] - ends[0]), -at + along * (at - to)
            axes.annotate(f"{w[to, at]:.3g}", where, (0, 5), textcoords="offset points", ha="center", color="C0")
            axes.annotate(
                f"{slope[to, at] + 0:.3g}", where, (0, -12), textcoords="offset points", ha="center", color="C1"
            )
    box = {"boxstyle": "round,pad=0.6", "facecolor": "none", "edgecolor": SOFT}
    for layer, row in np.ndindex(3, 2):
        axes.text(layer, -row, units[layer][row], ha="center", va="center", bbox=box, backgroundcolor="none")
    axes.set(xlim=(-0.3, 2.35), ylim=(-1.4, 0.4))
    axes.set_axis_off()
    return figure


def best_step() -> Figure:
    """A central difference is most accurate at a step near the cube root of 3ε (ε is the gap from 1 to the next float).

    On logarithmic axes, two curves in the shape of a V, with float64 far below float32. On the right both rise with
    the square of the step. On the left both rise, raggedly, as the step gets smaller. Dotted lines near the bottoms
    mark the cube root of three epsilons.
    """
    figure = sheet(3.4)
    axes = figure.subplots()
    with enable_x64():
        for dtype in (np.float32, np.float64):
            x = np.asarray(0.7, dtype)
            steps = 2.0 ** -np.arange(1, 45, dtype=np.float64)
            steps = steps[steps > np.finfo(dtype).eps]
            f = jax.jit(lambda x: jnp.log1p(jnp.exp(x)))
            error = [
                abs(
                    (float(f((x + h).astype(dtype))) - float(f((x - h).astype(dtype)))) / (2 * h)
                    - 1 / (1 + np.exp(-0.7))
                )
                for h in steps
            ]
            axes.loglog(steps, error, ".-", label=np.dtype(dtype).name)
            best = np.cbrt(3 * np.finfo(dtype).eps)
            axes.axvline(best, linestyle=":", color=SOFT)
    axes.set(xlabel="step h (dotted: the cube root of 3ε)", ylabel="error of the difference quotient")
    axes.legend()
    return figure


def learning() -> Figure:
    """The tuned recipe soon classifies every training image correctly, but not every test image: it overfits.

    Accuracy against epochs: it rises within a few epochs and stays, at 100 per cent on the training set and at 94 on
    the test set. A second panel shows the loss on a logarithmic axis.
    """
    return figures.learning_curves({"tuned": trained(TUNED)[1]}, _page["width"])


def weights() -> Figure:
    """Ink on a green pixel adds more to the unit's sum than at the start of training, and ink on a red pixel adds less.

    Forty small images of weights, after subtraction of the initial weights: green where a bright pixel speaks for the
    unit, red where it speaks against it. There are strokes and arcs of one colour beside those of the other, and
    nothing at the edges, where digits have no ink.
    """
    start = np.asarray(mlp.init_mlp(TUNED.layer_sizes, jax.random.key(TUNED.seed), TUNED.scale)[0][0])
    return figures.first_layer(np.asarray(trained(TUNED)[0][0][0]) - start, width=_page["width"])


def surprises() -> Figure:
    """The guide's initial scale suits pixels from 0 to 255. With pixels from 0 to 1, the accuracy stays at 10 %.

    Test accuracy against epochs for four runs. With pixels from 0 to 1, the guide's constants stay at 10 per cent. As
    they are, they hesitate for fifteen epochs and climb to about 85 per cent in forty. With an initial scale of 0.01
    they are near 90 within a few epochs. The tuned recipe is best, at about 94.
    """
    runs = {
        "tuned": TUNED,
        "guide, scale 0.01": replace(GUIDE, scale=1e-2),
        "guide": GUIDE,
        "guide, pixels 0 to 1": replace(GUIDE, pixel_scale=1 / 255),
    }
    figure = sheet(3.4)
    axes = figure.subplots()
    for name, recipe in runs.items():
        history = trained(recipe)[1]
        style = "--" if name == "guide" else "-"
        axes.plot([e["epoch"] for e in history], [100 * e["test_accuracy"] for e in history], style, label=name)
    axes.set(xlabel="epochs of 4,000 images", ylabel="test accuracy, per cent", ylim=(0, 100))
    axes.legend(loc="center right")
    return figure


def measured(name: str) -> dict:
    """The results of a benchmark."""
    return json.loads((Path(__file__).parent / "measured" / f"{name}.json").read_text(encoding="utf-8"))


def contenders() -> Figure:
    """An epoch takes hardly longer than its matmuls and updates. Bars are medians, and lines go from least to greatest.

    A horizontal bar for each of jax_mlp, the guide's loop, torch, compiled torch, equinox and flax, and three for the
    matrix multiplications alone. The bar of jax_mlp has length 1, and those of the multiplications are about as long.
    The numbers are in the table below.
    """
    results = measured("epoch")["contenders"]
    figure = sheet(3.4 if narrow() else 3)
    axes = figure.subplots()
    for row, (name, result) in enumerate(results.items()):
        ratio = result["to"]["jax_mlp"]
        colour = INK if name == "jax_mlp" else LINE if name.startswith("products") else SOFT
        axes.barh(row, ratio["median"], color=colour)
        axes.plot([ratio["least"], ratio["greatest"]], [row, row], color=matplotlib.rcParams["axes.edgecolor"])
    axes.set(
        yticks=range(len(results)),
        yticklabels=[textwrap.fill(CONTENDERS.get(name, name), 18 if narrow() else 40) for name in results],
        xlabel="jax_mlp = 1" if narrow() else "time of an epoch, jax_mlp = 1",
    )
    axes.invert_yaxis()
    return figure


def modelled(point: dict, rate: float, width: float) -> float:
    """Seconds per image: arithmetic, and moving the parameters six times, 4 bytes each."""
    return point["operations"] / rate + 24 * point["parameters"] / point["batch"] / width


def constants() -> tuple[float, float]:
    """Operations and bytes per second, from two points alone: the largest batch, and the batch of one."""
    batches = [point for point in measured("growth")["points"] if point["axis"] == "batch"]
    one, most = batches[0], batches[-1]
    rate = most["operations"] / most["update"]
    return rate, 24 * one["parameters"] / (one["update"] - one["operations"] / rate)


def growth() -> Figure:
    """The model of this page, which has two constants, predicts how time grows with the width, the batch and the depth.

    Three panels with logarithmic axes: against the width from 128 to 4096 units, against the batch from 1 to 4096
    images, and against the depth from 1 to 16 hidden layers. The times rise with the square of the width and in
    proportion to the depth. They fall with the batch until about 64 images, and are level from there on. The model's
    line runs through the points, and the title says by how much it misses the worst of them.
    """
    points, (rate, width) = measured("growth")["points"], constants()
    misses = [max(r, 1 / r) for r in (p["update"] / modelled(p, rate, width) for p in points)]
    figure, all_axes = panels(3, 2.2 if narrow() else 3.2, sharey=True)
    for axes, axis in zip(all_axes, ("width", "batch", "depth"), strict=True):
        chosen = [point for point in points if point["axis"] == axis]
        values = [point["value"] for point in chosen]
        axes.loglog(values, [1e6 * point["update"] for point in chosen], "o", color=INK, label="update")
        axes.loglog(values, [1e6 * point["products"] for point in chosen], "x", color=SOFT, label="matmuls")
        axes.loglog(values, [1e6 * modelled(point, rate, width) for point in chosen], "-", color=INK, label="model")
        axes.set(xlabel=axis, xticks=values[::2], xticklabels=values[::2])
        axes.minorticks_off()
        if narrow() or axis == "width":
            axes.set_ylabel("µs per image" if narrow() else "microseconds per image")
    figure.axes[0].legend()
    figure.suptitle(
        f"model: {rate / 1e9:.0f} billion operations and {width / 1e9:.0f} billion bytes per second.\n"
        f"It is wrong by a factor of at most {max(misses):.1f}.",
        wrap=True,
        fontsize="medium",
    )
    return figure


def devices() -> Figure:
    """By the model with F = 10¹³, C = 10¹⁰ and α = 5 µs, more devices help only large batches.

    Speed-up against the number of devices, from 1 to 4096, on logarithmic axes, for batches of 128, 8,192, 65,536 and
    1,048,576 images. A batch of 128 only ever gets slower. The larger ones follow the dashed line of perfect speed-up
    for a while, then level off and fall, the later the larger the batch.
    """
    n = 2.0 ** np.arange(13)
    figure = sheet(3.6)
    axes = figure.subplots()
    for batch in (128, 8192, 65_536, 1_048_576):
        arithmetic, communication = 3_209_216 * batch / 1e13, 8 * 668_672 / 1e10
        seconds = arithmetic / n + (1 - 1 / n) * communication + 2 * np.log2(n) * 5e-6
        axes.loglog(n, arithmetic / seconds, "o-", color=INK, markersize=4)
        axes.annotate(
            f"batch {batch:,}", (n[-1], arithmetic / seconds[-1]), (6, 0), textcoords="offset points", va="center"
        )
    axes.loglog(n, n, "--", color=SOFT)
    axes.annotate("perfect", (n[-1], n[-1]), (6, 0), textcoords="offset points", va="center")
    axes.set(xlabel="devices", ylabel="times as fast as one", ylim=(0.05, 5000))
    return figure


def drawn_digits() -> Figure:
    """Whatever the pen and the paper, the network sees a digit like those of MNIST. Below each is its answer.

    Two sets of ten drawings, from 0 to 9: dark blue strokes on cream paper, and light slanted ones on a dark board.
    Below each is a small picture of 28 by 28 pixels, with the digit cropped and centred, and the network's answer.
    Wrong answers have another colour.
    """
    columns = 5 if narrow() else 10
    figure = sheet(7.4 if narrow() else 4.2)
    axes, (params, _) = figure.subplots(40 // columns, columns), trained(TUNED)
    right = 0
    for number, style in enumerate(handwriting.STYLES):
        for digit in handwriting.STROKES:
            picture = handwriting.drawn(digit, **style)
            with tempfile.TemporaryDirectory() as folder:
                picture.save(Path(folder) / "digit.png")
                seen = read_picture(Path(folder) / "digit.png")
            said = int(mlp.forward(params, seen[None] * np.float32(TUNED.pixel_scale)).argmax())
            right += said == digit
            row, column = divmod(10 * number + digit, columns)
            axes[2 * row, column].imshow(picture).set_gid("photo")
            axes[2 * row + 1, column].imshow(seen.reshape(28, 28), cmap=figures.ink())
            axes[2 * row + 1, column].set_title(str(said), y=-0.55, color=RIGHT if said == digit else WRONG)
    for each in axes.flat:
        each.set_axis_off()
    figure.suptitle(f"{right} of 20 classified correctly")
    return figure


FIGURES = {
    f.__name__: f
    for f in (network, draw, scales, relu, log_softmax, one_hot, surprise, p_minus_y, confusion, mistakes,
              along_the_step, one_step, best_step, learning, weights, surprises, contenders, growth, devices,
              drawn_digits)
}  # fmt: skip


def source(name: str) -> str:
    """All that draws a figure: this file without the other figures, and without words that are not drawn."""
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    used = [node for node in tree.body if getattr(node, "name", name) not in FIGURES.keys() - {name}]
    for node in used:
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return "\n".join(map(ast.unparse, used))


def words(name: str) -> tuple[str, str]:
    """A figure's caption, and what it shows in words."""
    caption, _, rest = (inspect.getdoc(FIGURES[name]) or "").partition("\n\n")
    return caption, " ".join(rest.split())


def drawn(name: str, width: str = "wide") -> str:
    """A figure as SVG, for a wide page or a narrow one, in the colours of light paper."""
    colours = CYCLES.get(name, (FORWARD, BACKWARD))
    style = dict.fromkeys(["text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"], INK)
    style |= dict.fromkeys(["axes.edgecolor", "xtick.color", "ytick.color"], SOFT)
    style |= {"axes.prop_cycle": matplotlib.cycler(color=colours), "svg.hashsalt": f"{name} {width}"}
    style |= {"svg.fonttype": "none", "font.family": "DejaVu Serif", "font.size": 10.5 if width == "wide" else 9.5}
    style |= {"axes.facecolor": "none", "legend.frameon": False, "axes.titlesize": "medium"}
    style |= {"axes.spines.top": False, "axes.spines.right": False, "axes.titleweight": "bold"}
    file, _page["width"] = BytesIO(), WIDTHS[width]
    with matplotlib.rc_context(style):
        FIGURES[name]().savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return re.sub(r"<metadata>.*?</metadata>", "", file.getvalue().decode(), flags=re.DOTALL)


def inline(name: str, width: str) -> str:
    """That SVG as a part of a page: with the page's own faces, and with its colours, by day and by night."""
    svg = re.sub(r"^.*?<svg ", "<svg ", drawn(name, width), flags=re.DOTALL).strip()
    svg = re.sub(
        r'(<svg [^>]*?)(width="[^"]*"[^>]*?)height="[^"]*"', rf'\1class="{width}" \2aria-hidden="true"', svg, count=1
    )
    svg = re.sub(r" ?font-family: [^;\"]*;?", "", svg)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-{width}-", svg)
    for variable, colour in PALETTE.items():
        svg = svg.replace(colour, f"var(--{variable})")
    return re.sub(r">\s+<", "><", svg)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or FIGURES:
        for width in WIDTHS:
            (folder / f"{name}-{width}.svg").write_text(drawn(name, width), encoding="utf-8")
            print(f"written: {folder / name}-{width}.svg")
