"""JAX itself: the versions that compute wrong numbers, and functions that have moved between versions.

Importing this module does not import JAX, so it works even if JAX does not.
"""

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from typing import NamedTuple


class Fault(NamedTuple):
    """A range of versions of JAX that compute wrong numbers.

    Attributes:
        first: The first version with the fault.
        mended: The first later version without it.
        what: A sentence that says what goes wrong.
        link: The report of the fault.
    """

    first: str
    mended: str
    what: str
    link: str


FAULTS = (
    Fault(
        "0.10.2",
        "0.11",
        "On a CPU, jit computes wrong rows for a vmapped matrix-vector product followed by a reduction, from about "
        "32,768 rows.",
        "https://github.com/jax-ml/jax/issues/39103",
    ),
)
"""All versions that are known to compute wrong numbers. The requirement in pyproject.toml excludes the same ones."""


def fault(installed: str | None = None) -> Fault | None:
    """The fault of a version of JAX, or None if none is known.

    Args:
        installed: The version. Default: that of the installed jaxlib, which does the computation.

    Raises:
        importlib.metadata.PackageNotFoundError: If jaxlib is not installed.

    Examples:
        >>> fault("0.10.1"), fault("0.10.2").mended
        (None, '0.11')
    """
    number = _numbers(version("jaxlib") if installed is None else installed)
    return next((known for known in FAULTS if _numbers(known.first) <= number < _numbers(known.mended)), None)


def enable_x64(on: bool = True) -> AbstractContextManager[None]:
    """A context in which JAX computes in float64 or, if `on` is false, in float32."""
    import jax

    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(on)
    from jax.experimental import enable_x64 as experimental  # type: ignore[attr-defined]

    return experimental(on)


@contextmanager
def quiet_compiler() -> Iterator[None]:
    """A context in which the compiler logs nothing: JAX 0.10.1 logs 1.7 kB for each program that its cache holds.

    In a process that has yet to import JAX, the variable TF_CPP_MIN_LOG_LEVEL does the same.
    """
    from jaxlib import utils  # type: ignore[attr-defined]

    # JAX's own setting for this, jax_logging_level, changes the levels of Python's loggers too, and keeps them changed.
    set_level = getattr(utils, "absl_set_min_log_level", lambda level: None)
    set_level(3)
    try:
        yield
    finally:
        level = os.environ.get("TF_CPP_MIN_LOG_LEVEL", "1")  # JAX's own default is 1
        set_level(int(level) if level.isdigit() else 0)


def forget_compiled(function: object) -> None:
    """Have a compiled function compiled anew, since it may call functions by names that mean something else by now."""
    clear = getattr(function, "clear_cache", None)  # which only compiled functions have
    if callable(clear):
        clear()


def import_jax() -> None:
    """Import JAX, or raise an ImportError whose message is one line.

    Raises:
        ImportError: If JAX is missing, or its packages do not match each other.
    """
    try:
        import jax  # noqa: F401
    except Exception as error:  # a jaxlib or a plugin that does not match can raise anything
        remedy = "Run: pip install --upgrade --force-reinstall jax jaxlib"
        if "DLL load failed" in str(error):  # on Windows, JAX needs a library that not every machine has
            remedy = "Install the Microsoft Visual C++ Redistributable (x64)"
        raise ImportError(f"jax: expected JAX to be importable, got {summary(error)}. {remedy}") from error


def devices() -> list:
    """The devices of JAX, or an error whose message is one line and says what to do.

    Raises:
        ImportError: If JAX is missing, or its packages do not match each other.
        RuntimeError: If JAX has no device.
    """
    import_jax()
    import jax

    try:
        return jax.devices()
    except Exception as error:  # RuntimeError, or AssertionError if JAX was built without the platform
        platforms = os.environ.get("JAX_PLATFORMS")
        remedy = f"Unset JAX_PLATFORMS, which is {platforms}, or set it to cpu" if platforms else "Install JAX again"
        raise RuntimeError(f"{summary(error)}. {remedy}") from error


def summary(error: BaseException) -> str:
    """An error's type and the first line of its message, if it has one, without a full stop."""
    name, line = type(error).__name__, first_line(error)
    return name if line == name else f"{name}: {line}"


def first_line(error: BaseException) -> str:
    """The first line of an error's message, without a full stop."""
    lines = str(error).strip().splitlines()
    return lines[0].strip().rstrip(".:") if lines else type(error).__name__


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])
