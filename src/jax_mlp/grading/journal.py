"""What has been graded so far, one line for each submission, so that a run that was stopped can go on."""

import hashlib
import json
import os
from importlib.metadata import version
from pathlib import Path

import jax_mlp


def key(*settings) -> str:
    """What a grade depends on besides the submission: versions, the components graded, limits."""
    versions = [jax_mlp.__version__, *map(version, ("jax", "jaxlib", "numpy", "hypothesis"))]
    return hashlib.sha256(json.dumps([versions, settings]).encode()).hexdigest()[:16]


class Journal:
    """Files with grades. All of them are read, and the first is written to."""

    def __init__(self, paths: list[Path], key: str) -> None:
        self.key = key
        self.known: dict[str, dict] = {}  # by the digest of a submission
        self.laws: dict[str, str] = {}  # by name, each with its sentence
        for path in paths:
            if path.exists():
                for line in path.read_bytes().splitlines(keepends=True):
                    self._read(line)
        self.path = paths[0]
        _end_with_a_line(self.path)

    def begin(self, laws: dict[str, str]) -> None:
        """Write down what is asked of every submission."""
        if laws != self.laws:
            self.laws = laws
            self._write({"laws": laws})

    def write(self, digest: str, name: str, components: dict) -> None:
        """Add a grade. When this returns, it is on disk."""
        self.known[digest] = components
        self._write({"digest": digest, "name": name, "components": components})

    def _write(self, entry: dict) -> None:
        with open(self.path, "ab") as file:
            file.write(json.dumps({"key": self.key, **entry}).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
            if entry["key"] != self.key or not line.endswith(b"\n"):
                return
            if "laws" in entry:
                self.laws = entry["laws"]
            else:
                self.known[entry["digest"]] = entry["components"]
        except (ValueError, KeyError, TypeError):  # the line that was being written when the run was killed
            return


def _end_with_a_line(path: Path) -> None:
    """Cut off the beginning of a line that a kill has left."""
    if path.exists():
        content = path.read_bytes()
        if content and not content.endswith(b"\n"):
            with open(path, "r+b") as file:
                file.truncate(content.rfind(b"\n") + 1)
