"""Runs the laws for one submission or for many, each in a child process that is used for no other."""

import os
import re
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

from jax_mlp.checking import causes, rules
from jax_mlp.checking import report as reports
from jax_mlp.checking.names import component_of, function_of
from jax_mlp.checking.process import CheckerFailed, Ended, Process
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import Exercises
from jax_mlp.exercises.stubs import is_stub, source
from jax_mlp.grading import submissions
from jax_mlp.grading.submissions import Submission
from jax_mlp.laws import draws

LAWS = [str(path) for path in sorted(Path(draws.__file__).parent.glob("test_*.py"))]
ENVIRONMENT = {
    "HYPOTHESIS_PROFILE": "ci",
    "PYTHONHASHSEED": "0",
    # One thread for each child, so that a grade does not depend on the number of cores, and --jobs alone shares them.
    "NPROC": "1",  # what XLA takes for the number of cores
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
PATIENCE = 3  # a law that sleeps is given so many times the processor time of one that works


class Limits(NamedTuple):
    """What a submission may take."""

    seconds: float
    """Processor time of one law."""
    memory: int
    """MB."""


class Child:
    """A process that has imported all it needs, and waits for a submission in a folder of its own."""

    def __init__(self, limits: Limits, trusted: bool = False) -> None:
        self.work = tempfile.TemporaryDirectory(prefix="jax-mlp-grade-", ignore_cleanup_errors=True)
        self.root = Path(self.work.name).resolve()
        self.folder = self.root / "exercises"
        self.folder.mkdir()
        (self.folder / "relu.py").touch()  # a folder without components is refused
        self.filled = False
        Exercises(self.folder).remember()
        options = ["-p", "jax_mlp.grading.guard", f"--impl={self.folder}", f"--memory={limits.memory}"]
        options += [f"--processor-time={limits.seconds}", *["--trusted"] * trusted]
        self.process = Process(options)
        self.limit = PATIENCE * limits.seconds
        self.laws: dict[str, str] = {}

    def ready(self) -> "Child":
        """Wait until it has imported everything."""
        self.laws = self.process.laws(LAWS)
        return self

    def fill(self, folder: Path) -> None:
        """Put a submission into its folder."""
        (self.folder / "relu.py").unlink()
        shutil.copytree(folder, self.folder, dirs_exist_ok=True)
        self.filled = True

    def run(self, law: str) -> list[dict]:
        """Pytest's reports of a law; or Ended, in words that fit."""
        try:
            return self.process.run(law, LAWS, self.limit)
        except Ended:
            self.process.process.join(5)
            if self.process.process.exitcode == -getattr(signal, "SIGXCPU", 0):
                raise Ended("too much processor time was used: is there an endless loop? (--time-limit)") from None
            raise

    def end(self) -> None:
        """Stop it, and remove its folder."""
        self.process.end()
        self.work.cleanup()


class Classroom:
    """Children at work, and one that is being prepared for the next submission."""

    def __init__(self, limits: Limits, components: list[str]) -> None:
        self.limits, self.components = limits, components
        os.environ.update(ENVIRONMENT)  # the children's
        self.children: set[Child] = set()
        self.lock = threading.Lock()
        self.preparing = ThreadPoolExecutor(1)
        self.next: Future[Child] | None = None
        self.ended = False
        self.laws: dict[str, str] = {}
        self.known: dict[str, dict] = {}  # what became of a file that others have handed in with the same bytes

    def __enter__(self) -> "Classroom":
        return self

    def __exit__(self, *error) -> None:
        self.ended = True
        with self.lock:
            children, self.children = self.children, set()
        for child in children:
            child.process.process.kill()  # whoever waits for its answer gets Ended
        self.preparing.shutdown(wait=True)
        for child in children:
            child.end()

    def check_this_machine(self) -> None:
        """Grade the reference first: it fills the cache of compiled code, and must get full marks.

        Raises:
            RuntimeError: If a law fails for the reference, so that no grade would mean anything.
        """
        child = self._started(trusted=True)
        self.laws = {law: text for law, text in child.laws.items() if component_of(law) in self.components}
        with tempfile.TemporaryDirectory(prefix="jax-mlp-grade-", ignore_cleanup_errors=True) as work:
            folder = Path(work).resolve() / "exercises"
            folder.mkdir()
            for component in COMPONENTS:
                (folder / f"{component}.py").write_text(source(component), encoding="utf-8")
            result = self._graded(folder, child)
        for component, row in result.items():
            if row["state"] != "passed":
                raise RuntimeError(
                    f"the reference does not pass the laws of {component} on this machine, so nothing was graded. "
                    f"{row['first']}: {row['got']}. See: pytest --pyargs jax_mlp.laws"
                )

    def grade(self, submission: Submission) -> dict[str, dict]:
        """What became of each component of a submission."""
        with tempfile.TemporaryDirectory(prefix="jax-mlp-grade-", ignore_cleanup_errors=True) as work:
            copy = Path(work).resolve() / "exercises"
            copy.mkdir()
            submissions.copy(submission, copy)
            return self._graded(copy)

    def grade_all(self, waiting: list[Submission], jobs: int) -> Iterator[tuple[Submission, dict[str, dict] | str]]:
        """What became of each submission, as soon as it is known; or why it cannot be graded, which is a sentence."""
        with ThreadPoolExecutor(jobs) as pool:
            running: dict[Future, Submission] = {}
            waiting = waiting[::-1]
            try:
                while waiting or running:
                    while waiting and len(running) < jobs:
                        submission = waiting.pop()
                        running[pool.submit(self.grade, submission)] = submission
                    # With a timeout, since on Windows Ctrl-C is heard only when a wait ends.
                    for future in wait(running, timeout=0.5, return_when=FIRST_COMPLETED).done:
                        submission = running.pop(future)
                        try:
                            yield submission, future.result()
                        except Ended as ended:  # not the submission's fault
                            yield submission, str(ended)
            finally:
                if running:  # stopped: what is half done is not wanted
                    self.__exit__()

    def _graded(self, folder: Path, child: Child | None = None) -> dict[str, dict]:
        rows = {}
        for component in self.components:
            laws = [law for law in self.laws if component_of(law) == component]
            state, words = _unanswerable(folder, component)
            if words:
                rows[component] = _row(state, laws, {laws[0]: "failed"}, _without_folder(words, folder.parent))
                continue
            content = submissions.content(folder, component)
            if content is not None and content in self.known:
                rows[component] = self.known[content]
                continue
            child = child or self._take()
            if not child.filled:
                child.fill(folder)
            rows[component], usable = self._ask(child, component, laws)
            if usable and content is not None:
                self.known[content] = rows[component]
            if not usable:
                self._end(child)
                child = None
        if child is not None:
            self._end(child)
        return rows

    def _ask(self, child: Child, component: str, laws: list[str]) -> tuple[dict, bool]:
        """What became of a component, and whether its child can be asked for another."""
        states, texts, evidence, usable = {}, {}, {}, True
        for law in laws:
            try:
                answers = child.run(law)
            except Ended as ended:
                if self.ended or isinstance(ended, CheckerFailed):
                    raise
                # Not what it printed: how much of that is seen before the end is a matter of chance.
                texts[law] = f"{reports.labelled('law', self.laws[law])}\n{reports.labelled('got', str(ended))}"
                states[law], usable = "failed", False
                break
            properties = [tuple(each) for answer in answers for each in answer["user_properties"]]
            states[law] = "failed" if any(answer["outcome"] == "failed" for answer in answers) else "passed"
            usable = usable and ("unclean", True) not in properties
            if states[law] == "failed":
                texts[law] = _failure(next(a["longrepr"] for a in answers if a["outcome"] == "failed"))
                evidence[function_of(law)] = causes.Evidence(*dict(properties).get("evidence", ()))
                if ("tampered", True) in properties:
                    usable = False
                    break
                if ("untestable", component) in properties:
                    break
        first = next((law for law in laws if states.get(law) == "failed"), None)
        if first is None:
            return _row("passed", laws, states), usable
        asked = {function_of(law): state for law, state in states.items()}
        text = reports.revise(texts[first], component, evidence, asked)
        row = _row("failed", laws, states, _without_folder(text, child.root))
        row["mistake"] = causes.most_likely(component, evidence, asked).partition("\n")[0] or row["mistake"]
        return row, usable

    def _take(self) -> Child:
        """The child that was prepared, while another one is being prepared."""
        with self.lock:
            current = self.next or self.preparing.submit(self._started)
            self.next = None if self.ended else self.preparing.submit(self._started)
        return current.result()

    def _started(self, trusted: bool = False) -> Child:
        child = Child(self.limits, trusted)
        with self.lock:
            self.children.add(child)
        if self.ended:
            child.process.process.kill()
        return child.ready()

    def _end(self, child: Child) -> None:
        with self.lock:
            self.children.discard(child)
        child.end()


def _row(state: str, laws: list[str], states: dict[str, str], report: str = "") -> dict[str, Any]:
    """What became of a component: `state` is "passed", "failed", "not written" or "missing"."""
    failed = [law for law in laws if states.get(law) == "failed"]
    not_run = [law for law in laws if law not in states]
    got = _said("got", report) or report.strip().partition("\n")[0]
    return {
        "state": state,
        "passed": [*states.values()].count("passed"),
        "total": len(laws),
        "failed": failed if state == "failed" else [],
        "not_run": not_run,
        "first": failed[0] if failed else "",
        "cause": _said("likely cause", report),
        "got": got,
        # What stopped it, if anything did, without the line where it happened.
        "mistake": re.split(r" in exercises[/\\]", got)[0] if failed and not_run else "",
        "report": report.strip(),
    }


def _said(label: str, report: str) -> str:
    """What stands behind a label, in one line."""
    found = re.search(rf"^{label}: *(.*(?:\n {{2,}}.*)*)", report, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def _unanswerable(folder: Path, component: str) -> tuple[str, str]:
    """Why a component need not be run, if so: its state, and a sentence."""
    path = folder / f"{component}.py"
    if not path.exists():
        others = [f"{name}.py" for name in COMPONENTS if (folder / f"{name}.py").exists()]
        only = f", only {', '.join(others)}" if others else ""
        return "missing", f"There is no {path.name}{only}."
    if is_stub(path, component):
        return "not written", f"{path.name} is not started."
    words = rules.foreign_imports(path) or rules.syntax_error(path)
    return ("failed", words) if words else ("", "")


def _failure(longrepr) -> str:
    """What pytest says of a failure, in full or in a line."""
    if isinstance(longrepr, str):
        return longrepr
    crash = (longrepr or {}).get("reprcrash") or {}
    return str(crash.get("message", longrepr))


def _without_folder(text: str, root: Path) -> str:
    """A report without the folder that it was made in: the same in every run."""
    return text.replace(f"{root}{os.sep}", "")
