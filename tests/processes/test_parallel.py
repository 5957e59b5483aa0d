"""Tests with several devices and several real processes, which communicate on this machine."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import jax_mlp as mlp
from jax_mlp import parallel
from jax_mlp.data import load_mnist_5k
from jax_mlp.laws.expect import close, each
from jax_mlp.runs import Run

TRAIN = [sys.executable, "-m", "jax_mlp", "train"]
SMALL = ["--recipe", "tuned", "--layers", "784,16,10", "--epochs", "2"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """An environment in which processes that compile the same network share the compiled code."""
    cache = str(tmp_path_factory.mktemp("cache"))
    return {**os.environ, "JAX_COMPILATION_CACHE_DIR": cache, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}


@pytest.fixture(scope="module")
def alone(tmp_path_factory, environment):
    """The run of one process on one device."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    subprocess.run([*TRAIN, *SMALL, "--out", folder], check=True, env=environment, capture_output=True)
    return folder


def start(environment, n_processes, options, first=(), port=None, come=None):
    """Start the processes of a run. `first` are options of process 0 only; `come` says which processes start."""
    if port is None:
        with socket.create_server(("127.0.0.1", 0)) as server:  # a port that is free
            port = server.getsockname()[1]
    together = ["--coordinator", f"127.0.0.1:{port}", "--processes", str(n_processes), *options]
    return [
        subprocess.Popen(
            [*TRAIN, *together, "--process", str(number), *(first if number == 0 else ())],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in (range(n_processes) if come is None else come)
    ]  # fmt: skip


def ends(processes, within):
    """The exit code, standard output and standard error of each process."""
    try:
        end = time.monotonic() + within
        return [(p.returncode, *said) for p in processes for said in [p.communicate(timeout=end - time.monotonic())]]
    finally:
        for process in processes:
            process.kill()


def wait_for_epochs(folder, n):
    """Wait until a run has saved this many epochs."""
    history, patience = folder / "history.jsonl", time.monotonic() + 120
    while not (history.exists() and history.read_text().count("\n") >= n):
        assert time.monotonic() < patience
        time.sleep(0.05)


def same_run(folder, other):
    """Check that two folders contain the same run, up to rounding: the gradient is summed in another order."""
    each(close, mlp.load(folder / "params.safetensors"), mlp.load(other / "params.safetensors"), 1e-5)
    figures = [
        np.array([[line[name] for name in ("epoch", "train_accuracy", "loss")] for line in map(json.loads, lines)])
        for lines in ((path / "history.jsonl").read_text().splitlines() for path in (folder, other))
    ]
    close(*figures, [0, 1e-3, 1e-5])


def test_the_laws_hold_on_eight_devices():
    """The laws in on_eight_devices.py hold, in a process with eight devices."""
    laws = Path(__file__).with_name("on_eight_devices.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(laws)]
    shown = subprocess.run(command, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stdout
    assert re.search(r"\d\d passed", shown.stdout)
    assert "skipped" not in shown.stdout


def test_devices_make_no_difference(tmp_path, alone, environment):
    """`train --devices 4` gives the same result as one device."""
    command = [*TRAIN, *SMALL, "--devices", "4", "--out", str(tmp_path / "run")]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    same_run(tmp_path / "run", alone)


@pytest.mark.parametrize("n_processes", [2, 4])
def test_processes_make_no_difference(tmp_path, alone, environment, n_processes):
    """Several processes that share each batch give the result of one. Only process 0 writes and prints."""
    processes = start(environment, n_processes, [*SMALL, "--out", str(tmp_path / "run")])
    first, *others = ends(processes, within=120)
    assert (first[0], first[2]) == (0, "")
    assert re.findall(r"epoch \d of \d|Test accuracy|figure", first[1])[:3] == [
        "epoch 1 of 2",
        "epoch 2 of 2",
        "Test accuracy",
    ]
    assert others == [(0, "", "")] * (n_processes - 1)
    same_run(tmp_path / "run", alone)


def test_a_run_goes_on_in_processes(tmp_path, alone, environment):
    """Two processes that share no disk can resume the run of one process, with the same result."""
    folder = tmp_path / "run"
    digits = load_mnist_5k()
    begun, kept = Run(folder), Run(alone)
    begun.begin(kept.settings)
    next(begun.train(digits))
    assert begun.done == 1
    options = ["--devices", "2", "--out", str(tmp_path / "another disk"), "--resume"]
    processes = start(environment, 2, options, first=["--out", str(folder)])
    first, other = ends(processes, within=120)
    assert (first[0], first[2]) == (0, "")
    assert f"resuming the run in {folder} after epoch 1 of 2\n" in first[1]
    assert other == (0, "", "")
    assert not (tmp_path / "another disk").exists()
    same_run(folder, alone)


@pytest.mark.parametrize(
    ("part", "by"), [("command", signal.SIGKILL), ("worker", signal.SIGKILL), ("worker", signal.SIGSTOP)]
)
@pytest.mark.parametrize("victim", [0, 1])
def test_a_process_that_is_lost_ends_the_others(tmp_path, environment, victim, part, by):
    """If a process is killed or stops responding, the others end with a message, and the saved run is valid."""
    folder = tmp_path / "run"
    processes = start(environment, 2, ["--layers", "784,16,10", "--epochs", "100000", "--out", str(folder)])
    wait_for_epochs(folder, 3)
    (worker,) = map(int, subprocess.check_output(["pgrep", "-P", str(processes[victim].pid)]).split())
    try:
        os.kill(worker if part == "worker" else processes[victim].pid, by)
        (other,) = ends([processes[1 - victim]], within=20)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
        _, said = processes[victim].communicate()
    assert other[0] == 2
    assert re.fullmatch(r"jax-mlp: --coordinator: expected 2 connected processes.*\n", other[2])
    if part == "worker":
        assert processes[victim].returncode == 128 + signal.SIGKILL
        assert re.fullmatch(r"jax-mlp: --coordinator: expected 2 connected processes.*SIGKILL.*\n", said)
    assert json.loads((folder / "history.jsonl").read_text().splitlines()[0])["epoch"] == 1
    assert len(mlp.load(folder / "params.safetensors")) == 2


def test_a_process_that_never_comes(environment):
    """If a process does not connect, the others give up after the timeout, with a message."""
    for come in ([0], [1]):
        began = time.monotonic()
        ((code, shown, said),) = ends(start(environment, 2, [*SMALL, "--timeout", "3"], come=come), within=30)
        assert (code, shown) == (2, "")
        assert re.fullmatch(
            r"jax-mlp: connect: expected 2 processes at 127.0.0.1:\d+ within 3 s, but not all.*\n", said
        )
        assert time.monotonic() - began < 20


def test_processes_that_were_started_otherwise(environment):
    """If one process has another seed, both processes end, and one says why."""
    said = [end[2] for end in ends(start(environment, 2, SMALL, first=["--seed", "3"]), within=60)]
    assert any("expected the same options as process 0, got different ones" in words for words in said), said
    assert all(words.startswith("jax-mlp: ") for words in said)


def test_a_port_that_is_taken(environment):
    """If the port is taken, process 0 says that it cannot listen there."""
    with socket.create_server(("", 0)) as server:
        processes = start(environment, 2, SMALL, port=server.getsockname()[1], come=[0])
        ((code, _, said),) = ends(processes, within=60)
    assert code == 2
    assert re.fullmatch(r"jax-mlp: connect: expected a free port for process 0, got 127.*Choose another port.\n", said)


def test_ctrl_c_reaches_the_run(tmp_path, environment):
    """After Ctrl-C in process 0, the completed epochs are saved, and a message says how to resume."""
    folder = tmp_path / "run"
    options = ["--layers", "784,16,10", "--epochs", "100000", "--out", str(folder)]
    processes = start(environment, 2, options)
    wait_for_epochs(folder, 1)
    processes[0].send_signal(signal.SIGINT)
    first, other = ends(processes, within=30)
    assert first[0] == 130
    assert re.search(
        r"Stopped after \d+ of 100000 epochs. They are saved. To resume: jax-mlp train --out .* --resume\n$", first[1]
    )
    assert other[0] == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--devices", "0"], "--devices: expected 1 to 1024, got 0."),
        (["--devices", "3"], "--batch-size: expected a batch size divisible by the 3 devices, got 128. Try 129"),
        (["--processes", "2"], "--processes: expected --coordinator HOST:PORT with it, got none."),
        (["--coordinator", "here"], "connect: expected a coordinator such as 10.0.0.1:1234, got 'here'."),
        (
            ["--coordinator", "localhost:9", "--processes", "2", "--process", "2"],
            "expected process from 0 to 1, got 2.",
        ),
        (["--coordinator", "localhost:9", "--timeout", "0"], "--timeout: expected seconds above 0, got 0.0."),
    ],
)
def test_refuses(options, words):
    """Options that do not fit together end in one line that says which ones would."""
    shown = subprocess.run([*TRAIN, *SMALL, *options], capture_output=True, text=True)
    assert shown.returncode == 2
    assert words in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_one_device_is_a_grid_too():
    """By default the mesh contains all devices."""
    assert parallel.make_mesh().devices.shape == (1, 1)
