"""The formulas of docstrings as plain text, since an editor and a terminal show LaTeX as it is written."""

import re

SYMBOLS = {
    "theta": "θ", "eta": "η", "sigma": "σ", "nabla": "∇", "sum": "Σ", "leftarrow": "←", "sim": "~",
    "quad": "", "qquad": " ", ",": "", "max": "max", "log": "log", "ln": "ln",
}  # fmt: skip


def plain(text: str) -> str:
    r"""The text with its formulas, such as $\frac{1}{n} \sum_{i=1}^{n} x_i$, in plain characters: 1/n Σ(i=1…n) x_i."""
    return re.sub(r"\$\$(.+?)\$\$|\$(.+?)\$", lambda found: _plain(found[1] or found[2]), text)


def _plain(formula: str) -> str:
    for pattern, simple in [
        (r"\\(?:operatorname|text)\{([^{}]*)\}", r"\1"),
        (r"\\mathcal ", ""),
        (r"\\sqrt(?: (\w)|\{([^{}]*)\})", lambda found: f"√{found[1] or f'({found[2]})'}"),
        (r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda found: "/".join(map(_grouped, found.groups()))),
        (r"\\sum_\{([^{}]*)\}\^\{([^{}]*)\}", r"Σ(\1…\2)"),
        (r"\\([a-z]+|,)", lambda found: SYMBOLS[found[1]]),
        (r"_\{(\w+)\}", r"_\1"),
        (r"_\{([^{}]*)\}", r"_(\1)"),
        (r"\^\{([^{}]*)\}", lambda found: f"^{_grouped(found[1])}"),
        (r"\^2", "²"),
        (r" +", " "),
    ]:
        formula = re.sub(pattern, simple, formula)
    return formula


def _grouped(term: str) -> str:
    return term if len(term) == 1 else f"({term})"
