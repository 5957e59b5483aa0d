"""Pictures of a run: how it learnt, what its first layer looks for, what it confuses, which digits it reads wrong.

Each function draws one figure and returns it. Save it with `figure.savefig(path)`. Matplotlib is imported when the
first of them is called.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def learning_curves(histories: dict[str, Sequence[dict]], width: float = 8) -> "Figure":
    """Accuracy and loss after each epoch, with one line per run.

    Args:
        histories: For each run, by name, the arguments of each call of `on_epoch`, as dictionaries.
        width: Width of the figure in inches. Below 5, the parts are arranged for a phone.
    """
    figure = _figure(width, 3.4 if width >= 5 else 5.2)
    left, right = figure.subplots(*((1, 2) if width >= 5 else (2, 1)))
    for number, (name, history) in enumerate(histories.items()):
        epochs = [entry["epoch"] for entry in history]
        colour = f"C{number}"
        left.plot(epochs, [100 * entry["test_accuracy"] for entry in history], color=colour, label=f"{name}, test set")
        left.plot(
            epochs,
            [100 * entry["train_accuracy"] for entry in history],
            ":",
            color=colour,
            label=f"{name}, training set",
        )
        right.semilogy(epochs, [entry["loss"] for entry in history], color=colour, label=name)
    left.set(xlabel="epochs", ylabel="read right, per cent")
    right.set(xlabel="epochs", ylabel="loss on the training set")
    left.legend(loc="lower right")
    right.legend()
    return figure


def first_layer(weights: np.ndarray, n_units: int = 40, width: float = 8) -> "Figure":
    """The weights of the first hidden units, each as an image. The units with the largest weights come first.

    Args:
        weights: The weights of the first layer, of shape `(units, 784)`.
        n_units: Number of units to show.
        width: Width of the figure in inches. Below 5, the parts are arranged for a phone.
    """
    columns = 10 if width >= 5 else 5
    weights = np.asarray(weights)
    longest = np.argsort(-np.square(weights).sum(axis=1))[:n_units]
    figure = _figure(width, 0.106 * width * -(-len(longest) // columns) * 10 / columns)
    for place, unit in enumerate(longest):
        axes = figure.add_subplot(-(-len(longest) // columns), columns, place + 1)
        bound = 0.5 * np.abs(weights[unit]).max()  # the largest few would dim the rest
        axes.imshow(weights[unit].reshape(28, 28), cmap=_diverging(), vmin=-bound, vmax=bound)
        axes.set_axis_off()
    return figure


def confusion_matrix(labels: np.ndarray, answers: np.ndarray, width: float = 5) -> "Figure":
    """The number of times that each digit (row) was read as each digit (column).

    Args:
        labels: The correct digits.
        answers: The network's answers.
        width: Width of the figure in inches.
    """
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (np.asarray(labels), np.asarray(answers)), 1)
    wrong = counts * (1 - np.eye(10, dtype=int))
    figure = _figure(width, 0.92 * width)
    axes = figure.subplots()
    # The diagonal would drown the rest. No colour is so strong that its count could not be read.
    axes.imshow(wrong, cmap=_towards("C1"), vmax=1.8 * max(wrong.max(), 1))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axes.text(column, row, str(count), ha="center", va="center", alpha=0.6 if row == column else 1)
    axes.set(xlabel="the network's answer", ylabel="digit", xticks=range(10), yticks=range(10))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def digits(images: np.ndarray, labels: np.ndarray, p: np.ndarray, n_wrong: int = 20, width: float = 8) -> "Figure":
    """One row of digits that are read right, and below it those that are read wrong, the most confident answers first.

    Args:
        images: The images, of shape `(n, 784)`.
        labels: The correct digits.
        p: The probability of each digit for each image, of shape `(n, 10)`.
        n_wrong: Largest number of wrong answers to show.
        width: Width of the figure in inches. Below 5, the parts are arranged for a phone.
    """
    columns = 10 if width >= 5 else 5
    labels, p = np.asarray(labels), np.asarray(p)
    said = p.argmax(axis=1)
    right = np.flatnonzero(said == labels)
    right = [next((i for i in right if labels[i] == digit), right[0]) for digit in range(10)] if len(right) else []
    wrong = sorted(np.flatnonzero(said != labels), key=lambda i: -p[i, said[i]])[:n_wrong]
    shown = [*right, *wrong]
    rows = -(-len(shown) // columns)
    figure = _figure(width, 0.144 * width * rows * 10 / columns)
    for place, i in enumerate(shown):
        axes = figure.add_subplot(rows, columns, place + 1)
        axes.imshow(np.reshape(images[i], (28, 28)), cmap=ink())
        axes.set_axis_off()
        title = f"{said[i]}" if said[i] == labels[i] else f"{labels[i]} as {said[i]}"
        axes.set_title(title, color="C0" if said[i] == labels[i] else "C1", fontsize="medium")
    return figure


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def ink():
    """A colour map from transparent to the colour of text."""
    from matplotlib import rcParams

    return _towards(rcParams["text.color"])


def _towards(colour: str):
    """A colour map from transparent to a colour."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    return LinearSegmentedColormap.from_list("towards", [(*to_rgb(colour), 0.0), (*to_rgb(colour), 1.0)])


def _diverging():
    """A colour map: orange below zero, transparent at zero, and blue above zero."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    below, above = to_rgb("C1"), to_rgb("C0")
    return LinearSegmentedColormap.from_list("sign", [(*below, 1.0), (*below, 0.0), (*above, 0.0), (*above, 1.0)])
