"""Writing files so that a crash never damages them."""

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path`. At any moment `path` is the complete old file, the complete new file, or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # the data are on the disk before the old file is replaced, in case the power fails
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
