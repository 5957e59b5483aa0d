"""How long a class takes to grade: `python -m tests.benchmarks.grading`, and whether every grade is right.

The submissions are made from the catalogue of mistakes and from correct variants, so that the right grade of each is
known. One in ten is hostile, and one in twenty is a notebook. All are graded with each number of jobs, once from the
beginning and once after a kill -9 in the middle; both must give the same bytes. `--submissions N` makes fewer, and
`--keep DIR` keeps them and what is known of them, so that the command goes on where it was stopped.
"""

import ast
import csv
import functools
import inspect
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import jax_mlp
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises.stubs import source, stub
from jax_mlp.grading import submissions
from jax_mlp.mistakes import mistakes, variants
from tests.benchmarks.machine import describe, parser, write

HOSTILE = {
    "hangs": "while True:\n        pass",
    "sleeps": "__import__('time').sleep(10**6)",
    "crashes": "__import__('os').abort()",
    "exits": "__import__('os')._exit(0)",
    "floods": "while True:\n        print('relu ' * 1000)",
    "forks": "__import__('os').fork()",
    "starts a program": "__import__('subprocess').run(['true'])",
    "eats memory": "keep = [bytes(2**28) for _ in range(2**8)]",
    "opens a socket": "__import__('socket').socket()",
    "writes outside": "open({outside!r}, 'w').write('relu')",
    "removes others": "__import__('shutil').rmtree({others!r})",
    "kills the grader": "__import__('os').kill(__import__('os').getppid(), 9)",
    "closes everything": "__import__('os').closerange(0, 1000)",
    "recurses": "return relu(x)",
}
"""What a hostile relu does before it answers rightly."""


def hostile(kind: str, folder: Path) -> str:
    """The source of a hostile relu. What it writes or removes lies in the folder."""
    does = HOSTILE[kind].format(outside=str(folder / "written by relu"), others=str(folder / "others"))
    return f"import jax.numpy as jnp\n\n\ndef relu(x):\n    {does}\n    return jnp.maximum(0, x)\n"


@functools.cache
def ways(component: str) -> tuple[list[str], list[str]]:
    """The sources of correct and of wrong files for a component."""
    right = [source(component)]
    right += [text for entry in variants(component)[:5] if (text := _file(entry)) and _is_allowed(entry, text)]
    wrong = [text for entry in mistakes(component) if (text := _file(entry))]
    return right, wrong


def _file(entry) -> str | None:
    """An entry of the catalogue as a learner would hand it in, or None if it is not a plain function."""
    module = sys.modules[f"jax_mlp.{entry.kind}.{entry.component}"]
    statements = ast.parse(inspect.getsource(module)).body
    own = next((s for s in statements if isinstance(s, ast.FunctionDef) and s.name == entry.name), None)
    if own is None or entry.component == "init":  # whose entries are one function of two
        return None
    name = COMPONENTS[entry.component][0]
    text = submissions._source(statements, (entry.name,), set())
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == entry.name:
            node.name = name
        elif isinstance(node, ast.Name) and node.id == entry.name:
            node.id = name
    return ast.unparse(tree) + "\n"


def _is_allowed(entry, text: str) -> bool:
    """Whether an exercise may be written so: with the stub's own parameters, and without the answer itself."""
    name = COMPONENTS[entry.component][0]
    same = [*inspect.signature(entry.functions[name]).parameters] == [
        *inspect.signature(getattr(jax_mlp, name)).parameters
    ]
    borrowed = {
        alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    return same and name not in borrowed and "jax.nn" not in text and "log_softmax(" not in text


def generate(
    folder: Path, n: int, components: list[str], kinds: tuple[str, ...] = tuple(HOSTILE), every: int = 10
) -> dict[str, dict[str, float]]:
    """Write n submissions, and return the right points of each component of each of them."""
    rng, truth = random.Random(0), {}
    (folder / "class").mkdir(parents=True, exist_ok=True)
    (folder / "others").mkdir(exist_ok=True)
    for number in range(n):
        files, right = {}, {}
        for component in components:
            correct, wrong = ways(component)
            choice = rng.random()
            if choice < 0.1:
                files[component], right[component] = stub(component), 0.0
            elif choice < 0.35 and wrong:
                files[component], right[component] = rng.choice(wrong), 0.0
            else:
                files[component], right[component] = rng.choice(correct), 1.0
        name = f"s{number:03}"
        if number % every == every - 1 and "relu" in components:
            kind = kinds[number // every % len(kinds)]
            files["relu"], right["relu"] = hostile(kind, folder), 0.0
            name += f" {kind}"
        if number % 20 == 2:  # a notebook, of what the reference says
            files, right = {c: source(c) for c in components}, dict.fromkeys(components, 1.0)
            files["relu"], right["relu"] = "import jax.numpy as jnp\n\ndef relu(x):\n    return jnp.abs(x)\n", 0.0
            cells = [{"cell_type": "code", "source": text} for text in files.values()]
            cells.append({"cell_type": "code", "source": "raise SystemExit('cells are read, not run')"})
            (folder / "class" / f"{name}.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
        else:
            (folder / "class" / name).mkdir(exist_ok=True)
            for component, text in files.items():
                (folder / "class" / name / f"{component}.py").write_text(text, encoding="utf-8")
        truth[name] = right
    return truth


def command(folder: Path, journal: Path, components: list[str], *options: str) -> list[str]:
    """The command line that grades them."""
    worth = folder / "points.toml"
    worth.write_text("[points]\n" + "".join(f"{component} = 1\n" for component in components), encoding="utf-8")
    return [
        sys.executable, "-m", "jax_mlp", "exercises", "grade", str(folder / "class"), "--points", str(worth),
        "--journal", str(journal), "--time-limit", "10", *options,
    ]  # fmt: skip


def wrong_grades(table: Path, truth: dict[str, dict[str, float]]) -> list[str]:
    """The submissions whose grades are not what they should be, with what they got."""
    with open(table, encoding="utf-8", newline="") as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    return [
        f"{name}: expected {right}, got {rows.get(name)}"
        for name, right in truth.items()
        if name not in rows or {c: float(rows[name][c]) for c in right} != right
    ]


class Memory(threading.Thread):
    """Looks, five times a second, at the memory of a process and of all that it has started."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most = pid, 0

    def run(self) -> None:
        """Look until the process is gone."""
        while Path(f"/proc/{self.pid}").exists():
            self.most = max(self.most, self._now())
            time.sleep(0.2)

    def _now(self) -> int:
        parents, pages = {}, {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(stat.parent.name)], pages[int(stat.parent.name)] = int(fields[1]), int(fields[21])
        total, ours = 0, {self.pid}
        for pid in sorted(parents):
            if pid in ours or parents[pid] in ours:
                ours.add(pid)
                total += pages[pid]
        return total * os.sysconf("SC_PAGE_SIZE")


def timed(line: list[str], kill_after: int | None = None) -> dict:
    """Seconds, processor seconds, and peak memory in MB of a run, which may be killed after so many submissions."""
    before, start = os.times(), time.perf_counter()
    run = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    memory = Memory(run.pid)
    memory.start()
    assert run.stdout is not None
    graded, seconds_after = 0, {}
    for text in run.stdout:
        print(text, end="", file=sys.stderr, flush=True)
        graded += re.match(r"s\d\d\d.* of ", text) is not None
        if graded and graded % 50 == 0:
            seconds_after.setdefault(str(graded), time.perf_counter() - start)
        if graded == kill_after:
            run.send_signal(signal.SIGKILL)
            break
    code = run.wait()
    if kill_after is None and code:
        sys.exit(f"expected the grader to end with 0, got {code}.")
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return {
        "seconds": time.perf_counter() - start, "processor": used, "memory": memory.most / 2**20, "after": seconds_after
    }  # fmt: skip


def main() -> None:
    """Measure, print, and write if asked."""
    made = parser(__doc__)
    made.add_argument("--submissions", type=int, default=300)
    made.add_argument("--jobs", type=int, nargs="+", default=[1, 2], help="the numbers of jobs to measure")
    made.add_argument("--keep", type=Path, metavar="DIR")
    made.add_argument("--components", default=",".join(COMPONENTS))
    options = made.parse_args()
    components = options.components.split(",")
    folder = (options.keep or Path(tempfile.mkdtemp())).resolve()
    truth = generate(folder, options.submissions, components)
    results = {
        "machine": describe("hypothesis"), "submissions": len(truth), "components": components, "runs": {}
    }  # fmt: skip
    print(results["machine"])
    runs = {f"{jobs} job{'s' * (jobs > 1)}": (jobs, None) for jobs in options.jobs}
    what = f"{[*runs][-1]}, killed halfway and resumed, the second half alone"
    runs[what] = (options.jobs[-1], len(truth) // 2)
    for what, (jobs, kill) in runs.items():
        journal, table = folder / f"{what}.jsonl", folder / f"{what}.csv"
        measured = folder / f"{what}.measured.json"
        if not measured.exists():
            files = [
                "--csv",
                str(table),
                "--json",
                str(folder / f"{what}.json"),
                "--page",
                str(folder / f"{what}.html"),
            ]
            line = command(folder, journal, components, "--jobs", str(jobs), *files)
            if kill:
                timed(line, kill)
            measured.write_text(json.dumps(timed(line)))
        graded = len(truth) - (kill or 0)
        wrong = len(wrong_grades(table, truth))
        run = {"jobs": jobs, "graded": graded, "wrong": wrong, **json.loads(measured.read_text())}
        print(what, run, *wrong_grades(table, truth), sep="\n  ", flush=True)
        results["runs"][what] = run
    first = [(folder / f"{what}.json").read_bytes() for what in runs]
    results["same bytes"] = all(each == first[0] for each in first)
    results["hostile"] = _hostile(folder / f"{next(iter(runs))}.json")
    print(f"same bytes in all runs: {results['same bytes']}")
    write(options.json, results)
    sys.exit(not results["same bytes"] or any(run["wrong"] for run in results["runs"].values()))


def _hostile(file: Path) -> dict[str, str]:
    """What each hostile kind was told."""
    told = {}
    for submission in json.loads(file.read_text(encoding="utf-8"))["submissions"]:
        kind = submission["name"].partition(" ")[2]
        if kind:
            lines = submission["components"]["relu"]["report"].splitlines()
            got = next((line for line in lines if line.startswith("got:")), lines[0])
            told[kind] = " ".join(got.removeprefix("got:").replace(str(file.parent), "CLASS").split())[:200]
    return told


if __name__ == "__main__":
    main()
