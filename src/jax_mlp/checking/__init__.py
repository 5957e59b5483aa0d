"""Runs the laws on an implementation and explains what fails, for pytest and for notebooks.

Raises:
    ImportError: If pytest or Hypothesis is missing.
"""

from importlib.util import find_spec

for _name in ("pytest", "hypothesis"):  # looked for and not imported, since importing them takes a moment
    _found = find_spec(_name)
    if _found is None or _found.origin is None:  # an uninstalled package can leave an empty folder
        raise ImportError(
            f'{_name}: expected it to be installed, because laws are tested with it. Run: pip install "jax-mlp[test]"'
        )
