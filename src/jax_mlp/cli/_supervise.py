"""A command in a separate process, so that its end can be explained.

If a process loses the others of its run, JAX ends it with an internal stack trace. Only another process can replace
that with a clear message.
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
    """Run `jax-mlp` with these arguments, and return its exit code: 2 if JAX ended it, more than 128 if a signal did.

    In both cases the text `ended` is printed on standard error, with the reason in place of `{}`. If `silent`, only
    errors are printed.
    """
    environment = {**os.environ, SUPERVISED: "1", "TF_CPP_MIN_LOG_LEVEL": "3"}  # a fatal error says why JAX ended it
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
        sys.stderr.write(f"jax-mlp: {ended.format('lost the connection to another')}\n")
        return 2
    sys.stderr.writelines(said)
    if child.returncode < 0:
        name = signal.Signals(-child.returncode).name
        sys.stderr.write(f"jax-mlp: {ended.format(f'was ended by {name}')}\n")
        return 128 - child.returncode
    return child.returncode


def obey(command: Callable[[], None]) -> None:
    """Run a command as a child, which ends when its parent ends, and does not wait for others if it fails."""

    def end_with_parent() -> None:
        os.read(0, 1)  # returns when the parent's end of the pipe is closed
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
