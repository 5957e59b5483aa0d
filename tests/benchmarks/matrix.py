"""Do the laws decide the same everywhere? `python -m tests.benchmarks.matrix settings`, or `versions`.

*settings* runs the laws under settings of JAX that a user may have in the environment: on the reference, and on the
correct variants of every component (every fifth, every twentieth with HYPOTHESIS_PROFILE=quick, or all with
HYPOTHESIS_PROFILE=thorough). *versions* builds a wheel, and tests the reference, the same variants, a correct relu and
a wrong one with the oldest and the newest Python on this machine and the oldest and the newest JAX allowed, each in an
empty environment. Both print a table, go on after a failure, and end with exit code 1 if there was one. With `--json
FILE`, the results are written after every row.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from tests.benchmarks.machine import describe, hardware, parser, write
from tests.catalogue.test_judgements import sample

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "none": {},
    "64 bits": {"JAX_ENABLE_X64": "1"},
    "no jit": {"JAX_DISABLE_JIT": "1"},
    "NaN is an error": {"JAX_DEBUG_NANS": "1"},
    "reused keys are errors": {"JAX_DEBUG_KEY_REUSE": "1"},
    "raw keys are errors": {"JAX_LEGACY_PRNG_KEY": "error"},
    "no rank promotion": {"JAX_NUMPY_RANK_PROMOTION": "raise"},
    "strict dtype promotion": {"JAX_NUMPY_DTYPE_PROMOTION": "strict"},
    "generator rbg": {"JAX_DEFAULT_PRNG_IMPL": "rbg"},
    "generator unsafe_rbg": {"JAX_DEFAULT_PRNG_IMPL": "unsafe_rbg"},
    "threefry not partitionable": {"JAX_THREEFRY_PARTITIONABLE": "0"},
    "matmuls in bfloat16": {"JAX_DEFAULT_MATMUL_PRECISION": "bfloat16"},
    "matmuls in TF32": {"JAX_DEFAULT_MATMUL_PRECISION": "tensorfloat32"},
    "matmuls in highest precision": {"JAX_DEFAULT_MATMUL_PRECISION": "highest"},
    "no implicit transfers": {"JAX_TRANSFER_GUARD": "disallow"},
}
"""Settings of JAX, as variables of the environment."""

LAWS = ("src/jax_mlp/laws",)
VARIANTS = ("tests/catalogue/test_judgements.py", "-k", "every_variant_passes")
RELU = "import jax.numpy as jnp\n\n\ndef relu(x):\n    return jnp.{}(x, 0)\n"


def settings(options) -> bool:
    """Print and write the table of settings; whether all is well."""
    rows = {}
    for name, variables in SETTINGS.items():
        rows[name] = {
            "laws on the reference": ended(sys.executable, "-q", *LAWS, **variables),
            "laws on correct variants": judged(sys.executable, **variables),
            "set by": " ".join(f"`{key}={value}`" for key, value in variables.items()),
        }
        report(options, describe("pytest", "hypothesis"), rows, name)
    return all("failed" not in cell for row in rows.values() for cell in row.values())


def versions(options) -> bool:
    """Print and write the table of versions; whether all is well."""
    rows, work = {}, Path(tempfile.mkdtemp())
    try:
        run(sys.executable, "-m", "build", "-q", "--wheel", "-o", str(work), str(ROOT))
        wheel = f"{next(work.glob('*.whl'))}[test]"
        oldest_jax = [pin for pin in pins() if pin.startswith("jax")]
        for python in pythons():
            for name, pinned in [("oldest JAX", oldest_jax), ("newest JAX", []), ("oldest of everything", pins())]:
                if name == "oldest of everything" and python != pythons()[0]:
                    continue  # the lower bounds are promised for the oldest Python
                python_there = work / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
                shutil.rmtree(work / "env", ignore_errors=True)
                run(python, "-m", "venv", str(work / "env"))
                if "failed" in (said := run(python_there, "-m", "pip", "install", "-q", wheel, *pinned)):
                    title, row = f"{Path(python).name}, {name}", {"laws on the reference": said}
                else:
                    show = "import jax, sys; print(f'Python {sys.version.split()[0]}, JAX {jax.__version__}')"
                    title = run(python_there, "-c", show) + f", {name}" * (name == "oldest of everything")
                    row = {}
                    laws = ("-m", "not reference", "--pyargs", "jax_mlp.laws")
                    plugin = ("-p", "jax_mlp.checking.plugin")
                    row["laws on the reference"] = ended(python_there, "-q", *plugin, *laws, folder=work)
                    row["laws on correct variants"] = judged(python_there)  # whose test is not in the wheel
                    for kind, function in [("a correct relu", "maximum"), ("a wrong relu", "minimum")]:
                        (work / "mine").mkdir(exist_ok=True)
                        (work / "mine" / "relu.py").write_text(RELU.format(function), encoding="utf-8")
                        row[kind] = ended(python_there, "--impl", "mine", "relu", folder=work, red="wrong" in kind)
                rows[title] = row
                report(options, hardware(), rows, title)
    finally:
        shutil.rmtree(work)
    return all("failed" not in cell for row in rows.values() for cell in row.values())


def pythons() -> list[str]:
    """The oldest and the newest Python on this machine that the project allows."""
    found = {}
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *Path.home().glob(".pyenv/versions/*/bin")]
    for path in (path for folder in folders for path in Path(folder).glob("python3.*")):
        minor = re.fullmatch(r"python3\.(\d+)", path.name)
        if minor and int(minor[1]) >= 11 and "failed" not in run(path, "-c", "import venv"):
            found.setdefault(int(minor[1]), str(path))
    return [found[min(found)], *([found[max(found)]] if len(found) > 1 else [])]


def pins() -> list[str]:
    """Each requirement of the package and of its tests, at the lower bound that pyproject.toml gives."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = map(Requirement, [*project["dependencies"], *project["optional-dependencies"]["test"]])
    least = {r.name: spec.version for r in requirements for spec in r.specifier if spec.operator == ">="}
    return [f"{name}=={version}" for name, version in least.items()]


def judged(python, **variables: str) -> str:
    """How many correct variants passed all laws; or the word failed, and what pytest said last."""
    said = ended(python, "-q", *VARIANTS, **variables)
    return f"{len(sample())} passed" if said == "1 passed" else said


def ended(python, *arguments: str, folder: Path = ROOT, red: bool = False, **variables: str) -> str:
    """How many tests passed, if pytest ended as it should; or the word failed, and what it said last."""
    environment = {**os.environ, **variables}
    environment.pop("PYTHONPATH", None)  # what is installed there is tested, and no other sources
    shown = subprocess.run(
        [str(python), "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder, capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    print(shown.stdout[-3000:], shown.stderr[-3000:], file=sys.stderr, flush=True)
    counts = ", ".join(re.findall(r"\d+ (?:failed|passed|skipped|errors?)\b", last := last_line(shown.stdout)))
    if red:
        return "caught" if shown.returncode == 1 else f"failed: not caught, {last}"
    return counts or last if shown.returncode == 0 else f"failed: {counts or last}"


def run(*command) -> str:
    """What a command prints last; or the word failed, and its last line on standard error."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    shown = subprocess.run([*map(str, command)], capture_output=True, text=True, env=environment, check=False)
    return last_line(shown.stdout) if shown.returncode == 0 else f"failed: {last_line(shown.stderr)}"


def last_line(text: str) -> str:
    """The last line of a text that has any."""
    return (text.strip().splitlines() or [""])[-1].strip()


def report(options, machine: str, rows: dict, name: str) -> None:
    """Print a row of the table, after its head if it is the first, and write all rows so far."""
    machine += f", profile {os.environ.get('HYPOTHESIS_PROFILE', 'dev')}"
    *_, row = rows.values()
    if len(rows) == 1:
        print(f"{machine}\n\n| | {' | '.join(row)} |\n|{' --- |' * (len(row) + 1)}")
    print(f"| {name} | {' | '.join(row.values())} |", flush=True)
    write(options.json, {"machine": machine, "rows": rows})


if __name__ == "__main__":
    asked = parser(__doc__)
    asked.add_argument("table", choices=["settings", "versions"])
    chosen = asked.parse_args()
    sys.exit(not {"settings": settings, "versions": versions}[chosen.table](chosen))
