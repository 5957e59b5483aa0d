"""`--impl`, as a person uses it: real runs of pytest on folders of component files, right, wrong and broken."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEAKY = "import jax.numpy as jnp\ndef relu(x):\n    return jnp.where(x > 0, x, 0.01 * x)\n"
RIGHT = "import jax.numpy as jnp\ndef relu(x):\n    return jnp.where(x > 0, x, 0)\n"


def judged(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Pytest on the components in a folder."""
    command = [sys.executable, "-m", "pytest", "--impl", str(folder), "--hypothesis-seed=0", *arguments]
    environment = {
        **os.environ,
        "HYPOTHESIS_PROFILE": "quick",
    }  # it is the option that is judged here, and not the laws
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)


def test_a_right_file_is_green(tmp_path):
    """A single right file passes, and the header says where each component came from."""
    (tmp_path / "relu.py").write_text(RIGHT)
    shown = judged(tmp_path, "relu")
    assert shown.returncode == 0, shown.stdout
    assert re.search(rf"relu +{tmp_path}/relu.py\n", shown.stdout)
    assert len(re.findall(r"the reference\n", shown.stdout)) == 7
    assert "skipped" not in shown.stdout


def test_only_laws_are_asked(tmp_path):
    """Under --impl no test is run that is not about the implementation."""
    (tmp_path / "relu.py").write_text(RIGHT)
    shown = judged(tmp_path, "--collect-only", "-q")
    files = set(re.findall(r"^(\w+)::", shown.stdout, re.M))
    assert {"init", "relu", "forward", "one_hot", "loss", "accuracy", "update", "train_loop", "gradients"} <= files
    assert not files & {"data", "cli", "epochs", "package", "mnist", "torch_missing"}
    assert "test_derivative_at_zero_is_one_half" not in shown.stdout


def test_each_component_is_judged_alone(tmp_path):
    """A wrong relu breaks no law of forward, which goes on with the reference's relu."""
    (tmp_path / "relu.py").write_text(LEAKY)
    assert judged(tmp_path, "forward", "-k", "hand").returncode == 0
    assert judged(tmp_path, "relu", "-x", "-q").returncode == 1


@pytest.mark.parametrize(
    "source",
    [
        "from jax_mlp import relu as right\ndef relu(x):\n    return right(x)\n",
        "from helper import right\ndef relu(x):\n    return right(x)\n",
        "from .helper import right\ndef relu(x):\n    return right(x)\n",
        "from helpers.maths import right\ndef relu(x):\n    return right(x)\n",
        "from sched import right\ndef relu(x):\n    return right(x)\n",
        "from importlib.resources import files\nimport jax.numpy as jnp\n"
        "def relu(x):\n    return jnp.maximum(x, int(files(__package__).joinpath('least.txt').read_text()))\n",
        "def relu(x):\n    from sched import right\n    return right(x)\n",
        "from .helpers import maths\nfrom .init import Params\ndef relu(x):\n    return maths.right(x)\n",
    ],
    ids=[
        "from the package",
        "a neighbour",
        "a neighbour, relatively",
        "a folder",
        "named like one of Python's",
        "a file of data",
        "in the function",
        "a folder, relatively",
    ],
)
def test_files_may_import(tmp_path, source):
    """A file may import the reference and its neighbours, also relatively; and what it lacks is the reference's."""
    folder = tmp_path / "mine"
    (folder / "helpers").mkdir(parents=True)
    (folder / "helper.py").write_text("import jax.numpy as jnp\ndef right(x):\n    return jnp.maximum(x, 0)\n")
    (folder / "helpers" / "__init__.py").write_text("from .maths import right\n")
    (folder / "least.txt").write_text("0")
    for copy in (folder / "helpers" / "maths.py", folder / "sched.py"):
        copy.write_text((folder / "helper.py").read_text())
    (folder / "relu.py").write_text(source)
    assert judged(folder, "relu", "-q").returncode == 0


def test_a_counterexample_of_a_relative_import(tmp_path):
    """Pasted into Python, a counterexample finds the file's neighbours."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "helper.py").write_text(LEAKY)
    (tmp_path / "mine" / "relu.py").write_text("from .helper import relu as leaky\ndef relu(x): return leaky(x)\n")
    shown = judged(tmp_path / "mine", "relu::test_never_negative").stdout
    code = shown.partition("counterexample:\n")[2].partition("\ngot:")[0]
    lines = code.splitlines()
    program = "\n".join([*lines[:-1], f"print({lines[-1]})"])
    pasted = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert pasted.stdout == "-0.01\n", shown


def test_a_progress_bar_leaves_no_trace(tmp_path):
    """A file may use `tqdm`, as the guide does, and nothing is said about it."""
    source = "import jax.numpy as jnp\nfrom tqdm import tqdm\ndef relu(x):\n    for _ in tqdm([1]):\n"
    (tmp_path / "relu.py").write_text(f"{source}        return jnp.maximum(x, 0)\n")
    shown = judged(tmp_path, "relu", "-q", "-k", "example")
    assert (shown.returncode, shown.stderr) == (0, "")


BROKEN = [
    ("def relu(x)\n    return x\n", "relu.py does not import: SyntaxError, line 1: expected ':'"),
    ("import nowhere\n", "relu.py does not import: ModuleNotFoundError, line 1: No module named 'nowhere'"),
    ("x = 1\n1 / 0\n", "relu.py does not import: ZeroDivisionError, line 2: division by zero"),
    ("import sys\nsys.exit(0)\n", "relu.py does not import: SystemExit, line 2: 0"),
    ("", "relu.py defines no function relu. It defines: nothing."),
    ("def rellu(x):\n    return x\n", "relu.py defines no function relu. It defines: rellu."),
    ("relu = 3\n", "relu.py defines no function relu. It defines: relu."),
]


@pytest.mark.parametrize(("source", "words"), BROKEN, ids=[words.split(":")[0] for _, words in BROKEN])
def test_a_broken_file_is_red(tmp_path, source, words):
    """A file that does not import, or lacks its function, is told once, in its own words, and keeps no law."""
    (tmp_path / "relu.py").write_text(source)
    shown = judged(tmp_path, "relu")
    assert shown.returncode == 1
    assert words in shown.stdout
    assert len(re.findall(r"^FAILED ", shown.stdout, re.M)) == 1
    assert "passed" not in shown.stdout.splitlines()[-1]
    assert "skipped" not in shown.stdout


@pytest.mark.parametrize("body", ["pass", "return None", "raise NotImplementedError", "return y"])
def test_a_stub_is_red(tmp_path, body):
    """A function that gives nothing, or crashes, is red."""
    (tmp_path / "relu.py").write_text(f"def relu(x):\n    {body}\n")
    shown = judged(tmp_path, "relu", "-x", "-q")
    assert shown.returncode == 1
    assert "law:" in shown.stdout


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    """A path that does not exist is an error in its own words, no pass and no skip."""
    shown = judged(tmp_path / "nowhere")
    assert shown.returncode == 4
    assert f"expected a folder with component files, got {tmp_path}/nowhere, which is not a folder." in shown.stderr


def test_a_device_that_is_not_there_is_an_error(tmp_path):
    """Laws run on the CPU, or on the device that is asked for; one that JAX does not have is one line."""
    (tmp_path / "relu.py").write_text(LEAKY)
    shown = judged(tmp_path, "--device", "tpu")
    assert shown.returncode == 4
    assert "--device: expected a device that JAX can use, got tpu, where JAX has only a " in shown.stderr


def test_a_folder_without_components_is_an_error(tmp_path):
    """A folder with no component file in it is an error too: nothing of it would be judged."""
    shown = judged(tmp_path)
    assert shown.returncode == 4
    assert "--impl: expected at least one of relu.py, init.py" in shown.stderr


def test_the_fine_print_is_explained(tmp_path):
    """The board offers the fine print. A law of it that fails has a report, whose command runs that law alone."""
    (tmp_path / "init.py").write_text(
        "import jax\n"
        "def init_weights_biases(in_size, out_size, random_key, scale=1e-3):\n"
        "    w_key, b_key = jax.random.split(random_key)\n"
        "    w = scale * jax.random.normal(w_key, (out_size, in_size))\n"
        "    return w, scale * jax.random.normal(b_key, (out_size,))\n"
        "def init_mlp(layer_sizes, key, scale=1e-3):\n"
        "    keys = jax.random.split(key, len(layer_sizes) - 1)\n"
        "    sizes = zip(layer_sizes, layer_sizes[1:])\n"
        "    return [init_weights_biases(*pair, each, scale) for pair, each in zip(sizes, keys)]\n"
    )
    shown = judged(tmp_path, "init")
    assert "done\n\nfine print (optional): not tested. Add --fine-print to test it.\n" in shown.stdout
    shown = judged(tmp_path, "init", "--fine-print")
    assert "1 failed" in shown.stdout
    assert "fine print: 1 of 2" in shown.stdout
    assert "got:            TypeError: unsupported operand" in shown.stdout
    _, _, rerun = shown.stdout.partition("rerun:          pytest ")
    again = subprocess.run(
        [sys.executable, "-m", "pytest", *shlex.split(rerun.splitlines()[0])], cwd=ROOT, capture_output=True, text=True
    )
    assert "1 failed" in again.stdout


def test_an_output_that_shows_only_ascii(tmp_path, monkeypatch):
    """Signs that the output cannot show are replaced one by one, also in what the component prints."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    (tmp_path / "relu.py").write_text(LEAKY.replace("    return", "    print('θ', x.shape)\n    return"), "utf-8")
    shown = judged(tmp_path, "relu::test_never_negative", "relu::test_example").stdout
    assert "expected:       every entry >= 0" in shown
    assert re.search(r"^relu +\.{24} +0 / 2$", shown, re.MULTILINE)
    assert re.search(r"^theta \(\d*,?\)\ntheta", shown, re.MULTILINE)
    code = f"{LEAKY}\nimport jax_mlp\nprint(jax_mlp.check(relu))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert re.match(r"relu +#+\.+  \d+ / \d+\n", shown.stdout), shown.stderr


# Reports

WRONG = {
    "relu": (LEAKY, "Negative inputs are multiplied by 0.01"),
    "one_hot": (
        "import jax.numpy as jnp\ndef one_hot(x, n_classes=10):\n    return jnp.eye(n_classes)[x]\n",
        "Rows of the identity matrix are looked up",
    ),
    "loss": (
        "import jax.numpy as jnp\nfrom jax_mlp import forward\n"
        "def loss(params, images, targets):\n    return -jnp.sum(forward(params, images) * targets)\n",
        "The sum over images and classes is taken instead of the mean",
    ),
    "accuracy": (
        "import jax.numpy as jnp\nfrom jax_mlp import forward\n"
        "def accuracy(params, images, targets):\n"
        "    return jnp.mean(jnp.argmin(forward(params, images), 1) == jnp.argmax(targets, 1))\n",
        "`argmin` is used instead of `argmax`",
    ),
}
LABELS = ["law", "counterexample", "got", "expected", "likely cause", "read", "rerun"]


@pytest.mark.parametrize("component", WRONG)
def test_a_report_tells_all_in_order_and_nothing_else(tmp_path, component):
    """A report has all its labels, in order. The first one of a run names the cause, and no other contradicts it."""
    source, sentence = WRONG[component]
    (tmp_path / f"{component}.py").write_text(source)
    shown = judged(tmp_path, component)
    reports = re.findall(r"^law: .*?^rerun: .*?$", shown.stdout, re.M | re.S)
    assert reports
    assert "Traceback" not in shown.stdout
    for report in reports:
        labels = re.findall(r"^([a-z][a-z ]*):(?: |$)", report, re.M)
        assert [label for label in LABELS if label in labels] == labels, report
        assert set(LABELS) - set(labels) <= {"likely cause"}
        assert len(report.splitlines()) <= 20
    assert sentence in " ".join(reports[0].split()), shown.stdout
    assert all(sentence in " ".join(report.split()) for report in reports if "likely cause:" in report)


def test_the_readme_shows_what_is_shown(tmp_path):
    """The report in the README is one that a leaky relu gets."""
    (tmp_path / "relu.py").write_text(LEAKY)
    report = re.search(r"^```\n(law: .*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    assert report
    assert report[1] in judged(tmp_path, "relu").stdout.replace(str(tmp_path), "exercises")


def test_the_counterexample_can_be_pasted(tmp_path):
    """The lines under "counterexample" run as they are, and give what came."""
    (tmp_path / "relu.py").write_text(LEAKY)
    shown = judged(tmp_path, "relu", "-k", "never_negative")
    report = re.search(r"^counterexample:\n(.*?)^got: +(.*?)$", shown.stdout, re.M | re.S)
    assert report
    *lines, call = report[1].splitlines()
    program = "\n".join([*lines, f"print({call})"])
    got = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert float(report[2]) < 0
    assert float(got.stdout) == pytest.approx(float(report[2]))


def test_a_large_counterexample_can_be_pasted_too(tmp_path):
    """Where 301 images are needed to break a law they are not written out, but taken from where they are made."""
    (tmp_path / "forward.py").write_text(
        "from jax_mlp import forward as right\n"
        "def forward(params, images):\n    return right(params, images).at[256:].set(-1.0)\n"
    )
    shown = judged(tmp_path, "forward", "-k", "many_images")
    report = re.search(r"^counterexample:\n(.*?)^got: +at \[(\d+), (\d+)\]: (.*?)$", shown.stdout, re.M | re.S)
    assert report, shown.stdout
    *lines, call = report[1].splitlines()
    program = "\n".join([*lines, f"got = {call}", f"print(got.shape, got[{report[2]}, {report[3]}] == {report[4]})"])
    got = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert got.stdout == "(301, 10) True\n"


def test_the_line_to_rerun_reruns(tmp_path):
    """The last line of a report runs the one test, which fails again."""
    folder = tmp_path / "my own"
    folder.mkdir()
    (folder / "relu.py").write_text(LEAKY)
    shown = judged(folder, "relu", "-x")
    again = re.search(r"^rerun: +pytest (.*)$", shown.stdout, re.M)
    assert again
    rerun = subprocess.run(
        [sys.executable, "-m", "pytest", *shlex.split(again[1])], cwd=ROOT, capture_output=True, text=True
    )
    assert rerun.returncode == 1
    assert "1 failed" in rerun.stdout.splitlines()[-1]


STYLES = {
    "a byte-order mark": "\ufeff" + RIGHT,
    "a docstring that is not raw": 'import jax.numpy as jnp\ndef relu(x):\n    """$\\max(0, x)$"""\n'
    "    return jnp.maximum(x, 0)\n",
    "a warning of its own": "import warnings\nwarnings.warn('mine')\n" + RIGHT,
    "a cast that warns": "import jax.numpy as jnp\ndef relu(x):\n"
    "    return jnp.maximum(x, jnp.zeros((), jnp.float64)).astype(x.dtype)\n",
    "a dataclass": "from dataclasses import dataclass\nimport jax.numpy as jnp\n"
    "@dataclass\nclass Relu:\n    low: float = 0\n"
    "    def __call__(self, x):\n        return jnp.maximum(x, jnp.asarray(self.low, x.dtype))\nrelu = Relu()\n",
    "a package beside it": "from helpers.maths import clip\ndef relu(x):\n    return clip(x)\n",
    "jitted": "import jax\nimport jax.numpy as jnp\n@jax.jit\ndef relu(x):\n    return jnp.maximum(x, 0)\n",
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("started", [False, True], ids=["a folder", "exercises"])
def test_styles_of_correct_code_are_green(tmp_path, style, started):
    """How a correct file is written does not matter, and what it warns of is not a failure."""
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "maths.py").write_text("import jax.numpy as jnp\ndef clip(x):\n    return jnp.clip(x, 0)\n")
    (tmp_path / "relu.py").write_text(STYLES[style], encoding="utf-8")
    if started:
        (tmp_path / ".jax-mlp.json").write_text("{}")
    run = judged(tmp_path, "relu")
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    "setting",
    ["JAX_ENABLE_X64", "JAX_DISABLE_JIT", "JAX_DEBUG_NANS", "JAX_DEBUG_KEY_REUSE"],
)
def test_settings_of_jax_are_not_mistakes(tmp_path, monkeypatch, setting):
    """Laws run under settings of their own, whatever the environment says."""
    monkeypatch.setenv(setting, "1")
    (tmp_path / "relu.py").write_text(RIGHT)
    assert judged(tmp_path, "relu").returncode == 0


def test_what_is_on_disk_is_tested(tmp_path):
    """A file that is replaced by one of equal size and time is read anew, and no bytecode is left beside it."""
    good = "import jax.numpy as jnp\ndef relu(x):\n    return jnp.maximum(x, 0)\n"
    bad = good.replace("maximum", "minimum")
    (tmp_path / "relu.py").write_text(good)
    os.utime(tmp_path / "relu.py", (10**9, 10**9))
    assert judged(tmp_path, "relu").returncode == 0
    (tmp_path / "relu.py").write_text(bad)
    os.utime(tmp_path / "relu.py", (10**9, 10**9))
    assert judged(tmp_path, "relu").returncode == 1
    assert not (tmp_path / "__pycache__").exists()


def test_an_error_of_the_checker_itself_is_shown(tmp_path):
    """If the checker itself fails, its report says so and shows the error. This package lacks a file that it needs."""
    (tmp_path / "relu.py").write_text(LEAKY)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "caught.json"))
    command = [sys.executable, "-m", "pytest", f"--impl={tmp_path}", "relu::test_example"]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    )
    assert "the checker itself failed, which is not your code's fault" in run.stdout, run.stdout + run.stderr
    assert "caught.json" in run.stdout
