"""A child process that runs laws, and what becomes of it. Nothing here takes long to import."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

LIMIT_OF_PRINTING = 2**20
ROOT = Path(__file__).parents[2]


class Ended(Exception):
    """The process under test is no more; says why."""


class Process:
    """A child that runs laws. It is warm, having imported everything, before it is needed."""

    def __init__(self, options: list[str]) -> None:
        self.options = options
        read, write = os.pipe()
        command = [sys.executable, "-m", "tests.kit.child", str(write), *options]
        self.popen = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=[write], start_new_session=True,
        )  # fmt: skip
        os.close(write)
        self.answers = os.fdopen(read, "r")
        self.printed, self.count = b"", 0
        self.drain = threading.Thread(target=self._drain, daemon=True)
        self.drain.start()

    def run(self, nodeid: str, files: list[str], limit: float) -> list[dict]:
        """The reports of a law that is in one of the files, or Ended."""
        self.printed, self.count = b"", 0
        try:
            assert self.popen.stdin is not None
            self.popen.stdin.write(json.dumps([files, nodeid]).encode() + b"\n")
            self.popen.stdin.flush()
            ready, _, _ = select.select([self.answers], [], [], limit)
            answer = self.answers.readline() if ready else None
        except BrokenPipeError:
            answer = ""
        if answer:
            return json.loads(answer)
        if answer is None:
            self.popen.kill()
            raise Ended(f"no answer within {limit:g} seconds: is there a loop without an end? (--time-limit)")
        if self.count > LIMIT_OF_PRINTING:
            raise Ended(f"more than {LIMIT_OF_PRINTING // 2**20} MB were printed: is there a print in a loop?")
        try:
            code = self.popen.wait(5)
        except subprocess.TimeoutExpired:  # it lives, but has closed its end
            self.popen.kill()
            code = self.popen.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        raise Ended(f"the process ended with {how}: something called os._exit, or crashed.")

    def end(self) -> None:
        """Stop it, whatever it is doing."""
        self.popen.kill()
        self.drain.join()
        with contextlib.suppress(BrokenPipeError):  # it may have ended before it read all it was told
            self.popen.__exit__(None, None, None)  # waits, and closes its pipes
        self.answers.close()

    def _drain(self) -> None:
        assert self.popen.stdout is not None
        while chunk := os.read(self.popen.stdout.fileno(), 2**16):
            self.printed = (self.printed + chunk)[-2000:]
            self.count += len(chunk)
            if self.count > LIMIT_OF_PRINTING:
                self.popen.kill()


FIRST = pytest.StashKey[Process]()
"""Where a configuration of pytest keeps the process that was started first."""
