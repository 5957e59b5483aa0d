"""Tests of saved runs: whatever ends the process, the folder is valid, and a resumed run gives the same result."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace

import jax
import numpy as np
import pytest

import jax_mlp as mlp
from jax_mlp.data import load_mnist_5k
from jax_mlp.laws.expect import each, equal
from jax_mlp.recipes import GUIDE, TUNED
from jax_mlp.runs import Run, Settings

COMMAND = [sys.executable, "-m", "jax_mlp"]
SMALL = ["--recipe", "tuned", "--layers", "784,8,10", "--epochs", "40", "--learning-rate", "0.5"]
SETTINGS = Settings("mnist-5k", replace(TUNED, layer_sizes=(784, 8, 10), n_epochs=4, learning_rate=0.5))
KILLS = int(os.environ.get("KILLS", "3"))


@pytest.fixture(scope="module")
def digits():
    """A few digits."""
    return load_mnist_5k()._replace(train_images=load_mnist_5k().train_images[:300], train_labels=np.arange(300) % 10)


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """An environment in which processes that compile the same network share the compiled code."""
    cache = str(tmp_path_factory.mktemp("cache"))
    return {**os.environ, "JAX_COMPILATION_CACHE_DIR": cache, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}


def train(folder, environment, *options) -> subprocess.CompletedProcess:
    """The command line's own `train`, run to its end."""
    command = [*COMMAND, "train", "--out", str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize("settings", [SETTINGS, Settings("mnist", GUIDE)])
def test_settings_are_kept(settings):
    """Settings that are written and read again are the same, including functions of fan-in."""
    assert Settings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize("done", [0, 1, 3])
def test_a_run_that_was_left_ends_where_it_would_have_ended(tmp_path, digits, done):
    """A resumed run gives exactly the parameters and the history of an uninterrupted one, after any epoch."""
    whole, left = Run(tmp_path / "whole"), Run(tmp_path / "left")
    for run in (whole, left):
        run.begin(SETTINGS)
    assert [told["epoch"] for told in whole.train(digits)] == [1, 2, 3, 4]
    for _, _ in zip(range(done), left.train(digits), strict=False):
        pass
    assert Run(left.folder).done == done
    assert [told["epoch"] for told in Run(left.folder).train(digits)] == [*range(done + 1, 5)]
    each(equal, left.params, [tuple(map(np.asarray, layer)) for layer in whole.params])
    without_seconds = [[{**told, "seconds": 0} for told in run.history] for run in (whole, left)]
    assert without_seconds[0] == without_seconds[1]


def test_killed_at_any_moment_it_goes_on(tmp_path, environment):
    """After kill -9 at random moments, the folder is valid, and the result is that of an uninterrupted run."""
    whole = train(tmp_path / "whole", environment, *SMALL)
    assert whole.returncode == 0, whole.stderr
    killed = 0
    for number in range(KILLS):
        folder, options, longest = tmp_path / f"killed-{number}", SMALL, 0.5
        while not (folder / "learning_curves.png").exists():
            process = subprocess.Popen([*COMMAND, "train", "--out", str(folder), *options], env=environment,
                                       stdout=subprocess.DEVNULL)  # fmt: skip
            patience = time.monotonic() + random.uniform(0.3, longest)
            longest *= 1.5  # the first is killed early, and on a slow machine too one comes to its end
            while process.poll() is None and time.monotonic() < patience:
                time.sleep(0.01)
            killed += process.poll() is None
            process.kill()
            process.wait()
            if Run(folder).exists:
                assert len(Run(folder).history) == Run(folder).done
                options = ["--resume"]
        assert (folder / "params.safetensors").read_bytes() == (tmp_path / "whole/params.safetensors").read_bytes()
    assert killed


def test_ctrl_c_ends_tidily(tmp_path, environment):
    """An interrupted run says how to resume it, and can be resumed."""
    folder = tmp_path / "run"
    command = [*COMMAND, "train", "--out", str(folder), *SMALL[:5], "3000"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("epoch"):
                process.send_signal(signal.SIGINT)
                break
        last = [line.strip() for line in process.stdout if line.strip()][-1]
    assert process.returncode == 130
    assert last.endswith(f"To resume: jax-mlp train --out {folder} --resume")
    assert Run(folder).done > 0


def test_nothing_is_written_over(tmp_path, environment):
    """A run is overwritten only with --force. A folder with other files is never overwritten."""
    folder = tmp_path / "run"
    quick = ["--layers", "784,2,10", "--epochs", "1"]
    assert train(folder, environment, *quick).returncode == 0
    before = (folder / "params.safetensors").read_bytes()
    refused = train(folder, environment, *quick)
    assert "contains a run. Add --resume to continue it, or --force to overwrite it." in refused.stderr
    assert (folder / "params.safetensors").read_bytes() == before
    assert "mnist-5k, 1000 test images, after epoch 1" in subprocess.run(
        [*COMMAND, "evaluate", str(folder)], capture_output=True, text=True, env=environment
    ).stdout  # fmt: skip
    assert train(folder, environment, *quick, "--seed", "1", "--force").returncode == 0
    assert (folder / "params.safetensors").read_bytes() != before
    before = (folder / "params.safetensors").read_bytes()
    for wrong in (["--learning-rate", "0"], ["--batch-size", "0"], ["--epochs", "0"]):  # refused before it is removed
        assert train(folder, environment, "--layers", "784,2,10", *wrong, "--force").returncode == 2
    assert (folder / "params.safetensors").read_bytes() == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("mine")
    refused = train(tmp_path / "other", environment, *quick, "--force")
    assert refused.returncode == 2
    assert "expected a new or empty folder" in refused.stderr
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["train", "--resume"], "--resume: expected --out DIR with it, got none."),
        (["train", "--out", "{}", "--resume"], "expected a folder that contains a run, got {}, which does not."),
        (["train", "--out", "{}", "--resume", "--seed", "1"], "--resume: expected no other options"),
        (["evaluate", "{}"], "expected a folder that contains a run, got {}, which does not."),
    ],
)
def test_refuses(tmp_path, environment, options, words):
    """Every invalid command ends in one line, with exit code 2."""
    options = [option.format(tmp_path / "none") for option in options]
    run = subprocess.run([*COMMAND, *options], capture_output=True, text=True, env=environment)
    assert run.returncode == 2
    assert words.format(tmp_path / "none") in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_what_a_file_manager_or_a_kill_left_behind(tmp_path):
    """A folder with only the traces of a file manager, or of a run that was being begun, counts as empty."""
    for name in (".DS_Store", "params.safetensors.123.part", "run.json.4.part"):
        (tmp_path / name).write_text("")
    run = Run(tmp_path)
    run.begin(SETTINGS)
    assert (run.done, {path.name for path in tmp_path.iterdir()}) == (
        0,
        {".DS_Store", "params.safetensors", "run.json"},
    )


@pytest.mark.parametrize("again", ["resumed", "begun anew"])
def test_a_folder_belongs_to_one_process(tmp_path, digits, again):
    """A process stops with one clear error once another one has written to its folder."""
    run, other = Run(tmp_path / "run"), Run(tmp_path / "run")
    run.begin(SETTINGS)
    epochs = run.train(digits)
    next(epochs)
    if again == "resumed":
        next(other.train(digits))
    else:
        other.begin(SETTINGS, force=True)
    done, settings = other.done, other.settings
    with pytest.raises(ValueError, match="run: expected to be the only process that writes to"):
        next(epochs)
    assert (run.done, run.settings) == (done, settings)


def test_half_a_line_of_history_is_left_out(tmp_path, digits):
    """A kill while a line of the history is written leaves half of it, and the run goes on."""
    run = Run(tmp_path / "run")
    run.begin(SETTINGS)
    next(run.train(digits))
    with open(run.folder / "history.jsonl", "a", encoding="utf-8") as history:
        history.write('{"epoch": 2, "seco')
    assert [told["epoch"] for told in run.history] == [1]
    assert [told["epoch"] for told in run.train(digits)] == [2, 3, 4]


def test_a_run_on_unknown_data_says_so(tmp_path):
    """A run on one's own data set can be kept, but its digits cannot be loaded by name."""
    run = Run(tmp_path / "run")
    run.begin(Settings("fashion", SETTINGS.recipe))
    with pytest.raises(ValueError, match="expected the data set mnist-5k or mnist, got 'fashion'"):
        run.digits()


def test_patch_versions_of_python_need_not_agree():
    """What processes agree on names no version of Python."""
    assert '"python": ""' in SETTINGS.to_json(python="")


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"data": 1}', json.dumps({"data": "mnist-5k", "recipe": {"scale": {}}})]
)
def test_damaged_settings_are_called_so(tmp_path, text):
    """Settings that cannot be read give one clear error."""
    run = Run(tmp_path / "run")
    run.begin(SETTINGS)
    (run.folder / "run.json").write_text(text)
    with pytest.raises(ValueError, match=r"run: expected settings in .*run.json, got "):
        _ = run.settings


def test_what_does_not_belong_together_is_called_so(tmp_path):
    """Parameters of another network, a missing epoch number and an invalid history give clear errors."""
    run = Run(tmp_path / "run")
    run.begin(SETTINGS)
    path = run.folder / "params.safetensors"
    mlp.save(mlp.init_mlp([784, 10, 10], jax.random.key(0)), path, {"epoch": "1"})
    with pytest.raises(ValueError, match=r"expected layers \(784, 8, 10\) in .*, got \(784, 10, 10\)"):
        _ = run.params
    for history in (b"no JSON\n", b"{}\n", b"[1]\n", b"\xff\n"):
        (run.folder / "history.jsonl").write_bytes(history)
        with pytest.raises(ValueError, match=r"expected one line of JSON per epoch in .*history.jsonl"):
            _ = run.history
    mlp.save(mlp.init_mlp([784, 8, 10], jax.random.key(0)), path)
    with pytest.raises(ValueError, match="expected the number of an epoch in"):
        _ = run.done


def test_where_nothing_can_be_written_it_is_said(environment):
    """A folder that cannot be created gives one line, and exit code 2."""
    refused = train("/proc/run", environment, "--layers", "784,2,10", "--epochs", "1")
    assert refused.returncode == 2
    assert refused.stderr.startswith("jax-mlp: ")
    assert len(refused.stderr.splitlines()) == 1
