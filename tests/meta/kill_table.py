"""Writes the table of who kills whom: `python -m tests.meta.kill_table` makes docs/kill-table.md.

Every misconception is put before every law of its own component, with the same examples each time. So the table is the
same each time too, and a law that kills nothing on its own is seen.
"""

import argparse
from collections import Counter
from pathlib import Path

from tests.kit.implementation import COMPONENTS
from tests.meta.catalogue import Entry, misconceptions
from tests.meta.judge import EXAMPLES, PAGE, judge, laws


def rows(entries: list[Entry]) -> list[str]:
    """A row of the table for each misconception."""
    return [
        f"| `{entry.name}` | {entry.sentence} | {', '.join(f'`{law[5:]}`' for law in broken) or '**survives**'} |"
        for entry, broken in zip(entries, judge(entries), strict=True)
    ]


def table() -> str:
    """The page."""
    everyone = {component: misconceptions(component) for component in COMPONENTS}
    entries = [entry for component in everyone.values() for entry in component]
    verdicts = dict(zip([(e.component, e.name) for e in entries], rows(entries), strict=True))
    survivors = sum("**survives**" in row for row in verdicts.values())
    lines = [
        "# Who kills whom",
        "",
        "A test is worth what it catches. Here each component is written wrong on purpose, in the ways people get it",
        "wrong, and put before the laws of that component alone. A law kills a misconception by failing on it.",
        "",
        f"{len(entries)} misconceptions, {survivors} of which survive. Each was put before every law of its component,",
        f"with {EXAMPLES} examples a property from a fixed seed. `python -m tests.meta.kill_table` writes this page.",
    ]
    for component, wrong in everyone.items():
        kills = Counter(
            law for entry in wrong for law in laws(component) if f"`{law[5:]}`" in verdicts[component, entry.name]
        )
        lines += ["", f"## {component}", "", "| misconception | the mistake | killed by |", "|---|---|---|"]
        lines += [verdicts[component, entry.name] for entry in wrong]
        idle = [f"`{law[5:]}`" for law in laws(component) if law not in kills]
        if idle:
            lines += ["", f"Broken by none of these: {', '.join(idle)}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    PAGE.write_text(table())
    print(f"written: {PAGE.relative_to(Path.cwd())}")
