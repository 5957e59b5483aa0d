"""The words of every text: pages, docstrings, messages and help use the project's terms, and have no editing scars."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

INSTEAD = {
    r"\bmisconceptions?\b": "mistake",
    r"\b(?:wrong|right) ways?\b": "mistake, or correct variant",
    r"\bslips? through\b": "miss",
    r"\bjudg(?:e|es|ed|ing)\b": "test, check or grade",
    r"^ *(?:came|should|broken by|likely|read on|again|stuck\?): ": "a label of reports",
    r"\b(?:is|are|holds?) no (?:integers?|scalar|list|array|folder|file|law|success|real|floating)\b": "is not a",
    r"\b(?:once|times|one [\w-]+|\d[\d,]* [\w-]+) an? (?:row|epoch|layer|image|digit|line)\b|\bimage a row\b": "per",
    r"\bshare of (?:all|images|right|the test|values|weights)\b": "fraction",
    r"\bembedded digits\b": "bundled digits",
    r"\bwhole epochs?\b": "completed epoch",
    r"`glorot`|\bscale=(?:mlp\.)?glorot\b": "lecun",
    r"\bless the (?:log|largest|mean|targets)": "minus",
    r"\b(?:nobody|whoever)\b": "the thing's name",
    r"(?:^|[.:] )Where (?:all|no|a|every|there)\b": "if or when",
    r"\bunless told\b|\bis told (?:the|all|what)\b": "by default, or is called with",
    r"(?<![.\w])(?:Relu|One_hot|Argmax|Argmin|Logsumexp|Vmap|Torch's|Optax's)\b": "the name as in code",
    r"(?<![\d.,])(?<![−+-] )1 (?:epochs|times|images|updates|laws|layers|mistakes)\b": "the singular",
    r"\borcase\b|\bcase\.(?:more|params|images)\b": "a word that a search-and-replace destroyed",
    r"^ *Properties:$": "Laws:",
}
"""Patterns that no text may contain, and what to write instead."""


@cache
def texts():
    """Every page, and every string of the package that is longer than a name."""
    found = []
    for page in PAGES:
        if page.name != "changelog.md":  # which contains old names
            text = page.read_text(encoding="utf-8")
            found.append((page, re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)))
    for module in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
                found.append((module, node.value))
    return found


@pytest.mark.parametrize("pattern", INSTEAD, ids=[*INSTEAD.values()])
def test_texts_use_the_projects_words(pattern):
    """No text contains a word that the project has replaced by another."""
    found = [
        f"{path.relative_to(ROOT)}: ...{text[max(0, match.start() - 30) : match.end() + 30]}..."
        for path, text in texts()
        for match in re.finditer(pattern, text, re.MULTILINE)
    ]
    assert found == [], f"write {INSTEAD[pattern]} instead"


def test_tables_have_as_many_cells_as_columns():
    """No cell of a table on a page is split by a | that is not escaped."""
    split = []
    for page in PAGES:
        columns = 0
        for line in page.read_text(encoding="utf-8").splitlines():
            cells = re.sub(r"`[^`]*`|\\\|", "", line).count("|") if line.startswith("|") else 0
            columns = columns or cells
            if cells not in (0, columns):
                split.append(f"{page.name}: {line}")
            columns = columns if cells else 0
    assert split == []
