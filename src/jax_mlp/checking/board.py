"""The board: what a run of `pytest --impl` ends with. Eight components, how far each one is, and one next step."""

import contextlib
import itertools
import re
from pathlib import Path

import pytest
from hypothesis import settings

from jax_mlp._terminal import quoted
from jax_mlp.checking import causes, names
from jax_mlp.checking import report as reports
from jax_mlp.checking.names import component_of, is_fine_print
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import FINE_PRINT, Exercises
from jax_mlp.exercises.stubs import is_stub, steps
from jax_mlp_pytest import option

WIDTH = 24


class Board:
    """Counts laws by component, and shows them when the run is over."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        self.exercises = Exercises(folder)
        self.folder = str(option(config, "--impl"))
        self.workers = bool(config.getoption("numprocesses", None))  # under xdist: it is they who run laws
        self.laws: dict[str, str] = {}  # what became of each, by its name: "", "passed", "failed" or "not started"
        self.reports: dict[str, str] = {}
        self.printed: dict[str, str] = {}  # what each broken law's calls printed, and warned of
        self.evidence: dict[str, causes.Evidence] = {}  # what each broken law says of its cause
        chosen = [config.option.keyword, config.option.markexpr, config.option.deselect, config.getoption("lf", False)]
        self.watching = option(config, "--watch")  # then laws are tried on few examples
        self.selected = any(chosen) or self.watching  # whether some laws of a file may be left out, or examples
        self.whole = config.args_source != config.ArgsSource.ARGS and not self.selected
        self.machine = False  # whether the reference failed too, at something
        self.focus: list[str] = []  # the components just saved, whose next step comes first
        if self.exercises.started and config.option.tbstyle == "auto":
            config.option.tbstyle = "no"  # one next step is shown instead of everything that is wrong
            if config.option.reportchars == "fE":
                config.option.reportchars = ""

    def pytest_collection_finish(self, session):
        """All laws that will be run."""
        self.laws = dict.fromkeys((item.nodeid for item in session.items), "")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids):
        """All laws that workers will run."""
        self.laws = dict.fromkeys(ids, "")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        """What became of a law."""
        if report.failed:
            self.laws[report.nodeid] = "not started" if getattr(report, "not_started", False) else "failed"
            sections = "".join(f"\n{title}:\n{text}" for title, text in report.sections)
            text = report.longrepr if isinstance(report.longrepr, str) else report.longreprtext  # which xdist adds to
            self.reports[report.nodeid] = text
            self.printed[report.nodeid] = sections
            properties = dict(report.user_properties)
            self.evidence[report.nodeid] = causes.Evidence(*properties.get("evidence", ()))
            self.machine = self.machine or properties.get("machine", False)
        elif report.when == "call" and report.passed:
            self.laws[report.nodeid] = "passed"

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report):
        """Laws that are not started count neither as passed nor as failed."""
        return ("not started", "-", "NOT STARTED") if getattr(report, "not_started", False) else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session):
        """For --lf, what was not started has not failed. A machine that computes wrong has an exit code of its own."""
        if self.machine:
            session.exitstatus = reports.MACHINE_WRONG
        shown = session.config.pluginmanager.get_plugin("terminalreporter")
        failed = shown.stats.get("failed", []) if shown else []
        in_words = {report.nodeid: report for report in failed if isinstance(report.longrepr, str)}
        # In the order of the laws, which is not that in which xdist's workers end.
        for component, first in {component_of(law): law for law in reversed(self.laws) if law in in_words}.items():
            laws = {law: state for law, state in self.laws.items() if component_of(law) == component}
            in_words[first].longrepr = self._revised(first, component, laws)
            cause = reports.cause(in_words[first].longrepr)
            guessed = [in_words[law] for law in laws if law in in_words and self.evidence[law].compared]
            for report in guessed:  # these causes were guessed before all laws had been run
                if reports.cause(report.longrepr) != cause:
                    report.longrepr = report.longrepr.replace(reports.cause(report.longrepr), "")
        last_failed = session.config.pluginmanager.get_plugin("lfplugin")
        for law, state in self.laws.items():
            if state == "not started" and last_failed:
                last_failed.lastfailed.pop(law, None)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter):
        """Draw the board."""
        show = terminalreporter
        rows: dict[str, dict[str, str]] = {}
        for law, state in self.laws.items():
            if not is_fine_print(law) and (self.exercises.started or self.exercises.path(component_of(law)).exists()):
                rows.setdefault(law.partition("::")[0], {})[law] = state
        # Each component by its own file, then the laws of several components together.
        rows = {name: rows[name] for name in sorted(rows, key=[*COMPONENTS, *rows].index)}
        if not rows or not any(self.laws.values()):
            return
        self._remember(rows)
        show.ensure_newline()
        components = [name for name in rows if name in COMPONENTS]
        done = sum(_all_pass(component, rows[component]) for component in components)
        passing = sum(state == "passed" for laws in rows.values() for state in laws.values())
        total = sum(map(len, rows.values()))
        show.section("progress")
        n_components, n_laws = reports.counted(len(components), "component"), reports.counted(total, "law")
        show.write_line(f"{done} of {n_components} done, {passing} of {n_laws} passed")
        show.write_line("")
        at, _ = self._undone(rows)
        shared = False
        for component, laws in rows.items():
            states = [*laws.values()]
            passed = states.count("passed")
            bar = "█" * (WIDTH * passed // len(states))
            if set(states) == {"not started"}:
                words, colour = "not started", {}
            elif passed == len(states):
                words = f"{passed:3} / {passed}"
                if component in components:
                    complete = not self.selected and _all_pass(component, laws)
                    fewer = f"{settings().max_examples} examples a law" if self.watching else "of the laws selected"
                    words += "   done" if complete else f"   ({fewer})"
                colour = {"green": True}
            else:
                unknown = states.count("")
                words = f"{passed:3} / {len(states)}" + (f"   ({unknown} not run)" if unknown else "")
                colour = {"red": True} if "failed" in states else {}
            if component not in components and not shared:
                show.write_line("and laws about several components:")
                shared = True
            show.write(f"{component:<11}")
            show.write(bar.ljust(WIDTH, "░"), **colour)
            show.write(f"  {words}\n")
            if component == at and set(states) != {"not started"}:
                self._show_steps(show, component)
        fine = [state for law, state in self.laws.items() if is_fine_print(law)]
        if fine:
            show.write_line("")
            show.write_line(f"fine print: {fine.count('passed')} of {len(fine)}")
        elif done == len(components) and not FINE_PRINT.keys().isdisjoint(components):
            show.write_line("")
            show.write_line("fine print (optional): not tested. Add --fine-print to test it.")
        if self.exercises.started:
            show.write_line("")
            for line in self._next(rows):
                show.write_line(line)

    def _remember(self, rows) -> None:
        """Keep which components pass all laws of their own, for the next `watch`, and which steps, for the hints."""
        if self.exercises.started:
            with contextlib.suppress(OSError):  # a folder that cannot be written
                asked = [c for c in COMPONENTS if c in rows and _all_of(c, rows[c])]  # a part of the laws says little
                failing = [c for c in COMPONENTS if c in rows and "failed" in rows[c].values()]
                self.exercises.remember_passed({c: _all_pass(c, rows[c]) for c in (*asked, *failing)})
                self.exercises.remember(steps={c: self._steps_passed(c) for c in asked if steps(c)})

    def _steps_passed(self, component: str) -> int:
        """How many of a component's steps pass, from the first on."""
        passed = {names.function_of(law) for law, state in self.laws.items() if state == "passed"}
        return len([*itertools.takewhile(passed.issuperset, steps(component).values())])

    def _undone(self, rows) -> tuple[str, str]:
        """The first row that is not done, and the law that comes next in it; or two empty strings if all are done."""
        for row, laws in sorted(rows.items(), key=lambda item: item[0] not in self.focus):  # just saved: first
            for law, state in laws.items():
                if state in ("failed", "not started"):
                    return row, law
        return "", ""

    def _show_steps(self, show, component: str) -> None:
        """How far each step of a component is."""
        states = {law.partition("::")[2]: state for law, state in self.laws.items() if component_of(law) == component}
        for number, (text, laws) in enumerate(steps(component).items(), 1):
            asked = [states[name] for name in laws if name in states]
            if asked:
                passed = asked.count("passed")
                colour = {"green": True} if passed == len(asked) else {"red": True} if "failed" in asked else {}
                show.write(f"  {number}. {text.partition(':')[0]:<{WIDTH + 8}}")
                show.write(f"{passed:3} / {len(asked)}\n", **colour)

    def _next(self, rows) -> list[str]:
        row, undone = self._undone(rows)
        if undone:
            laws, component = rows[row], component_of(undone)
            folder = self.exercises.in_folder
            hint = reports.labelled("hint", f"jax-mlp exercises hint {component}{folder}")
            hint = [hint] * (not self.exercises.without_hints)
            if laws[undone] == "not started":
                path = self.exercises.shown(component)
                done = [each for each in rows if each in COMPONENTS and {*rows[each].values()} == {"passed"}][-1:]
                look = [reports.labelled("look", f"jax-mlp exercises show {each}{folder}") for each in done]
                return [*look, reports.labelled("next", f"write {path} (its docstring is the specification)"), *hint]
            revised = self._revised(undone, component, laws).rstrip()
            first = reports.labelled("next", self._task(component, revised))
            return [first, revised, *hint, *self.printed[undone].splitlines()]
        for law, state in self.laws.items():
            if state == "failed":  # it is fine print, because all laws pass
                return [
                    reports.labelled("next", "the fine print, if you like. The first that fails:"),
                    self.reports[law],
                    *self.printed[law].splitlines(),
                ]
        if set(self.laws.values()) == {"passed"} and {*rows} >= {*COMPONENTS}:
            if not self.whole:
                return [
                    "All eight components pass the selected laws. Now run them all: "
                    f"pytest --impl={quoted(self.folder)}"
                ]
            return [
                "All eight components pass. You have written a neural network. See it read digits: "
                f"jax-mlp exercises capstone {quoted(self.folder)}"
            ]
        if set(self.laws.values()) == {"passed"}:
            return self._praise(rows)
        return []

    def _task(self, component: str, report: str) -> str:
        """What to do about the first failing law: write what is not written yet, or fix what is wrong."""
        verb = "write" if re.search(r"^got: +NotImplementedError", report, re.MULTILINE) else "fix"
        done = self._steps_passed(component)
        if verb == "fix" and not done:
            return f"fix {component}. Its first failing law:"
        texts = [text.partition(":")[0] for text in steps(component)]
        if done < len(texts):  # whether it is not written, or not right, its first law says what is missing
            return f"step {done + 1} of {component}, {texts[done]}. Its first failing law:"
        return f"{verb} the rest of {component}. Its first failing law:"

    def _revised(self, law: str, component: str, laws: dict[str, str]) -> str:
        """The report of the first of these laws that failed, now that more is known of its cause."""
        asked = {names.function_of(law): state for law, state in laws.items() if state}
        failed = [law for law, state in laws.items() if state == "failed"]  # others may have failed at an earlier save
        evidence = {names.function_of(law): self.evidence[law] for law in failed}
        return reports.revise(self.reports[law], component, evidence, asked)

    def _praise(self, rows: dict[str, dict[str, str]]) -> list[str]:
        """What to say when the selected components pass all laws that were selected, and what comes next."""
        passing, total = [*rows], sum(map(len, rows.values()))
        incomplete = [c for c in passing if c in COMPONENTS and not _all_pass(c, rows[c])]
        if incomplete:
            again = f"pytest --impl={quoted(self.folder)} {' '.join(incomplete)}"
            return [f"{reports.counted(total, 'law')} passed. Now run all laws of {' and '.join(incomplete)}: {again}"]
        folder = self.exercises.in_folder
        if len(passing) == 1 and passing[0] in COMPONENTS:
            n_examples = settings().max_examples
            lines = [f"Well done: {passing[0]} passes {total} laws, each with up to {n_examples} examples."]
            lines.append(reports.labelled("look", f"jax-mlp exercises show {passing[0]}{folder}"))
            lines.append(reports.labelled("compare", f"jax-mlp exercises solution {passing[0]}{folder}"))
        else:
            lines = [f"Well done: {', '.join(passing)} pass {total} laws."]
        following = (component for component in COMPONENTS if component not in passing)
        for component in following:
            path = self.exercises.path(component)
            if is_stub(path, component):
                lines.append(reports.labelled("next", f"write {self.exercises.shown(component)}"))
                break
        if not self.whole and not any(line.startswith("next:") for line in lines):
            everything = f"pytest --impl={quoted(self.folder)}"
            lines.append(reports.labelled("next", f"test all components together: {everything}"))
        return lines


def _all_of(component: str, laws: dict[str, str]) -> bool:
    """Whether all laws of a component are among these."""
    return {*map(names.function_of, laws)} >= {*names.laws(component)}


def _all_pass(component: str, laws: dict[str, str]) -> bool:
    """Whether all laws of a component are among these, and all of these pass."""
    return {*laws.values()} == {"passed"} and _all_of(component, laws)
