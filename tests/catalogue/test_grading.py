"""A small class, graded from beginning to end: right grades, hostile submissions, kill -9, files for grade books."""

import html
import json
import signal
import subprocess
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from jax_mlp.grading.submissions import find
from tests.benchmarks.grading import command, generate, wrong_grades

ROOT = Path(__file__).parents[2]
COMPONENTS = ["relu"]
KINDS = ("crashes", "floods", "forks", "eats memory", "opens a socket", "removes others")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of 12, of whom 6 are hostile, that was graded in two runs: the first was killed."""
    folder = tmp_path_factory.mktemp("grading")
    truth = generate(folder, 12, COMPONENTS, KINDS, every=2)
    files = [f"--{kind}={folder / 'grades'}.{kind}" for kind in ("json", "csv", "junit", "page")]
    line = command(folder, folder / "grades.jsonl", COMPONENTS, "--jobs=2", *files)
    first = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline and len(_graded(folder)) < 4:
        time.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    first.wait()
    after_kill = len(_graded(folder))
    with open(folder / "grades.jsonl", "a") as file:
        file.write('{"half a line')  # as a kill leaves it
    second = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=900)
    return folder, truth, after_kill, second


def _graded(folder: Path) -> list[str]:
    journal = folder / "grades.jsonl"
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [line for line in lines if '"digest"' in line]


def test_every_grade_is_right(graded):
    """Each component gets the points that it deserves, and a hostile submission costs itself alone."""
    folder, truth, after_kill, second = graded
    assert second.returncode == 0, second.stdout + second.stderr
    assert 4 <= after_kill < len(truth)
    assert f"{after_kill} of {len(truth)} are known already" in second.stdout
    assert wrong_grades(folder / "grades.csv", truth) == []
    assert (folder / "others").is_dir()


def test_a_submission_alone_gets_the_same_grade(graded):
    """What is graded alone, after a kill or on two cores is equal, byte for byte."""
    folder, truth, *_ = graded
    name = next(name for name, right in truth.items() if right["relu"] == 0 and " " not in name)
    line = command(folder, folder / "alone.jsonl", COMPONENTS, f"--json={folder / 'alone.json'}")
    line[line.index(str(folder / "class"))] = str(next((folder / "class").glob(f"{name}*")))
    run = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    [alone] = json.loads((folder / "alone.json").read_text())["submissions"]
    everyone = json.loads((folder / "grades.json").read_text())["submissions"]
    assert alone in everyone


def test_files_for_grade_books(graded):
    """JUnit counts what failed; the page names the mistakes and no copies; reports name no temporary folder."""
    folder, truth, *_ = graded
    suites = ElementTree.parse(folder / "grades.junit").getroot()
    assert [suite.get("name") for suite in suites] == sorted(truth) == [s.name for s in find([folder / "class"])]
    for suite in suites:
        assert len(suite.findall("testcase/failure")) == int(suite.get("failures", ""))
    page = (folder / "grades.page").read_text()
    assert "The lesson on relu" in page
    assert "jax-mlp-grade-" not in (folder / "grades.json").read_text()
    everyone = json.loads((folder / "grades.json").read_text())["submissions"]
    stopped = [row for one in everyone for row in one["components"].values() if row["failed"] and row["not_run"]]
    assert stopped
    assert all(row["mistake"] and row["mistake"] in html.unescape(page) for row in stopped)
