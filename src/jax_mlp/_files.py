"""Writing files so that a crash never damages them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def named_in_errors(path: Path) -> Iterator[None]:
    """Add the name of a file to an error that lacks it, as when the disk is full."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path`. At any moment `path` is the complete old file, the complete new file, or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with named_in_errors(path), open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # the data are on the disk before the old file is replaced, in case the power fails
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
