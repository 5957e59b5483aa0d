"""Tests of JAX itself: which versions compute wrong numbers, whether this one does, and many rows."""

import itertools
import subprocess
import sys
import tomllib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from packaging.requirements import Requirement

import jax_mlp as mlp
from jax_mlp._jax import FAULTS, enable_x64, fault

ROWS = 40_000  # faults of compilers show where work is split between threads, or is no longer done in one piece
RNG = np.random.default_rng(0)


def test_requirement_excludes_the_versions_known_to_be_wrong():
    """The requirement accepts the oldest version that works, and no version that is known to be wrong."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {(r := Requirement(line)).name: r.specifier for line in project["dependencies"]}
    for package in ("jax", "jaxlib"):
        assert required[package].contains("0.7.2")
        for known in FAULTS:
            assert not required[package].contains(known.first)
            assert required[package].contains(f"{known.mended}.0")


def test_the_table_needs_no_jax():
    """The table of faults can be read without importing JAX."""
    code = "import sys, importlib.util as u; s = u.spec_from_file_location('t', sys.argv[1]); m = u.module_from_spec(s)"
    code += "; s.loader.exec_module(m); m.fault(); sys.exit('jax' in sys.modules)"
    path = Path(mlp.__file__).with_name("_jax.py")
    assert subprocess.run([sys.executable, "-c", code, str(path)], timeout=60).returncode == 0


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="the known faults are the CPU's")
def test_this_version_is_right_unless_the_table_says_otherwise():
    """Every version outside the table of faults computes the example of JAX's issue 39103 correctly."""
    i = jnp.arange(ROWS, dtype=jnp.float32)
    x = jnp.stack((i, jnp.zeros_like(i), jnp.zeros_like(i)), axis=1)
    squared = jax.jit(jax.vmap(lambda row: jnp.sum((jnp.eye(3) @ row) ** 2)))(x)
    wrong = np.asarray(squared) != np.arange(ROWS, dtype=np.float32) ** 2
    assert wrong.any() == (fault() is not None), f"{wrong.sum()} wrong rows"


def test_x64_is_a_context_on_every_version():
    """Inside `enable_x64` arrays are float64, and afterwards they are as before."""
    before = jnp.ones(1).dtype
    with enable_x64():
        assert jnp.ones(1).dtype == np.float64
    assert jnp.ones(1).dtype == before


@pytest.mark.parametrize("rows", [32_768, 32_769, ROWS])
@pytest.mark.parametrize("sizes", [(3, 3), (3, 4, 3), (8, 16, 16, 10), (64, 10)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.uint8], ids=["float32", "uint8"])
def test_no_row_of_the_reference_is_wrong(sizes, rows, dtype):
    """Every row of `forward` is right at sizes where compilers have failed, with and without `jit`, and so is the rest.

    NumPy computes the same in float64.
    """
    params = [
        (RNG.normal(size=(m, n)).astype(np.float32) / n, RNG.normal(size=m).astype(np.float32))
        for n, m in itertools.pairwise(sizes)
    ]
    images = RNG.integers(0, 10, (rows, sizes[0])).astype(dtype)
    labels = RNG.integers(0, sizes[-1], rows)
    z = images.astype(np.float64)
    for w, b in params[:-1]:
        z = np.maximum(z @ w.T.astype(np.float64) + b, 0)
    z = z @ params[-1][0].T.astype(np.float64) + params[-1][1]
    log_probs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    targets = np.eye(sizes[-1])[labels]
    for forward in (mlp.forward, jax.jit(mlp.forward)):
        np.testing.assert_allclose(forward(params, images), log_probs, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(jax.jit(mlp.one_hot, static_argnums=1)(labels, sizes[-1]), targets)
    np.testing.assert_array_equal(jax.jit(mlp.relu)(z.astype(np.float32)), np.maximum(z.astype(np.float32), 0))
    assert jax.jit(mlp.loss)(params, images, targets) == pytest.approx(-np.mean(log_probs * targets), rel=1e-4)
    right = np.mean(log_probs.argmax(axis=1) == labels)
    assert jax.jit(mlp.accuracy)(params, images, targets) == pytest.approx(right, abs=1e-3)
    slopes = ((np.exp(log_probs) - targets) / targets.size).sum(axis=0)
    stepped = mlp.update(params, images, targets, 1.0)[-1][1]
    np.testing.assert_allclose(params[-1][1] - stepped, slopes, atol=1e-4)
