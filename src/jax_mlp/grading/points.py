"""What a component is worth: a small TOML file of the teacher's."""

import tomllib
from math import inf
from pathlib import Path
from typing import NamedTuple

from jax_mlp.components import COMPONENTS

EXAMPLE = """\
# What each component is worth. A component that is not named here is not graded.
partial = false  # true: a component that passes 7 of its 14 laws gets half of its points

[points]
relu = 1
init = 1
forward = 2
one_hot = 1
loss = 2
accuracy = 1
update = 2
train_loop = 2
"""


class Points(NamedTuple):
    """The points of each component that is graded."""

    worth: dict[str, float]
    partial: bool = False

    def of(self, component: str, row: dict) -> float:
        """The points for what became of a component."""
        worth = self.worth[component]
        if row["state"] == "passed":
            return worth
        return round(worth * row["passed"] / row["total"], 2) if self.partial else 0.0

    def total(self, rows: dict[str, dict]) -> float:
        """The points of a submission."""
        return round(sum(self.of(component, rows[component]) for component in self.worth), 2)

    @property
    def most(self) -> float:
        """What there is to get."""
        return round(sum(self.worth.values()), 2)


def read_points(file: Path | None) -> Points:
    """The points that a file names, or one for each of the eight components.

    Raises:
        ValueError: If the file is not TOML, or names something else.
    """
    if file is None:
        return Points(dict.fromkeys(COMPONENTS, 1.0))
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"exercises grade: expected --points as a TOML file, got {file}: {error}.") from error
    given, partial = content.get("points", {}), content.get("partial", False)
    numbers = isinstance(given, dict) and all(type(p) in (int, float) and 0 <= p < inf for p in given.values())
    if not numbers or not sum(given.values()):
        raise ValueError(f"exercises grade: expected numbers under [points] in {file}, got {given}.")
    if not isinstance(partial, bool):
        raise ValueError(f"exercises grade: expected `partial` as true or false in {file}, got {partial!r}.")
    unknown = {*content} - {"partial", "points"} | {*given} - {*COMPONENTS}
    if unknown:
        raise ValueError(
            f"exercises grade: expected {file} to name `partial` and the points of {', '.join(COMPONENTS)}, "
            f"got {min(unknown)!r}."
        )
    worth = {component: float(given[component]) for component in COMPONENTS if component in given}
    return Points(worth, partial)


def shown(number: float) -> str:
    """A number of points without zeros that say nothing."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
