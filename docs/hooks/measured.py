"""Writes the results of benchmarks into pages: `<!-- measured NAME -->` becomes a table and a line on the machine."""

import json
import re
from pathlib import Path

MEASURED = Path(__file__).parents[1] / "measured"
MARK = re.compile(r"^<!-- measured (\w+) -->$", re.MULTILINE)
CONTENDERS = {
    "guide": "the guide's loop",
    "torch compiled": "torch, compiled",
    "products": "matmuls alone",
    "products, step": "matmuls and update",
    "products, written": "matmuls, as one writes them down",
}
"""What contenders are called on the page, if they are not called what the benchmark calls them."""


COMMANDS = {"settings": "matrix settings", "versions": "matrix versions"}
"""The commands that measure, if they are not called what their results are called."""


def on_page_markdown(markdown: str, page, config, files) -> str:
    """Replace each mark by its table."""
    return MARK.sub(lambda mark: table(mark[1]), markdown)


def table(name: str) -> str:
    """The table of a benchmark."""
    command = f"python -m tests.{'catalogue' if name == 'causes' else 'benchmarks'}.{COMMANDS.get(name, name)}"
    if not (MEASURED / f"{name}.json").exists():
        return f"This has not been measured yet. The command is: `{command} --json docs/measured/{name}.json`."
    result = json.loads((MEASURED / f"{name}.json").read_text(encoding="utf-8"))
    source = f"Measured on {result['machine']}, by `{command}`."
    if result.get("simulated"):
        source += " JAX computes in float32 here, so the inputs of each matmul were rounded first."
    if name == "growth":  # its results are drawn
        return source
    tables = {
        "epoch": epoch, "accuracy": accuracy, "suite": suite, "grading": grading, "settings": matrix,
        "versions": matrix, "causes": causes, "precision": precision,
    }  # fmt: skip
    head, rows = tables[name](result)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{body}\n\n{source}"


def epoch(result):
    """The time of an epoch relative to jax_mlp and to the matrix multiplications, and the time of the first epoch."""
    rows = [
        [
            CONTENDERS.get(who, who),
            f"{each['to']['jax_mlp']['median']:.2f}",
            f"{each['to']['jax_mlp']['least']:.2f} to {each['to']['jax_mlp']['greatest']:.2f}",
            f"{each['to']['products, step']['median']:.2f}",
            f"{each['first'] / each['seconds']['median']:.0f}",
        ]
        for who, each in result["contenders"].items()
    ]
    head = ["time of an epoch", "jax_mlp = 1", "least to greatest", "matmuls and update = 1", "first epoch, in epochs"]
    return head, rows


def accuracy(result):
    """When each accuracy was reached: the time, relative to the tuned recipe's time to the first, and the epoch."""
    goals = ["90%", "95%", "97%", "98%"]
    unit = result["measured"]["tuned, jax_mlp"]["reached"]["90%"]["seconds"]
    rows = []
    for who, each in result["measured"].items():
        when = [each["reached"].get(goal) for goal in goals]
        cells = [f"{w['seconds'] / unit:.1f} (epoch {w['epochs']})" if w else "—" for w in when]
        rows.append([who, *cells, f"{each['best']:.2%}"])
    return ["recipe, library", *[goal.replace("%", " %") for goal in goals], "best"], rows


def precision(result):
    """For each format: its errors, what they change in answers and accuracy, and the laws that it passes."""
    names = {"float32": "float32", "tensorfloat32": "TF32", "bfloat16": "bfloat16"}
    rows = [
        [
            names[name], f"{each['bits']}", _power(each["error of log-probabilities"]),
            _power(each["error of the gradient"]), f"{each['other answers']} of {result['images']}",
            f"{each['accuracy']:.1%}".replace("%", " %"), "{} of {}".format(*each["laws"]),
        ]
        for name, each in result["formats"].items()
    ]  # fmt: skip
    head = ["format", "bits of fraction", "error of log-probabilities", "error of the gradient", "other answers"]
    return [*head, "accuracy after training", "laws of forward that pass"], rows


def _power(number: float) -> str:
    """A small number, such as 1.1 · 10⁻⁷."""
    digits, exponent = f"{number:.1e}".split("e")
    return f"{digits} · 10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def suite(result):
    """Seconds of each run, and its multiples of the time that `import jax` takes."""
    unit = result["seconds"]["import jax"]
    rows = [[what, f"{took:.1f}", f"{took / unit:.1f}"] for what, took in result["seconds"].items()]
    return ["run", "seconds", "import jax = 1"], rows


def grading(result):
    """For each run: total time, time per submission, peak memory, and the number of wrong grades."""
    rows = [
        [
            what, f"{run['after']['100'] / 60:.0f}" if "100" in run["after"] and "kill" not in what else "—",
            f"{run['seconds'] / 60:.0f}", f"{run['seconds'] / run['graded']:.1f}",
            f"{run['processor'] / run['graded']:.1f}", f"{run['memory'] / 1024:.1f}", f"{run['wrong']}",
        ]
        for what, run in result["runs"].items()
    ]  # fmt: skip
    of = ", ".join(result["components"])
    head = [
        f"{result['submissions']} submissions of {of}, graded with",
        "minutes for the first 100",
        "minutes in total",
        "seconds each",
        "processor seconds each",
    ]
    return [*head, "peak memory (GB)", "wrong grades"], rows


def causes(result):
    """For each component, how many reports of its mistakes name the right cause, none, or a wrong one."""
    counts = {
        component: [len(verdicts[kind]) for kind in ("right", "silent", "wrong")]
        for component, verdicts in result["components"].items()
    }
    total = [sum(column) for column in zip(*counts.values(), strict=True)]
    rows = [[name, str(sum(row)), *map(str, row)] for name, row in [*counts.items(), ("all", total)]]
    rows.append(["", "", *[f"{count / sum(total):.1%}".replace("%", " %") for count in total]])
    return ["component", "mistakes", "right cause", "no cause", "wrong cause"], rows


def matrix(result):
    """What became of the laws in each row of a matrix, such as under each setting."""
    head = max((list(row) for row in result["rows"].values()), key=len)
    rows = [[name, *(row.get(column, "—") or "—" for column in head)] for name, row in result["rows"].items()]
    return ["", *head], rows
