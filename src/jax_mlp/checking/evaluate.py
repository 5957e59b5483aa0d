"""Puts wrong and right components before the laws of their component, and says which laws they break.

The laws are called as the plain functions they are, in worker processes that have Hypothesis draw the same examples
every time: what comes out does not depend on chance, or on what ran before.
"""

import os
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import jax
import numpy as np

from jax_mlp.checking import settings as jax_settings
from jax_mlp.checking.implementation import Implementation, keep_compiled_code
from jax_mlp.checking.names import laws, laws_that_catch
from jax_mlp.mistakes import Entry, mistakes, variants

EXAMPLES = 100


def broken_laws(entry: Entry, only_first: bool = False) -> list[str]:
    """The names of the laws of its own component that an entry breaks."""
    implementation = Implementation()
    implementation.use(entry.component, entry.functions)
    known = laws_that_catch(entry) if only_first else set()
    asked = laws(entry.component)
    broken = _broken(asked, implementation, known, only_first)
    if not broken and entry.kind == "mistakes":  # some mistakes are against the fine print alone
        fine_print = {name: law for name, law in laws(entry.component, strict=True).items() if name not in asked}
        broken = _broken(fine_print, implementation, known, only_first)
    return broken


def _broken(asked: dict, implementation: Implementation, known: set[str], only_first: bool) -> list[str]:
    broken = []
    for name, law in sorted(asked.items(), key=lambda law: law[0] not in known):
        implementation.calls.clear()
        try:
            law(implementation)
        except Exception:  # whatever a wrong component raises, the law is broken
            broken.append(name)
            if only_first:
                break
    return broken


def judge(entries: list[Entry], only_first: bool = False, behind_jit: bool = False) -> list[list[str]]:
    """The broken laws of each entry, or the first of them, found by as many processes as there are cores."""
    # Workers look entries up by name: functions do not travel.
    tasks = [(entry.kind, entry.component, entry.name, only_first, behind_jit) for entry in entries]
    with workers() as pool:
        return list(pool.map(_judge_by_name, tasks))


def workers(shrink: bool = False, jobs: int | None = None) -> ProcessPoolExecutor:
    """As many processes as there are cores, under the settings of the laws."""
    jax_settings.apply()  # here, because a worker has imported JAX before it can do anything
    # JAX does not survive a fork, so workers are spawned.
    return ProcessPoolExecutor(jobs, get_context("spawn"), initializer=prepare, initargs=(shrink,))


def prepare(shrink: bool = False) -> None:
    """What a worker process begins with."""
    from hypothesis import Phase, settings

    os.environ["TQDM_DISABLE"] = "1"
    np.seterr(all="ignore")
    warnings.simplefilter("ignore")  # the catalogue's own are nobody's business
    settings.register_profile(
        "judge",
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,  # the same examples every time
        database=None,
        phases=(Phase.explicit, Phase.generate, *[Phase.shrink] * shrink),  # or not, where broken is all that is asked
        report_multiple_bugs=False,
    )
    settings.load_profile("judge")  # before the laws are imported, which take their settings then
    keep_compiled_code()


def _judge_by_name(task) -> list[str]:
    kind, component, name, only_first, behind_jit = task
    entries = [*mistakes(component), *variants(component)]
    entry = next(entry for entry in entries if (entry.kind, entry.name) == (kind, name))
    if behind_jit:
        entry = entry._replace(functions={name: jax.jit(function) for name, function in entry.functions.items()})
    return broken_laws(entry, only_first)
