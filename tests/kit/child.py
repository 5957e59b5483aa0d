"""A process that runs laws as it is told, one at a time. Whatever the code under test does, it does in here.

It is a pytest of its own: it waits for the names of test files, collects them, then runs each test it is told to and
sends back pytest's reports. `tests.kit.grader` starts and watches it.
"""

import json
import os
import sys
import threading
import time

import pytest
from _pytest.runner import runtestprotocol

# Nothing of the kit is imported here: pytest wants to be first to see what it imports.


class Serve:
    """Runs what the other end of standard input asks for, and answers on a descriptor of its own."""

    def __init__(self, answers: int) -> None:
        self.commands = os.fdopen(os.dup(0), "r")
        self.answers = os.fdopen(answers, "w")
        # The code under test finds nothing to read, and what it prints goes where it is counted.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        self.printed = sys.stdout
        sys.stdout = open(os.devnull, "w")  # pytest's own report of all this

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        """Answer until there is nothing more to do."""
        from tests.kit import rules

        sys.stdout = self.printed
        items, before = {}, None
        for line in self.commands:
            files, nodeid = json.loads(line)
            if not items:
                items = {item.nodeid: item for item in session.perform_collect(files)}
                before = self._prepare(session.config)
            reports = runtestprotocol(items[nodeid], log=False, nextitem=None)
            tampered = rules.changed(before)
            if tampered:
                reports = [_failed(items[nodeid], tampered)]
            sys.stdout.flush()
            hook = session.config.hook
            data = [hook.pytest_report_to_serializable(config=session.config, report=r) for r in reports]
            self.answers.write(json.dumps(data, default=str) + "\n")
            self.answers.flush()
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session):
        """Collect nothing yet: the files come with the first command."""
        session.items = []
        return True

    def _prepare(self, config):
        from tests.kit import report, rules

        implementation = config.stash[report.IMPLEMENTATION]
        if report.exercises(config):
            rules.set_tripwires(implementation.folder)
        return rules.fingerprint()


def _failed(item, words: str):
    return pytest.TestReport(
        nodeid=item.nodeid, location=item.location, keywords={}, outcome="failed", longrepr=words, when="call"
    )


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, args=[os.getppid()], daemon=True).start()
    serve = Serve(int(sys.argv[1]))
    serve.__name__ = "child"  # what conftest knows it by
    sys.exit(pytest.main(["-s", "-p", "no:cacheprovider", *sys.argv[2:]], plugins=[serve]))
