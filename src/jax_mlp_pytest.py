"""The pytest plugin: `pytest --impl DIR` tests the components in DIR, from any folder.

Here are the options alone. What they do is in `jax_mlp.checking`, which takes a second to import, and which is imported
only if `--impl` is given.
"""

import os
from pathlib import Path


def pytest_addoption(parser):
    """`--impl` and its company."""
    group = parser.getgroup("jax_mlp")
    group.addoption("--impl", metavar="DIR", help="test the components found in DIR, such as DIR/relu.py")
    help_ = "time for each call of a component; default: 60"
    group.addoption("--time-limit", metavar="SECONDS", type=float, default=60.0, help=help_)
    group.addoption("--fine-print", action="store_true", help="with --impl: test the fine print too, as --strict does")
    group.addoption("--in-process", action="store_true", help="with --impl: test in this process, for a debugger")
    group.addoption("--watch", action="store_true", help="with --impl: test a component again when it is saved")


def pytest_configure(config):
    """Have the process that will run the laws import all it needs while this one does."""
    folder = config.getoption("--impl")
    if folder is None and Path(".jax-mlp.json").exists() and config.args_source != config.ArgsSource.ARGS:
        folder = config.option.impl = "."  # a plain `pytest` inside a folder of exercises
    if folder is None and not config.getoption("--watch"):
        return
    if folder is None:
        import pytest

        raise pytest.UsageError("--watch: expected --impl DIR with it, got none. Name the folder of your components.")
    from jax_mlp._jax import import_jax
    from jax_mlp.checking import process, settings

    if config.getoption("usepdb") and not config.getoption("--in-process"):
        import pytest

        raise pytest.UsageError("--pdb: laws run in another process, where no debugger can stop. Add --in-process.")
    elsewhere = config.pluginmanager.has_plugin("child") or config.getoption("numprocesses", None)
    elsewhere = elsewhere or config.getoption("--in-process")
    if Path(folder).is_dir() and not (elsewhere or config.getoption("--collect-only")):
        options, seed = [f"--impl={Path(folder).resolve()}"], config.getoption("--hypothesis-seed", None)
        if config.getoption("--fine-print") or config.getoption("strict"):
            options.append("--fine-print")
        if seed is not None:
            options.append(f"--hypothesis-seed={seed}")
        if config.getoption("--watch"):
            os.environ.setdefault("HYPOTHESIS_PROFILE", "quick")
        config.stash[process.FIRST] = process.Process(options)
    settings.apply()
    try:
        import_jax()
    except ImportError as broken:
        import pytest

        raise pytest.UsageError(str(broken)) from None
    config.pluginmanager.import_plugin("jax_mlp.checking.plugin")
