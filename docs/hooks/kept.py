"""Keeps what is slow to make, in .cache/site, for as long as what it was made from stays the same."""

import hashlib
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache" / "site"


def kept(name: str, make: Callable[[], bytes], *depends: Path | str) -> bytes:
    """What `make()` returns, from the cache if it was made from the same before.

    Args:
        name: A file name, such as `relu.svg`. One version of each name is kept.
        make: Makes it.
        depends: What it is made from: files, folders of Python and JSON files, and text. The name of a package, such as
            `"jax"`, stands for its version.
    """
    path = FOLDER / f"{name}.{_hash(depends)}"
    if not path.exists():
        content = make()
        FOLDER.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.glob(f"{name}.*"):
            old.unlink(missing_ok=True)
        unfinished = path.with_suffix(".new")
        unfinished.write_bytes(content)
        unfinished.replace(path)
    return path.read_bytes()


def _hash(depends: tuple[Path | str, ...]) -> str:
    """A name for the present state of what something is made from."""
    total = hashlib.sha256(sys.version.encode())
    for one in depends:
        if isinstance(one, Path):
            inside = (file for file in one.rglob("*.*") if file.suffix in (".py", ".json"))
            files = [one] if one.is_file() else sorted(inside)
            total.update(b"".join(file.read_bytes() for file in files))
        else:
            total.update(_version(one).encode())
    return total.hexdigest()[:16]


def _version(text: str) -> str:
    """A package's name and version; any other text as it is."""
    try:
        return f"{text} {version(text)}"
    except PackageNotFoundError:
        return text
