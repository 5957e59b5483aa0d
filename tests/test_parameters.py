"""Tests of saved parameters: what is saved can be loaded, and damaged files give clear errors."""

import pickle
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save as as_bytes

import jax_mlp as mlp
from jax_mlp.laws.draws import wide_cases
from jax_mlp.laws.expect import each, equal, holds

PARAMS = mlp.init_mlp([4, 3, 2], jax.random.key(0))
W, B = np.ones((2, 3), np.float32), np.ones(2, np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for all examples of a property."""
    return tmp_path_factory.mktemp("parameters")


@given(case=wide_cases())
def test_what_is_saved_is_loaded_bit_for_bit(folder, case):
    """Loading a file gives exactly the parameters that were saved to it."""
    mlp.save(case.params, folder / "params.safetensors", {"epoch": "3"})
    each(equal, mlp.load(folder / "params.safetensors"), case.params)


@given(wide_cases(), st.integers(0, 3), st.integers(1, 4))
def test_layers_may_stand_at_any_places(case, first, apart):
    """Named arrays give the network back, whatever the positions of its layers; only their order matters."""
    named = {}
    for layer, (w, b) in reversed([*enumerate(case.params)]):
        named |= {f"{first + layer * apart}.bias": b, f"{first + layer * apart}.weight": w}
    each(equal, mlp.from_state_dict(named), case.params)
    each(equal, mlp.from_state_dict(mlp.state_dict(case.params)), case.params)


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16])
def test_half_precision(tmp_path, dtype):
    """Parameters of half precision are loaded bit for bit, and refused if one is not a number."""
    half = jax.tree.map(lambda array: array.astype(dtype), PARAMS)
    mlp.save(half, tmp_path / "half")
    each(equal, mlp.load(tmp_path / "half"), half)
    mlp.save([(w.at[0, 0].set(jnp.nan), b) for w, b in half], tmp_path / "nan")
    with pytest.raises(ValueError, match=r"load: expected finite numbers in 0\.weight"):
        mlp.load(tmp_path / "nan")


def test_numbers_too_large_for_float32():
    """A finite number of float64 that float32 cannot hold is refused, and does not become infinite."""
    with pytest.raises(ValueError, match=r"expected finite numbers in 0\.weight"):
        mlp.from_state_dict({"0.weight": np.full((2, 3), 1e300), "0.bias": np.zeros(2)})


WHOLE = as_bytes(mlp.state_dict(PARAMS), {"epoch": "3"})


@st.composite
def mutations(draw):
    """A file of parameters in which something was cut, changed, inserted or repeated."""
    content = bytearray(WHOLE)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)) | st.integers(0, 8))
        kind = draw(st.sampled_from(["cut", "change", "insert", "again"]))
        if kind == "cut":
            del content[place : place + draw(st.integers(1, len(WHOLE)))]
        elif kind == "change" and place < len(content):
            content[place] = draw(st.integers(0, 255))
        elif kind == "insert":
            content[place:place] = draw(st.binary(min_size=1, max_size=16))
        else:
            content[place:place] = content[: draw(st.integers(0, len(content)))]
    return bytes(content)


@given(mutated=mutations())
def test_what_is_damaged_is_refused(folder, mutated):
    """A damaged file either loads as the finite parameters of a network or gives an error that says so."""
    path = folder / "mutated"
    path.write_bytes(mutated)
    try:
        params = mlp.load(path)
    except (ValueError, TypeError) as error:
        holds(str(error).startswith("load: expected "), str(error), "an error that says what was expected")
        return
    assert all(np.isfinite(a).all() for layer in params for a in layer)
    mlp.forward(params, np.zeros((1, params[0][0].shape[1])))


HEADER = b'{"0.weight":{"dtype":"F32","shape":[1000000,1000000],"data_offsets":[0,4000000000000]}}'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged or has another format"),
        (WHOLE[:-1], "damaged or has another format"),
        (WHOLE + b"more", "damaged or has another format"),
        (pickle.dumps([1, 2]), "damaged or has another format"),
        (len(HEADER).to_bytes(8, "little") + HEADER, "damaged or has another format"),
        ((2**62).to_bytes(8, "little") + b"{}", "damaged or has another format"),
        (as_bytes({}), "one .w, b. pair per layer"),
        (as_bytes({"weight": W}), "names such as 0.weight and 0.bias in .*, got 'weight'"),
        (as_bytes({"0.weight": W}), "a weight and a bias for layer 0 in .*, got no bias"),
        (as_bytes({"0.weight": W * np.nan, "0.bias": B}), "finite numbers in 0.weight.*, got infinity or NaN"),
        (as_bytes({"0.weight": W, "0.bias": B * np.float32(np.inf)}), "finite numbers in 0.bias.*, got infinity"),
        (as_bytes({"0.weight": W, "0.bias": B[:1]}), r"b.shape=\(1,\)"),
        (as_bytes({"0.weight": W[:0], "0.bias": B[:0]}), "at least one unit per layer, got none in 0.weight"),
        (as_bytes({"0.weight": W, "0.bias": B, "2.weight": W, "2.bias": B}), "to take 2 inputs"),
        (as_bytes({"0.weight": W.astype(int), "0.bias": B}), "floating-point numbers, got dtype int"),
    ],
)
def test_load_refuses(tmp_path, content, words):
    """Each kind of file without parameters gives one clear error, and so do paths that are not files."""
    path = tmp_path / "params.safetensors"
    path.write_bytes(content)
    with pytest.raises((ValueError, TypeError), match=f"load: expected .*{words}"):
        mlp.load(path)


def test_paths_that_are_no_files(tmp_path):
    """A folder and a path that does not exist give clear errors."""
    with pytest.raises(IsADirectoryError, match="load: expected a file of parameters, got the folder"):
        mlp.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="which does not exist"):
        mlp.load(tmp_path / "nothing")
    with pytest.raises(OSError, match=r"save: .* cannot be written .*Nothing was changed"):
        mlp.save(PARAMS, tmp_path)


def test_a_full_disk_loses_nothing(tmp_path):
    """If the disk is full, saving fails and the old parameters can still be loaded."""
    path = tmp_path / "params.safetensors"
    mlp.save(PARAMS, path)
    program = f"""
import jax, resource, signal
import jax_mlp as mlp
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
mlp.save(mlp.init_mlp([100, 100], jax.random.key(1)), {str(path)!r})
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "Nothing was changed." in run.stderr.splitlines()[-1]
    each(equal, mlp.load(path), [tuple(map(np.asarray, layer)) for layer in PARAMS])
    assert [*tmp_path.iterdir()] == [path]
