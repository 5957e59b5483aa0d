"""`jax-mlp doctor`: what is installed, what is missing, and how to get it."""

import os

from jax_mlp.cli._options import DataDir


def doctor(data_dir: DataDir = None) -> None:
    """Show what is installed, what is missing, and how to get it."""
    import importlib.util
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from jax_mlp import __version__
    from jax_mlp._jax import fault, first_line, import_jax
    from jax_mlp.data.dataset import data_folder
    from jax_mlp.data.mnist import FILES, find

    def installed(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return ""

    def show(name: str, words: str, remedy: str = "") -> None:
        print(f"{name:<12}{words}{f'. {remedy}' if remedy else ''}")

    show("jax_mlp", f"{__version__} on Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    show("jax", f"{installed('jax')}, jaxlib {installed('jaxlib')}, numpy {installed('numpy')}")
    wrong = fault() if installed("jaxlib") else None
    if wrong:
        show("", f"This version computes wrong numbers. {wrong.what} See {wrong.link}", 'pip install "jax!=0.10.2"')
    try:
        import_jax()
        import jax

        devices = jax.devices()
        show("devices", f"{len(devices)} of kind {devices[0].platform}: {devices[0].device_kind}")
        cache = jax.config.values.get("jax_compilation_cache_dir")
    except (ImportError, RuntimeError) as error:  # RuntimeError: a platform is missing
        show("devices", f"none: {first_line(error)}", "Check JAX_PLATFORMS, or install JAX again")
        cache = os.environ.get("JAX_COMPILATION_CACHE_DIR")
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
    for extra, packages in EXTRAS.items():
        missing = [package for package in packages if importlib.util.find_spec(package) is None]
        remedy = f'Missing: {", ".join(missing)}. Install: pip install "jax-mlp[{extra}]"' if missing else ""
        show(f"[{extra}]", "not installed" if missing else "installed", remedy)


EXTRAS = {
    "torch": ("torch", "torchvision"),
    "test": ("beartype", "hypothesis", "matplotlib", "optax", "pytest", "rich", "sklearn", "xdist"),
    "bench": ("equinox", "flax", "optax", "torch"),
    "docs": ("mkdocs", "material", "mkdocstrings", "quickjax"),
}
"""The packages of each extra, by the names under which they are imported."""
