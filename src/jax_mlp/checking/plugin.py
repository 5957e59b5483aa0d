# ruff: noqa: E402 (JAX reads its settings when it is imported)
"""The one fixture, `impl`, and how laws are run, explained and counted. jax_mlp_pytest has the options."""

import gc
import os
from pathlib import Path

from jax_mlp.checking import settings as jax_settings

jax_settings.apply()

import numpy as np
import pytest
from hypothesis import Phase, settings

from jax_mlp import laws
from jax_mlp.checking import names, process, report
from jax_mlp.checking.board import Board
from jax_mlp.checking.examples import recorder_of
from jax_mlp.checking.grader import Grader
from jax_mlp.checking.implementation import Implementation, keep_compiled_code
from jax_mlp.checking.names import component_of, law_name
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import Exercises
from jax_mlp_pytest import option

# No phase "explain": jax_mlp.checking.report writes reports. No deadline: the first example of a shape compiles.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink)
settings.register_profile("dev", max_examples=100, deadline=None, report_multiple_bugs=False, phases=PHASES)
settings.register_profile("quick", settings.get_profile("dev"), max_examples=25)
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.register_profile("thorough", settings.get_profile("dev"), max_examples=500)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "dev")
settings.load_profile(PROFILE)

SELECTED = pytest.StashKey[list[str]]()
"""The components that are to be written: all, unless a teacher chose some."""

np.seterr(all="ignore")  # infinity and NaN are answers like any other: laws judge them, and no warning does


def pytest_configure(config):
    """Find the implementation under test; a folder that has none is an error at once."""
    config.addinivalue_line("markers", "reference: a test of the reference alone")
    config.addinivalue_line("markers", "fine_print: tested of others only with --fine-print or --strict")
    gc.set_threshold(500_000)  # what is imported and compiled stays: no need to look through it often
    keep_compiled_code()
    folder = option(config, "--impl")
    if folder is not None:
        folder = Path(folder).resolve()
        if not folder.is_dir():
            raise pytest.UsageError(
                f"--impl: expected a folder with component files, got {folder}, which is not a folder."
            )
        if not any((folder / f"{component}.py").exists() for component in COMPONENTS):
            expected = ", ".join(f"{component}.py" for component in COMPONENTS)
            raise pytest.UsageError(f"--impl: expected at least one of {expected} in {folder}, got none of them.")
        if Exercises(folder).started:
            config.option.no_header = True  # the board is what a learner wants to see
        # What broke a law for an earlier version would be shown as it is, and it is the smallest for that one alone.
        settings.register_profile("judging", settings.get_profile(PROFILE), database=None)
        settings.load_profile("judging")
        if not config.pluginmanager.has_plugin("child"):
            config.args[:] = chosen(config)
    config.stash[report.IMPLEMENTATION] = Implementation(folder)
    config.stash[SELECTED] = Exercises(folder).selected if folder else [*COMPONENTS]
    if folder is not None and not config.pluginmanager.has_plugin("child"):
        board = Board(config, folder)
        config.pluginmanager.register(board)
        if process.FIRST in config.stash:
            config.pluginmanager.register(Grader(config, folder, board, config.stash[process.FIRST]))


def chosen(config) -> list[str]:
    """The law files to collect: those named, as `relu` or `relu::test_example` or by their path, or all."""
    if config.args_source != config.ArgsSource.ARGS:
        return [str(path) for path in LAWS.values()]
    chosen = []
    for argument in config.args:
        name, colons, law = argument.partition("::")
        stem = Path(name).stem.removeprefix("test_")
        if stem not in LAWS:
            raise pytest.UsageError(f"expected laws of one of {', '.join(LAWS)}, got {argument!r}.")
        chosen.append(f"{LAWS[stem]}{colons}{law}")
    return chosen


LAWS = {name: Path(laws.__file__).with_name(f"test_{name}.py") for name in (*COMPONENTS, "gradients", "oracles")}
"""The files of laws, by name."""


def pytest_report_header(config):
    """Where each component comes from."""
    implementation = config.stash[report.IMPLEMENTATION]
    if implementation.folder is None:
        return None
    lines = []
    for component in COMPONENTS:
        path = implementation.path(component)
        lines.append(f"  {component:<10} {report.relative(path) if path else 'the reference'}")
    return ["implementation under test:", *lines]


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path, parent):
    """Under `--impl`, name a law relu::test_example: outside of its root folder, pytest would name all files alike."""
    stem = module_path.stem.removeprefix("test_")
    if parent.config.stash[report.IMPLEMENTATION].folder is None or LAWS.get(stem) != module_path:
        return None
    return pytest.Module.from_parent(parent, path=module_path, nodeid=stem)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector, name, obj):
    """Under `--impl`, leave out what is not a law of the components that are to be written."""
    folder = collector.config.stash[report.IMPLEMENTATION].folder
    if folder is None or not collector.istestfunction(obj, name):
        return None
    strict = option(collector.config, "--fine-print") or collector.config.getoption("strict")
    selected = component_of(f"{collector.nodeid}::{name}") in collector.config.stash[SELECTED]
    return None if selected and names.is_law(obj, strict) else []


def pytest_collection_modifyitems(config, items):
    """Under `--impl`, laws come in the order of the components."""
    for item in items:
        recorder_of(getattr(item, "obj", None))
    if config.stash[report.IMPLEMENTATION].folder is not None:
        items.sort(key=_place)


def _place(item) -> tuple[int, bool]:
    """A sort key for laws: by component, and those in its own file before those of gradients."""
    component = component_of(item.nodeid)
    return [*COMPONENTS].index(component), not law_name(item).startswith(f"{component}::")


def pytest_collection_finish(session):
    """What was imported stays: the garbage collector need not look through it at all."""
    gc.freeze()


def pytest_runtest_setup(item):
    """A test starts with no calls remembered."""
    implementation = item.config.stash[report.IMPLEMENTATION]
    implementation.calls.clear()
    implementation.failure = None
    if "impl" in item.fixturenames:  # Hypothesis asks twice for a traceback that it shows to nobody
        item.repr_failure = repr


@pytest.fixture(scope="session")
def impl(pytestconfig) -> Implementation:
    """The components under test."""
    return pytestconfig.stash[report.IMPLEMENTATION]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Explain a failed law instead of showing a traceback."""
    if call.when != "call" or "impl" not in item.fixturenames:
        return (yield)
    implementation, stem = item.config.stash[report.IMPLEMENTATION], law_name(item).partition("::")[0]
    if call.excinfo is not None:
        arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames if name in item.funcargs}
        explained = report.explain(law_name(item), item.obj, call.excinfo.value, implementation, arguments=arguments)
        if explained is None:
            del item.repr_failure
        else:
            item.repr_failure = lambda excinfo: str(explained)
            item.user_properties.append(("evidence", [*explained.evidence]))
            item.user_properties.append(("untestable", explained.untestable))
            item.user_properties.append(("machine", explained.machine))
    outcome = yield
    asked = implementation.asked.setdefault(stem, {})
    if asked.get(item.originalname) != "failed":  # with other parameters
        asked[item.originalname] = outcome.outcome
    return outcome


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """What cannot be imported breaks its laws here, where Hypothesis does not look for the smallest example of it."""
    if "impl" in pyfuncitem.fixturenames:
        getattr(pyfuncitem.config.stash[report.IMPLEMENTATION], COMPONENTS[component_of(pyfuncitem.nodeid)][0])


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config):
    """The process ends: neither pytest nor Python need go through all that JAX keeps, in search of what to free."""
    gc.freeze()
