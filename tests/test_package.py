"""Tests of the package: the cost of importing it, and whether its signatures are correct."""

import inspect
import subprocess
import sys

import beartype
import jax
import jaxtyping
import numpy as np
import pytest

import jax_mlp
from jax_mlp.components import COMPONENTS
from jax_mlp.components.train_loop import train_loop
from jax_mlp_pytest import OPTIONS

# What importing the package may load besides itself, JAX and what JAX loads: the package that spells shapes in
# signatures, and modules of the standard library.
MAY_LOAD = {"jaxtyping", "jax_mlp"}


def modules_after(statement: str) -> set[str]:
    """The names of the top-level modules that a new interpreter has loaded after a statement."""
    program = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(shown.stdout.split())


def test_importing_loads_nothing_heavier_than_jax():
    """`import jax_mlp` loads nothing beyond `import jax` and jaxtyping."""
    more = modules_after("import jax_mlp") - modules_after("import jax") - set(sys.stdlib_module_names)
    assert more <= MAY_LOAD, more


CONFTEST = """
def pytest_addoption(parser):
    for name in {names}:
        parser.addoption(name, default="theirs")
def pytest_configure(config):
    assert all(config.getoption(name) == "theirs" for name in {names})
"""


@pytest.mark.parametrize("names", [["--device"], ["--watch", "--time-limit"], [*OPTIONS]], ids=" ".join)
def test_other_projects_keep_their_options(tmp_path, names):
    """The plugin leaves an option to a project that has one of the same name, and loads no JAX there."""
    (tmp_path / "conftest.py").write_text(CONFTEST.format(names=names))
    (tmp_path / "test_theirs.py").write_text("import sys\ndef test_theirs(): assert 'jax' not in sys.modules\n")
    python = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(python, cwd=tmp_path, capture_output=True, text=True)
    assert "1 passed" in run.stdout, run.stdout + run.stderr
    (tmp_path / "relu.py").write_text("def relu(x):\n    return x\n")
    if "--impl" not in names:
        run = subprocess.run([*python, "--impl", ".", "relu"], cwd=tmp_path, capture_output=True, text=True)
        assert "relu(x) is never negative" in run.stdout, run.stdout + run.stderr


def test_all_is_in_teaching_order():
    """`__all__` names the components' functions in teaching order, and every name in it exists."""
    functions = [name for names in COMPONENTS.values() for name in names]
    assert [name for name in jax_mlp.__all__ if name in functions] == functions
    assert all(hasattr(jax_mlp, name) for name in jax_mlp.__all__)


def test_a_component_is_a_function_and_a_module():
    """`jax_mlp.relu` is the function and `jax_mlp.components.relu` the module."""
    assert callable(jax_mlp.relu)
    assert inspect.ismodule(jax_mlp.components.relu)
    assert jax_mlp.components.relu.relu is jax_mlp.relu


def test_components_import_only_earlier_ones():
    """Each component imports only components that come before it."""
    order = list(COMPONENTS)
    for position, component in enumerate(order):
        source = inspect.getsource(getattr(jax_mlp.components, component))
        later = [name for name in order[position + 1 :] if f"jax_mlp.components.{name} import" in source]
        assert later == [], component


# Signatures

PARAMS = [(np.ones((3, 2), np.float32), np.ones(3, np.float32)), (np.ones((2, 3), np.float32), np.ones(2, np.float32))]
PARAMS = jax.tree.map(jax.numpy.asarray, PARAMS)
X, LABELS, Y = np.ones((4, 2), np.float32), np.array([0, 1, 0, 1]), np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
CALLS = {
    "init_weights_biases": [(2, 3, jax.random.key(0)), (2, 3, jax.random.PRNGKey(0), jax_mlp.he)],
    "init_mlp": [([2, 3], jax.random.key(0)), ((2, 3, 2), jax.random.PRNGKey(0), 1.0)],
    "relu": [(X,), (1.5,), (jax.numpy.int32(3),)],
    "forward": [(PARAMS, X), (PARAMS, X.astype(np.uint8))],
    "one_hot": [(LABELS,), (LABELS.astype(np.uint8), 3)],
    "loss": [(PARAMS, X, Y)],
    "accuracy": [(PARAMS, X, Y)],
    "update": [(PARAMS, X, Y), (PARAMS, X, Y, 1.0), (PARAMS, X, Y, np.float32(1))],
    "train_loop": [(PARAMS, X, X, LABELS, Y, 1), (PARAMS, X, X[:1], Y, LABELS[:1], 0)],
}
CONTRADICTIONS = {
    "forward": (PARAMS, X[0]),
    "one_hot": (X[0],),
    "loss": (PARAMS, X, Y[:2]),
    "accuracy": (PARAMS, X[:3], Y),
    "update": (PARAMS, X, Y[:2]),
    "train_loop": (PARAMS, X, X, LABELS[:3], LABELS, 0),
}


def checked(name):
    """The function with its arguments and result checked by beartype."""
    function = inspect.unwrap(train_loop if name == "train_loop" else getattr(jax_mlp, name))
    return jaxtyping.jaxtyped(typechecker=beartype.beartype)(function)


@pytest.mark.parametrize("name", CALLS)
def test_signatures_say_the_truth(name):
    """Arguments and results have the types and shapes in the signatures."""
    for arguments in CALLS[name]:
        checked(name)(*arguments)


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_signatures_say_something(name):
    """Shapes that contradict a signature are detected from its annotations alone."""
    with pytest.raises(jaxtyping.TypeCheckError):
        checked(name)(*CONTRADICTIONS[name])
