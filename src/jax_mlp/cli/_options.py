"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[Path | None, typer.Option(help="The folder of the data. Default: the user's cache directory.")]


def choose(option: str, name: str, choices: dict):
    """Return the choice of that name, or raise ValueError."""
    if name not in choices:
        raise ValueError(f"{option}: expected {' or '.join(choices)}, got {name!r}. Choose one of these.")
    return choices[name]
