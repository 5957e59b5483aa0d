"""`jax-mlp doctor`: what is installed, what is missing, and how to get it."""

import os
from importlib.metadata import PackageNotFoundError, requires, version

from jax_mlp.cli._options import DataDir


def doctor(data_dir: DataDir = None) -> None:
    """Show what is installed, what is missing, and how to get it."""
    import platform

    from jax_mlp import __version__
    from jax_mlp._jax import devices, fault
    from jax_mlp.data.dataset import data_folder
    from jax_mlp.data.mnist import FILES, find

    def show(name: str, words: str, remedy: str = "") -> None:
        print(f"{name:<12}{words}{f'. {remedy}' if remedy else ''}")

    show("jax_mlp", f"{__version__} on Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    show("jax", f"{installed('jax')}, jaxlib {installed('jaxlib')}, numpy {installed('numpy')}")
    wrong = fault() if installed("jaxlib") else None
    if wrong:
        show("", f"This version computes wrong numbers. {wrong.what} See {wrong.link}", 'pip install "jax!=0.10.2"')
    cache = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    try:
        found = devices()
        show("devices", f"{len(found)} of kind {found[0].platform}: {found[0].device_kind}")
        import jax

        cache = jax.config.values.get("jax_compilation_cache_dir")
    except (ImportError, RuntimeError) as error:
        show("devices", f"none: {error}")
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    show("cores", f"{available} of {os.cpu_count()}", "" if available != 1 else "With one core, training is slow")
    show("threads", os.environ.get("XLA_FLAGS") or "as many as cores, because XLA_FLAGS is not set")
    show("compiled", f"cached in {cache}" if cache else "not cached, because JAX_COMPILATION_CACHE_DIR is not set")
    folder = data_folder(data_dir)
    show("mnist-5k", f"cached in {folder}" if (folder / "mnist-5k.bin").is_file() else "bundled with the installation")
    raw = folder / "MNIST" / "raw"
    there = [name for name in FILES if find(folder, name) is not None]
    words = f"{len(there)} of {len(FILES)} files in {raw}"
    show("mnist", words, "" if len(there) == len(FILES) else "To download the others, run: jax-mlp train --data mnist")
    for extra in ("", "torch", "test", "bench", "docs"):
        missing = unsatisfied(extra)
        words = f"incomplete. Missing: {', '.join(missing)}" if missing else "installed"
        package = f"jax-mlp[{extra}]" if extra else "jax-mlp"
        show(f"[{extra}]" if extra else "required", words, f'Run: pip install "{package}"' if missing else "")


def installed(package: str) -> str:
    """The version of an installed package, or nothing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def unsatisfied(extra: str) -> list[str]:
    """What the package requires, or requires for an extra, and what is not installed, or not in such a version."""
    from packaging.requirements import Requirement

    try:
        required = [Requirement(text) for text in requires("jax-mlp") or []]
    except PackageNotFoundError:  # the sources were put on Python's path
        return ["jax-mlp itself"]
    asked = [r for r in required if r.marker is None or (extra and r.marker.evaluate({"extra": extra}))]
    asked = [r for r in asked if bool(r.marker) == bool(extra)]
    missing = [r for r in asked if not (have := installed(r.name)) or not r.specifier.contains(have, prereleases=True)]
    return sorted(f"{r.name}{r.specifier}" for r in missing)
