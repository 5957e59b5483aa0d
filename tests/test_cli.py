"""The command line in real processes: its output and its errors."""

import contextlib
import io
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jax_mlp import cli
from jax_mlp.cli import _doctor
from jax_mlp.laws.expect import holds

COMMAND = [sys.executable, "-m", "jax_mlp"]
QUICK = ["train", "--layers", "784,8,10", "--epochs", "2"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """An environment with its own cache directories."""
    kept = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"}
    cache = tmp_path_factory.mktemp("cache")
    # Processes that compile the same network share what was compiled.
    jax = {"JAX_COMPILATION_CACHE_DIR": str(cache), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    return {**kept, **jax, "XDG_CACHE_HOME": str(cache)}


def run(arguments, environment) -> subprocess.CompletedProcess:
    """The result of the command line with these arguments."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env=environment)


def test_train_shows_each_epoch_and_a_summary(environment):
    """`train` prints one line per epoch and a summary, and no progress bar if there is no terminal."""
    shown = run(QUICK, environment)
    assert (shown.returncode, shown.stderr) == (0, "")
    first, *epochs, summary = shown.stdout.splitlines()
    assert first == "guide recipe on mnist-5k: 4000 images, layers 784-8-10"
    line = r"epoch [12] of 2 +\d+\.\d\d s  train +\d+\.\d\d%  test +\d+\.\d\d%  loss \d\.\d{4}"
    assert len(epochs) == 2
    assert all(re.fullmatch(line, epoch) for epoch in epochs), epochs
    assert re.fullmatch(
        r"Test accuracy \d+\.\d\d% \(epochs: 2, updates: 64, images per update: at most 128, time: .* s\)", summary
    )
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", shown.stdout)


def test_many_epochs_are_about_twenty_lines(environment):
    """Of 50 epochs, every third one and the last one are shown."""
    shown = run([*QUICK[:-1], "50", "--layers", "784,2,10"], environment)
    numbers = [int(n) for n in re.findall(r"epoch +(\d+) of", shown.stdout)]
    assert numbers == [*range(3, 50, 3), 50]


def test_the_same_seed_trains_the_same(environment):
    """The same seed gives the same results; a different seed or recipe gives different ones."""

    def figures(*options):
        shown = run([*QUICK, *options], environment)
        assert shown.returncode == 0, shown.stderr
        return re.findall(r"train .*", shown.stdout)

    once = figures("--seed", "3")
    assert figures("--seed", "3") == once
    others = [
        figures("--seed", "4"),
        figures("--seed", "3", "--recipe", "tuned"),
        figures("--seed", "3", "--batch-size", "50"),
        figures("--seed", "3", "--learning-rate", "0.5"),
    ]
    assert once not in others


def test_data_dir_is_where_the_data_is_kept(environment, tmp_path):
    """With --data-dir, the digits are cached in that folder."""
    assert run([*QUICK, "--data-dir", str(tmp_path / "new")], environment).returncode == 0
    assert (tmp_path / "new" / "mnist-5k.bin").exists()


def test_a_terminal_gets_a_progress_bar(environment):
    """A terminal shows a progress bar."""
    main, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    process = subprocess.Popen([*COMMAND, *QUICK], stderr=terminal, stdout=subprocess.PIPE, env=environment)
    os.close(terminal)
    drawn = b""
    try:
        while chunk := os.read(main, 4096):  # while it runs: a terminal that nobody reads fills up
            drawn += chunk
    except OSError:  # Linux reports the end of a terminal as an error
        pass
    os.close(main)
    assert process.wait() == 0
    assert process.stdout is not None
    process.stdout.close()
    assert b"2/2" in drawn
    assert b"epoch" in drawn


def test_help_and_no_command(environment):
    """Without a command, the help is shown, which lists the commands."""
    for arguments in ([], ["--help"]):
        shown = run(arguments, environment)
        assert shown.returncode == 0
        assert "train" in shown.stdout


MISTAKES = [
    (["train", "--data", "cifar"], "--data: expected mnist-5k or mnist, got 'cifar'."),
    (["train", "--recipe", "secret"], "--recipe: expected guide or tuned, got 'secret'."),
    (["train", "--layers", "100,10"], "--layers: expected 784 first and 10 last, .* got 100,10. Try 784,512,512,10."),
    (["train", "--layers", "784,10,7"], "--layers: expected 784 first and 10 last"),
    (["train", "--layers", "784,x,10"], "--layers: expected positive numbers separated by commas, got '784,x,10'."),
    (["train", "--layers", "784,0,10"], "--layers: expected positive numbers separated by commas, got '784,0,10'."),
    (["train", "--learning-rate", "0"], "--learning-rate: expected a number above 0, got 0.0."),
    (["train", "--learning-rate", "-1"], "--learning-rate: expected a number above 0, got -1.0."),
    (["train", "--learning-rate", "nan"], "--learning-rate: expected a number above 0, got nan."),
    ([*QUICK, "--learning-rate", "1e30"], "train_loop: expected a finite loss, got nan after epoch 1 .* smaller one."),
    (["train", "--epochs", "0"], "--epochs: expected 1 or more, got 0."),
    (["train", "--batch-size", "0"], "--batch-size: expected 1 or more, got 0."),
    (["train", "--seed", "-1"], "--seed: expected 0 to 4294967295, got -1."),
    (["train", "--epochs", "many"], r".*--epochs.*\(in: jax-mlp train --epochs many\). See jax-mlp train --help."),
    (["train", "--rate", "1"], "No such option: --rate.*See jax-mlp train --help."),
    (["learn"], "No such command 'learn'.* See jax-mlp --help."),
    (["exercises", "hint"], "Missing argument 'component'.* See jax-mlp exercises hint --help."),
    (["train", "--data-dir", __file__], f"data: expected data_dir to be a folder, got the file {__file__}."),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES, ids=[" ".join(arguments[:3]) for arguments, _ in MISTAKES])
def test_a_mistake_is_one_line_and_exit_code_2(arguments, words, environment):
    """A wrong command gives one line on standard error, exit code 2, and no traceback."""
    shown = run(arguments, environment)
    assert shown.returncode == 2
    assert re.match(rf"jax-mlp: {words}", shown.stderr), shown.stderr
    assert shown.stderr.count("\n") == 1


def test_a_tilde_is_the_home_directory(environment, tmp_path):
    """`~` stands for the home directory where no shell has put it, as in --out=~/run."""
    there = environment | {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    assert run([*QUICK, "--out=~/run"], there).returncode == 0
    assert (tmp_path / "run" / "run.json").exists()
    assert run(["evaluate", "~/run"], there).returncode == 0


def test_interrupted(environment):
    """Ctrl-C ends training after the epoch, with exit code 130. A second Ctrl-C ends it at once."""
    for presses in (1, 2):
        command = [*COMMAND, "train", "--layers", "784,1024,1024,10"]  # whose epochs take a second or so
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()  # it has begun
        for _ in range(presses):
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)  # two at once would be seen as one
        shown, said = process.communicate()
        assert process.returncode == 130
        assert said == "\nStopping after this epoch. Press Ctrl-C again to stop at once.\n"
        assert bool(re.search(r"^Stopped after \d+ of 118 epochs. Nothing was saved", shown, re.M)) == (presses == 1)


def test_module_and_script_are_the_same(environment):
    """`jax-mlp` and `python -m jax_mlp` are the same."""
    script = Path(sys.executable).with_name("jax-mlp")
    shown = subprocess.run([script, "--help"], capture_output=True, text=True, env=environment)
    assert shown.stdout == run(["--help"], environment).stdout


WORDS = st.sampled_from(
    ["train", "evaluate", "predict", "doctor", "exercises", "hint", "relu", "--epochs", "--layers", "--seed", "--out",
     "--resume", "--force", "--data", "--recipe", "--batch-size", "--learning-rate", "--show", "--in", "--help", "--",
     "-1", "0", "1e999", "nan", "784,10", "784,,10", "tuned", "/dev/null", "."]
)  # fmt: skip
TEXT = st.text(st.characters(exclude_characters="/.\0", codec="utf-8"), max_size=12)


@pytest.fixture(scope="module")
def empty_folder(tmp_path_factory):
    """The folder in which the commands of the examples write."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("empty"))
        yield patch


@given(arguments=st.lists(WORDS | TEXT, max_size=6))
def test_any_command_line_is_understood_or_refused_in_a_line(empty_folder, arguments):
    """Any arguments either work or give one line and exit code 2, never a traceback."""
    if arguments[:1] == ["train"]:  # as quick as it gets, unless an option that comes later says otherwise
        arguments[1:1] = ["--epochs", "1", "--layers", "784,2,10"]
    empty_folder.setattr(sys, "argv", ["jax-mlp", *arguments])
    said = io.StringIO()
    with (
        contextlib.redirect_stderr(said),
        contextlib.redirect_stdout(io.StringIO()),
        pytest.raises(SystemExit) as ended,
    ):
        cli.main()
    if ended.value.code not in (0, None):
        holds(ended.value.code == 2, ended.value.code, "exit code 2")
        holds(len(said.getvalue().splitlines()) <= 1, said.getvalue(), "one line")


@pytest.mark.parametrize(
    ("changed", "arguments", "code", "words"),
    [
        ({"JAX_PLATFORMS": "nowhere"}, ["doctor"], 0, "devices     none: "),
        ({"JAX_PLATFORMS": "nowhere"}, ["train"], 2, "To see what JAX finds here, run: jax-mlp doctor"),
        ({}, ["train", "--layers", "784,1000000000,10"], 2, "--layers: expected at most 1073741824 parameters"),
        ({"PYTHONIOENCODING": "latin-1"}, ["exercises", "read", "relu"], 0, "relu"),
        ({"PYTHONPATH": "broken", "RAISES": "ImportError"}, ["doctor"], 0, "devices     none: jax: expected JAX to be"),
        *[
            ({"PYTHONPATH": "broken", "RAISES": error}, ["train"], 2, "jax-mlp: jax: expected JAX to be importable")
            for error in ("AttributeError", "ImportError", "RuntimeError", "OSError")
        ],
        ({"PYTHONPATH": "broken", "RAISES": "ImportError", "SAYS": "DLL load failed"}, ["train"], 2, "Visual C++"),
        ({"PYTHONPATH": "broken"}, ["--help"], 0, "exercises"),
        ({"JAX_PLATFORMS": "cuda"}, ["doctor"], 0, "devices     "),
    ],
)
def test_no_traceback(environment, tmp_path, changed, arguments, code, words):
    """Errors of JAX, the platform or the terminal give one line and no traceback."""
    broken = "import builtins, os\nraise getattr(builtins, os.environ['RAISES'])(os.environ.get('SAYS'))"
    (tmp_path / "jax.py").write_text(broken)
    changed = {name: before(tmp_path) if value == "broken" else value for name, value in changed.items()}
    run = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env={**environment, **changed})
    assert run.returncode == code, run.stderr
    assert words in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


def before(folder: Path) -> str:
    """A PYTHONPATH on which a folder comes first."""
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])


def test_pytest_needs_a_jax_that_imports(environment, tmp_path):
    """`pytest --impl` says in one line that JAX cannot be imported."""
    (tmp_path / "jax.py").write_text("raise AttributeError('a jaxlib that does not fit')")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--impl", "."],
        capture_output=True, text=True, cwd=tmp_path, env={**environment, "PYTHONPATH": before(tmp_path)},
    )  # fmt: skip
    assert run.stderr.startswith("ERROR: jax: expected JAX to be importable, got AttributeError")


def test_doctor_asks_for_every_part_of_an_extra(monkeypatch, capsys):
    """An extra is installed if each of its packages is, in a version that will do."""
    there = {"beartype": "", "pytest": "7.4.0"}
    monkeypatch.setattr(_doctor, "installed", lambda package: there.get(package, "999"))
    _doctor.doctor()
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("[test]"))
    assert re.fullmatch(
        r"\[test\] +incomplete\. Missing: beartype\S*, pytest>=8\. Run: pip install .jax-mlp\[test\].", line
    )


def test_lines_come_when_they_happen(environment):
    """Each line is written at once, even into a pipe."""
    with subprocess.Popen([*COMMAND, "train"], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("guide recipe on mnist-5k")
        assert process.poll() is None
        process.kill()
