"""`mlp.check`, as somebody in a notebook uses it."""

import os
import subprocess
import sys
import types
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import settings

import jax_mlp as mlp
from jax_mlp.checking import examples
from jax_mlp.exercises import Exercises


def right(x):
    """A correct relu."""
    return jnp.maximum(x, 0)


def leaky(x):
    """A relu that lets a hundredth of the negative side through."""
    return jnp.where(x > 0, x, 0.01 * x)


def test_a_right_function_passes():
    """All laws pass, under the name given, and each is listed with its sentence."""
    result = mlp.check(right, name="relu")
    assert result.passed
    assert len(result.laws) == 14
    assert result.laws[1].sentence == "relu(x) is never negative."
    assert repr(result).endswith("14 / 14   done")


def test_a_wrong_function_is_explained():
    """The first failing law is shown, as text and as HTML, with lines that can be pasted in the same notebook."""
    result = mlp.check(leaky, name="relu")
    assert not result.passed
    lines = repr(result).splitlines()
    assert "from relu" not in repr(result)
    assert any(line.startswith("likely cause:   Negative inputs are multiplied by 0.01") for line in lines)
    assert any(line.startswith("hint:           mlp.hint('relu')") for line in lines)
    call = next(line for line in lines if line.startswith("relu("))
    got = eval(call, {"relu": leaky, "jnp": jnp})
    np.testing.assert_allclose(got, [-0.02, 0, 3], rtol=1e-6)
    assert "<script" not in result._repr_html_()
    assert "8 / 14" in result._repr_html_()


@pytest.mark.parametrize("body", ["...", "pass", "raise NotImplementedError", "'A docstring.'; ..."])
def test_what_is_not_written_yet_has_not_failed(body):
    """A stub is in a state of its own."""
    names = {}
    exec(f"def relu(x):\n    {body}\n", names)
    result = mlp.check(names["relu"])
    assert not result.passed
    assert [law.state for law in result.laws] == ["not written"]
    assert "not written yet" in repr(result)


def test_another_function_is_not_written_yet():
    """If a function calls one that is still a stub, the result says which."""

    def relu(x):
        raise NotImplementedError

    def forward(params, images):
        return relu(images @ params[0][0].T)

    result = mlp.check(forward)
    assert [law.state for law in result.laws] == ["not written"]
    assert "forward calls relu, which is not written yet." in repr(result)


def test_names_mean_what_they_mean_now():
    """A compiled update that calls a loss by its name is tested with the loss that has this name now."""
    cell: dict = {"loss": lambda *given: 0.0 * mlp.loss(*given)}
    exec(mlp.solution("update").replace("from jax_mlp import loss", ""), cell)
    assert not mlp.check(cell["update"]).passed
    cell["loss"] = mlp.loss
    assert mlp.check(cell["update"]).passed


def test_a_module_and_a_dict_of_functions():
    """Several at once, each tested with the laws of its component."""
    module = types.ModuleType("mine")
    module.relu = right
    module.helper = leaky
    assert mlp.check(module).passed
    result = mlp.check({"relu": leaky, "one_hot": mlp.one_hot})
    states = {law.name.partition("::")[0]: law.state for law in reversed(result.laws)}
    assert states == {"relu": "failed", "one_hot": "passed"}


@pytest.mark.parametrize("given", [(right,), ({"rellu": right},), (), (3,)])
def test_refuses(given):
    """What is not a component is one clear error."""
    with pytest.raises(ValueError, match="check: expected"):
        mlp.check(*given)


def test_nothing_is_left_changed():
    """Settings of NumPy, JAX, Hypothesis, warnings and the environment are as they were, under x64 too."""

    def state():
        config = {name: value for name, value in jax.config.values.items() if not name.startswith("jax_persistent")}
        random = np.random.get_state()[1].tolist()  # noqa: NPY002
        return settings.default, np.geterr(), warnings.filters[:], dict(os.environ), random, config

    jax.config.update("jax_numpy_rank_promotion", "raise")
    try:
        before = state()
        assert mlp.check(right, name="relu").passed
        assert state() == before
    finally:
        jax.config.update("jax_numpy_rank_promotion", "allow")


def test_a_later_session_reads_what_an_earlier_one_compiled_in_silence(tmp_path):
    """JAX, imported first as most people do, logs nothing about the programs that its cache holds."""
    check = "import jax, jax_mlp; print(jax_mlp.check(lambda x: jax.numpy.maximum(x, 0), name='relu').passed)"
    environment = {**os.environ, "JAX_MLP_COMPILED": str(tmp_path)}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)  # tests have it set, and users have not
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", check], capture_output=True, text=True, env=environment, cwd=tmp_path, check=True
        )
        assert (run.stdout, run.stderr) == ("True\n", "")
    assert any(tmp_path.iterdir())


TWO_DEVICES = """
import jax
jax.config.update("jax_num_cpu_devices", 2)
first, second = jax.devices()
jax.config.update("jax_default_device", second)
import jax_mlp
used = set()
def one_hot(x, n_classes=10):
    if not isinstance(x, jax.core.Tracer):
        used.update(jax.numpy.zeros(3).devices(), jax.numpy.asarray(x).devices())
    return jax_mlp.one_hot(x, n_classes)
assert jax_mlp.check(one_hot).passed
assert used == {first}, used
assert jax.config.jax_default_device == second
"""


def test_laws_run_on_the_cpu():
    """Where a process computes on another device, `check` runs laws on the first CPU, and changes nothing for later."""
    subprocess.run([sys.executable, "-c", TWO_DEVICES], check=True)


def test_hints_and_the_solution(tmp_path, monkeypatch):
    """Hints come one at a time, and are remembered beside the notebook; the solution is code alone."""
    monkeypatch.chdir(tmp_path)
    first, second = mlp.hint("relu"), mlp.hint("relu")
    assert first.startswith("relu, hint 1 of")
    assert second.startswith("relu, hint 2 of")
    assert "jnp.maximum(" in mlp.solution("relu")
    with pytest.raises(ValueError, match=r"expected one of relu, init, .* got 'relo'"):
        mlp.hint("relo")


def test_progress_is_kept_beside_the_notebook(tmp_path, monkeypatch):
    """Hints and passing components are kept once a hint was shown, and the folder is not one of exercises by that."""
    monkeypatch.chdir(tmp_path)
    assert mlp.check(right, name="relu").progress == ""
    assert [*tmp_path.iterdir()] == []
    first = mlp.hint("relu")
    assert mlp.hint("relu") != first
    assert mlp.check(right, name="relu").progress == "1 of 8 components pass: relu."
    assert not Exercises(tmp_path).started


def test_the_machine_is_ruled_out(monkeypatch):
    """If the reference fails on the same example, the report says so and the law has not failed."""
    monkeypatch.setattr(examples, "reference", lambda: types.SimpleNamespace(calls=[], relu=mlp.one_hot))
    result = mlp.check(leaky, name="relu")
    assert {law.state for law in result.laws} == {"passed", "machine"}
    assert "This is not your code's fault." in repr(result)
