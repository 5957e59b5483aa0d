"""Writes what the benchmarks measured into the pages: `<!-- measured NAME -->` becomes a table, and the machine."""

import json
import re
from pathlib import Path

MEASURED = Path(__file__).parents[1] / "measured"
MARK = re.compile(r"^<!-- measured (\w+) -->$", re.MULTILINE)


def on_page_markdown(markdown: str, page, config, files) -> str:
    """Put a table in place of its mark."""
    return MARK.sub(lambda mark: table(mark[1]), markdown)


def table(name: str) -> str:
    """The table of a benchmark."""
    if not (MEASURED / f"{name}.json").exists():
        return f"Not measured yet: `python -m tests.benchmarks.{name} --json docs/measured/{name}.json`."
    result = json.loads((MEASURED / f"{name}.json").read_text(encoding="utf-8"))
    source = f"Measured on {result['machine']}, by `python -m tests.benchmarks.{name}`."
    if name == "growth":  # which is drawn
        return source
    head, rows = {"epoch": epoch, "accuracy": accuracy, "suite": suite, "grading": grading}[name](result)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{body}\n\n{source}"


def epoch(result):
    """Ratios to this kit and to the products, and the first epoch."""
    others = "products, written", "products, step", "products"
    rows = [
        [
            who, f"{each['to']['jax_mlp']['median']:.2f}",
            f"{each['to']['jax_mlp']['least']:.2f} to {each['to']['jax_mlp']['greatest']:.2f}",
            *[f"{each['to'][other]['median']:.2f}" for other in others],
            f"{each['first'] / each['seconds']['median']:.0f}",
        ]
        for who, each in result["contenders"].items()
    ]  # fmt: skip
    head = ["an epoch of", "/ jax_mlp", "least to greatest", *[f"/ {other}" for other in others]]
    return [*head, "the first, compiling included, in epochs"], rows


def accuracy(result):
    """When each goal was reached, in epochs, and in multiples of the first time in the row."""
    goals = ["90%", "95%", "97%", "98%"]
    unit = result["measured"]["tuned, jax_mlp"]["reached"]["90%"]["seconds"]
    rows = []
    for who, each in result["measured"].items():
        when = [each["reached"].get(goal) for goal in goals]
        cells = [f"{w['seconds'] / unit:.1f} (epoch {w['epochs']})" if w else "—" for w in when]
        rows.append([who, *cells, f"{each['best']:.2%}"])
    return ["recipe, kit", *[goal.replace("%", " %") for goal in goals], "best"], rows


def suite(result):
    """Seconds of each run, and how many times JAX could be imported meanwhile."""
    unit = result["seconds"]["import jax"]
    rows = [[what, f"{took:.1f}", f"{took / unit:.1f}"] for what, took in result["seconds"].items()]
    return ["what runs", "seconds", "in imports of JAX"], rows


def grading(result):
    """Of each run: time in all and for one submission, peak memory, wrong grades."""
    rows = [
        [
            what, f"{run['seconds'] / 60:.0f}", f"{run['seconds'] / result['submissions']:.1f}",
            f"{run['processor'] / result['submissions']:.1f}", f"{run['memory'] / 1024:.1f}", f"{run['wrong']}",
        ]
        for what, run in result["runs"].items()
    ]  # fmt: skip
    head = [f"{result['submissions']} submissions with", "minutes", "seconds each", "processor seconds each"]
    return [*head, "peak memory (GB)", "wrong grades"], rows
