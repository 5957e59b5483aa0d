"""Find the mistake: components with one planted mistake, and four laws of which one catches it."""

import ast
import random
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import jax_mlp
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises.bare import bare
from jax_mlp.exercises.stubs import solution, source
from jax_mlp.mistakes import caught_by, counterexamples

if TYPE_CHECKING:
    from rich.console import Console

ORDER = "jnp.arange(n) if key is None else jax.random.permutation(jax.random.fold_in(key, epoch), n)"
LOOP = "    for epoch in range(1, n_epochs + 1):\n"
CLOCK = "        start = time.perf_counter()\n"
CALL = "on_epoch(epoch=epoch, seconds=seconds, loss=loss(params, *train), **figures)"

CHANGES = {
    "whole_batches_only": ("range(0, n, batch_size)", "range(0, n - batch_size + 1, batch_size)"),
    "last_batch_filled_up": (
        "[order[i : i + batch_size] for", '[jnp.take(order, jnp.arange(i, i + batch_size), mode="wrap") for'
    ),
    "same_order_every_epoch": ("fold_in(key, epoch)", "fold_in(key, 0)"),
    "key_ignored": (ORDER, "jnp.arange(n)"),
    "always_shuffled": (
        ORDER, "jax.random.permutation(jax.random.fold_in(jax.random.key(0) if key is None else key, epoch), n)"
    ),
    "drawn_with_replacement": ("jax.random.permutation(jax.random.fold_in(key, epoch), n)",
                               "jax.random.randint(jax.random.fold_in(key, epoch), (n,), 0, n)"),
    "one_epoch_too_many": ("n_epochs + 1)", "n_epochs + 2)"),
    "one_epoch_too_few": ("n_epochs + 1)", "n_epochs)"),
    "one_update_an_epoch": ("for i in range(0, n, batch_size)]", "for i in range(0, n, batch_size)][:1]"),
    "whole_set_as_one_batch": ("[order[i : i + batch_size] for i in range(0, n, batch_size)]", "[order]"),
    "default_batch_of_64": ("batch_size=128", "batch_size=64"),
    "rate_not_passed_on": ("n_classes), learning_rate)", "n_classes))"),
    "updates_are_thrown_away": ("params = update(", "update("),
    "figures_swapped": ('accuracy(params, *train), "test_accuracy": accuracy(params, *test)',
                        'accuracy(params, *test), "test_accuracy": accuracy(params, *train)'),
    "tested_on_the_training_set": ("accuracy(params, *test)", "accuracy(params, *train)"),
    "epochs_from_zero": ("range(1, n_epochs + 1)", "range(n_epochs)"),
    "batches_ignored": (" if batches is None else batches:", ":"),
    "in_reverse": ("for i in range(0, n, batch_size)]", "for i in range(0, n, batch_size)][::-1]"),
    "seconds_since_the_first_epoch": (LOOP + CLOCK, CLOCK[4:] + LOOP),
    "orders_by_turns": ("fold_in(key, epoch)", "fold_in(key, epoch % 2)"),
    "stops_when_on_epoch_answers": (CALL, f"if {CALL}:\n                return params"),
    "stops_when_all_is_right": (CALL, f'{CALL}\n            if figures["train_accuracy"] == 1:\n                break'),
}  # fmt: skip
"""Mistakes in `train_loop`: some text of its short solution, and what stands there instead.

In the catalogue they are options of one loop, whose names would tell. Those that would change more are not here.
"""


class Round(NamedTuple):
    """One round: some code, and what is needed to check an answer."""

    component: str
    mistake: str
    sentence: str
    """What the mistake is."""
    code: str
    laws: tuple[str, ...]
    """What the reader chooses from. Exactly one of them catches the mistake."""
    caught_by: int
    """The place of that law, from 0."""
    counterexample: dict[str, str]


def play(component: str | None, n_rounds: int, seed: int | None) -> None:
    """Play some rounds in the terminal. Answers may be piped in, one per line."""
    from rich.console import Console

    if component is not None and component not in COMPONENTS:
        raise ValueError(
            f"exercises hunt: expected one of {', '.join(COMPONENTS)}, got {component!r}. Name one, or leave it out."
        )
    seed = random.SystemRandom().randrange(10_000) if seed is None else seed
    all_rounds = rounds(seed, component)
    if n_rounds > len(all_rounds):
        raise ValueError(
            f"exercises hunt: expected at most {len(all_rounds)} rounds, got {n_rounds}. Choose a smaller --rounds."
        )
    console, right = Console(highlight=False, soft_wrap=True), 0
    for number, this in enumerate(all_rounds[:n_rounds], 1):
        console.print(f"[bold]Round {number} of {n_rounds}: {this.component}[/bold]\n")
        _show(console, this.code)
        console.print("\nThis code has one mistake. Which law catches it?")
        for place, law in enumerate(this.laws, 1):
            console.print(f"  {place}  {law}", markup=False)
        answer = _answer(len(this.laws))
        if answer is None:
            console.print(f"\nNo more answers. You found {right} of {number - 1}.")
            return
        right += answer == this.caught_by
        _explain(console, this, answer)
    which = f" {component}" if component else ""
    console.print(f"You found {right} of {n_rounds}. Play these rounds again:")
    console.print(f"jax-mlp exercises hunt{which} --rounds {n_rounds} --seed {seed}")


def _answer(n_laws: int) -> int | None:
    """The place chosen, from 0, or None if there are no more answers. A person at a keyboard may try again."""
    while True:
        print(f"Your answer (1 to {n_laws}): ", end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            return None
        if not sys.stdin.isatty():
            print(line.strip())
        if line.strip().isdecimal() and 1 <= int(line) <= n_laws:
            return int(line) - 1
        wrong = f"expected a number from 1 to {n_laws}, got {line.strip()!r}. Type the number of a law"
        if not sys.stdin.isatty():
            raise ValueError(f"exercises hunt: {wrong}, one per line.")
        print(f"{wrong[0].upper()}{wrong[1:]}, or press Ctrl-C to stop.")


def _explain(console: "Console", this: Round, answer: int) -> None:
    """Say whether the answer was right, and show the counterexample and the right lines."""
    if answer == this.caught_by:
        console.print("[bold green]Right.[/bold green] This law catches it.")
    else:
        law = f"{this.caught_by + 1}: {this.laws[this.caught_by]}"
        console.print("[bold red]Not this one.[/bold red] It misses the mistake. The law that catches it is", end=" ")
        console.print(law, markup=False)
    console.print("\ncounterexample:")
    _show(console, this.counterexample["call"])
    for label, text in (
        ("got", this.counterexample["got"]),
        ("expected", this.counterexample["expected"]),
        ("mistake", this.sentence),
    ):
        console.print(f"{label + ':':<16}{text}".replace("\n", "\n" + 16 * " "), markup=False)
    console.print("\nwithout the mistake:")
    _show(console, fixed(this.component))
    console.print()


def _show(console: "Console", code: str) -> None:
    """Code, coloured if this is a terminal."""
    from rich.syntax import Syntax

    if console.is_terminal:
        console.print(Syntax(code.rstrip(), "python", word_wrap=True, background_color="default"))
    else:
        console.print(code.rstrip(), markup=False)


def rounds(seed: int, component: str | None = None) -> list[Round]:
    """All rounds in an order, and with laws to choose from, that depend on the seed alone."""
    all_caught, shown = caught_by(), counterexamples()
    made = []
    for name in COMPONENTS if component is None else [component]:
        sentences = laws(name)
        for mistake, node in _functions(_path(name, "mistakes")).items():
            key = f"{name}/{mistake}"
            chance = random.Random(f"{seed} {key}")
            innocent = [law for law in sentences if law not in all_caught.get(key, [])]
            if shown.get(key, {}).get("law") not in sentences or len(innocent) < 2:
                continue
            if name == "train_loop" and mistake not in CHANGES:
                continue
            chosen = [shown[key]["law"], *chance.sample(innocent, min(3, len(innocent)))]
            chance.shuffle(chosen)
            made.append(
                Round(
                    name, mistake, " ".join((ast.get_docstring(node) or "").split()), _disguised(name, mistake),
                    tuple(sentences[law] for law in chosen), chosen.index(shown[key]["law"]), shown[key],
                )
            )  # fmt: skip
    chance = random.Random(seed)
    made.sort(key=lambda each: len(each.code.splitlines()) + 25 * chance.random())  # short code tends to come first
    return made


@cache
def laws(component: str) -> dict[str, str]:
    """The laws that are asked of any implementation of a component, by name, each with its sentence."""
    return {
        name: " ".join((ast.get_docstring(node) or "").split())
        for name, node in _functions(_path(component, "laws", "test_")).items()
        if name.startswith("test_")
        and "impl" in [argument.arg for argument in node.args.args]
        and not {"pytest.mark.reference", "pytest.mark.fine_print"}.intersection(map(ast.unparse, node.decorator_list))
    }


@cache
def fixed(component: str) -> str:
    """The reference's own lines, without docstrings, annotations and checks. Of `train_loop`, the short solution's."""
    if component == "train_loop":
        return solution(component)
    return bare(source(component), COMPONENTS[component])


def _disguised(component: str, mistake: str) -> str:
    """The code of a mistake under the component's name, with nothing that tells what the mistake is."""
    if component == "train_loop":
        return fixed(component).replace(*CHANGES[mistake])
    text = _path(component, "mistakes").read_text(encoding="utf-8")
    own = COMPONENTS[component]
    arguments = [argument.arg for argument in _functions(_path(component, "mistakes"))[mistake].args.args]
    name = next(name for name in own if arguments[0] in _arguments(component, name))
    return bare(text, [mistake]).replace(f"def {mistake}(", f"def {name}(")


def _arguments(component: str, name: str) -> list[str]:
    nodes = [node for node in ast.parse(source(component)).body if isinstance(node, ast.FunctionDef)]
    return [argument.arg for node in nodes if node.name == name for argument in node.args.args]


@cache
def _functions(path: Path) -> dict[str, ast.FunctionDef]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef)}


def _path(component: str, room: str, prefix: str = "") -> Path:
    return Path(jax_mlp.__file__).parent / room / f"{prefix}{component}.py"
