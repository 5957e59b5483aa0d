"""Functions that the benchmarks share: the machine they run on, and the matrix products that every network needs."""

import argparse
import json
import os
import platform
import statistics
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jax
import jax.numpy as jnp


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser that knows `--json FILE`."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", type=Path, metavar="FILE", help="write what was measured to this file too")
    return made


def hardware() -> str:
    """The processor, and how many of its cores may be used."""
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].split(":")[1].strip() if names else cpu
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cpu}, {cores} cores"


def describe(*packages: str) -> str:
    """The machine and what ran on it, in a line."""
    installed = []
    for package in ("jax", *packages):
        try:
            installed.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            pass
    device = jax.devices()[0].device_kind
    return f"{hardware()}, device {device}, Python {platform.python_version()}, {', '.join(installed)}"


def spread(values) -> dict[str, float]:
    """Median, least and greatest."""
    return {"median": statistics.median(values), "least": min(values), "greatest": max(values)}


def write(path: Path | None, measured: dict) -> None:
    """Keep what was measured, if a file was named."""
    if path is not None:
        path.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


def contracted(slope, activations):
    """The product for the weights, summed over the batch where that lies: the fastest way we found."""
    return jax.lax.dot_general(slope, activations, (((0,), (0,)), ((), ())))


def written(slope, activations):
    """The same as one writes it. To have the transpose, XLA computes the product that gave the slope a second time."""
    return slope.T @ activations


def products(weights, x, for_weights=contracted):
    """The matrix products of an update and nothing else: forward, for the weights, and back; none for the pixels."""
    activations = [x]
    for w in weights:
        activations.append(jax.lax.dot_general(activations[-1], w, (((1,), (1,)), ((), ()))))
    slope, slopes = activations[-1], []
    for layer in range(len(weights) - 1, -1, -1):
        slopes.append(for_weights(slope, activations[layer]))
        if layer:
            slope = slope @ weights[layer]
    return slopes[::-1]


def many_products(weights, batches, for_weights=contracted):
    """The products for one batch after the other. Each result is written over by the next, so that none is left out."""

    def step(carry, x):
        weights, _ = carry
        return (weights, products(weights, x, for_weights)), None

    return jax.lax.scan(step, (weights, [jnp.zeros_like(w) for w in weights]), batches)[0]


def products_and_step(weights, batches):
    """The products, and what no gradient descent can do without: every weight read, moved and written."""

    def step(weights, x):
        return [w - 1e-6 * slope for w, slope in zip(weights, products(weights, x), strict=True)], None

    return jax.lax.scan(step, weights, batches, unroll=2)[0]
