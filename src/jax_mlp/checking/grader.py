"""Grades an implementation: its laws run in processes of their own, so that nothing it does can end or fool the rest.

It replaces how pytest runs a test and leaves all else to pytest, so -k, -x, --lf and xdist work as ever.
"""

import contextlib
import time
from pathlib import Path

import pytest

from jax_mlp.checking import rules
from jax_mlp.checking.names import component_of, law_name
from jax_mlp.checking.process import Ended, Process
from jax_mlp.checking.report import labelled
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import Exercises
from jax_mlp.exercises.stubs import is_stub
from jax_mlp_pytest import option


def _saved(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


class Grader:
    """Runs each law of an implementation in a child process. Each component has a child of its own."""

    def __init__(self, config: pytest.Config, folder: Path, board, first: Process) -> None:
        self.exercises, self.board = Exercises(folder), board
        self.limit = float(str(option(config, "--time-limit")))
        self.watching = option(config, "--watch")
        self.options = first.options
        self.spare: Process | None = first
        self.current: Process | None = None
        self.component = ""
        self.lost = False  # whether no further law of the component can be asked

    def pytest_runtest_protocol(self, item, nextitem):
        """Have a law run elsewhere, and hand on what comes back."""
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._reports(item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        """With --watch: test a component whenever its file has changed, until Ctrl-C."""
        if not self.watching:
            return None
        # Each component by its own file: what gradients and other libraries say of it waits for a full run.
        session.items = [item for item in session.items if item.path.stem.removeprefix("test_") in COMPONENTS]
        self.board.pytest_collection_finish(session)
        judged = {c: _saved(self.exercises.path(c)) for c in COMPONENTS if self.exercises.has_passed(c)}
        for item in session.items:
            if component_of(item.nodeid) in judged:
                self.board.laws[item.nodeid] = "passed"
        if judged:
            rest = "Waiting for the next save; Ctrl-C ends." if {*judged} == {*COMPONENTS} else "Testing the others …"
            self._show(session, f"{', '.join(judged)}: not tested again, as they passed and have not changed. {rest}")
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                saved = {component: _saved(self.exercises.path(component)) for component in COMPONENTS}
                start = time.perf_counter()
                changed = [component for component in COMPONENTS if saved[component] != judged.get(component, 0.0)]
                for item in session.items:
                    if component_of(item.nodeid) in changed:
                        for report in self._reports(item):
                            self.board.pytest_runtest_logreport(report)
                if changed:
                    self.component, judged = "", saved  # whatever is saved next is imported anew
                    self.board.focus = changed
                    self._show(
                        session,
                        f"{', '.join(changed)}: tested in {time.perf_counter() - start:.1f} s with fewer examples than "
                        "a full run. Waiting for the next save; Ctrl-C ends.",
                    )
                time.sleep(0.1)
        return True

    def _show(self, session, words: str) -> None:
        """The board alone on the screen, and a line below."""
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        if terminal.isatty:
            terminal.write("\x1b[2J\x1b[H")
        self.board.pytest_terminal_summary(terminal)
        terminal.write_line(words)
        terminal.flush()

    def pytest_unconfigure(self):
        """No child outlives the run."""
        for process in (self.spare, self.current):
            if process:
                process.end()

    def _reports(self, item) -> list[pytest.TestReport]:
        component = component_of(item.nodeid)
        if component != self.component:
            self.component, self.lost = component, False
            if self.current:
                self.current.end()
                self.current = None
        start = time.perf_counter()
        # One report says why a component cannot be tested. Its other laws count neither as passed nor as failed.
        not_started = self.lost
        words = f"Not run: {component}.py could not be tested. The failure above says why." if self.lost else None
        if words is None and self.exercises.started:
            path = self.exercises.path(component)
            if not path.exists():
                reset = f"jax-mlp exercises reset {component}{self.exercises.in_folder}"
                words = f"{path} is missing. To restore the stub: {reset}"
            elif is_stub(path, component):
                words, not_started = f"{self.exercises.shown(component)} is not started.", True
            else:
                words = rules.foreign_imports(path)
        if words is None and self.exercises.path(component).exists():
            words = rules.syntax_error(self.exercises.path(component))
        self.lost = self.lost or (words is not None and not not_started)
        if words is None:
            try:
                files = {str(i.path) for i in item.session.items if component_of(i.nodeid) == component}
                answers = self._process(item.session.items).run(law_name(item), sorted(files), self.limit)
                for answer in answers:  # the child stands in another folder
                    answer.update(nodeid=item.nodeid, location=item.location)
                reports = [
                    item.config.hook.pytest_report_from_serializable(config=item.config, data=a) for a in answers
                ]
                self.lost = any(("untestable", component) in map(tuple, r.user_properties) for r in reports)
                if self.current and self.current.printed and item.config.getoption("capture") == "no":
                    item.config.get_terminal_writer().line(f"\n{self.current.printed}")
                if self.current and self.current.printed and any(report.failed for report in reports):
                    next(r for r in reports if r.failed).sections.append(("what it printed", self.current.printed))
                return reports
            except Ended as ended:
                law = " ".join((item.obj.__doc__ or item.name).split())
                self.lost = True
                words = f"{labelled('law', law)}\n{labelled('got', str(ended))}"
                if self.current and self.current.printed:
                    words += "\n" + labelled("printed", f"…{self.current.printed[-300:]}")
        report = pytest.TestReport(
            nodeid=item.nodeid, location=item.location, keywords={}, outcome="failed", longrepr=words, when="call",
            duration=time.perf_counter() - start,
        )  # fmt: skip
        report.not_started = not_started  # type: ignore[attr-defined]
        return [report]

    def _process(self, items) -> Process:
        """The child of this component; the next one is started while this one is at work."""
        if self.current is None:
            self.current, self.spare = self.spare or Process(self.options), None
            if self.watching or [*COMPONENTS].index(self.component) < max(
                [*COMPONENTS].index(component_of(item.nodeid)) for item in items
            ):
                self.spare = Process(self.options)
        return self.current
