"""A process that runs laws as it is told, one at a time. Whatever the code under test does, it does in here.

It is a pytest of its own, with no plugins but those that laws need, and no configuration but the file beside this one.
`jax_mlp.checking.process` starts and watches it.
"""

import json
import multiprocessing
import multiprocessing.connection
import os
import sys
import threading
from pathlib import Path

import pytest

# Neither JAX nor the laws are imported here: their settings come first.


def main(connection, output: str, options: list[str], calls) -> None:
    """Answer what is asked on the connection until it closes; print into the file `output`; count calls in `calls`."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _print_into(output)
    from jax_mlp.checking import settings

    settings.apply()
    from tqdm import tqdm

    tqdm.set_lock(threading.RLock())  # its own is for several processes, and is reported as leaked when this one ends
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    serve = Serve(connection, os.path.join(os.path.dirname(output), "bytecode"), calls)
    sys.breakpointhook = _no_debugger
    serve.__name__ = "child"  # type: ignore[attr-defined]  # what the plugin knows it by
    plugins = ["-p", "jax_mlp_pytest", "-p", "_hypothesis_pytestplugin", "-p", "no:cacheprovider"]
    ini = Path(__file__).with_name("child.ini")
    arguments = ["-s", "-c", str(ini), f"--rootdir={ini.parents[1]}", "--noconftest", *plugins, *options]
    code = pytest.main(arguments, plugins=[serve])
    sys.__stdout__.flush()  # type: ignore[union-attr]
    os._exit(CHECKER_FAILED if code else 0)  # laws that fail are answers: any other end is the checker's own fault


def _print_into(output: str) -> None:
    """Have all that is printed, by Python or by compiled code, written to a file."""
    printed = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0))
    for descriptor, name in enumerate(("stdout", "stderr"), 1):
        os.dup2(printed, descriptor)
        # Python's own stream is made for what was there before: on Windows, for a console.
        stream = open(descriptor, "w", 1, encoding="utf-8", errors="replace", newline="\n", closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


CHECKER_FAILED = 70
"""The exit code of a child that failed by itself."""


class Serve:
    """Runs what the other end asks for, and answers."""

    def __init__(self, connection, bytecode: str, calls) -> None:
        self.connection, self.bytecode, self.calls = connection, bytecode, calls
        self.stdout = sys.stdout
        sys.stdout = open(os.devnull, "w")  # pytest's own report of all this

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        """Answer until there is nothing more to do."""
        from _pytest.runner import runtestprotocol

        from jax_mlp.checking import rules
        from jax_mlp.checking.names import law_name

        sys.stdout = self.stdout
        items, before = {}, {}
        while True:
            try:
                files, law = json.loads(self.connection.recv_bytes())
            except EOFError:
                return True
            if not items:
                items = {law_name(item): item for item in session.perform_collect(files)}
                before = self._prepare(session.config)
                self._count_call()  # the clock of the time limit starts now
            if law is None:
                sentences = {name: " ".join((item.obj.__doc__ or name).split()) for name, item in items.items()}
                self.connection.send_bytes(json.dumps(sentences).encode())
                continue
            reports = runtestprotocol(items[law], log=False, nextitem=None)
            tampered = rules.changed(before)
            if tampered:
                reports = [_tampered(items[law], tampered)]
            sys.stdout.flush()
            hook = session.config.hook
            data = [hook.pytest_report_to_serializable(config=session.config, report=r) for r in reports]
            self.connection.send_bytes(json.dumps(data, default=str).encode())

    def pytest_internalerror(self, excrepr):
        """What goes wrong in the checker itself is printed where its parent looks for it."""
        print(excrepr, file=sys.__stderr__, flush=True)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        """KeyboardInterrupt and pytest's own exit, raised by a component, fail the law and stop nothing."""
        try:
            return (yield)
        except (KeyboardInterrupt, pytest.exit.Exception) as error:
            raise RuntimeError(f"{type(error).__name__} was raised") from error

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session):
        """Collect nothing yet: the files come with the first command."""
        session.items = []
        return True

    def _prepare(self, config):
        from jax_mlp.checking import report, rules

        # From here on, nothing is read from a __pycache__: it may hold an older version of what is on disk now.
        sys.pycache_prefix = self.bytecode
        implementation = config.stash[report.IMPLEMENTATION]
        implementation.count_call = self._count_call
        if report.exercises(config):
            rules.set_tripwires(implementation.folder)
        return rules.fingerprint()

    def _count_call(self) -> None:
        self.calls.value += 1


def _no_debugger(*_, **__):
    raise RuntimeError(
        "breakpoint() cannot stop here, because laws run in a process of their own. Add --in-process -s to the command"
    )


def _tampered(item, words: str) -> pytest.TestReport:
    properties = [("tampered", True)]
    return pytest.TestReport(item.nodeid, item.location, {}, "failed", words, "call", user_properties=properties)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
