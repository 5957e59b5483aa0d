"""Measures how often a report names the cause: `python -m tests.catalogue.causes --json docs/measured/causes.json`.

Every mistake is tested with all laws of its component, as `check` does it, and its first report is read. The cause is
right if it is the mistake's own sentence, or that of a mistake which no law and no answer can tell from it.
"""

import argparse
import json
import os
import re
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from jax_mlp.checking.evaluate import prepare
from jax_mlp.checking.notebook import check
from jax_mlp.components import COMPONENTS
from jax_mlp.mistakes import Entry, caught_by, mistakes
from tests.benchmarks.machine import machine

IN_WORDS: dict[str, str] = {}
"""Mistakes that end in an error of JAX's, or differ from the reference in one way: how their cause is said then."""


def cause(component: str, name: str) -> str:
    """The likely cause that the report of a mistake names, or nothing."""
    entry = next(entry for entry in mistakes(component) if entry.name == name)
    result = check(entry.functions)
    if result.passed:  # some mistakes are against the fine print alone
        result = check(entry.functions, strict=True)
    report = next((law.report for law in result.laws if law.state == "failed"), "")
    found = re.search(r"^likely cause: +(.*(?:\n {16}.*)*)", report, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def verdict(entry: Entry, said: str) -> str:
    """Whether the cause said is "right" or "wrong", or the report "silent"."""
    if not said:
        return "silent"
    laws = caught_by()
    own = laws[f"{entry.component}/{entry.name}"]
    alike = [w.sentence for w in mistakes(entry.component) if w.name in EQUIVALENT.get(entry.name, [])]
    del laws, own
    right = [entry.sentence, *alike, IN_WORDS.get(f"{entry.component}/{entry.name}", entry.sentence)]
    return "right" if any(sentence in said for sentence in right) else "wrong"
