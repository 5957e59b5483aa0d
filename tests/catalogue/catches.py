"""Writes which law catches which mistake: `python -m tests.catalogue.catches`.

Every mistake is put before every law of its own component, with the same examples each time. So the result is the same
each time too, and a law that catches nothing on its own is seen. The command writes the package's caught.json, and the
page docs/kill-table.md from it.
"""

import argparse
import json
from pathlib import Path

from jax_mlp.checking.evaluate import EXAMPLES, judge, laws
from jax_mlp.components import COMPONENTS
from jax_mlp.mistakes import CAUGHT, Entry, caught_by, mistakes

PAGE = Path(__file__).parents[2] / "docs" / "kill-table.md"


def measured(entries: list[Entry]) -> dict[str, list[str]]:
    """For each mistake, as component/name, the laws that catch it."""
    return {f"{entry.component}/{entry.name}": caught for entry, caught in zip(entries, judge(entries), strict=True)}


def page(caught: dict[str, list[str]]) -> str:
    """The page that shows it."""
    missed = sum(not laws_of_one for laws_of_one in caught.values())
    lines = [
        "# Which law catches which mistake",
        "",
        "A test is worth what it catches. Here each component is written wrong on purpose, in the ways people get it",
        "wrong, and tested with the laws of that component alone. (Testers call such a component a *mutant*.)",
        "",
        f"The catalogue has {len(caught)} mistakes. The laws miss {missed} of them. Each mistake was tested",
        f"with every law of its component, with {EXAMPLES} examples per law from a fixed seed.",
        "`python -m tests.catalogue.catches` writes this page.",
    ]
    for component in COMPONENTS:
        lines += ["", f"## {component}", "", "| name | mistake | caught by |", "|---|---|---|"]
        for entry in mistakes(component):
            names = ", ".join(f"`{law.removeprefix('test_')}`" for law in caught[f"{component}/{entry.name}"])
            sentence = entry.sentence.replace("|", "\\|")
            lines.append(f"| `{entry.name}` | {sentence} | {names or '**missed**'} |")
        catching = {law for entry in mistakes(component) for law in caught[f"{component}/{entry.name}"]}
        idle = [f"`{law.removeprefix('test_')}`" for law in laws(component) if law not in catching]
        if idle:
            lines += ["", f"These laws catch none of them: {', '.join(idle)}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", action="store_true", help="write the page alone, from the data as they are")
    if not parser.parse_args().page:
        found = measured([entry for component in COMPONENTS for entry in mistakes(component)])
        CAUGHT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(caught_by()), encoding="utf-8")
