"""The time that the laws take: `python -m tests.benchmarks.suite`.

Each figure is a new process, including start-up; all laws together run on all cores. *Cold* starts with an empty
compilation cache; *warm* reuses the cache of the run before, and is the median of three runs. Two rows are the time
that a learner waits for who writes the loss, correctly or with a mistake. The first row is the time to import JAX on
this machine, and the last column is in multiples of it. The last rows are `jax_mlp.check` in one process: the second
check of the same component, written again; and that time without what the component's own functions took in it.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jax_mlp.components import COMPONENTS
from tests.benchmarks.machine import describe, parser, write

ROOT = Path(__file__).parents[2]
LAWS = [f"src/jax_mlp/laws/test_{component}.py" for component in [*COMPONENTS, "gradients", "oracles"]]
LOSS = """
import jax.numpy as jnp
from jax_mlp import forward
def loss(params, images, targets):
    return -jnp.{}(forward(params, images) * targets)
"""


def seconds(files: list[str], cache: Path, *options: str, broken: bool = False) -> float:
    """The time of one run of pytest, start-up included, which ends as it expected."""
    environment = {**os.environ, "JAX_MLP_COMPILED": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # Python keeps what it has compiled, unless told not to
    start = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *files],
        cwd=ROOT, stdout=sys.stderr, env=environment,
    )  # fmt: skip
    took = time.perf_counter() - start
    if run.returncode != broken:
        sys.exit(f"expected pytest to end with {broken:d}, got {run.returncode}: there is no time to tell.")
    return took


CHECKS = """
import functools, time
import jax
from jax_mlp import check
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises.stubs import source
inside, depth = 0.0, 0
def timed(function):
    @functools.wraps(function)
    def call(*arguments, **options):
        global inside, depth
        depth += 1
        start = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            depth -= 1
            if depth == 0:
                inside += time.perf_counter() - start
    return call
for component, names in COMPONENTS.items():
    for again in (False, True):
        functions = {}
        exec(source(component).replace("from .", "from jax_mlp.components."), functions)
        start, inside = time.perf_counter(), 0.0
        assert check({name: timed(functions[name]) for name in names}).passed, component
        took = time.perf_counter() - start
        if again:
            print(component, took, took - inside)
"""


def checking() -> dict[str, list[float]]:
    """For each component: the time of a check in a process that has checked it before, and of the checker alone."""
    run = subprocess.run([sys.executable, "-c", CHECKS], check=True, capture_output=True, text=True)
    return {component: [*map(float, took)] for component, *took in map(str.split, run.stdout.splitlines())}


def importing() -> float:
    """The time of a process that does nothing but import JAX."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import jax"], check=True)
    return time.perf_counter() - start


def main() -> None:
    """Measure, print, and write if asked."""
    options = parser(__doc__).parse_args()
    machine, cache, took = describe("pytest", "hypothesis"), Path(tempfile.mkdtemp()), {}
    print(machine)
    runs: dict[str, tuple] = {"all laws, cold": (LAWS, "-n", "auto"), "all laws, warm": (LAWS, "-n", "auto")}
    runs |= {f"{Path(file).stem[5:]}, warm": ([file],) for file in LAWS}
    for kind, mean in [("right", "mean"), ("wrong", "sum")]:
        (cache / kind).mkdir()
        (cache / kind / "loss.py").write_text(LOSS.format(mean))
        runs[f"a {kind} loss, warm"] = ["loss"], f"--impl={cache / kind}"
    try:
        took["import jax"] = unit = statistics.median(importing() for _ in range(9))
        print(f"{'import jax':<20}{unit:6.1f} s", flush=True)
        for what, (files, *how) in runs.items():
            times = 1 if "cold" in what else 3
            took[what] = statistics.median(seconds(files, cache, *how, broken="wrong" in what) for _ in range(times))
            print(f"{what:<20}{took[what]:6.1f} s{took[what] / unit:6.1f}", flush=True)
        checks = [checking() for _ in range(3)]
        for component in checks[0]:
            both = map(statistics.median, zip(*(each[component] for each in checks), strict=True))
            for what, each in zip(["again", "its own code left out"], both, strict=True):
                took[row := f"check({component}), {what}"] = each
                print(f"{row:<40}{each:5.2f} s{each / unit:6.2f}", flush=True)
    finally:
        shutil.rmtree(cache)
    write(options.json, {"machine": machine, "seconds": took})


if __name__ == "__main__":
    main()
