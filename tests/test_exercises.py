"""The exercises as a learner uses them: stubs, hints, backups, and laws of one's own."""

import ast
import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

import jax_mlp
from jax_mlp._terminal import quoted
from jax_mlp.checking.implementation import Implementation
from jax_mlp.checking.names import laws
from jax_mlp.cli import app
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import SHORTCUTS, Exercises, page
from jax_mlp.exercises.capstone import what_is_wrong
from jax_mlp.exercises.formulas import plain
from jax_mlp.exercises.hints import HINTS
from jax_mlp.exercises.idioms import remark
from jax_mlp.exercises.stubs import description, is_stub, source, steps, stub, without_docstrings
from jax_mlp.exercises.stubs import solution as short_solution

ROOT = Path(__file__).parents[1]


def exercises(*arguments, **options):
    """`jax-mlp exercises …`, in this process."""
    return CliRunner().invoke(app, ["exercises", *map(str, arguments)], **options)


@pytest.fixture
def folder(tmp_path):
    """A folder made by `exercises start`."""
    assert exercises("start", tmp_path / "mine").exit_code == 0
    return tmp_path / "mine"


@pytest.mark.parametrize(
    ("system", "separator", "path", "shown"),
    [
        ("posix", "/", "runs/first", "runs/first"),
        ("posix", "/", "my class", "'my class'"),
        ("nt", "\\", r"runs\first", "runs/first"),
        ("nt", "\\", r"C:\my class\unit1", '"C:/my class/unit1"'),
    ],
)
def test_a_path_can_be_pasted(monkeypatch, system, separator, path, shown):
    """A path in a printed command is quoted for the shells of the system: on Windows, for cmd and PowerShell."""
    monkeypatch.setattr("jax_mlp._terminal.os", SimpleNamespace(name=system, sep=separator))
    assert quoted(path) == shown


def test_a_folder_with_a_backslash(tmp_path, monkeypatch):
    """The stubs name their folder in a docstring, where a backslash and a letter would be an escape sequence."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / r"mine\users"
    assert exercises("start", folder.name).exit_code == 0
    for component in COMPONENTS:
        text = (folder / f"{component}.py").read_text("utf-8")
        assert shlex.quote(folder.name) in ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_stub_is_the_reference_without_its_body(tmp_path, component):
    """A stub has the reference's signature and docstring, one line as body, and every import that it needs."""
    text = stub(component)
    path = tmp_path / "saved.py"
    for encoding in ("utf-8", "utf-8-sig"):  # the latter begins with a byte-order mark, as some editors write
        path.write_text(text, encoding)
        assert is_stub(path, component)
    path.write_text(source(component), "utf-8")
    assert not is_stub(path, component)
    namespace = {}
    exec(compile(text, component, "exec"), namespace)
    for name in COMPONENTS[component]:
        assert str(inspect.signature(namespace[name])) == str(inspect.signature(getattr(jax_mlp, name)))
        assert namespace[name].__doc__ == plain(getattr(jax_mlp, name).__doc__)
    assert all(shortcut in ast.get_docstring(ast.parse(text)) for shortcut in SHORTCUTS[component])


@pytest.mark.parametrize("component", COMPONENTS)
def test_formulas_can_be_read_without_typesetting(component):
    """A stub, and the description of an exercise, have no LaTeX."""
    for text in (stub(component), description(component)):
        assert not re.search(r"[\\$]", text)


def test_a_formula_in_plain_characters():
    """The loss as an editor shows it."""
    assert "L = -1/(nK) Σ(i=1…n) Σ(k=0…K-1) y_ik log p_ik" in stub("loss")


@pytest.mark.parametrize("component", [component for component in COMPONENTS if steps(component)])
def test_every_law_belongs_to_one_step(component):
    """The steps of a component have all of its laws, in the order in which they are run."""
    assert [name for names in steps(component).values() for name in names] == [*laws(component)]


def test_start_overwrites_nothing(folder):
    """`start` does not change existing files; it lists the files it wrote, and the next command."""
    (folder / "relu.py").write_text("mine")
    (folder / "loss.py").unlink()
    again = exercises("start", folder).output
    assert (folder / "relu.py").read_text() == "mine"
    assert f"kept      {folder}/relu.py" in again
    assert f"written   {folder}/loss.py" in again
    assert f"pytest --impl={folder}" in again


def test_a_notebook_is_written_into_the_current_folder_alone(folder, monkeypatch):
    """`start --notebook` refuses another folder, and writes nothing. Without one, it works in any folder."""
    monkeypatch.chdir(folder)
    with pytest.raises(ValueError, match="expected no folder with --notebook, got elsewhere"):
        raise exercises("start", "elsewhere", "--notebook").exception
    assert not (folder / "exercises.ipynb").exists()
    assert exercises("start", "--notebook").exit_code == 0
    assert (folder / "exercises.ipynb").exists()


@pytest.mark.parametrize("kind", [["mine"], ["--notebook"]], ids=["files", "a notebook"])
def test_start_keeps_what_was_chosen_before(tmp_path, monkeypatch, kind):
    """Without --only, `start` writes again what was chosen before, so that every stub written has its laws run."""
    monkeypatch.chdir(tmp_path)
    assert exercises("start", *kind, "--only", "relu,loss", "--without-hints").exit_code == 0
    written = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    for path in written:
        if path.suffix in (".py", ".ipynb"):
            path.unlink()
    assert exercises("start", *kind).exit_code == 0
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == written


@pytest.mark.parametrize(
    "written",
    [
        "def relu(x, floor=0.0):\n    return jnp.maximum(x, floor)\n",
        "def leaky(x, slope):\n    return jnp.where(x > 0, x, slope * x)\nrelu = functools.partial(leaky, slope=0.0)\n",
        "relu = (lambda f: lambda *a, **k: f(*a, **k))(lambda x: jnp.maximum(x, 0))\n",
    ],
    ids=["an option", "a partial", "a decorator"],
)
def test_an_exercise_may_take_more_than_its_stub(folder, written):
    """A function that can be called as its stub is accepted, even if it has further options."""
    (folder / "relu.py").write_text(f"import functools\nimport jax.numpy as jnp\n{written}")
    assert Implementation(folder).relu.eager(np.float32([-1, 2])).tolist() == [0, 2]


def test_hints_come_one_at_a_time(folder):
    """Each call shows the next hint, and after the last one the last one again."""
    shown = [exercises("hint", "relu", "--in", folder).output for _ in range(len(HINTS["relu"]) + 1)]
    for hint, output in zip(HINTS["relu"], shown, strict=False):
        assert hint in output
    assert shown[-1] == shown[-2]
    assert HINTS["forward"][0] in exercises("hint", "forward", "--in", folder).output


def test_commands_work_inside_the_folder_too(folder, monkeypatch):
    """Inside the folder of the exercises, commands find them, and a plain `pytest` tests them."""
    monkeypatch.chdir(folder)
    assert HINTS["relu"][0] in exercises("hint", "relu").output
    collected = subprocess.run([sys.executable, "-m", "pytest", "--co", "-q"], capture_output=True, text=True)
    assert "relu::test_example" in collected.stdout


@pytest.mark.parametrize(
    ("folders", "inside", "named", "suffix"),
    [
        (["exercises"], ".", "exercises", ""),
        (["my hw"], ".", "my hw", " --in 'my hw'"),
        (["my hw"], "my hw", ".", ""),
        (["exercises", "."], ".", ".", " --in ."),
        (["my hw", "other"], "other", "{}/my hw", " --in '{}/my hw'"),
    ],
    ids=["the default", "another name", "inside", "inside, beside the default", "elsewhere"],
)
def test_a_command_that_is_printed_finds_the_folder(tmp_path, monkeypatch, folders, inside, named, suffix):
    """The command after the last hint works as it is printed, and names the folder only if it has to."""
    monkeypatch.chdir(tmp_path)
    assert all(exercises("start", folder, "--only", "relu").exit_code == 0 for folder in folders)
    monkeypatch.chdir(inside)
    Exercises(Path(named.format(tmp_path))).remember(hints={"relu": len(HINTS["relu"])})
    shown = exercises("hint", "relu", "--in", named.format(tmp_path)).output
    command = shown.rstrip("\n").partition("To see the solution: ")[2]
    assert command == f"jax-mlp exercises solution relu{suffix.format(tmp_path)}"
    (Path(named.format(tmp_path)) / "relu.py").write_text("def relu(x):\n    return 'mine'\n")
    assert "return 'mine'" in exercises(*shlex.split(command)[2:], "--yes").output


def test_own_laws_come_before_those_of_gradients(folder):
    """The laws of the loss begin with those of its own file, which are easier to read."""
    command = [sys.executable, "-m", "pytest", f"--impl={folder}", "--co", "-q"]
    collected = subprocess.run(command, capture_output=True, text=True).stdout
    names = re.findall(r"\b(loss|gradients)::", collected)
    assert {*names} == {"loss", "gradients"}
    assert names == ["loss"] * names.count("loss") + ["gradients"] * names.count("gradients")


def test_hints_begin_at_the_first_step_that_fails(folder):
    """Hints about steps that pass already are left out, and `reset` begins anew."""
    Exercises(folder).remember(steps={"train_loop": 4})
    assert HINTS["train_loop"][4] in exercises("hint", "train_loop", "--in", folder).output
    assert HINTS["train_loop"][5] in exercises("hint", "train_loop", "--in", folder).output
    Exercises(folder).remember(steps={"train_loop": 3})  # a later version
    assert HINTS["train_loop"][3] in exercises("hint", "train_loop", "--in", folder).output
    exercises("reset", "train_loop", "--in", folder)
    assert HINTS["train_loop"][0] in exercises("hint", "train_loop", "--in", folder).output


def test_every_component_has_hints():
    """Every component has at least three hints."""
    assert {*HINTS} == {*COMPONENTS}
    assert min(map(len, HINTS.values())) >= 3


def test_reset_keeps_what_was_written(folder):
    """`reset` restores the stub, and keeps each old file under a new name."""
    for number in (1, 2):
        (folder / "relu.py").write_text(f"try {number}")
        assert exercises("reset", "relu", "--in", folder).exit_code == 0
        assert is_stub(folder / "relu.py", "relu")
        assert (folder / f"relu.py.bak{number}").read_text() == f"try {number}"


def test_the_solution_is_shown_to_those_who_ask_twice(folder):
    """If one's own version does not pass, `solution` asks for confirmation; --yes skips that."""
    (folder / "relu.py").write_text("def relu(x):\n    return x\n")
    refused = exercises("solution", "relu", "--in", folder, input="n\n")
    assert "Show the solution anyway?" in refused.output
    assert "a solution" not in refused.output
    shown = exercises("solution", "relu", "--in", folder, "--yes").output
    assert "jnp.maximum(" in shown
    assert "Examples:" not in shown  # the code alone: the docstrings are in the files


def test_the_solution_is_shown_once_ones_own_passes(folder):
    """If one's own version passes, `solution` shows the reference without a question."""
    (folder / "relu.py").write_text("import jax.numpy as jnp\n\n\ndef relu(x):\n    return jnp.where(x > 0, x, 0)\n")
    output = exercises("solution", "relu", "--in", folder).output
    assert "jnp.where(x > 0, x, 0)" in output
    assert "jnp.maximum(" in output
    assert "where turns NaN into 0" in " ".join(output.split())
    assert "?" not in output.split("yours:")[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from helper import relu\n", "written   "),
        ("from .forward import relu\n", "written   "),
        ("def relu(x):\n    return x\n\n\nexit()\n", "relu.py does not import: SystemExit, line 5: None. To see why"),
    ],
    ids=["from a neighbour", "relative", "an exit"],
)
def test_a_component_is_shown_as_it_is_tested(folder, text, words):
    """`show` accepts the imports that the laws accept, and says what they say of a file that does not import."""
    (folder / "helper.py").write_text("import jax.numpy as jnp\n\n\ndef relu(x):\n    return jnp.maximum(0, x)\n")
    (folder / "relu.py").write_text(text)
    assert words in exercises_apart("show", "relu", "--in", "mine", cwd=folder.parent)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["hint", "relo"], "expected one of relu, init, .* got 'relo'"),
        (["hint", "relu"], "expected a folder made by `jax-mlp exercises start`, got .*/nowhere"),
        (["law"], "expected a file with laws, got nowhere/my_laws.py"),
        (["reset", "relu"], "expected a folder made by"),
    ],
)
def test_refuses(arguments, words):
    """Every invalid command gives one clear error."""
    result = exercises(*arguments, "--in", "nowhere")
    with pytest.raises(ValueError, match=words):
        raise result.exception


LAW = """
from hypothesis import given, strategies as st
import numpy as np

@given(st.floats(-100, 100, width=32))
def test_{name}(impl, x):
    assert {law}
"""


@pytest.mark.parametrize(
    ("name", "law", "words", "code"),
    [
        (
            "weak",
            "x <= 0 or impl.relu(np.float32(x)) == np.float32(x)",
            "missed         Negative inputs are multiplied by",
            0,
        ),
        (
            "strong",
            "impl.relu(np.float32(x)) == np.float32(max(x, 0))",
            "caught         Negative inputs are multiplied by",
            0,
        ),
        ("unfair", "'maximum' in str(impl.relu.function.__code__.co_names)", "calls no component", 1),
        (
            "too_strict",
            "type(impl.relu.function).__name__ == 'function' and impl.relu(np.float32(x)) > 0",
            "not a law",
            1,
        ),
    ],
)
def test_a_law_of_ones_own_is_judged(tmp_path, name, law, words, code):
    """The command shows what a law accepts, which mistakes it catches, and which it misses."""
    file = tmp_path / "my_laws.py"
    file.write_text(LAW.format(name=name, law=law))
    command = [sys.executable, "-m", "jax_mlp.checking.own_laws", str(file)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert words in run.stdout, run.stdout + run.stderr
    assert run.returncode == code


def test_laws_of_ones_own_add_up(tmp_path):
    """Several laws of a component catch more together; a law that fails shows what its two sides were."""
    laws_of_two = LAW.format(name="positive", law="x <= 0 or impl.relu(np.float32(x)) == np.float32(x)")
    laws_of_two += LAW.format(name="negative", law="x > 0 or impl.relu(np.float32(x)) == 0").split("numpy as np\n")[1]
    (tmp_path / "my_laws.py").write_text(laws_of_two)
    said = exercises_apart("law", "my_laws.py", cwd=tmp_path)
    one, other, both = map(int, re.findall(r"catch(?:es)? (\d+) of", said))
    assert max(one, other) < both
    (tmp_path / "my_laws.py").write_text(LAW.format(name="strict", law="impl.relu(np.float32(x)) > np.float32(x)"))
    said = exercises_apart("law", "my_laws.py::test_strict", cwd=tmp_path)
    assert "failed: assert impl.relu(np.float32(x)) > np.float32(x)" in said
    assert "impl.relu(np.float32(x)) is 0.0" in said
    (tmp_path / "my_laws.py").write_text(
        LAW.format(name="strict", law="sum(impl.relu(np.float32(x)) for _ in [1]) > x")
    )
    said = exercises_apart("law", "my_laws.py", cwd=tmp_path)
    assert "sum((impl.relu(np.float32(x)) for _ in [1])) is 0.0" in said
    assert "has no law test_strct. It has: test_strict." in exercises_apart(
        "law", "my_laws.py::test_strct", cwd=tmp_path
    )


def exercises_apart(*arguments, cwd):
    """What `jax-mlp exercises …` prints, in a process of its own."""
    command = [sys.executable, "-m", "jax_mlp", "exercises", *arguments]
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def test_exercises_of_nobody_are_not_started(tmp_path):
    """A folder counts as exercises only if `start` made it."""
    assert not Exercises(tmp_path).started


W = [(np.ones((2, 2)), np.ones(2))]


@pytest.mark.parametrize(
    ("trained", "log_p", "losses", "words"),
    [
        ([(np.full((2, 2), np.nan), np.ones(2))], [[0, 0]], (1, 1), "not finite"),
        (W, [[0, 1], [1, 0]], (1, 1), "did not change"),
        ([(2 * np.ones((2, 2)), np.ones(2))], [[0, 1], [1, 0]], (1, 2), "The loss grew"),
        ([(2 * np.ones((2, 2)), np.ones(2))], [[0, 1], [0, 1]], (2, 1), "every image is 1"),
        ([(2 * np.ones((2, 2)), np.ones(2))], [[0, 1], [1, 0]], (2, 1), "learns something"),
    ],
)
def test_a_network_that_does_not_read_is_told_why(trained, log_p, losses, words):
    """The capstone says where to look if the network has learned little."""
    assert words in what_is_wrong(W, trained, np.array(log_p), [{"loss": loss} for loss in losses])


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_solution_is_not_compared_with_itself(component):
    """The short solution has none of the idioms that are remarked on."""
    assert remark(component, without_docstrings(short_solution(component))) == ""


def test_a_page_keeps_parameters_to_half_a_step():
    """Weights are kept to half a 127th of their unit's largest, biases exactly. Zeros and NaN do no harm."""
    w = np.float32([[1, -0.5, 0.003], [0, 0, 0], [np.nan, 2, -1e-6]])
    [(kept, b)] = page.unpacked(page.packed([(w, np.float32([1, -2, 3e-5]))]))
    step = np.float32([[1], [0], [2]]) / 127
    assert (np.abs(kept - np.nan_to_num(w)) <= 0.501 * step).all()
    assert b.tolist() == np.float32([1, -2, 3e-5]).tolist()


@pytest.mark.parametrize("package", ["pytest", "hypothesis"])
@pytest.mark.parametrize("arguments", ["solution relu", "watch", "law", "grade ."])
def test_without_pytest_no_verdict_is_given(folder, arguments, package):
    """If what laws are tested with is missing, one line says how to install it. A law's absence is not its failure."""
    program = (
        f"import sys; sys.modules[{package!r}] = None; from jax_mlp.cli import main\n"
        f"sys.argv = ['jax-mlp', 'exercises', *{arguments.split()}]; main()"
    )
    shown = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True)
    assert shown.returncode == 2
    assert shown.stderr.startswith(f"jax-mlp: {package}: expected it to be installed")
    assert shown.stderr.count("\n") == 1
    assert "does not pass" not in shown.stdout
