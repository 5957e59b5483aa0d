"""Lets `pytest --impl DIR` be written with a space.

pytest decides which project it is in before any project can tell it about options. At that time `DIR` looks like a
place to collect tests from, and if it lies elsewhere the project is not found. Written as `--impl=DIR` it is left
alone, so that is how pytest is started again. The option itself is defined in tests/conftest.py.
"""

import os
import sys
from pathlib import Path


def pytest_addoption(parser):
    """Start again with `--impl=DIR` if this is the pytest of a clone of this project and was given `--impl DIR`."""
    arguments = sys.orig_argv[1:]
    if "--impl" in arguments[:-1] and Path("tests/kit/implementation.py").exists():
        at = arguments.index("--impl")
        arguments[at : at + 2] = [f"--impl={arguments[at + 1]}"]
        os.execv(sys.executable, [sys.executable, *arguments])
