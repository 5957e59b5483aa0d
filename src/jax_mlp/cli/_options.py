"""What several commands take."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[Path | None, typer.Option(help="Folder of the data. Default: the user's cache directory.")]


def choose(option: str, name: str, choices: dict):
    """The choice of that name, or ValueError."""
    if name not in choices:
        raise ValueError(f"{option}: expected {' or '.join(choices)}, got {name!r}.")
    return choices[name]
