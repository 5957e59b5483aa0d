"""What interactive figures compute with, made when the site is built: `data/NAME.js` sets `DATA.NAME`."""

from pathlib import Path

from jax_mlp.exercises import hunt

SOURCE = Path(__file__).parents[1] / "src" / "jax_mlp"


def hunt_rounds() -> dict:
    """The rounds of "Find the mistake", with each law and each component's right code once."""
    all_rounds = hunt.rounds(0)
    laws = sorted({law for each in all_rounds for law in each.laws})
    return {
        "laws": laws,
        "fixed": {component: hunt.fixed(component) for component in hunt.HUNTED},
        "rounds": [
            {
                "component": each.component, "code": each.code, "laws": [laws.index(law) for law in each.laws],
                "caughtBy": each.caught_by, "sentence": each.sentence,
                **{name: each.counterexample[name] for name in ("call", "got", "expected")},
            }
            for each in all_rounds
        ],
    }  # fmt: skip


SCRIPTS = {"hunt": (hunt_rounds, *(SOURCE / room for room in ("mistakes", "laws", "components", "exercises")),
                    SOURCE / "mistakes" / "caught.json", SOURCE / "mistakes" / "counterexamples.json",
                    Path(__file__))}  # fmt: skip
"""By name: a function that returns what JSON can hold, and what that depends on, as `kept` takes it (docs/hooks/kept.py)."""
