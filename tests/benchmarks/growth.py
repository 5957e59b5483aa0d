"""The growth of an update's time with width, batch size and depth: `python -m tests.benchmarks.growth`.

The network has 2 hidden layers of 512 units and batches of 128 images, and one of the three changes at a time. Each
point is the median time per image of many updates in one compiled call, beside that of their matrix products alone.
The page on scale draws what `--json docs/measured/growth.json` writes.
"""

import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import jax_mlp as mlp
from tests.benchmarks.machine import describe, many_products, parser, write

WIDTHS = [128, 256, 512, 1024, 2048, 4096]
BATCHES = [1, 4, 16, 64, 128, 256, 1024, 4096]
DEPTHS = [1, 2, 4, 8, 16]
POINTS = (
    [("width", w, [784, w, w, 10], 128) for w in WIDTHS]
    + [("batch", b, [784, 512, 512, 10], b) for b in BATCHES]
    + [("depth", d, [784, *[512] * d, 10], 128) for d in DEPTHS]
)


@jax.jit
def updates(params, batches, targets):
    """The parameters after one update per batch."""

    def step(params, x):
        return mlp.update(params, x, targets, 0.01), None

    return jax.lax.scan(step, params, batches)[0]


def operations(sizes: list[int]) -> int:
    """Operations of an update, per image: two per weight forwards, and four backwards (two in the first layer)."""
    first, *rest = [n * m for n, m in pairwise(sizes)]
    return 4 * first + 6 * sum(rest)


def measure(sizes: list[int], batch: int, patience: float) -> dict[str, float]:
    """Seconds per image of updates, and of their matrix products alone."""
    # As many updates as take some 0.1 s, at 50 thousand million operations a second and 20 microseconds each.
    n = max(2, min(2000, int(0.1 / (operations(sizes) * batch / 5e10 + 2e-5))))
    params = mlp.init_mlp(sizes, jax.random.key(0), mlp.he)
    weights = [w for w, _ in params]
    x = jax.random.uniform(jax.random.key(1), (batch, sizes[0]))
    batches, targets = jnp.tile(x, (n, 1, 1)), mlp.one_hot(jnp.arange(batch) % 10, 10)
    runs = {"update": lambda: updates(params, batches, targets), "products": lambda: PRODUCTS(weights, batches)}
    took = {name: [] for name in runs}
    for run in runs.values():
        jax.block_until_ready(run())
    while sum(map(sum, took.values())) < patience or len(took["update"]) < 3:
        for name, run in runs.items():
            start = time.perf_counter()
            jax.block_until_ready(run())
            took[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) / (n * batch) for name, times in took.items()}


PRODUCTS = jax.jit(many_products)


def main() -> None:
    """Measure, print, and write if asked to."""
    arguments = parser(__doc__)
    arguments.add_argument("--patience", type=float, default=2.0, help="seconds for each point; default: 2")
    options = arguments.parse_args()
    print(describe())
    points = []
    for axis, value, sizes, batch in POINTS:
        took = measure(sizes, batch, options.patience)
        n_parameters = sum((n + 1) * m for n, m in pairwise(sizes))
        points.append(
            {"axis": axis, "value": value, "batch": batch, "parameters": n_parameters,
             "operations": operations(sizes), **took}
        )  # fmt: skip
        print(
            f"{axis} {value:5}: {took['update'] * 1e6:9.2f} microseconds per example, "
            f"{took['update'] / took['products']:5.2f} times its products",
            flush=True,
        )
    write(options.json, {"machine": describe(), "points": points})


if __name__ == "__main__":
    main()
