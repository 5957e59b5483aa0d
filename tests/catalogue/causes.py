"""Measures how often a report names the right cause: `python -m tests.catalogue.causes`.

Every mistake is tested with the first law that catches it, and the report is read as it is at the end of a run, when it
is known which laws are broken; the table of mistakes and laws knows that. The cause is right if it is the mistake's own
sentence, or that of a mistake which fits the same answers and breaks the same laws.
"""

import re

from jax_mlp.checking import report
from jax_mlp.checking.evaluate import workers
from jax_mlp.checking.implementation import Implementation
from jax_mlp.checking.names import laws, laws_that_catch
from jax_mlp.components import COMPONENTS
from jax_mlp.mistakes import Entry, mistakes
from tests.benchmarks.machine import describe, parser, write
from tests.catalogue.counterexamples import failure

IN_OTHER_WORDS: dict[str, str] = {
    "update/in_place": "An argument was donated",
    "train_loop/batches_end_at_the_batch_size": "A batch is empty",
    "train_loop/parameters_given_away": "An argument was donated",
    "train_loop/shuffled_in_place": "Your function changes what it is given",
    "train_loop/list_changed_in_place": "Your function changes what it is given",
    "train_loop/always_ten_classes": "The number of columns of the targets is 10",
    "train_loop/updates_are_thrown_away": "The result of `update(…)` is not kept",
}
"""Mistakes whose report says what an error or an answer shows, and how that sentence begins. Each was read."""


def cause(component: str, name: str) -> str:
    """The likely cause that the report of a mistake names after all laws, or nothing."""
    entry = next(entry for entry in mistakes(component) if entry.name == name)
    caught, asked = laws_that_catch(entry), laws(component, strict=True)
    states = {law: "failed" if law in caught else "passed" for law in asked if law in caught | {*laws(component)}}
    implementation = Implementation()
    implementation.use(component, entry.functions)
    for law in [law for law in asked if law in caught]:
        error = failure(asked[law], implementation)
        explained = error and report.explain(f"{component}::{law}", asked[law], error, implementation, notebook=True)
        if explained:
            text = report.revise(str(explained), component, {law: explained.evidence}, states)
            found = re.search(r"^likely cause: +(.*(?:\n {16}.*)*)", text, re.MULTILINE)
            return " ".join(found[1].split()) if found else ""
    return ""


def verdict(entry: Entry, said: str) -> str:
    """Whether the cause that was said is "right" or "wrong", or the report "silent"."""
    if not said:
        return "silent"
    own = laws_that_catch(entry)
    sentences = [other.sentence for other in mistakes(entry.component) if laws_that_catch(other) == own]
    sentences.append(IN_OTHER_WORDS.get(f"{entry.component}/{entry.name}", entry.sentence))
    return "right" if any(sentence in said for sentence in sentences) else "wrong"


def measured(entries: list[Entry], jobs: int | None = None) -> dict[str, dict[str, list[str]]]:
    """For each component, the mistakes whose cause is right, those that are silent, and those that are wrong."""
    components, names = [entry.component for entry in entries], [entry.name for entry in entries]
    with workers(jobs=jobs) as pool:
        causes = [*pool.map(cause, components, names)]
    found: dict[str, dict[str, list[str]]] = {}
    for entry, said in zip(entries, causes, strict=True):
        verdicts = found.setdefault(entry.component, {"right": [], "silent": [], "wrong": []})
        verdicts[verdict(entry, said)].append(entry.name)
    return found


if __name__ == "__main__":
    arguments = parser(__doc__)
    arguments.add_argument("--jobs", type=int, help="number of processes (default: the number of cores)")
    options = arguments.parse_args()
    everything = [entry for component in COMPONENTS for entry in mistakes(component)]
    found = measured(everything, options.jobs)
    for component, verdicts in found.items():
        rest = [f"{kind}: {', '.join(verdicts[kind])}" for kind in ("silent", "wrong") if verdicts[kind]]
        print("; ".join([f"{component}: {len(verdicts['right'])} right", *rest]))
    write(options.json, {"machine": describe("hypothesis"), "components": found})
