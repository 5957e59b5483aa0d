"""Does a correct implementation ever fail? `python -m tests.benchmarks.false_alarms` writes docs/false-alarms.md.

The laws are run on the reference with twenty seeds and five times the usual number of examples. `--seeds N` uses fewer
seeds.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax

from jax_mlp.components import COMPONENTS

ROOT = Path(__file__).parents[2]
LAWS = [f"src/jax_mlp/laws/test_{component}.py" for component in [*COMPONENTS, "gradients", "oracles"]]


def outcome(seed: int) -> str:
    """The last line of a run of all laws under a seed."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not reference", f"--hypothesis-seed={seed}", *LAWS]
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "thorough"}
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    print(f"seed {seed}: {shown.stdout.splitlines()[-1]}", flush=True)
    return shown.stdout


def main() -> None:
    """Run and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    seeds = parser.parse_args().seeds
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(pool.map(outcome, range(seeds)))
    last = [text.splitlines()[-1] for text in outcomes]
    passed = sum(int((re.findall(r"(\d+) passed", line) or [0])[0]) for line in last)
    failed = sum(int((re.findall(r"(\d+) (?:failed|error)", line) or [0])[0]) for line in last)
    (ROOT / "docs" / "false-alarms.md").write_text(
        "# False alarms: does a correct implementation ever fail?\n\n"
        "A law that sometimes rejects a correct implementation would be worse than no law. So the laws were run on\n"
        f"the reference with {seeds} random seeds, 0 to {seeds - 1}, and up to 500 random inputs per law.\n"
        f"{passed} tests passed and {failed} failed.\n\n"
        f"Measured on {platform.machine()}, Python {platform.python_version()}, JAX {jax.__version__}, by\n"
        "`python -m tests.benchmarks.false_alarms`.\n"
    )
    sys.exit(failed > 0 or passed == 0)


if __name__ == "__main__":
    main()
