"""The zip that Gradescope builds an autograder from: two scripts, and what is to be installed."""

import zipfile
from pathlib import Path

import jax_mlp
from jax_mlp.grading.points import read_points

SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, when the image is built, as root, in a folder that has what was uploaded.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
python3 -c "import ensurepip" 2>/dev/null || {{ apt-get update && apt-get install -y python3-venv; }}
python3 -m venv ../uv && ../uv/bin/pip install uv
../uv/bin/uv venv --python ">=3.11" ../python
../uv/bin/uv pip install --python ../python {package}
"""

RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for each submission, in a container of its own.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# One core and a few minutes are enough. A grader that fails leaves no results, which Gradescope shows as an error.
exec "$here/python/bin/jax-mlp" exercises grade "$here/submission" {points}\\
    --journal "$(mktemp -d)/grades.jsonl" --gradescope "$here/results/results.json"
"""


def write(file: Path, points: Path | None, package: str | None) -> None:
    """Write the zip. The package is what pip is to install; if it is the path of a wheel, the zip contains the wheel.

    Raises:
        ValueError: If the points are not as they should be.
    """
    read_points(points)  # refuses a wrong file before anything is written
    wheel = Path(package) if package and package.endswith(".whl") else None
    if wheel is not None and not wheel.is_file():
        raise ValueError(f"exercises gradescope: expected a wheel, got {wheel}, which does not exist.")
    wanted = f'"./{wheel.name}[test]"' if wheel else f'"{package or f"jax-mlp[test]=={jax_mlp.__version__}"}"'
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "setup.sh", SETUP.format(package=wanted).encode(), 0o755)
        given = '--points "$here/source/points.toml" ' if points else ""
        _add(archive, "run_autograder", RUN.format(points=given).encode(), 0o755)
        if points:
            _add(archive, "points.toml", points.read_bytes())
        if wheel:
            _add(archive, wheel.name, wheel.read_bytes())


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int = 0o644) -> None:
    """Add a file, always with the same time, so that the same input gives the same zip."""
    entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
