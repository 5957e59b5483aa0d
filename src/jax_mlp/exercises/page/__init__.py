"""The page on which one draws a digit and a network classifies it: the site's first figure, and the capstone's last step.

Its scripts and styles lie beside this module. The site is built with the same files.
"""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import UInt8

from jax_mlp.components.init import Params

HERE = Path(__file__).parent
SCRIPTS = ["network.js", "draw.js"]
STYLES = ["palette.css", "draw.css"]


def packed(params: Params) -> list[dict[str, str]]:
    """Parameters as text: a byte per weight, which counts in steps of 1/127 of its unit's largest weight."""
    layers = []
    for w, b in params:
        w, b = np.asarray(w, np.float32), np.asarray(b, np.float32)
        scales = np.abs(w).max(axis=1) / np.float32(127)
        whole = np.round(w / np.where(scales == 0, 1, scales)[:, None]).astype(np.int8)
        layers.append({"weights": _text(whole), "scales": _text(scales), "biases": _text(b)})
    return layers


def unpacked(layers: list[dict[str, str]]) -> Params:
    """The parameters that the page computes with: float32, near those that were packed."""
    params = []
    for layer in layers:
        scales, b = (np.frombuffer(base64.b64decode(layer[name]), "<f4") for name in ("scales", "biases"))
        whole = np.frombuffer(base64.b64decode(layer["weights"]), np.int8).reshape(len(b), -1)
        params.append((whole * scales[:, None], b))
    return params


def content(
    params: Params,
    images: UInt8[np.ndarray, "batch 784"],
    labels: UInt8[np.ndarray, " batch"],
    pixel_scale: float,
    forward: Callable[[Params, np.ndarray], ArrayLike],
    about: str,
) -> dict:
    """What the page computes with and shows.

    Args:
        params: Parameters of the network.
        images: Test images, pixels from 0 to 255.
        labels: Their digits.
        pixel_scale: Factor that the pixels are multiplied by.
        forward: Log-probabilities from parameters and images.
        about: A sentence on where the network comes from.
    """
    layers = packed(params)
    log_p = np.asarray(forward(unpacked(layers), images * np.float32(pixel_scale)))
    answers = log_p.argmax(axis=1)
    right, wrong = np.flatnonzero(answers == labels), np.flatnonzero(answers != labels)
    wrong = wrong[np.argsort(-log_p[wrong].max(axis=1), kind="stable")]  # the surest mistakes first
    shown = [*_one_of_each(right, labels), *_one_of_each(wrong, labels)]
    return {
        "layers": layers,
        "pixelScale": float(np.float32(pixel_scale)),
        "digits": _text(images[shown]),
        "labels": labels[shown].tolist(),
        "about": about,
        "accuracy": f"{np.mean(answers == labels):.1%}".replace("%", " %"),
        "tested": f"{len(labels):,}",
    }


def _one_of_each(candidates: np.ndarray, labels: np.ndarray) -> list[int]:
    """The first of each digit among the candidates."""
    return [int(found[0]) for digit in range(10) if len(found := candidates[labels[candidates] == digit])]


def _text(values: np.ndarray) -> str:
    return base64.b64encode(values.astype(values.dtype.newbyteorder("<")).tobytes()).decode("ascii")


def alone(shown: dict) -> str:
    """The page in one file, which opens from disk and can be sent to a friend.

    Args:
        shown: What `content` returns.
    """
    fragment = re.sub(r"^(<(link|script)\b.*|<!-- still -->)\n", "", _read("draw.html"), flags=re.MULTILINE)
    scripts = [f"var DATA = {{draw: {json.dumps(shown)}}}", *map(_read, SCRIPTS)]
    parts = {
        "styles": "\n".join(map(_read, STYLES)),
        "figure": fragment,
        "scripts": "</script>\n<script>".join(scripts),
    }
    return re.sub(r"<!-- (\w+) -->", lambda mark: parts[mark[1]], _read("alone.html"))


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
