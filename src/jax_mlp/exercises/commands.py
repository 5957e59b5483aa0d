"""`jax-mlp exercises`: start, hint, read, solution, show, reset, watch, law, hunt, capstone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from jax_mlp._terminal import quoted
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import HERE, Exercises, beside_the_notebook, default_folder

app = typer.Typer(rich_markup_mode=None, help="Write the network yourself, and have it tested.")


def _here(folder: Path) -> Path:
    return default_folder() if folder == HERE else folder


def _known(component: str) -> str:
    if component not in COMPONENTS:
        raise ValueError(
            f"exercises: expected one of {', '.join(COMPONENTS)}, got {component!r}. Choose one of these components."
        )
    return component


Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder with your exercises.", callback=_here)]
In = Annotated[Path, typer.Option("--in", metavar="DIR", help="The folder with your exercises.", callback=_here)]
Component = Annotated[str, typer.Argument(help=f"One of {', '.join(COMPONENTS)}.", callback=_known)]


@app.command()
def start(
    folder: Folder = HERE,
    as_notebook: Annotated[
        bool, typer.Option("--notebook", help="Write one notebook, exercises.ipynb, instead of a folder of files.")
    ] = False,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="COMPONENTS",
            help="Include only these components, such as relu,loss. Default: the previous choice, or all.",
        ),
    ] = None,
    without_hints: Annotated[
        bool, typer.Option("--without-hints", help="Switch hints off, and solutions until your version passes.")
    ] = False,
) -> None:
    """Write one stub (a function to complete) per component. Existing files are not changed."""
    chosen = [_known(name.strip()) for name in only.split(",")] if only else None
    if as_notebook:
        from jax_mlp.exercises.notebook import write

        if folder != default_folder():
            raise ValueError(
                f"exercises start: expected no folder with --notebook, got {folder}. Change to that folder, leave its "
                "name out, and the command writes exercises.ipynb there."
            )
        path, progress = Path("exercises.ipynb"), beside_the_notebook()
        progress.choose(chosen, without_hints)
        try:
            write(path, only=progress.selected, hints=not progress.without_hints)
            print(f"written   {path}")
        except FileExistsError:
            print(f"kept      {path}")
        return
    from jax_mlp.exercises.stubs import stub

    if folder.exists() and not folder.is_dir():
        raise ValueError(f"exercises start: expected a folder, got the file {folder}. Choose another name.")
    folder.mkdir(parents=True, exist_ok=True)
    exercises = Exercises(folder)
    exercises.choose(chosen, without_hints)
    among = exercises.selected
    files = {f"{component}.py": stub(component, str(folder), among) for component in among}
    files["my_laws.py"] = Path(__file__).with_name("my_laws.py").read_text(encoding="utf-8")
    for name, text in files.items():
        try:
            with open(folder / name, "x", encoding="utf-8") as file:
                file.write(text)
            print(f"written   {folder / name}")
        except FileExistsError:
            print(f"kept      {folder / name}")
    print(f"Open {folder / next(iter(files))} and write the function. Then run: pytest --impl={quoted(folder)}")


@app.command()
def hint(component: Component, folder: In = HERE) -> None:
    """Show the next hint. The first one asks a question, and the last one gives most or all of the code."""
    from jax_mlp.exercises.hints import next_hint

    exercises = _started(folder)
    print(next_hint(exercises, component, f"jax-mlp exercises solution {component}{exercises.in_folder}"))


@app.command()
def read(component: Component) -> None:
    """Show the description, the formula and the laws of a component."""
    from rich.console import Console
    from rich.markdown import Markdown

    from jax_mlp.exercises.stubs import description

    Console().print(Markdown(description(component)))


@app.command()
def solution(
    component: Component,
    folder: In = HERE,
    yes: Annotated[bool, typer.Option("--yes", help="Show it without testing your version first.")] = False,
) -> None:
    """Show a short solution beside your version. If yours does not pass yet, the command asks you first."""
    from rich.columns import Columns
    from rich.console import Console
    from rich.panel import Panel
    from rich.syntax import Syntax

    from jax_mlp.exercises.idioms import remark
    from jax_mlp.exercises.stubs import solution as short
    from jax_mlp.exercises.stubs import without_docstrings

    exercises, passes = _started(folder), False
    if exercises.without_hints or not yes:
        print(f"Testing {exercises.shown(component)} …", flush=True)
        told = [f"--impl={folder}", component, "-q", "-p", "no:cacheprovider"]
        code = _tested_by("pytest", *told, stdout=subprocess.DEVNULL)
        if code not in (0, 1):  # neither passed nor failed
            raise ValueError(
                f"exercises solution: expected pytest to test {component}, got its exit code {code}. "
                f"Run pytest --impl={quoted(folder)} {component}, or skip the test with --yes."
            )
        passes = code == 0
        if not passes and exercises.without_hints:
            print("Your version does not pass yet. Solutions are switched off for these exercises until it does.")
            return
        if not passes and not typer.confirm("Your version does not pass yet. Show the solution anyway?"):
            return
    yours = exercises.path(component).read_text(encoding="utf-8") if exercises.path(component).exists() else ""
    console = Console()
    beside = console.width >= 160
    width = console.width // 2 if beside else None
    panels = [
        Panel(Syntax(text, "python", word_wrap=True), title=title, width=width)
        for title, text in (
            (f"yours: {exercises.shown(component)}", without_docstrings(yours)),
            (f"a solution (the reference adds checks: jax_mlp/components/{component}.py)", short(component)),
        )
    ]
    console.print(Columns(panels) if beside else panels[0])
    if not beside:
        console.print(panels[1])
    if passes and (words := remark(component, without_docstrings(yours))):
        console.print(words, highlight=False, markup=False)


@app.command()
def show(component: Component, folder: In = HERE) -> None:
    """Draw what your component does, once it is written."""
    from jax_mlp.exercises.show import draw

    exercises = _started(folder)
    picture = folder / f"{component}.png"
    draw(component, exercises.folder).savefig(picture, dpi=110)
    print(f"written   {picture}")


@app.command()
def reset(component: Component, folder: In = HERE) -> None:
    """Restore the stub of a component. Your version is kept beside it."""
    from jax_mlp.exercises.stubs import stub

    exercises = _started(folder)
    path = exercises.path(component)
    if path.exists():
        number = 1
        while (backup := path.with_suffix(f".py.bak{number}")).exists():
            number += 1
        shutil.move(path, backup)
        print(f"kept      {backup}")
    among = [each for each in COMPONENTS if each in (*exercises.selected, component)]
    path.write_text(stub(component, str(folder), among), encoding="utf-8")
    exercises.remember(hints={component: 0}, steps={component: 0})
    print(f"written   {path}")


@app.command()
def watch(folder: Folder = HERE) -> None:
    """Test each component whenever you save it."""
    _started(folder)
    sys.exit(_tested_by("pytest", f"--impl={folder}", "--watch", "-q"))


@app.command()
def law(
    laws: Annotated[
        str | None,
        typer.Argument(metavar="[FILE[::LAW]]", help="The file with your laws, or one law. Default: my_laws.py."),
    ] = None,
    folder: In = HERE,
) -> None:
    """Test laws of your own. See which mistakes they catch and miss, each law alone and all together."""
    name, _, only = (laws or "").partition("::")
    file = Path(name) if name and Path(name).exists() else folder / (name or "my_laws.py")
    if not file.is_file():
        raise ValueError(
            f"exercises law: expected a file with laws, got {file}, which does not exist. "
            f"Make one with: jax-mlp exercises start {quoted(folder)}"
        )
    with_asserts = {name: value for name, value in os.environ.items() if name != "PYTHONOPTIMIZE"}
    sys.exit(_tested_by("jax_mlp.checking.own_laws", str(file.resolve()), only, env=with_asserts))


@app.command()
def hunt(
    component: Annotated[str | None, typer.Argument(help="Default: all components.")] = None,
    n_rounds: Annotated[int, typer.Option("--rounds", min=1, help="Number of rounds.")] = 5,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the rounds. Default: a random one.")] = None,
) -> None:
    """Find the mistake in somebody else's code: choose the law that catches it, then see the counterexample."""
    from jax_mlp.exercises.hunt import play

    play(component, n_rounds, seed)


@app.command()
def capstone(folder: Folder = HERE) -> None:
    """Train the network made of your components to read digits."""
    from jax_mlp.exercises.capstone import run

    _started(folder)
    run(folder)


def _started(folder: Path) -> Exercises:
    exercises = Exercises(folder)
    if not exercises.started:
        raise ValueError(
            f"exercises: expected a folder made by `jax-mlp exercises start`, got {folder.absolute()}. "
            f"Run that command, or change to the folder that contains {folder.name}."
        )
    return exercises


def _tested_by(module: str, *arguments: str, **options: Any) -> int:
    """The exit code of a module that tests something, run in a process of its own."""
    import jax_mlp.checking  # noqa: F401  (an error if pytest is missing, which would look like failing laws)

    return subprocess.call([sys.executable, "-m", module, *arguments], **options)
