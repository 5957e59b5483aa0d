"""Submissions that look like near copies of one another. A teacher may want to look; it proves nothing."""

import ast
import io
import tokenize
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import UNREADABLE
from jax_mlp.exercises.stubs import solution, sources, stub, without_docstrings
from jax_mlp.grading.submissions import Submission, components_of

LENGTH = 6  # tokens in a row
FEWEST = 25  # so many rare rows of tokens must two have in common: short functions have few right forms
ALIKE = 0.6


class Pair(NamedTuple):
    """Two submissions, and the fraction of what is rare in either that both have."""

    one: str
    other: str
    alike: float


def near_copies(submissions: list[Submission]) -> list[Pair]:
    """Pairs of submissions that have much in common which few others have, the most alike first."""
    rows = {submission.name: _rows(submission) for submission in submissions}
    frequency = Counter(row for each in rows.values() for row in each)
    texts = [text for c in COMPONENTS for text in (*sources(c), stub(c), solution(c))]
    given = {row for text in texts for row in _tokens(text)}
    rare_in_at_most = max(3, len(rows) // 20)
    rare = {
        name: {row for row in each if row not in given and frequency[row] <= rare_in_at_most}
        for name, each in rows.items()
    }
    pairs = []
    for one, other in combinations(rare, 2):
        common = len(rare[one] & rare[other])
        if common >= FEWEST and common >= ALIKE * len(rare[one] | rare[other]):
            pairs.append(Pair(one, other, common / len(rare[one] | rare[other])))
    return sorted(pairs, key=lambda pair: (-pair.alike, pair))


def _rows(submission: Submission) -> set[tuple[str, ...]]:
    if submission.path is None:
        return set()
    if submission.path.is_file():
        texts = [*components_of(submission.path).values()]
    else:
        texts = [
            (submission.path / f"{component}.py").read_text(encoding="utf-8-sig", errors="replace")
            for component in COMPONENTS
            if Path(submission.path, f"{component}.py").is_file()
        ]
    return {row for text in texts for row in _tokens(text)}


def _tokens(text: str) -> set[tuple[str, ...]]:
    """Rows of tokens of the code alone: formatting, comments, docstrings and imports do not count."""
    try:
        tree = ast.parse(without_docstrings(text))
        tree.body = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
        text = ast.unparse(tree)
        tokens = [
            token.string for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.string.strip()
        ]
    except (*UNREADABLE, tokenize.TokenError):
        return set()
    return {tuple(tokens[i : i + LENGTH]) for i in range(len(tokens) - LENGTH + 1)}
