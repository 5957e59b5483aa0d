"""The grader cannot be fooled: what is no solution is red, in words of its own. Real runs on folders of exercises."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from jax_mlp import laws
from jax_mlp.checking.process import CheckerFailed, Process
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import Exercises
from jax_mlp.exercises.commands import start
from jax_mlp.exercises.stubs import source

ROOT = Path(__file__).parents[2]
RIGHT = "import jax.numpy as jnp\ndef relu(x):\n    return jnp.maximum(0, x)\n"


@pytest.fixture
def exercises(tmp_path, capsys):
    """A folder of stubs."""
    start(tmp_path / "exercises")
    return tmp_path / "exercises"


def graded(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Pytest on a folder of exercises."""
    command = [sys.executable, "-m", "pytest", "--impl", str(folder), "--hypothesis-seed=0", *arguments]
    environment = {
        **os.environ,
        "HYPOTHESIS_PROFILE": "quick",
    }  # it is the grader that is judged here, and not the laws
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, env=environment)


def shown(text: str) -> str:
    """What was printed, in one line."""
    return " ".join(text.split())


ATTEMPTS = {
    "a stub": (None, r"next: write .*relu.py \(its docstring is the specification\)"),
    "pass": ("def relu(x):\n    pass\n", "got: "),
    "return None": ("def relu(x):\n    return None\n", "got: "),
    "a syntax error": ("def relu(x)\n    return x\n", "relu.py does not import: SyntaxError, line 1"),
    "deep nesting": (f"x = {'-' * 100_000}1\n", "relu.py does not import: MemoryError"),
    "an import error": ("import jax.nowhere\n", "relu.py does not import: ModuleNotFoundError, line 1"),
    "an empty file": ("", "relu.py defines no function relu"),
    "a missing file": (
        "missing",
        r"relu.py is missing. To restore the stub: jax-mlp exercises reset relu --in \S+/exercises hint: ",
    ),
    "a wrong name": ("def rellu(x):\n    return x\n", "relu.py defines no function relu. It defines: rellu"),
    "a wrong signature": ("def relu(y, z):\n    return y\n", r"relu takes \(y, z\), and should take \(x\)"),
    "an endless loop": (
        "def relu(x):\n    while True:\n        pass\n",
        r"law: `relu` keeps 3 and turns -2 into 0. got: no answer within 10 seconds: is there an endless loop",
    ),
    "an endless loop at import": ("while True:\n    pass\n", "no answer within 10 seconds"),
    "prints in a loop": (
        "def relu(x):\n    while True:\n        print('relu ' * 20)\n",
        "more than 1 MB were printed: is there a print in a loop",
    ),
    "os._exit at import": ("import os\nos._exit(0)\n", "the process ended with exit code 0: something called os._exit"),
    "os._exit when called": ("import os\ndef relu(x):\n    os._exit(0)\n", "the process ended with exit code 0"),
    "a crash": ("import os\ndef relu(x):\n    os.abort()\n", "the process ended with signal SIGABRT"),
    "sys.exit at import": ("import sys\nsys.exit(0)\n", "relu.py does not import: SystemExit, line 2"),
    "sys.exit when called": ("import sys\ndef relu(x):\n    sys.exit(0)\n", "got: SystemExit: 0"),
    "KeyboardInterrupt": (
        "def relu(x):\n    raise KeyboardInterrupt\n",
        "got: RuntimeError: KeyboardInterrupt was raised",
    ),
    "pytest is changed": (
        "import sys\nsys.modules['_pytest.runner'].call_and_report = lambda *a, **k: None\n" + RIGHT,
        "_pytest.runner.call_and_report was replaced. Laws are tested with the original.",
    ),
    "pytest is imported": ("import pytest\n" + RIGHT, "relu.py, line 1, imports pytest. You may use jax"),
    "the judge is changed": (
        "import jax_mlp.laws.expect as e\nimport jax_mlp.laws.test_relu as t\n"
        "t.equal = t.holds = e.equal = lambda *a: None\n"
        "def relu(x):\n    return x\n",
        r"jax_mlp\.laws\.\S+ was replaced. Laws are tested with the original.",
    ),
    "the judge's code is changed": (
        "import sys\ne = sys.modules['jax_mlp.laws.expect']\ne.equal.__code__ = (lambda got, expected: None).__code__\n"
        + RIGHT,
        "jax_mlp.laws.expect.equal was replaced",
    ),
    "the reference is changed": (
        "import jax_mlp.components.forward as f\nf.relu = lambda x: x\n" + RIGHT,
        "jax_mlp.components.forward.relu was replaced",
    ),
    "the reference, imported": (
        "from jax_mlp import relu as right\ndef relu(x):\n    return right(x)\n",
        "relu.py calls jax_mlp.relu: that is the exercise itself",
    ),
    "the reference itself": (
        "from jax_mlp import relu\n",
        "relu is not written in .*relu.py, but taken from jax_mlp.components.relu",
    ),
    "the reference, looked up": (
        "import importlib\ndef relu(x):\n    return importlib.import_module('jax_mlp.components.relu').relu(x)\n",
        "relu.py calls jax_mlp.relu: that is the exercise itself",
    ),
    "jax.nn": (
        "import jax\ndef relu(x):\n    return jax.nn.relu(x)\n",
        "relu.py calls jax.nn.relu: that is the exercise itself",
    ),
    "jax.nn, by another name": (
        "import jax.nn as n\nf = getattr(n, 're' + 'lu')\ndef relu(x):\n    return f(x)\n",
        "relu.py calls jax.nn.relu: that is the exercise itself",
    ),
    "jax.nn, itself": ("from jax.nn import relu\n", r"relu is not written in .*relu.py, but taken from jax\."),
    "another library by name": (
        'import importlib\nimportlib.import_module("torch")\n' + RIGHT,
        "relu.py, line 2, imports torch. You may use jax",
    ),
    "another library": ("import torch\n" + RIGHT, "relu.py, line 1, imports torch. You may use jax"),
}


def test_one_law_does_not_finish_a_component(exercises):
    """After a single law, the board neither praises nor shows a solution, but says how to run them all."""
    (exercises / "relu.py").write_text(RIGHT)
    run = graded(exercises, "relu::test_example")
    assert "collected 1 item\n" in run.stdout
    assert "0 of 1 component done, 1 of 1 law passed" in run.stdout
    assert f"1 law passed. Now run all laws of relu: pytest --impl={exercises} relu" in run.stdout
    assert "Well done" not in run.stdout


def test_a_part_of_the_laws_forgets_no_step(exercises):
    """Which steps pass is known after a run of all laws of a component, and stays known after a run of one."""
    Exercises(exercises).remember(steps={"train_loop": 4})
    graded(exercises, "train_loop::test_example")
    assert Exercises(exercises).steps_passed == {"train_loop": 4}


def test_a_file_that_fails_has_not_passed(exercises):
    """A file that passed on few examples, and then fails a law, is tested again by the next --watch."""
    (exercises / "relu.py").write_text("import jax.numpy as jnp\ndef relu(x):\n    return jnp.abs(x)\n")
    Exercises(exercises).remember_passed({"relu": True})
    graded(exercises, "relu::test_example")
    assert not Exercises(exercises).has_passed("relu")


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_solution_is_red(exercises, attempt):
    """What is no solution is red: nothing passes for it, nothing is skipped, and its own words say why."""
    text, words = ATTEMPTS[attempt]
    if text == "missing":
        (exercises / "relu.py").unlink()
    elif text is not None:
        (exercises / "relu.py").write_text(text)
    run = graded(exercises, "relu", "--time-limit", "10")
    assert run.returncode == 1, run.stdout
    assert re.search(words, shown(run.stdout)), run.stdout
    assert "   done" not in run.stdout
    assert "skipped" not in run.stdout
    assert "Traceback" not in run.stdout


def test_a_child_says_that_the_judge_was_changed(exercises):
    """Its answer is a property, so that no grade depends on the words of a message."""
    (exercises / "relu.py").write_text(ATTEMPTS["the judge's code is changed"][0])
    files = [str(Path(laws.__file__).parent / "test_relu.py")]
    process = Process([f"--impl={exercises}"])
    try:
        [answer] = process.run("relu::test_example", files, 60)
    finally:
        process.end()
    assert answer["outcome"] == "failed"
    assert ["tampered", True] in answer["user_properties"]


def test_a_child_that_cannot_start_is_not_the_learners_fault():
    """An option that pytest does not know ends the child before any code under test is there."""
    process = Process(["--no-such-option"])
    try:
        with pytest.raises(CheckerFailed, match="no-such-option"):
            process.laws([])
    finally:
        process.end()


def test_a_wrong_path_is_an_error(tmp_path):
    """A folder that is not there is an error of its own."""
    run = graded(tmp_path / "exrcises")
    assert run.returncode == 4
    assert "expected a folder with component files" in run.stderr


def test_a_crash_costs_one_component(exercises):
    """A component that ends the process leaves the others judged, and stubs are no wall of red."""
    (exercises / "relu.py").write_text("import os\nos._exit(0)\n")
    (exercises / "one_hot.py").write_text(source("one_hot"))
    run = graded(exercises, "init", "relu", "one_hot")
    assert run.returncode == 1
    assert re.search(r"init +░+  not started", run.stdout)
    assert re.search(r"relu +░+ +0 / \d+", run.stdout)
    assert re.search(r"one_hot +█+ +(\d+) / \1   done", run.stdout)


def test_xdist_spreads_the_laws(exercises):
    """With -n the laws run in several processes, and the board counts them all."""
    (exercises / "relu.py").write_text(source("relu"))
    run = graded(exercises, "-n", "2", "relu", "one_hot")
    assert run.returncode == 1
    assert re.search(r"relu +█+ +(\d+) / \1   done", run.stdout)
    assert re.search(r"one_hot +░+  not started", run.stdout)


def test_the_walk_through_shows_what_is_shown(exercises):
    """The board on the page, and the one next step below it, are what a run with a leaky relu ends in."""
    (exercises / "relu.py").write_text("import jax.numpy as jnp\ndef relu(x):\n    return jnp.maximum(x, 0.01 * x)\n")
    page = (ROOT / "docs" / "learn.md").read_text(encoding="utf-8")
    board = textwrap.dedent(re.search(r"^ *```\n( *relu  .*?)^ *```$", page, re.M | re.S)[1])
    shown = graded(exercises).stdout.replace(str(exercises), "exercises").replace(" --in exercises", "")
    assert [line for line in board.splitlines() if line != "…" and line not in shown.splitlines()] == []


def test_pytests_own_options_work(exercises):
    """-k chooses laws, -x stops at the first that is broken, --lf comes back to it."""
    (exercises / "relu.py").write_text("def relu(x):\n    return x\n")
    cache = ["-o", f"cache_dir={exercises.parent}"]
    chosen = graded(exercises, "relu", "-k", "never_below", *cache)
    assert chosen.returncode == 0
    assert "1 / 1" in chosen.stdout
    stopped = graded(exercises, "relu", "-x", *cache)
    assert re.search(r"relu .* 0 / \d+   \(\d+ not run\)", stopped.stdout)
    again = graded(exercises, "relu", "--lf", *cache)
    assert "1 failed" in again.stdout
    assert "0 / 1" in again.stdout


def test_watching_judges_what_is_saved(exercises):
    """--watch tests a component when it is saved, and Ctrl-C ends it. The next time, what passed is shown at once."""
    command = [sys.executable, "-u", "-m", "pytest", "--impl", str(exercises), "--watch"]

    def verdict(watching) -> str:
        lines = []
        for line in watching.stdout:
            lines.append(line)
            if "Waiting for the next save" in line:
                break
        return "".join(lines)

    @contextlib.contextmanager
    def watch():
        watching = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
        try:
            yield watching
            watching.send_signal(signal.SIGINT)
            assert watching.wait(20) == 0
        finally:
            watching.kill()
            watching.communicate()

    with watch() as watching:
        assert verdict(watching).count("not started") == len(COMPONENTS)
        (exercises / "relu.py").write_text("import jax.numpy as jnp\ndef relu(x):\n    return jnp.abs(x)\n")
        wrong = verdict(watching)
        assert re.search(r"relu +█+░+ +\d+ / \d+$", wrong, re.M)
        assert re.search(r"next: +fix relu\. Its first failing law:\nlaw: ", wrong)
        (exercises / "relu.py").write_text("import jax.numpy as jnp\ndef relu(x):\n    return jnp.clip(x, 0, 1000)\n")
        assert "likely cause:   Large values are cut off" in verdict(watching)  # and not what was wrong before
        (exercises / "relu.py").write_text(RIGHT)
        assert re.search(r"relu +█+ +(\d+) / \1   \(\d+ examples a law\)", verdict(watching))
    with watch() as watching:
        before, others = verdict(watching).split("relu: not tested again")
        assert re.search(r"relu +█+ +(\d+) / \1 ", before)
        assert "relu, " not in others


def capstone(folder: Path) -> subprocess.CompletedProcess:
    """The command that puts eight components together."""
    command = [sys.executable, "-m", "jax_mlp", "exercises", "capstone", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_the_capstone_reads_digits(exercises):
    """Your eight components make a network that reads nine digits of ten, drawn and in a page of its own."""
    for component in COMPONENTS:
        (exercises / f"{component}.py").write_text(source(component))
    unused = capstone(exercises)
    read = float(re.findall(r"Your network reads ([\d.]+)%", unused.stdout)[0])
    assert read >= max(90, *(float(test) - 0.5 for test in re.findall(r"test +([\d.]+)%", unused.stdout)))
    assert (exercises / "capstone.png").read_bytes().startswith(b"\x89PNG")
    page = (exercises / "capstone.html").read_text()
    assert "learned from 4,000 images" in page
    assert re.findall("<(?:script|link|img)[^>]* (?:src|href)=", page) == []
    (exercises / "relu.py").write_text("def relu(x):\n    raise ValueError('my own relu')\n")
    used = capstone(exercises)
    assert used.returncode == 2
    assert "my own relu" in used.stderr


def test_the_capstone_wants_all_eight(exercises):
    """What is not written yet is named."""
    run = capstone(exercises)
    assert run.returncode == 2
    assert "expected relu to be written, got" in run.stderr
    assert "relu.py, which is not" in run.stderr


@pytest.mark.parametrize(
    ("component", "wrong", "right", "likely"),
    [
        ("loss", "jnp.mean(", "1 / len(images) * jnp.sum(", "As in textbooks, the sum over classes is taken"),
        ("accuracy", "axis=1) == right", "axis=1)[:, None] == targets", "Each predicted class is compared"),
        ("forward", "return jax.vmap", "jax.vmap", "Your function returns None"),
        ("forward", "@ x + b", "@ jax.lax.stop_gradient(x) + b", "The value is right, but no gradient reaches"),
        ("train_loop", "-(-n // batch_size)", "n // batch_size", "The number of batches is rounded"),
        ("relu", "jnp.maximum(0, x)", "x if x > 0 else 0", "An `if` cannot test a whole array"),
        ("relu", "jnp.maximum", "np.maximum", "NumPy cannot handle arrays"),
    ],
)
def test_the_likely_mistake_is_the_one_that_was_made(exercises, component, wrong, right, likely):
    """Of the mistakes that would have answered the same, the board names the one that breaks the same laws."""
    assert wrong in LEARNERS[component]
    (exercises / f"{component}.py").write_text(LEARNERS[component].replace(wrong, right))
    said = re.search(r"^likely cause: +(.*)$", graded(exercises, component).stdout, re.M)
    assert said
    assert said[1].startswith(likely)


def test_what_a_kept_law_rules_out_is_not_named(tmp_path):
    """A mistake that breaks a law which was asked before, and kept, is no likely one."""
    wrong = LEARNERS["train_loop"].replace("    for epoch", "    batches = batches and [*batches]\n    for epoch")
    (tmp_path / "train_loop.py").write_text(wrong)
    run = graded(tmp_path, "train_loop", "-k", "short_last_batch or batches_may_be_given")
    assert re.findall(r"^law: +(.*)", run.stdout, re.M) == [
        "If batches are given, an epoch goes through them once. Their labels may be integers or one-hot rows."
    ]
    assert re.search(r"^likely cause: +`batches` is turned into a list once", run.stdout, re.M)
    assert "A last batch that is not full is dropped" not in run.stdout


LEARNERS = {
    "loss": """
import jax.numpy as jnp
from jax_mlp import forward
def loss(params, images, targets):
    return -jnp.mean(forward(params, images) * targets)
""",
    "accuracy": """
import jax.numpy as jnp
from jax_mlp import forward
def accuracy(params, images, targets):
    right = jnp.argmax(targets, axis=1)
    return jnp.mean(jnp.argmax(forward(params, images), axis=1) == right)
""",
    "forward": """
import jax
from jax.scipy.special import logsumexp
from jax_mlp import relu
def one(params, x):
    *hidden, (w, b) = params
    for v, c in hidden:
        x = relu(v @ x + c)
    return w @ x + b - logsumexp(w @ x + b)
def forward(params, images):
    return jax.vmap(one, in_axes=(None, 0))(params, images)
""",
    "relu": """
import jax.numpy as jnp
import numpy as np
def relu(x):
    return jnp.maximum(0, x)
""",
    "train_loop": """
import time
import jax
import jax.numpy as jnp
from jax_mlp import accuracy, loss, one_hot, update
def train_loop(params, train_images, test_images, train_labels, test_labels, n_epochs=10, *, batches=None,
               batch_size=128, learning_rate=1e-2, key=None, on_epoch=None, measure_every=1):
    def encoded(labels):
        return one_hot(labels, len(params[-1][1])) if jnp.ndim(labels) == 1 else jnp.asarray(labels)
    n, train = len(train_images), (jnp.asarray(train_images), encoded(train_labels))
    for epoch in range(n_epochs):
        start = time.perf_counter()
        order = jnp.arange(n) if key is None else jax.random.permutation(jax.random.fold_in(key, epoch), n)
        rows = [order[i * batch_size : (i + 1) * batch_size] for i in range(-(-n // batch_size))]
        for x, y in batches if batches is not None else [(train[0][i], train[1][i]) for i in rows]:
            params = update(params, x, encoded(y), learning_rate)
        if on_epoch:
            on_epoch(epoch=epoch + 1, seconds=time.perf_counter() - start, train_accuracy=accuracy(params, *train),
                     test_accuracy=accuracy(params, test_images, encoded(test_labels)), loss=loss(params, *train))
    return params
""",
}
