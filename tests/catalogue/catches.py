"""Finds which law catches which mistake: `python -m tests.catalogue.catches`.

Every mistake is put before every law of its own component, with the same examples each time. So the result is the same
each time too, and a law that catches nothing on its own is seen. The command writes the package's caught.json, from
which the site draws its matrix.
"""

import argparse
import json

from jax_mlp.checking.evaluate import judge
from jax_mlp.components import COMPONENTS
from jax_mlp.mistakes import CAUGHT, Entry, mistakes


def measured(entries: list[Entry]) -> dict[str, list[str]]:
    """For each mistake, as component/name, the laws that catch it."""
    return {f"{entry.component}/{entry.name}": caught for entry, caught in zip(entries, judge(entries), strict=True)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("entries", nargs="*", help="mistakes to test anew, such as update/in_place (default: all)")
    named = parser.parse_args().entries
    entries = {f"{entry.component}/{entry.name}": entry for component in COMPONENTS for entry in mistakes(component)}
    anew = measured([entry for name, entry in entries.items() if not named or name in named])
    kept = {**json.loads(CAUGHT.read_text(encoding="utf-8")), **anew}
    CAUGHT.write_text(json.dumps({name: kept[name] for name in entries}, indent=1) + "\n", encoding="utf-8")
    print(f"written: {CAUGHT}, {sum(map(bool, anew.values()))} of {len(anew)} caught")
