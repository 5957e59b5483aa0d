"""A command in a process of its own, whose end is put into words.

JAX ends a process that loses the others of its run, with a trace of its inner life for a message. Only another process
can say it better.
"""

import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable

SUPERVISED = "JAX_MLP_SUPERVISED"


def supervise(arguments: list[str], ended: str, silent: bool) -> int:
    """Run `jax-mlp` with these arguments, and return its exit code: 2 if JAX ended it, 128 and more if a signal did.

    Either is said on standard error with the words of `ended`, where `{}` is what happened. When `silent`, only errors
    are shown.
    """
    environment = {**os.environ, SUPERVISED: "1", "TF_CPP_MIN_LOG_LEVEL": "1"}  # JAX's log says how it ended
    child = subprocess.Popen(
        [sys.executable, "-u", "-m", "jax_mlp", *arguments], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, errors="replace",
    )  # fmt: skip
    said = []

    def show() -> None:
        for line in child.stdout or ():
            if not silent and not line.startswith("[Gloo]"):
                print(line, end="", flush=True)

    readers = [threading.Thread(target=show), threading.Thread(target=lambda: said.extend(child.stderr or ()))]
    for reader in readers:
        reader.start()
    while child.poll() is None:
        try:
            child.wait()
        except KeyboardInterrupt:
            child.send_signal(signal.SIGINT)
    for reader in readers:
        reader.join()
    if child.returncode in (0, 2, 130):
        sys.stderr.writelines(line for line in said if line.startswith("jax-mlp:"))
        return child.returncode
    if any(word in line for line in said for word in ("Gloo", "coordination service", "distributed service")):
        sys.stderr.write(f"jax-mlp: {ended.format('lost another')}\n")
        return 2
    sys.stderr.writelines(said)
    if child.returncode < 0:
        name = signal.Signals(-child.returncode).name
        sys.stderr.write(f"jax-mlp: {ended.format(f'was ended by {name}')}\n")
        return 128 - child.returncode
    return child.returncode


def obey(command: Callable[[], None]) -> None:
    """Run a command as the child: when the parent is gone, so is the child; when it fails, it waits for no others."""

    def end_with_parent() -> None:
        os.read(0, 1)  # returns when the other end is closed
        os._exit(2)

    threading.Thread(target=end_with_parent, daemon=True).start()
    code = 0
    try:
        command()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    if code:
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 1)
