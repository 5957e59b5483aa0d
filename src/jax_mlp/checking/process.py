"""A child process that runs laws, seen from its parent. Nothing here takes long to import."""

import contextlib
import json
import multiprocessing
import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from jax_mlp.checking import child

LIMIT_OF_PRINTING = 2**20
LIMIT_OF_STARTING = 600
"""Seconds in which a child must have imported JAX and the laws, none of which is the fault of the code under test."""


class Ended(Exception):
    """The process under test has ended; says why."""


class CheckerFailed(Ended):
    """It has ended by the checker's own fault, not by that of the code under test."""


class Process:
    """A child that runs laws. It imports all it needs before it is needed."""

    def __init__(self, options: list[str]) -> None:
        self.options = options
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.output = Path(self.folder.name) / "printed"
        self.seen = 0  # how much of the output belongs to earlier laws
        spawn = multiprocessing.get_context("spawn")  # the one way to start a process that every system has
        self.connection, other = spawn.Pipe()
        self.calls = spawn.Value("L", 0, lock=False)  # of components, and one when the child is ready
        arguments = (other, str(self.output), options, self.calls)
        self.process = spawn.Process(target=child.main, args=arguments, daemon=True)
        self.process.start()
        other.close()
        self.clock = _clock(self.process.pid)

    def laws(self, files: list[str]) -> dict[str, str]:
        """The laws in files, by name, each with its sentence; or Ended. All is imported then that they need."""
        return self._answer([files, None], LIMIT_OF_STARTING)

    def run(self, law: str, files: list[str], limit: float) -> list[dict]:
        """Pytest's reports of a law, such as relu::test_example, that is in one of the files; or Ended."""
        return self._answer([files, law], limit)

    def _answer(self, question: list, limit: float):
        self.seen = self._size()
        start, calls = self.clock(), self.calls.value
        try:
            self.connection.send_bytes(json.dumps(question).encode())
            while not self.connection.poll(0.05):
                if self._size() - self.seen > LIMIT_OF_PRINTING:
                    raise Ended(f"more than {LIMIT_OF_PRINTING // 2**20} MB were printed: is there a print in a loop?")
                if self.calls.value != calls:  # slow code is not wrong: the limit is for each call
                    start, calls = self.clock(), self.calls.value
                if not calls and self.clock() - start > LIMIT_OF_STARTING:
                    raise CheckerFailed(f"JAX and the laws were not imported within {LIMIT_OF_STARTING} seconds.")
                if calls and self.clock() - start > limit:
                    raise Ended(
                        f"no answer within {limit:g} seconds: is there an endless loop? If your code only needs "
                        "longer, add --time-limit=300."
                    )
            return json.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            self.process.join(5)
            code = self.process.exitcode
            if code == child.CHECKER_FAILED:
                words = f"the checker itself failed, which is not your code's fault.\n{self.printed}"
                raise CheckerFailed(words) from None
            how = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
            raise Ended(f"the process ended with {how}: something called os._exit, or crashed.") from None
        except Ended:
            self.process.kill()
            raise

    @property
    def printed(self) -> str:
        """The end of what the code under test has printed since the last law began."""
        try:
            with open(self.output, "rb") as file:
                file.seek(max(self.seen, self._size() - 2000))
                return file.read().decode(errors="replace").strip()
        except OSError:
            return ""

    def end(self) -> None:
        """Stop it, whatever it is doing."""
        self.process.kill()
        self.process.join()
        self.connection.close()
        self.folder.cleanup()

    def _size(self) -> int:
        try:
            return os.path.getsize(self.output)
        except OSError:
            return 0


def _clock(pid: int | None):
    """A clock that stands still, on Linux, while a process waits for a core: a busy machine is not the learner's."""
    waited = 0.0

    def now() -> float:
        nonlocal waited
        with contextlib.suppress(OSError, ValueError, IndexError):  # another system, or the process is gone
            waited = int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
        return time.monotonic() - waited

    return now


FIRST = pytest.StashKey[Process]()
"""The key under which a configuration of pytest stores the process that was started first."""
