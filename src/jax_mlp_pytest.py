"""The pytest plugin: `pytest --impl DIR` tests the components in DIR, from any folder.

Here are the options alone. What they do is in `jax_mlp.checking`, which takes a second to import, and which is imported
only if `--impl` is given.
"""

import os
from pathlib import Path
from typing import Any

import pytest

OPTIONS: dict[str, dict[str, Any]] = {
    "--impl": {
        "metavar": "DIR", "type": os.path.expanduser, "help": "test the components found in DIR, such as DIR/relu.py",
    },
    "--time-limit": {
        "metavar": "SECONDS", "type": float, "default": 60.0, "help": "time for each call of a component; default: 60",
    },
    "--device": {
        "choices": ("cpu", "gpu", "tpu"), "default": "cpu", "help": "with --impl: where laws run; default: cpu",
    },
    "--fine-print": {
        "action": "store_true", "default": False, "help": "with --impl: test the fine print too, as --strict does",
    },
    "--in-process": {
        "action": "store_true", "default": False, "help": "with --impl: test in this process, for a debugger",
    },
    "--watch": {
        "action": "store_true", "default": False, "help": "with --impl: test a component again when it is saved",
    },
}  # fmt: skip
"""The options, and how argparse is to read each."""


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(parser):
    """Add the options once a project's own are known: one that has an option of the same name keeps it."""
    result = yield
    group = parser.getgroup("jax_mlp")
    for name, how in OPTIONS.items():
        if _is_free(parser, name):
            group.addoption(name, dest=_dest(name), **how)
    return result


def _dest(name: str) -> str:
    return f"jax_mlp_{name.strip('-').replace('-', '_')}"


def _is_free(parser, name: str) -> bool:
    try:
        return name in parser.parse_known_and_unknown_args([name])[1]
    except pytest.UsageError:  # an option of that name wants a value
        return False


def option(config, name: str) -> Any:
    """The value of one of the options here, or its default if it was left to the project."""
    return config.getoption(_dest(name), OPTIONS[name].get("default"))


def pytest_configure(config):
    """Have the process that will run the laws import all it needs while this one does."""
    folder = option(config, "--impl")
    if folder is None and Path(".jax-mlp.json").exists() and config.args_source != config.ArgsSource.ARGS:
        folder = config.option.jax_mlp_impl = "."  # a plain `pytest` inside a folder of exercises
    if folder is None and not option(config, "--watch"):
        return
    if folder is None:
        raise pytest.UsageError("--watch: expected --impl DIR with it, got none. Name the folder of your components.")
    try:
        from jax_mlp.checking import process, settings
    except ImportError as missing:
        raise pytest.UsageError(str(missing)) from None
    from jax_mlp._jax import devices, import_jax
    from jax_mlp._terminal import prepare_output

    prepare_output()
    if config.getoption("usepdb") and not option(config, "--in-process"):
        raise pytest.UsageError("--pdb: laws run in another process, where no debugger can stop. Add --in-process.")
    elsewhere = config.pluginmanager.has_plugin("child") or config.getoption("numprocesses", None)
    elsewhere = elsewhere or option(config, "--in-process")
    os.environ[settings.DEVICE] = device = option(config, "--device")
    if Path(folder).is_dir() and not (elsewhere or config.getoption("--collect-only")):
        options, seed = [f"--impl={Path(folder).resolve()}"], config.getoption("--hypothesis-seed", None)
        if option(config, "--fine-print") or config.getoption("strict"):
            options.append("--fine-print")
        if seed is not None:
            options.append(f"--hypothesis-seed={seed}")
        if option(config, "--watch"):
            os.environ.setdefault("HYPOTHESIS_PROFILE", "quick")
        config.stash[process.FIRST] = process.Process(options)
    settings.apply()
    try:
        import_jax()
        kind = device if device == "cpu" else devices()[0].platform
    except (ImportError, RuntimeError) as broken:
        raise pytest.UsageError(str(broken)) from None
    if kind != device:
        raise pytest.UsageError(
            f"--device: expected a device that JAX can use, got {device}, where JAX has only a {kind}. Install JAX for "
            "that device, or leave --device out."
        )
    config.pluginmanager.import_plugin("jax_mlp.checking.plugin")
