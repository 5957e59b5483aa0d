"""How long the laws take: `python -m tests.benchmarks.suite`.

Each figure is a fresh process; all laws together run on all cores. Cold is with nothing compiled before, warm with what
the run before has compiled.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.kit.implementation import COMPONENTS

ROOT = Path(__file__).parents[2]
LAWS = [f"tests/test_{component}.py" for component in [*COMPONENTS, "gradients", "oracles", "data"]]


def seconds(files: list[str], cache: Path, *options: str) -> float:
    """The time of one run of pytest, start-up included."""
    environment = {**os.environ, "JAX_MLP_COMPILED": str(cache)}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *files],
        cwd=ROOT, check=True, stdout=sys.stderr, env=environment,
    )  # fmt: skip
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}")
    cache = Path(tempfile.mkdtemp())
    try:
        print(f"all laws, cold        {seconds(LAWS, cache, '-n', 'auto'):6.1f} s", flush=True)
        print(f"all laws, warm        {seconds(LAWS, cache, '-n', 'auto'):6.1f} s", flush=True)
        for file in LAWS:
            print(f"{Path(file).stem[5:]:<13} warm    {seconds([file], cache):6.1f} s", flush=True)
    finally:
        shutil.rmtree(cache)


if __name__ == "__main__":
    main()
