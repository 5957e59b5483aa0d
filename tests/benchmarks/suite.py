"""How long the laws take: `python -m tests.benchmarks.suite`.

Each figure is a fresh process; all laws together run on all cores. Cold is with nothing compiled before, warm with what
the run before has compiled: then it is the median of three, since so short a time is easily disturbed.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.machine import describe, parser, write
from tests.kit.implementation import COMPONENTS

ROOT = Path(__file__).parents[2]
LAWS = [f"tests/test_{component}.py" for component in [*COMPONENTS, "gradients", "oracles", "data"]]


def seconds(files: list[str], cache: Path, *options: str) -> float:
    """The time of one run of pytest, start-up included."""
    environment = {**os.environ, "JAX_MLP_COMPILED": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # Python keeps what it has compiled, unless told not to
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *files],
        cwd=ROOT, check=True, stdout=sys.stderr, env=environment,
    )  # fmt: skip
    return time.perf_counter() - start


def main() -> None:
    """Measure, print, and write if asked."""
    options = parser(__doc__).parse_args()
    machine, cache, took = describe("pytest", "hypothesis"), Path(tempfile.mkdtemp()), {}
    print(machine)
    runs = {"all laws, cold": (LAWS, "-n", "auto"), "all laws, warm": (LAWS, "-n", "auto")}
    runs |= {f"{Path(file).stem[5:]}, warm": ([file],) for file in LAWS}
    try:
        for what, (files, *how) in runs.items():
            took[what] = statistics.median(seconds(files, cache, *how) for _ in range(1 if "cold" in what else 3))
            print(f"{what:<20}{took[what]:6.1f} s", flush=True)
    finally:
        shutil.rmtree(cache)
    write(options.json, {"machine": machine, "seconds": took})


if __name__ == "__main__":
    main()
