"""Where terminals differ: how a command is pasted into them, and which characters they show."""

import codecs
import io
import os
import shlex
import subprocess
import sys
import unicodedata

SYMBOLS = {
    "█": "#", "▓": "*", "▒": "+", "░": ".", "…": "...", "≥": ">=", "≤": "<=", "≠": "!=", "≈": "~", "−": "-",
    "×": "x", "·": "*", "±": "+-", "←": "<-", "→": "->", "√": "sqrt", "∇": "grad", "²": "^2", "³": "^3", "⁴": "^4",
}  # fmt: skip
"""What is shown instead of a symbol that an output cannot show. Greek letters are spelled."""


def quoted(argument: object) -> str:
    """An argument as it is pasted into a shell. Paths get forward slashes, which Windows understands too."""
    text = str(argument).replace(os.sep, "/")
    return subprocess.list2cmdline([text]) if os.name == "nt" else shlex.quote(text)


def prepare_output() -> None:
    """Have each line written at once, even into a pipe, and in any encoding."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="jax_mlp.spelled")


def showable(text: str) -> str:
    """The text, with what standard output cannot show replaced."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "jax_mlp.spelled").decode(encoding)


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(character: str) -> str:
    name = unicodedata.name(character, "")
    letter = name.rpartition(" ")[2].lower() if name.startswith("GREEK") else "?"
    return SYMBOLS.get(character, letter)


codecs.register_error("jax_mlp.spelled", _spell)
