"""What grading is made of: submissions, notebooks, points, files. Laws are run in tests/catalogue/test_grading.py."""

import contextlib
import json
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from jax_mlp.cli import app
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises.notebook import notebook
from jax_mlp.exercises.stubs import is_stub, solution, source, stub
from jax_mlp.grading import formats
from jax_mlp.grading.copies import near_copies
from jax_mlp.grading.guard import Refused, guard
from jax_mlp.grading.journal import Journal, key
from jax_mlp.grading.page import as_page
from jax_mlp.grading.points import EXAMPLE, Points, read_points
from jax_mlp.grading.running import _unanswerable
from jax_mlp.grading.submissions import Submission, components_of, content, copy, digest, find, left_out, part


def exercises(*arguments):
    """`jax-mlp exercises …`, in this process."""
    return CliRunner().invoke(app, ["exercises", *map(str, arguments)])


def a_notebook(path: Path, *cells: str) -> Path:
    """A notebook with these cells of code."""
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}), encoding="utf-8")
    return path


def row(state="passed", **more):
    """What became of a component with two laws."""
    passed = 2 if state == "passed" else 1
    made = {
        "state": state,
        "passed": passed,
        "total": 2,
        "failed": [],
        "not_run": [],
        "first": "",
        "cause": "",
        "got": "",
    }
    return {**made, "mistake": "", "report": "", **more}


FAILED = row("failed", failed=["relu::test_a"], first="relu::test_a", cause="=1+1 <b>\x00", report="law: <b>\x00")
LAWS = {"relu::test_a": "relu is <never> negative.", "relu::test_b": "`relu` keeps 3."}


def test_submissions_are_found_where_they_are(tmp_path):
    """A clone with the work deeper inside, a notebook, and an empty folder are one submission each; links are not."""
    (tmp_path / "clone/src/exercises").mkdir(parents=True)
    (tmp_path / "clone/src/exercises/relu.py").touch()
    (tmp_path / "empty").mkdir()
    with contextlib.suppress(OSError):  # as Windows says to most people
        (tmp_path / "link").symlink_to(tmp_path / "clone")
    a_notebook(tmp_path / "anna.ipynb")
    found = find([tmp_path])
    assert [submission.name for submission in found] == ["anna", "clone", "empty"]
    assert [submission.path for submission in found] == [
        tmp_path / "anna.ipynb", tmp_path / "clone/src/exercises", None,
    ]  # fmt: skip
    assert find([tmp_path / "clone/src/exercises"])[0].name == "exercises"
    # A shell's `class/*` names them one by one, and Gradescope hands over one, whatever it is.
    assert find([tmp_path / "empty", tmp_path / "clone", tmp_path / "anna.ipynb"]) == found
    assert find([tmp_path / "empty"], one=True) == [("empty", None)]
    (tmp_path / "zoe.zip").touch()
    assert left_out([tmp_path]) == ["zoe.zip"]


def test_parts_cover_everything_once(tmp_path):
    """1/3, 2/3 and 3/3 of a list are the list."""
    everyone = [Submission(f"s{i}", None) for i in range(10)]
    parts = [part(everyone, f"{k}/3") for k in (1, 2, 3)]
    assert sorted([*parts[0], *parts[1], *parts[2]]) == everyone
    with pytest.raises(ValueError, match=r"expected --part as 1/4"):
        part(everyone, "4/3")


def test_a_notebook_is_read_and_not_run(tmp_path):
    """A component is its function with the imports, helpers and constants that it needs, and nothing else."""
    path = a_notebook(
        tmp_path / "a.ipynb",
        "%pip install x\nimport jax, jax.numpy as jnp\nimport os\nTWO = 2\nlarge = os.system('never')",
        "def helper(x):\n    return x * TWO / 2",
        "def relu(x):\n    return 'an earlier version'",
        "@jax.custom_vjp\ndef relu(x):\n    return helper(jnp.maximum(x, 0))\nrelu.defvjp(None, None)",
        "print(relu(1.0))",
        "def loss(params, images, targets):\n    return -jnp.mean(forward(params, images) * targets)",
        "def accuracy(params images):",
    )
    found = components_of(path)
    assert [*found] == ["relu", "loss", "accuracy"]
    assert "TWO = 2" in found["relu"]
    assert "defvjp" in found["relu"]
    assert not any(word in found["relu"] for word in ("earlier", "os.system", "print", "pip"))
    assert "from jax_mlp import forward" in found["loss"]
    assert found["accuracy"] == "def accuracy(params images):"


def test_the_notebook_of_start_is_a_submission(tmp_path):
    """As it is, nothing is written; with the reference's bodies, each component is Python with all that it needs."""
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(notebook()))
    copy(Submission("a", path), tmp_path)
    assert all(is_stub(tmp_path / f"{component}.py", component) for component in COMPONENTS)
    path.write_text(json.dumps(notebook(solved=True)))
    found = components_of(path)
    assert [*found] == [*COMPONENTS]
    for component, text in found.items():
        namespace = {}
        exec(compile(text, component, "exec"), namespace)
        assert all(callable(namespace[name]) for name in COMPONENTS[component])


def test_what_a_verdict_depends_on(tmp_path):
    """Equal files share a verdict, unless they import a neighbour or look around by themselves."""
    (tmp_path / "relu.py").write_text("import jax.numpy as jnp\n\n\ndef relu(x):\n    return jnp.maximum(x, 0)\n")
    known = content(tmp_path, "relu")
    (tmp_path / "loss.py").touch()
    assert content(tmp_path, "relu") == known is not None
    (tmp_path / "weights.npy").write_text("1")
    assert content(tmp_path, "relu") != known
    seen = set()
    for name in ("a/data", "b/data", "ab/data"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
        seen.add(content(tmp_path, "relu"))
        (tmp_path / name).unlink()
    assert len(seen) == 3
    for line in ("from helper import f", "from .helper import f", "import os", "x = open('y')", "x = f.__globals__"):
        (tmp_path / "relu.py").write_text(line)
        assert content(tmp_path, "relu") is None


def test_a_copy_is_graded(tmp_path):
    """Ordinary files are copied; links, large files and what says that a folder was started are not."""
    source, target = tmp_path / "mine", tmp_path / "copy"
    for folder in (source, target, source / "pkg"):
        folder.mkdir()
    for name in ("relu.py", ".jax-mlp.json", "pkg/helper.py"):
        (source / name).write_text("x")
    (source / "large").write_bytes(bytes(2**20 + 1))
    with contextlib.suppress(OSError):
        (source / "loss.py").symlink_to("/etc/passwd")
    copy(Submission("mine", source), target)
    assert sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()) == [
        "pkg/helper.py",
        "relu.py",
    ]
    before = digest(Submission("mine", source))
    (source / ".jax-mlp.json").write_text("y")
    assert digest(Submission("mine", source)) == before
    (source / "pkg/helper.py").write_text("y")
    assert digest(Submission("mine", source)) != before


def test_the_journal_survives_a_kill(tmp_path):
    """Half a line at the end is forgotten, and so are grades by other settings."""
    path = tmp_path / "grades.jsonl"
    Journal([path], "a").write("1", "anna", {"relu": 1})
    with open(path, "a") as file:
        file.write('{"key": "a", "digest": "2", "compo')
    again = Journal([path], "a")
    again.write("3", "ben", {"relu": 0})
    assert Journal([tmp_path / "new.jsonl", path], "a").known == {"1": {"relu": 1}, "3": {"relu": 0}}
    assert Journal([path], "b").known == {}


def test_points(tmp_path):
    """A component earns all or, if a teacher says so, a part; a file that says something else is refused."""
    (tmp_path / "points.toml").write_text(EXAMPLE)
    assert read_points(tmp_path / "points.toml").most == 12
    assert Points({"relu": 3.0}).total({"relu": FAILED}) == 0
    assert Points({"relu": 3.0}, partial=True).total({"relu": FAILED}) == 1.5
    for text, words in [
        ("[points]\nrellu = 1", "'rellu'"),
        ("[points]\nrelu = 'x'", "expected numbers"),
        ("[points]\nrelu = inf", "expected numbers"),
        ("points = ['relu']", "expected numbers"),
        ("points = 3", "expected numbers"),
        ("partial = 'false'\n[points]\nrelu = 1", "`partial` as true or false"),
        ("[", "TOML"),
    ]:
        (tmp_path / "points.toml").write_text(text)
        with pytest.raises(ValueError, match=words):
            read_points(tmp_path / "points.toml")


def test_files_hold_any_text():
    """No cell is a formula, XML is well-formed, HTML is escaped, and Gradescope gets its points."""
    grades, worth = {"=anna": {"relu": FAILED}, "ben\x00\udcfc": {"relu": row()}}, Points({"relu": 2.0})
    assert "\n'=anna,0,2,0,relu,relu::test_a,'=1+1" in formats.as_csv(grades, worth)
    suites = ElementTree.fromstring(formats.as_junit(grades, LAWS))
    assert [suite.get("failures") for suite in suites] == ["1", "0"]
    shown = as_page(grades, worth, LAWS, [])
    assert "Median: 1 of 2 points." in shown
    assert "<never>" not in shown
    assert "keeps 3." not in shown  # since it is passed
    assert json.loads(formats.as_gradescope({"relu": row()}, worth))["score"] == 2


def test_files_are_written_for_any_name(tmp_path):
    """The names of a submission and of its files need not be valid UTF-8."""
    folder = tmp_path / "class" / "M\udcfcller"
    try:
        folder.mkdir(parents=True)
    except OSError:
        pytest.skip("this file system allows only UTF-8 names")
    (folder / "relu.py").touch()
    (folder / "M\udcfcll.npy").touch()
    journal = Journal([tmp_path / "grades.jsonl"], key([*COMPONENTS], 60.0, 2048))
    journal.write(digest(find([tmp_path / "class"])[0]), folder.name, dict.fromkeys(COMPONENTS, FAILED))
    files = [f"--{kind}={tmp_path / kind}" for kind in ("json", "csv", "junit", "page")]
    result = exercises("grade", tmp_path / "class", "--journal", tmp_path / "grades.jsonl", *files)
    assert "1 of 1 graded" in result.output
    for kind in ("json", "csv", "junit"):
        assert re.search("M.ller", (tmp_path / kind).read_text(encoding="utf-8"))
    assert "<h1>" in (tmp_path / "page").read_text(encoding="utf-8")


def test_near_copies_are_what_few_share(tmp_path):
    """Two with the same long and unusual code are a pair, however formatted; what many share is none."""
    unusual = "\n".join(f"    total = total + wonder({i}) * x ** {i}" for i in range(30))
    for name, text in {
        "anna": unusual,
        "ben": unusual + "  # mine",
        "cleo": "    return x",
        "dan": "    return x",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "relu.py").write_text(f"def relu(x):\n    total = 0\n{text}\n    return total\n")
    assert [(pair.one, pair.other) for pair in near_copies(find([tmp_path]))] == [("anna", "ben")]


@pytest.mark.parametrize("given", [source, stub, solution])
def test_what_the_package_shows_is_not_copied(tmp_path, given):
    """Two who handed in the reference, the stubs or the short solutions have not copied from one another."""
    for name in ("anna", "ben"):
        (tmp_path / name).mkdir()
        for component in COMPONENTS:
            (tmp_path / name / f"{component}.py").write_text(given(component), encoding="utf-8")
    assert near_copies(find([tmp_path])) == []


def test_the_notebook_of_start_is_not_copied(tmp_path):
    """Two who handed in the notebook as they got it have not copied from one another."""
    for name in ("anna", "ben"):
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(notebook()))
    assert near_copies(find([tmp_path])) == []


def test_the_guard_refuses(tmp_path):
    """Files of its own are a submission's affair; others, sockets and processes are not."""
    refuse = guard(str(tmp_path))
    refuse("open", (str(tmp_path / "mine"), "w", 0o1001))
    refuse("open", ("/etc/passwd", "r", 0))
    for event, arguments in [
        ("open", (str(tmp_path.parent / "x"), "w", 0o1001)), ("open", (f"{tmp_path}/../x", "w", 0o1001)),
        ("os.remove", (str(tmp_path.parent / "x"), -1)), ("os.rename", (str(tmp_path / "x"), "/tmp/x", -1, -1)),
        ("socket.__new__", ()), ("os.fork", ()), ("subprocess.Popen", ()), ("os.kill", (1, 9)),
    ]:  # fmt: skip
        with pytest.raises(Refused):
            refuse(event, arguments)


def test_a_teachers_selection(tmp_path):
    """`--only` writes these stubs alone, and `--without-hints` switches hints off, in files and in the notebook."""
    assert exercises("start", tmp_path / "mine", "--only", "relu,loss", "--without-hints").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "mine").glob("*.py")) == ["loss.py", "my_laws.py", "relu.py"]
    assert "Exercise 2 of 2." in (tmp_path / "mine" / "loss.py").read_text()
    assert "switched off" in exercises("hint", "relu", "--in", tmp_path / "mine").output
    text = json.dumps(notebook(only=["relu"], hints=False))
    assert "in 1 exercise." in text
    assert "Hints" not in text
    assert "def loss" not in text


def test_solutions_are_switched_off_with_the_hints(tmp_path):
    """After `start --without-hints`, `solution` shows none for a version that does not pass, even with --yes."""
    exercises("start", tmp_path / "mine", "--only", "relu", "--without-hints")
    output = exercises("solution", "relu", "--in", tmp_path / "mine", "--yes").output
    assert "Solutions are switched off" in output
    assert "jnp.maximum(" not in output


SUM, NEGATIONS = "+".join(["1"] * 100_000), "-" * 100_000 + "1"  # RecursionError and MemoryError, if they are parsed


@pytest.mark.parametrize("line", [f"x = {SUM}", f"x = {NEGATIONS}", "x = '\ud800", "x = \0", "def relu(x)"])
def test_a_file_that_python_cannot_parse_fails_alone(tmp_path, line):
    """Whatever a file or a cell contains, the grader says why it does not import, and grades the next submission."""
    text = f"def relu(x):\n    return x\n\n\n{line}"
    (tmp_path / "file").mkdir()
    (tmp_path / "file/relu.py").write_text(text, encoding="utf-8", errors="surrogatepass")
    a_notebook(tmp_path / "notebook.ipynb", text)
    for submission in find([tmp_path]):
        target = tmp_path / "copies" / submission.name
        target.mkdir(parents=True)
        copy(submission, target)
        state, words = _unanswerable(target, "relu")
        assert state == "failed"
        assert re.search(r"relu\.py does not import: \w+Error(, line \d+)?: \w", words)
        assert content(target, "relu") is None
        assert near_copies([submission]) == []


@pytest.mark.parametrize("text", ["[" * 100_000, "[1]", '{"cells": [{}]}'])
def test_a_file_that_is_no_notebook_holds_nothing(tmp_path, text):
    """A file named like a notebook may hold anything."""
    (tmp_path / "a.ipynb").write_text(text)
    assert components_of(tmp_path / "a.ipynb") == {}


def test_code_that_is_nested_deeply_is_written(tmp_path):
    """Python parses this sum, but cannot unparse it."""
    text = f"def relu(x):\n    return {'+'.join(['x'] * 900)}\n"
    (tmp_path / "relu.py").write_text(text)
    assert _unanswerable(tmp_path, "relu") == ("", "")
    assert components_of(a_notebook(tmp_path / "a.ipynb", text)) == {"relu": text}


def test_a_folder_named_like_a_component_fails(tmp_path):
    """It is neither missing nor a file."""
    (tmp_path / "relu.py").mkdir()
    state, words = _unanswerable(tmp_path, "relu")
    assert state == "failed"
    assert "does not import" in words


def test_other_components_are_named(tmp_path):
    """If nothing that is graded was handed in, the reason names what was handed in."""
    (tmp_path / "init.py").write_text("")
    state, words = _unanswerable(tmp_path, "relu")
    assert words == "There is no relu.py, only init.py."
    missing = row(state, got=words)
    assert formats.first_trouble({"relu": missing, "loss": missing}) == ("", words)
    assert formats.first_trouble({"relu": row(), "loss": missing}) == ("", "not written: loss")


def test_the_workflow_for_github_classroom(tmp_path):
    """It passes the points on that it was given, and those are checked."""
    (tmp_path / "mine.toml").write_text(EXAMPLE)
    exercises("classroom", tmp_path / "w.yml", "--points", tmp_path / "mine.toml")
    assert f"grade exercises --points {tmp_path}/mine.toml --junit" in (tmp_path / "w.yml").read_text()
    (tmp_path / "mine.toml").write_text("[points]\nrule = 1\n")
    result = exercises("classroom", tmp_path / "v.yml", "--points", tmp_path / "mine.toml")
    assert "got 'rule'" in str(result.exception)
    assert not (tmp_path / "v.yml").exists()


def test_the_zip_for_gradescope(tmp_path):
    """It has the two scripts that Gradescope runs, and the points."""
    (tmp_path / "mine.toml").write_text(EXAMPLE)
    exercises("gradescope", tmp_path / "a.zip", "--points", tmp_path / "mine.toml")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["setup.sh", "run_autograder", "points.toml"]
        assert archive.getinfo("run_autograder").external_attr >> 16 & 0o111
        assert "--points" in archive.read("run_autograder").decode()
