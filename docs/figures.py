"""The site's figures, each drawn from a real run on the embedded digits: `python docs/figures.py DIR [NAME …]`.

Every function draws one. The first line of its docstring is the caption, the rest is for those who cannot see it.
"""

import inspect
import json
import sys
import tempfile
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
from jax_mlp.recipes import GUIDE, TUNED

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests import handwriting

INK = {"light": "#1f2328", "dark": "#d7dae0"}
COLOURS = {  # Okabe and Ito's, which the colour-blind tell apart
    "light": ["#0072b2", "#d55e00", "#009e73", "#cc79a7"],
    "dark": ["#56b4e9", "#e69f00", "#009e73", "#cc79a7"],
}


@cache
def digits():
    """The embedded digits."""
    return DATASETS["mnist-5k"](None)


@cache
def trained(recipe=GUIDE, n_epochs: int = 118):
    """A network trained by a recipe, and what on_epoch was told."""
    data, history = digits(), []
    scale = np.float32(recipe.pixel_scale)
    params = mlp.train_loop(
        mlp.init_mlp(recipe.layer_sizes, jax.random.key(recipe.seed), recipe.scale),
        data.train_images * scale,
        data.test_images * scale,
        data.train_labels,
        data.test_labels,
        n_epochs,
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        key=jax.random.key(recipe.seed + 1) if recipe.shuffle else None,
        on_epoch=lambda **told: history.append({name: float(value) for name, value in told.items()}),
    )
    return params, history


def read():
    """What the tuned network says of the test digits: probabilities."""
    params, _ = trained(TUNED)
    return np.exp(mlp.forward(params, digits().test_images * np.float32(TUNED.pixel_scale)))


def network() -> Figure:
    """From a digit to ten probabilities, in the tuned network.

    A handwritten digit of 784 pixels enters on the left, two patterns of 512 hidden units follow, more or less bright,
    and on the right stand ten bars of probabilities: one of them is long, that of the right digit.
    """
    which = 33
    data = digits()
    params, _ = trained(TUNED)
    x = data.test_images[which] * np.float32(TUNED.pixel_scale)
    values = [x]
    for w, b in params[:-1]:
        values.append(np.asarray(mlp.relu(w @ values[-1] + b)))
    p = read()[which]
    figure = Figure(figsize=(8, 2.7), layout="constrained")
    picture, *layers, bars = figure.subplots(1, 4, width_ratios=[1.3, 1, 1, 1.1])
    picture.imshow(x.reshape(28, 28), cmap=figures.ink())
    picture.set_title("784 pixels")
    for number, (axes, value) in enumerate(zip(layers, values[1:], strict=True)):
        axes.imshow(value.reshape(32, 16), cmap=figures.ink())
        axes.set_title("512 units")
        axes.set_xlabel(f"relu($W_{number + 1}$·+$b_{number + 1}$)")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    picture.set_axis_off()
    bars.barh(range(10), p, color=["C1" if digit == data.test_labels[which] else "C0" for digit in range(10)])
    bars.set(yticks=range(10), xlim=(0, 1), xticks=[0, 1])
    bars.invert_yaxis()
    bars.set_title("10 probabilities")
    return figure


def scales() -> Figure:
    """The same init at four scales: what ten layers of 512 units leave of the differences between images.

    How far the activations of 200 images lie apart, against the layer, on a logarithmic axis, four straight lines. With
    0.001 and with 0.01 images become alike, by a constant factor a layer, until float32 can hardly tell them apart;
    with 0.2 they fly apart; with He's scale they stay as different as they were.
    """
    x = digits().test_images[:200] * np.float32(1 / 255)
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    for name, scale in {"0.2": 0.2, "He": mlp.he, "0.01": 0.01, "0.001": 1e-3}.items():
        values, spread = x, []
        for w, b in mlp.init_mlp([784] + 10 * [512], jax.random.key(0), scale):
            values = np.asarray(mlp.relu(values @ w.T + b), np.float64)
            spread.append(np.sqrt(values.var(axis=0).mean()))
        axes.semilogy(range(1, 11), spread, "o-", label=f"scale {name}")
    axes.set(xlabel="layer", ylabel="deviation between images", xticks=range(1, 11))
    axes.legend()
    return figure


def relu() -> Figure:
    """Relu and its derivative, as JAX computes them.

    Left, relu: zero for negative x, then rising at 45 degrees. Right, its derivative: 0 for negative x, 1 for positive
    x. At x = 0 a dot at one half is what JAX gives for maximum(0, x), and a ring at 0 is what jax.nn.relu gives.
    """
    x = np.linspace(-2, 2, 401, dtype=np.float32)
    slope = jax.vmap(jax.grad(mlp.relu))
    figure = Figure(figsize=(8, 2.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(x, mlp.relu(x))
    left.set(title="relu(x)", xlabel="x", aspect="equal")
    for side in (x[x < 0], x[x > 0]):
        right.plot(side, slope(side), color="C0")
    right.plot(0, slope(np.zeros(1, np.float32)), "o", color="C1", label="jax.grad(relu)(0)")
    library = jax.vmap(jax.grad(jax.nn.relu))(np.zeros(1, np.float32))
    right.plot(0, library, "o", color="C2", fillstyle="none", label="jax.grad(jax.nn.relu)(0)")
    right.set(title="its derivative", xlabel="x")
    right.legend(loc="upper left")
    return figure


def log_softmax() -> Figure:
    """The log-probability of the less likely of two classes, in float32.

    It falls with the gap between the logits: a curve that starts at log 1/2 and soon becomes a straight line, as far as
    the figure goes. The logarithm of softmax follows it, and ends at a gap of 87: from there on it is minus infinity.
    """
    gaps = np.linspace(0, 130, 521, dtype=np.float32)
    z = np.stack([np.zeros_like(gaps), gaps], axis=1)
    ours = mlp.forward([(np.eye(2, dtype=np.float32), np.zeros(2, np.float32))], z)[:, 0]
    naive = np.asarray(jnp.log(jax.nn.softmax(z, axis=1))[:, 0])
    end = gaps[np.isfinite(naive)].max()
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.plot(gaps, ours, label="z - logsumexp(z)")
    axes.plot(gaps, naive, ":", linewidth=4, label="log(softmax(z)), in float32")
    axes.annotate(f"−∞ from a gap of {end:.0f} on", (end, naive[np.isfinite(naive)].min()), (35, -118),
                  arrowprops={"arrowstyle": "->", "color": matplotlib.rcParams["text.color"]})  # fmt: skip
    axes.set(xlabel="gap between the two logits", ylabel="log p of the smaller")
    axes.legend()
    return figure


def one_hot() -> Figure:
    """The rows that seven labels become.

    A grid with a row for each of the labels 5, 0, 4, 1, 9, -1 and 10. Each of the first five has one filled square, in
    the column of its label. The rows of -1 and 10 are empty.
    """
    labels = np.array([5, 0, 4, 1, 9, -1, 10])
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.pcolormesh(np.asarray(mlp.one_hot(labels, 10)), cmap=figures.ink(), edgecolors="gray", linewidth=0.5)
    axes.set(xlabel="class", ylabel="label", xticks=np.arange(10) + 0.5, xticklabels=range(10))
    axes.set(yticks=np.arange(7) + 0.5, yticklabels=labels, aspect="equal")
    axes.invert_yaxis()
    return figure


def surprise() -> Figure:
    """The surprise −log p, and three test digits to which the tuned network gives such probabilities p.

    The curve falls from left to right. It is 0 where p is 1, and rises without bound as p approaches 0. Three dots lie
    on it, each with an image: a clear digit far down on the right, a doubtful one in the middle, and on the left,
    high up, a digit that the network takes for another.
    """
    labels = digits().test_labels
    right = read()[np.arange(len(labels)), labels]
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    p = np.linspace(0.005, 1, 400)
    axes.plot(p, -np.log(p))
    for goal, x, y in ((0.01, 0.1, 0.72), (0.5, 0.47, 0.36), (0.99, 0.83, 0.28)):
        which = np.abs(right - goal).argmin()
        axes.plot(right[which], -np.log(right[which]), "o", color="C1")
        inset = axes.inset_axes((x, y, 0.16, 0.24))
        inset.imshow(digits().test_images[which].reshape(28, 28), cmap=figures.ink())
        inset.set_title(f"a {labels[which]}: p = {right[which]:.2f}", fontsize=10)
        inset.set_axis_off()
    axes.set(xlabel="probability p of the right class", ylabel="surprise −log p", xlim=(-0.02, 1.03), ylim=(-0.2, 5.4))
    return figure


def p_minus_y() -> Figure:
    """The gradient for the logits of one digit that the tuned network gets wrong.

    Three bar charts over the ten classes. The probabilities p: the longest bar at a wrong class. The target y: one bar
    at the right class. Their difference p − y: up where the network believed too much, down at the right class.
    """
    p, labels = read(), digits().test_labels
    wrong = np.flatnonzero(p.argmax(axis=1) != labels)
    which = wrong[p[wrong].max(axis=1).argmin()]  # the least sure of them shows most
    y = np.asarray(mlp.one_hot(labels[which : which + 1], 10))[0]
    figure = Figure(figsize=(8, 2.6), layout="constrained")
    for axes, values, title in zip(figure.subplots(1, 3, sharey=True), (p[which], y, p[which] - y),
                                   ("p", "y", "p − y"), strict=True):  # fmt: skip
        axes.bar(range(10), values, color=["C1" if value < 0 else "C0" for value in values])
        axes.axhline(0, linewidth=0.8, color=matplotlib.rcParams["text.color"])
        axes.set(title=title, xlabel="class", xticks=range(10))
    return figure


def confusion() -> Figure:
    """What the tuned network takes each digit for.

    A table of ten rows, the digits as they are, and ten columns, what they were read as, with counts. Nearly all stand
    on the diagonal, more than ninety of a hundred each for most. Off it, squares have the more colour the more often
    they happen.
    """
    return figures.confusion_matrix(digits().test_labels, read().argmax(axis=1))


def mistakes() -> Figure:
    """Digits read right (first row), and the mistakes the tuned network is surest of.

    Thirty small images of handwritten digits. The first row shows each digit once, read right. The rows below show
    digits read wrong, each with what was said and what it is. Many of them are hard for people too.
    """
    return figures.digits(digits().test_images, digits().test_labels, read())


def along_the_step() -> Figure:
    """The loss on one batch after a step of any length against the gradient.

    The loss against the learning rate. It follows the falling tangent at first, then falls less, reaches a minimum, and
    rises: from some rate on it ends above the horizontal line where it began.
    """
    data = digits()
    x = data.train_images[:128] * np.float32(TUNED.pixel_scale)
    y = mlp.one_hot(data.train_labels[:128], 10)
    params = mlp.init_mlp(TUNED.layer_sizes, jax.random.key(0), mlp.he)
    rates = np.linspace(0, 12, 97, dtype=np.float32)
    losses = np.array([mlp.loss(mlp.update(params, x, y, rate), x, y) for rate in rates])
    slope = -sum(float(jnp.sum(g**2)) for g in jax.tree.leaves(jax.grad(mlp.loss)(params, x, y)))
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.plot(rates, losses, label="loss after one update")
    near = rates[rates < 1.6 * losses[0] / -slope]
    axes.plot(near, losses[0] + slope * near, "--", label="tangent: −η · squared gradient")
    axes.axhline(losses[0], linewidth=0.8, color="gray", label="loss before")
    axes.set(xlabel="learning rate η", ylabel="loss on the batch", ylim=(0, 2 * losses[0]))
    axes.legend(loc="upper right")
    return figure


def best_step() -> Figure:
    """The error of a central difference against its step: a V in each precision.

    On logarithmic axes, two V-shaped curves, float64 far below float32. To the right both rise with the square of the
    step. To the left both rise as the step gets smaller, raggedly. Dotted lines mark the cube root of three epsilons,
    near the bottoms.
    """
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
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
            axes.axvline(best, linestyle=":", color="gray")
    axes.set(xlabel="step h (dotted: the cube root of 3ε)", ylabel="error of the difference quotient")
    axes.legend()
    return figure


def learning() -> Figure:
    """How both recipes learn 4,000 digits, and read 1,000 others.

    Left, accuracy against epochs: the tuned recipe rises within a few epochs and stays, its training curve at 100 per
    cent and its test curve at 94. The guide's dips before it climbs, slowly, to about 90. Right, the loss, on a
    logarithmic axis.
    """
    return figures.learning_curves({"tuned": trained(TUNED)[1], "guide": trained(GUIDE)[1]})


def weights() -> Figure:
    """What forty units of the first layer have learnt to look for.

    Forty small images of weights, less what they began with: blue where a bright pixel speaks for the unit, orange
    where it speaks against. Strokes and arcs beside those of the other colour, and nothing at the edges, where digits
    have no ink.
    """
    start = np.asarray(mlp.init_mlp(TUNED.layer_sizes, jax.random.key(TUNED.seed), TUNED.scale)[0][0])
    return figures.first_layer(np.asarray(trained(TUNED)[0][0][0]) - start)


def surprises() -> Figure:
    """The guide's constants, one of them changed, and the tuned recipe.

    Test accuracy against epochs for four runs. With pixels from 0 to 1 the guide's constants stay at chance. As they
    are, they hesitate for fifteen epochs and climb to about 85 per cent in forty. With an initial scale of 0.01 they
    are near 90 within a few epochs, and the tuned recipe is best, at about 94.
    """
    runs = {
        "tuned": TUNED,
        "guide, scale 0.01": replace(GUIDE, scale=1e-2),
        "guide": GUIDE,
        "guide, pixels 0 to 1": replace(GUIDE, pixel_scale=1 / 255),
    }
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    for name, recipe in runs.items():
        history = (trained(recipe) if recipe in (GUIDE, TUNED) else trained(recipe, 40))[1][:40]
        axes.plot([e["epoch"] for e in history], [100 * e["test_accuracy"] for e in history], label=name)
    axes.set(xlabel="epochs of 4,000 images", ylabel="test digits read right, per cent", ylim=(0, 100))
    axes.legend(loc="center right")
    return figure


def measured(name: str) -> dict:
    """What a benchmark wrote."""
    return json.loads((Path(__file__).parent / "measured" / f"{name}.json").read_text(encoding="utf-8"))


def contenders() -> Figure:
    """An epoch here and elsewhere, as multiples of this kit's: medians, and the least and greatest of all rounds.

    A horizontal bar for each of jax_mlp, the guide's loop, torch, compiled torch, equinox and flax, and last for the
    matrix products alone, with a step, and as one writes them down. The bar of jax_mlp is 1 long, those of the products
    about as long; the numbers stand in the table below.
    """
    results = measured("epoch")["contenders"]
    figure = Figure(figsize=(6.4, 3), layout="constrained")
    axes = figure.subplots()
    for row, (name, result) in enumerate(results.items()):
        ratio = result["to"]["jax_mlp"]
        colour = "C1" if name == "jax_mlp" else "C2" if name.startswith("products") else "C0"
        axes.barh(row, ratio["median"], color=colour)
        axes.plot([ratio["least"], ratio["greatest"]], [row, row], color=matplotlib.rcParams["axes.edgecolor"])
    axes.set(yticks=range(len(results)), yticklabels=results, xlabel="time of an epoch, jax_mlp = 1")
    axes.invert_yaxis()
    return figure


def modelled(point: dict, rate: float, width: float) -> float:
    """Seconds per example: arithmetic, and moving the parameters six times, 4 bytes each."""
    return point["operations"] / rate + 24 * point["parameters"] / point["batch"] / width


def constants() -> tuple[float, float]:
    """Operations and bytes a second, from two points alone: the largest batch, and the batch of one."""
    batches = [point for point in measured("growth")["points"] if point["axis"] == "batch"]
    one, most = batches[0], batches[-1]
    rate = most["operations"] / most["update"]
    return rate, 24 * one["parameters"] / (one["update"] - one["operations"] / rate)


def growth() -> Figure:
    """The time of an update per example, measured, with its products beside it, and the model of this page.

    Three panels with logarithmic axes: against the width from 128 to 4096 units, against the batch from 1 to 4096
    images, against the depth from 1 to 16 hidden layers. The times rise with the square of the width and in proportion
    to the depth, and fall with the batch until about 64 images, from where they are level. The model's line runs
    through the points, and the title says by how much it misses the worst of them.
    """
    points, (rate, width) = measured("growth")["points"], constants()
    misses = [max(r, 1 / r) for r in (p["update"] / modelled(p, rate, width) for p in points)]
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    for axes, axis in zip(figure.subplots(1, 3, sharey=True), ("width", "batch", "depth"), strict=True):
        chosen = [point for point in points if point["axis"] == axis]
        values = [point["value"] for point in chosen]
        axes.loglog(values, [1e6 * point["update"] for point in chosen], "o", label="update")
        axes.loglog(values, [1e6 * point["products"] for point in chosen], "x", label="products")
        axes.loglog(values, [1e6 * modelled(point, rate, width) for point in chosen], "-", label="model")
        axes.set(xlabel=axis, xticks=values[::2], xticklabels=values[::2])
        axes.minorticks_off()
    figure.axes[0].set_ylabel("microseconds per example")
    figure.axes[0].legend()
    figure.suptitle(
        f"model: {rate / 1e9:.0f}e9 operations and {width / 1e9:.0f}e9 bytes a second; worst miss: ×{max(misses):.1f}"
    )
    return figure


def devices() -> Figure:
    """How much faster many devices are than one, by the model: 1e13 operations, 1e10 bytes a second, 5 µs a message.

    Speed-up against the number of devices, from 1 to 4096, on logarithmic axes, for batches of 128, 8,192, 65,536 and
    1,048,576 images. A batch of 128 only ever gets slower. The larger ones follow the dashed line of perfect speed-up
    for a while, then level off and fall, the later the larger the batch.
    """
    n = 2.0 ** np.arange(13)
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    for batch in (128, 8192, 65_536, 1_048_576):
        arithmetic, talk = 3_213_312 * batch / 1e13, 8 * 669_706 / 1e10
        seconds = arithmetic / n + (1 - 1 / n) * talk + 2 * np.log2(n) * 5e-6
        axes.loglog(n, arithmetic / seconds, "o-", label=f"batch {batch:,}")
    axes.loglog(n, n, "--", color=matplotlib.rcParams["axes.edgecolor"], label="perfect")
    axes.set(xlabel="devices", ylabel="times as fast as one", ylim=(0.05, 5000))
    axes.legend()
    return figure


def drawn_digits() -> Figure:
    """Twenty digits drawn by hand, what the tuned network saw of each, and what it read.

    Two rows of ten drawings, from 0 to 9: dark blue strokes on cream paper, and light slanted ones on a dark board.
    Below each stands a small picture of 28 by 28 pixels, the digit cropped and centred, and the digit that was read, in
    another colour where it is wrong.
    """
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    axes, (params, _) = figure.subplots(4, 10), trained(TUNED)
    right = 0
    for number, style in enumerate(handwriting.STYLES):
        for digit in handwriting.STROKES:
            picture = handwriting.drawn(digit, **style)
            with tempfile.TemporaryDirectory() as folder:
                picture.save(Path(folder) / "digit.png")
                seen = read_picture(Path(folder) / "digit.png")
            said = int(mlp.forward(params, seen[None] * np.float32(TUNED.pixel_scale)).argmax())
            right += said == digit
            axes[2 * number, digit].imshow(picture)
            axes[2 * number + 1, digit].imshow(seen.reshape(28, 28), cmap=figures.ink())
            axes[2 * number + 1, digit].set_title(str(said), y=-0.55, color="C0" if said == digit else "C1")
    for each in axes.flat:
        each.set_axis_off()
    figure.suptitle(f"{right} of 20 read right")
    return figure


FIGURES = {
    f.__name__: f
    for f in (network, scales, relu, log_softmax, one_hot, surprise, p_minus_y, confusion, mistakes, along_the_step, best_step,
              learning, weights, surprises, contenders, growth, devices,
              drawn_digits)
}  # fmt: skip


def words(name: str) -> tuple[str, str]:
    """A figure's caption, and what it shows in words."""
    caption, _, rest = (inspect.getdoc(FIGURES[name]) or "").partition("\n\n")
    return caption, " ".join(rest.split())


@cache
def drawn(name: str) -> dict[str, bytes]:
    """A figure as SVG, for light paper and for dark."""
    svg = {}
    for theme, colour in INK.items():
        style = dict.fromkeys(["text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"], colour)
        style |= {"axes.prop_cycle": matplotlib.cycler(color=COLOURS[theme]), "svg.hashsalt": name, "font.size": 11}
        style |= {"axes.facecolor": "none", "legend.facecolor": "none", "legend.edgecolor": "none"}
        style |= {"axes.spines.top": False, "axes.spines.right": False}
        file = BytesIO()
        with matplotlib.rc_context(style):
            FIGURES[name]().savefig(file, format="svg", transparent=True, metadata={"Date": None})
        svg[theme] = file.getvalue()
    return svg


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or FIGURES:
        for theme, svg in drawn(name).items():
            (folder / f"{name}-{theme}.svg").write_bytes(svg)
            print(f"written: {folder / name}-{theme}.svg")
