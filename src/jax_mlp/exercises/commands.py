"""`jax-mlp exercises`: start, hint, solution, reset, watch, law, capstone."""

import shutil
import subprocess
import sys
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import Exercises

app = typer.Typer(rich_markup_mode=None, help="Write the network yourself, judged by its laws.")

Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder of your exercises.")]
In = Annotated[Path, typer.Option("--in", metavar="DIR", help="The folder of your exercises.")]
Component = Annotated[str, typer.Argument(help=f"One of {', '.join(COMPONENTS)}.")]
HERE = Path("exercises")


@app.command()
def start(
    folder: Folder = HERE,
    as_notebook: Annotated[
        bool, typer.Option("--notebook", help="Write one notebook instead, into this folder.")
    ] = False,
    only: Annotated[
        str | None, typer.Option(metavar="COMPONENTS", help="Ask for these components alone, such as relu,loss.")
    ] = None,
    without_hints: Annotated[bool, typer.Option("--without-hints", help="Switch hints off.")] = False,
) -> None:
    """Write a stub for each component. Files that exist already are not changed."""
    chosen = [name.strip() for name in only.split(",")] if only else None
    for name in chosen or []:
        _known(name)
    if as_notebook:
        from jax_mlp.exercises.notebook import write

        path = Path("exercises.ipynb")
        try:
            write(path, only=chosen, hints=not without_hints)
            print(f"written   {path}")
            if without_hints:
                Exercises(Path()).choose(None, without_hints)
        except FileExistsError:
            print(f"kept      {path}")
        return
    from jax_mlp.exercises.laws import EXAMPLE
    from jax_mlp.exercises.stubs import stub

    if folder.exists() and not folder.is_dir():
        raise ValueError(f"exercises start: expected a folder to write to, got {folder}, which is a file.")
    folder.mkdir(parents=True, exist_ok=True)
    stubs = {f"{c}.py": stub(c, str(folder)) for c in COMPONENTS if chosen is None or c in chosen}
    for name, text in {**stubs, "my_laws.py": EXAMPLE}.items():
        try:
            with open(folder / name, "x", encoding="utf-8") as file:
                file.write(text)
            print(f"written   {folder / name}")
        except FileExistsError:
            print(f"kept      {folder / name}")
    exercises = Exercises(folder)
    exercises.remember()
    exercises.choose(chosen, without_hints)
    print(f"Open {folder / next(iter(stubs))}, write what is missing, then run: pytest --impl={quote(str(folder))}")


@app.command()
def hint(component: Component, folder: In = HERE) -> None:
    """Show the next hint: the first is a nudge, the last is nearly the answer."""
    from jax_mlp.exercises.hints import next_hint

    print(next_hint(_started(component, folder), component, f"jax-mlp exercises solution {component}"))


@app.command()
def read(component: Component) -> None:
    """Show what a component has to do: its description, its formula, and its laws."""
    from rich.console import Console
    from rich.markdown import Markdown

    from jax_mlp.exercises.stubs import description

    _known(component)
    Console().print(Markdown(description(component)))


@app.command()
def solution(
    component: Component,
    folder: In = HERE,
    yes: Annotated[bool, typer.Option("--yes", help="Show it even if yours does not pass yet.")] = False,
) -> None:
    """Show the reference beside your version, once yours keeps all its laws."""
    from rich.columns import Columns
    from rich.console import Console
    from rich.panel import Panel
    from rich.syntax import Syntax

    from jax_mlp.exercises.stubs import reference_code, without_docstrings

    exercises = _started(component, folder)
    if not yes:
        print(f"Judging {exercises.shown(component)} …", flush=True)
        code = _pytest(f"--impl={folder}", component, "-q", "-p", "no:cacheprovider", quiet=True)
        if code not in (0, 1):  # neither passed nor failed
            raise ValueError(
                f"exercises solution: expected pytest to test {component}, got its exit code {code}. "
                f"Run pytest --impl={quote(str(folder))} {component}, or skip the test with --yes."
            )
        if code and not typer.confirm("It does not pass yet. Show the answer all the same?"):
            return
    yours = exercises.path(component).read_text(encoding="utf-8") if exercises.path(component).exists() else ""
    console = Console()
    beside = console.width >= 160
    width = console.width // 2 if beside else None
    panels = [
        Panel(Syntax(text, "python", word_wrap=True), title=title, width=width)
        for title, text in (
            (f"yours: {exercises.shown(component)}", without_docstrings(yours)),
            ("the reference", reference_code(component)),
        )
    ]
    console.print(Columns(panels) if beside else panels[0])
    if not beside:
        console.print(panels[1])


@app.command()
def reset(component: Component, folder: In = HERE) -> None:
    """Put a stub back. What you wrote is kept beside it."""
    from jax_mlp.exercises.stubs import stub

    path = _started(component, folder).path(component)
    if path.exists():
        number = 1
        while (backup := path.with_suffix(f".py.bak{number}")).exists():
            number += 1
        shutil.move(path, backup)
        print(f"kept      {backup}")
    path.write_text(stub(component, str(folder)), encoding="utf-8")
    print(f"written   {path}")


@app.command()
def watch(folder: Folder = HERE) -> None:
    """Judge a component whenever you save it, and show the board."""
    _started("init", folder)
    sys.exit(_pytest(f"--impl={folder}", "--watch", "-q"))


@app.command()
def law(file: Annotated[Path | None, typer.Argument(help="Default: my_laws.py.")] = None, folder: In = HERE) -> None:
    """Judge laws of your own: what do they let through, and what do they catch?"""
    file = folder / "my_laws.py" if file is None else file
    if not file.is_file():
        raise ValueError(f"exercises law: expected a file with laws, got {file}, which is none. See exercises start.")
    sys.exit(subprocess.call([sys.executable, "-m", "jax_mlp.checking.own_laws", str(file.resolve())]))


@app.command()
def capstone(folder: Folder = HERE) -> None:
    """Put your eight together, train them on real digits, and see which ones they read."""
    from jax_mlp.exercises.capstone import run

    _started("init", folder)
    run(folder)


def _known(component: str) -> None:
    if component not in COMPONENTS:
        raise ValueError(f"exercises: expected one of {', '.join(COMPONENTS)}, got {component!r}.")


def _started(component: str, folder: Path) -> Exercises:
    _known(component)
    exercises = Exercises(folder)
    if not exercises.started:
        raise ValueError(
            f"exercises: expected a folder that was started, got {folder.absolute()}. Go to where it is, or make it: "
            "jax-mlp exercises start."
        )
    return exercises


def _pytest(*arguments: str, quiet: bool = False) -> int:
    output = subprocess.DEVNULL if quiet else None
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], stdout=output)
