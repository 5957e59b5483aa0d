"""`jax-mlp exercises grade`, and the zip for Gradescope: for teachers."""

import sys
import textwrap
from pathlib import Path
from typing import Annotated

import typer


def grade(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="A folder of submissions, or several submissions.")
    ],
    jobs: Annotated[int, typer.Option(min=1, help="Number of submissions to grade at the same time.")] = 1,
    points: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file with the points of each component. Default: 1 each.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all results as JSON.")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write CSV, with one row per submission.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit's XML.")] = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what the class has not understood, as HTML.")
    ] = None,
    gradescope: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write Gradescope's results.json (one submission).")
    ] = None,
    classroom: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append GitHub Classroom's result=... (one submission).")
    ] = None,
    journal: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="File of the grades so far. Of several, all are read and the first is written. Default: grades.jsonl.",
        ),
    ] = None,
    part: Annotated[str, typer.Option(metavar="K/N", help="Grade only part K of N, on one of N machines.")] = "1/1",
    time_limit: Annotated[float, typer.Option(metavar="SECONDS", min=1, help="Processor time allowed per law.")] = 60.0,
    memory: Annotated[int, typer.Option(metavar="MB", min=0, help="Memory per submission; 0 is no limit.")] = 2048,
) -> None:
    """Grade submissions, each a folder or a notebook. After an interruption, the same command resumes."""
    from jax_mlp.grading import submissions as found
    from jax_mlp.grading.guard import CAN_LIMIT_MEMORY
    from jax_mlp.grading.journal import Journal, key
    from jax_mlp.grading.points import read_points, shown

    worth = read_points(points)
    class_ = found.part(found.find(folders, one=bool(gradescope or classroom)), part)
    if others := found.left_out(folders):
        print(f"Left out, as neither a folder nor a notebook: {', '.join(others)}.", file=sys.stderr)
    if (gradescope or classroom) and len(class_) != 1:
        raise ValueError(f"exercises grade: expected one submission for that format, got {len(class_)}.")
    if memory and not CAN_LIMIT_MEMORY:
        print("Note: this system cannot limit memory, so --memory is not enforced.", file=sys.stderr)
    digests = {submission.name: found.digest(submission) for submission in class_}
    done = Journal(journal or [_journal(part)], key([*worth.worth], time_limit, memory))
    known = sum(digest in done.known for digest in digests.values())
    if known:
        print(f"{known} of {len(class_)} are known already: {done.path}.")
    new = {digests[s.name]: s for s in reversed(class_) if digests[s.name] not in done.known}
    waiting = sorted(new.values())  # what several have handed in alike is graded once
    try:
        failed = _grade_all(waiting, done, digests, worth, jobs, (time_limit, memory)) if waiting else []
    except KeyboardInterrupt:
        what = (
            f"The grades so far are in {done.path}. The same command resumes." if done.known else "Nothing was graded."
        )
        print(f"Stopped. {what}", file=sys.stderr)
        sys.exit(130)
    grades = {s.name: done.known[digests[s.name]] for s in class_ if digests[s.name] in done.known}
    laws = done.laws
    if json or csv or junit or page or gradescope or classroom:
        from jax_mlp.grading import formats
        from jax_mlp.grading.copies import near_copies
        from jax_mlp.grading.page import as_page

        texts = {
            json: lambda: formats.as_json(grades, worth, laws),
            csv: lambda: formats.as_csv(grades, worth),
            junit: lambda: formats.as_junit(grades, laws),
            page: lambda: as_page(grades, worth, laws, near_copies(class_)),
            gradescope: lambda: formats.as_gradescope(grades[class_[0].name], worth),
        }
        for path, text in texts.items():
            if path is not None:
                # A folder's name need not be valid UTF-8.
                path.write_text(text(), encoding="utf-8", errors="replace", newline="\n")
                print(f"written   {path}")
        if classroom is not None:
            with open(classroom, "a", encoding="utf-8") as file:
                file.write(formats.as_classroom(grades[class_[0].name], worth))
    if len(class_) == 1:
        for component, row in grades.get(class_[0].name, {}).items():
            if row["state"] != "passed":
                print(f"\n{component}: {row['passed']} of {row['total']} laws pass.\n{row['report']}")
        print()
    full = sum(worth.total(rows) == worth.most for rows in grades.values())
    print(f"{len(grades)} of {len(class_)} graded, {full} with all {shown(worth.most)} points.")
    if failed:  # by the checker's own fault
        print(f"Not graded: {', '.join(failed)}. Run the same command again.", file=sys.stderr)
        sys.exit(1)


def _grade_all(waiting, done, digests, worth, jobs: int, limits: tuple) -> list[str]:
    """Grade what is not known yet, a line each; the names of those that could not be graded."""
    from tqdm import tqdm

    from jax_mlp.grading.formats import first_trouble
    from jax_mlp.grading.points import shown
    from jax_mlp.grading.running import Classroom, Limits

    failed = []
    with Classroom(Limits(*limits), [*worth.worth]) as classroom:
        print("Grading the reference first: all of its laws must pass on this machine.")
        classroom.check_this_machine()
        done.begin(classroom.laws)
        with tqdm(total=len(waiting), unit=" submissions", disable=None, leave=False) as progress:
            for submission, rows in classroom.grade_all(waiting, jobs):
                if isinstance(rows, str):
                    failed.append(submission.name)
                    line = f"not graded: {' '.join(rows.split())}"
                else:
                    done.write(digests[submission.name], submission.name, rows)
                    why = textwrap.shorten(" ".join(first_trouble(rows)), 160, placeholder=" …")
                    why = f"   {why}" if why else ""
                    line = f"{shown(worth.total(rows)):>5} of {shown(worth.most)}{why}"
                tqdm.write(f"{submission.name:<24} {line}", file=sys.stdout)
                sys.stdout.flush()
                progress.update()
    return failed


def _journal(part: str) -> Path:
    return Path("grades.jsonl" if part == "1/1" else f"grades-{part.replace('/', '-of-')}.jsonl")


def gradescope_zip(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("autograder.zip"),
    points: Annotated[Path | None, typer.Option(metavar="FILE", help="TOML file with the points.")] = None,
    package: Annotated[
        str | None,
        typer.Option(help="Package for pip to install. A wheel goes into the zip. Default: this version of jax-mlp."),
    ] = None,
) -> None:
    """Write the zip that Gradescope builds its autograder from."""
    from jax_mlp.grading.gradescope import write

    write(file, points, package)
    print(f"written   {file}. Upload it at Gradescope: Configure Autograder.")


def classroom_workflow(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path(".github/workflows/classroom.yml"),
    points: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file with the points, in the same repository.")
    ] = None,
) -> None:
    """Write the workflow that grades every push in GitHub Classroom."""
    import shlex

    import jax_mlp
    from jax_mlp.grading.points import read_points

    read_points(points)  # refuses a wrong file before anything is written
    text = Path(jax_mlp.__file__).with_name("grading").joinpath("classroom.yml").read_text(encoding="utf-8")
    if file.exists():
        raise ValueError(f"exercises classroom: expected a file that is not there yet, got {file}. Remove it first.")
    file.parent.mkdir(parents=True, exist_ok=True)
    chosen = f" --points {shlex.quote(points.as_posix())}" if points else ""
    text = text.replace("VERSION", jax_mlp.__version__).replace("grade exercises", f"grade exercises{chosen}")
    file.write_text(text, encoding="utf-8")
    print(f"written   {file}")
