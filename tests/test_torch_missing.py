"""Without torch, or with builds of it that do not match, the error says what to do. This file needs no torch."""

import subprocess
import sys

import pytest

MISSING = """
import sys
sys.modules[{name!r}] = None  # what Python then raises is what it raises where nothing is installed
"""
MIXED = """
import sys, types
sys.modules["torch"] = types.ModuleType("torch")
sys.path.insert(0, {folder!r})
"""


def train_on_mnist(before: str) -> subprocess.CompletedProcess:
    """`jax-mlp train --data mnist` after some preparation."""
    program = f"{before}\nfrom jax_mlp.cli import main\nsys.argv = ['jax-mlp', 'train', '--data', 'mnist']\nmain()"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_without_torch():
    """If torch is missing, the error says how to install it, how large it is, and which data set does not need it."""
    shown = train_on_mnist(MISSING.format(name="torch"))
    assert (shown.returncode, shown.stderr.count("\n")) == (2, 1)
    for words in ("torch is not installed", "pip install torch torchvision", "GB", "mnist-5k needs neither"):
        assert words in shown.stderr


def test_with_builds_that_do_not_fit(tmp_path):
    """If torchvision was built for another torch, the error says what to reinstall."""
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    shown = train_on_mnist(MIXED.format(folder=str(tmp_path)))
    assert (shown.returncode, shown.stderr.count("\n")) == (2, 1)
    for words in ("operator torchvision::nms does not exist", "pip install --force-reinstall torch torchvision"):
        assert words in shown.stderr


@pytest.mark.parametrize("module", ["jax_mlp.data", "jax_mlp.recipes", "jax_mlp.gradcheck", "jax_mlp.cli"])
def test_nothing_else_needs_torch(module):
    """Every module except the loader can be imported without torch."""
    program = MISSING.format(name="torch") + f"import {module}"
    subprocess.run([sys.executable, "-c", program], check=True)
