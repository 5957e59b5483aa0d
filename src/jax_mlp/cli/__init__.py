"""The command line, `jax-mlp` or `python -m jax_mlp`. Every error is one line and exit code 2."""

import os
import sys
import traceback

import typer

from jax_mlp._jax import import_jax, summary
from jax_mlp._terminal import prepare_output, quoted
from jax_mlp.cli._doctor import doctor
from jax_mlp.cli._grade import classroom_workflow, grade, gradescope_zip
from jax_mlp.cli._supervise import SUPERVISED, obey
from jax_mlp.cli._train import train
from jax_mlp.cli._use import evaluate, predict
from jax_mlp.exercises.commands import app as exercises

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
for command in (train, evaluate, predict, doctor):
    app.command()(command)
exercises.command()(grade)
exercises.command("gradescope")(gradescope_zip)
exercises.command("classroom")(classroom_workflow)
app.add_typer(exercises, name="exercises", no_args_is_help=True)


@app.callback()
def about() -> None:
    """Train a neural network in plain JAX, or write one yourself and have it tested."""


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # JAX 0.10.1 prints 1.7 kB per program read from its cache
    prepare_output()
    if os.environ.get(SUPERVISED):
        obey(_main)
    else:
        _main()


def _main() -> None:
    try:
        arguments = [*map(_at_home, sys.argv[1:])] or ["--help"]
        sys.exit(app(args=arguments, prog_name="jax-mlp", standalone_mode=False))
    except (ValueError, TypeError, ArithmeticError, ImportError, OSError, MemoryError) as error:
        message = _broken_jax(error) or str(error)
    except typer.Abort:  # Ctrl-C, or no answer to a question
        message = "stopped."
    except (RuntimeError, AssertionError) as error:  # raised by JAX, for example if memory or a platform is missing
        if os.environ.get(SUPERVISED):  # the supervisor explains it
            raise
        message = _broken_jax(error) or f"{summary(error)}. To see what JAX finds here, run: jax-mlp doctor"
    except Exception as error:  # typer's own errors have a message; anything else is a bug, and is shown in full
        describe = getattr(error, "format_message", None)
        if type(error).__name__ == "NoArgsIsHelpError" and describe:
            print(describe())
            sys.exit(2)
        message = _usage(error, describe()) if describe else _broken_jax(error)
        if not message:
            raise
    print(f"jax-mlp: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def _at_home(argument: str) -> str:
    """An argument with the home directory for `~`, which shells leave as it is in --out=~/x, and cmd everywhere."""
    option, equals, value = argument.partition("=") if argument.startswith("--") else ("", "", argument)
    return option + equals + os.path.expanduser(value)


def _usage(error, message: str) -> str:
    """What typer says of a command line, and where to read more."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "jax-mlp"
    return f"{message} (in: jax-mlp {' '.join(map(quoted, sys.argv[1:]))}). See {command} --help."


def _broken_jax(error: Exception) -> str:
    """What is wrong with an installation of JAX that cannot be imported, if that can be the cause of an error."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    if not isinstance(error, ImportError) and frame.f_globals["__name__"].startswith("jax_mlp."):
        return ""  # raised by this package, so there is no need to import JAX
    try:
        import_jax()
    except ImportError as broken:
        return str(broken)
    return ""
