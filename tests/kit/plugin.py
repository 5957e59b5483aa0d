"""The one fixture, `impl`, and how laws are run, explained and counted. tests/conftest.py has the options."""

import gc
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, settings

from tests.kit import process, report
from tests.kit.board import Board
from tests.kit.grader import Grader, component_of
from tests.kit.implementation import COMPONENTS, Implementation, keep_compiled_code

# No phase "explain": reports are written by tests.kit.report. No deadline: the first example of a shape compiles.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink)
settings.register_profile("dev", max_examples=100, deadline=None, report_multiple_bugs=False, phases=PHASES)
settings.register_profile("quick", settings.get_profile("dev"), max_examples=25)
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.register_profile("thorough", settings.get_profile("dev"), max_examples=500)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "dev")
settings.load_profile(PROFILE)

os.environ.setdefault("TQDM_DISABLE", "1")
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # so it is behind a shell's &, and so it would be for what tests
    signal.signal(signal.SIGINT, signal.default_int_handler)  # start, and interrupt
np.seterr(all="ignore")  # infinity and NaN are answers like any other: laws judge them, and no warning does


def pytest_configure(config):
    """Find the implementation under test; a folder that has none is an error at once."""
    config.addinivalue_line("markers", "reference: what the reference promises beyond the laws of its component")
    keep_compiled_code(config.rootpath)
    folder = config.getoption("--impl")
    if folder is None and config.getoption("--watch"):
        raise pytest.UsageError("--watch: expected --impl DIR with it, got none: there is nothing to watch.")
    if folder is not None:
        folder = Path(folder).resolve()
        if not folder.is_dir():
            raise pytest.UsageError(f"--impl: expected a folder with component files, got {folder}, which is none.")
        if not any((folder / f"{component}.py").exists() for component in COMPONENTS):
            expected = ", ".join(f"{component}.py" for component in COMPONENTS)
            raise pytest.UsageError(f"--impl: expected at least one of {expected} in {folder}, got none of them.")
        # What broke a law for an earlier version would be shown as it is, and it is the smallest for that one alone.
        settings.register_profile("judging", settings.get_profile(PROFILE), database=None)
        settings.load_profile("judging")
    config.stash[report.IMPLEMENTATION] = Implementation(folder)
    if folder is not None and not config.pluginmanager.has_plugin("child"):
        board = Board(config, folder)
        config.pluginmanager.register(board)
        if process.FIRST in config.stash:
            config.pluginmanager.register(Grader(config, folder, board, config.stash[process.FIRST]))


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


def pytest_collection_modifyitems(config, items):
    """Under `--impl`, keep the laws and leave out what is not about the implementation under test."""
    implementation = config.stash[report.IMPLEMENTATION]
    for item in items:
        report.forget_calls_before_each_example(getattr(item, "obj", None))
    if implementation.folder is not None:
        kept = [i for i in items if "impl" in i.fixturenames and not i.get_closest_marker("reference")]
        config.hook.pytest_deselected(items=[i for i in items if i not in kept])
        items[:] = sorted(kept, key=lambda item: [*COMPONENTS].index(component_of(item.nodeid)))


def pytest_collection_finish(session):
    """What was imported stays: the garbage collector need not look through it at all."""
    gc.freeze()


def pytest_runtest_setup(item):
    """A test starts with no calls remembered."""
    item.config.stash[report.IMPLEMENTATION].calls.clear()
    if "impl" in item.fixturenames:  # Hypothesis asks twice for a traceback that it shows to nobody
        item.repr_failure = repr


@pytest.fixture(scope="session")
def impl(pytestconfig) -> Implementation:
    """The components under test."""
    return pytestconfig.stash[report.IMPLEMENTATION]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Explain a broken law instead of showing a traceback."""
    if call.when == "call" and call.excinfo is not None and "impl" in item.fixturenames:
        explained = report.explain(item, call.excinfo)
        if explained is None:
            del item.repr_failure
        else:
            item.repr_failure = lambda excinfo: explained
    came = yield
    if call.when == "call" and "impl" in item.fixturenames:
        asked = item.config.stash[report.IMPLEMENTATION].asked.setdefault(item.path, {})
        if asked.get(item.originalname) != "failed":  # with other parameters
            asked[item.originalname] = came.outcome
    return came


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """What cannot be imported breaks its laws here, where Hypothesis does not look for the smallest example of it."""
    if "impl" in pyfuncitem.fixturenames:
        getattr(pyfuncitem.config.stash[report.IMPLEMENTATION], COMPONENTS[component_of(pyfuncitem.nodeid)][0])


def pytest_sessionfinish(session, exitstatus):
    """With --forbid-skips a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--forbid-skips") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = 1
        reporter.write_line("--forbid-skips: a test was skipped that should have run.", red=True)


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config):
    """The process ends: neither pytest nor Python need go through all that JAX keeps, in search of what to free."""
    gc.freeze()
