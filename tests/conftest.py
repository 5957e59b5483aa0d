"""`pytest --impl DIR` and its options. What they do is in tests/kit/plugin.py, which takes a second to import."""

import gc
import os
from pathlib import Path

from tests.kit import process


def pytest_addoption(parser):
    """`--impl` and `--forbid-skips`."""
    group = parser.getgroup("jax_mlp")
    group.addoption("--impl", metavar="DIR", help="judge the components found in DIR, such as DIR/relu.py")
    group.addoption("--time-limit", metavar="SECONDS", type=float, default=60.0, help="for each law; default: 60")
    group.addoption("--watch", action="store_true", help="with --impl: judge a component again when it is saved")
    group.addoption("--forbid-skips", action="store_true", help="fail if any test is skipped")


def pytest_configure(config):
    """Have the process that will run the laws import all it needs while this one does."""
    gc.set_threshold(500_000)  # what is imported and compiled stays: no need to look through it often
    folder = config.getoption("--impl")
    elsewhere = config.pluginmanager.has_plugin("child") or config.getoption("numprocesses", None)
    if folder is not None and Path(folder).is_dir() and not (elsewhere or config.getoption("--collect-only")):
        options, seed = [f"--impl={Path(folder).resolve()}"], config.getoption("--hypothesis-seed", None)
        if seed is not None:
            options.append(f"--hypothesis-seed={seed}")
        if config.getoption("--watch"):
            os.environ.setdefault("HYPOTHESIS_PROFILE", "quick")
        config.stash[process.FIRST] = process.Process(options)
    config.pluginmanager.import_plugin("tests.kit.plugin")
