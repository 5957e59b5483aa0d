"""What a child that grades refuses and limits: a plugin of the pytest that runs in it. It is not a sandbox.

Python's audit events tell of files, sockets and processes before they are used, and a limit of the system on memory and
processor time holds for all of a process. Code that looks for a way around the first of these finds one: a class whose
members you would not let into your house belongs into a container. See docs/teachers.md.
"""

import gc
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from jax_mlp_pytest import option

LARGEST_FILE = 2**26  # bytes, of a file that code under test writes into its own folder
COMPONENT_LIMIT = 5  # the laws of a component together may take as long as so many laws alone

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
REFUSED = {
    "os.fork": "a process is started", "os.forkpty": "a process is started", "os.exec": "a process is started",
    "os.posix_spawn": "a process is started", "os.spawn": "a process is started", "os.system": "a process is started",
    "os.startfile": "a process is started", "pty.spawn": "a process is started",
    "subprocess.Popen": "a process is started", "_winapi.CreateProcess": "a process is started",
    "socket.__new__": "a socket is opened", "socket.connect": "a socket is opened", "socket.bind": "a socket is opened",
    "socket.getaddrinfo": "a socket is opened", "socket.gethostbyname": "a socket is opened",
    "os.kill": "a signal is sent", "os.killpg": "a signal is sent", "resource.setrlimit": "a limit is changed",
    "resource.prlimit": "a limit is changed", "ctypes.dlopen": "a library is loaded",
}  # fmt: skip
"""What is never needed, by its audit event."""
CHANGES = {
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link", "os.symlink", "os.truncate",
    "os.utime", "os.setxattr", "os.removexattr", "os.chflags", "os.mkfifo", "os.mknod",
}  # fmt: skip
"""Changes of files, whose first arguments are paths."""


class Refused(PermissionError):
    """What is not allowed while code is graded."""


def pytest_addoption(parser):
    """What the limits are."""
    parser.addoption("--memory", type=int, default=0, help="MB that code under test may take; 0: any")
    parser.addoption("--processor-time", type=float, default=60.0, help="seconds of a law")
    parser.addoption("--trusted", action="store_true", help="for the reference: refuse nothing, keep what is compiled")


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """The same examples every time, and no verdict that depends on how busy the machine is."""
    from hypothesis import HealthCheck, settings

    settings.register_profile(
        "grading", settings.get_profile("judging"), derandomize=True, suppress_health_check=list(HealthCheck)
    )
    settings.load_profile("grading")
    from jax_mlp.checking import replay

    replay.SECONDS = float("inf")  # a report does not depend on how busy the machine is: processor time is limited
    config.pluginmanager.register(Guard(config))


class Guard:
    """Limits, from the moment that all laws are collected, which is before any code under test is there."""

    def __init__(self, config) -> None:
        self.memory, self.limit = config.getoption("--memory"), config.getoption("--processor-time")
        self.trusted = config.getoption("--trusted")
        self.folder = Path(option(config, "--impl")).parent
        self.component, self.began = "", 0.0
        self.clean: tuple = ()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self):
        """Go into the folder of the submission, and be on guard."""
        import jax
        import jax.numpy as jnp
        import tqdm

        tqdm.tqdm.set_lock(threading.RLock())  # tqdm's own is one between processes, which a killed child would leave
        tqdm.tqdm.monitor_interval = 0  # no thread of its own, which would look like one of code under test
        os.chdir(self.folder)
        sys.dont_write_bytecode = True
        jnp.zeros(()).block_until_ready()  # its threads and memory are JAX's, and not those of code under test
        gc.collect()
        if not self.trusted:
            # It reads what the reference has compiled. What it compiles itself, others had better not run.
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 1e9)
            limit_memory(self.memory)
            sys.addaudithook(guard(str(self.folder)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        """A law has a limited time of the processor, however busy the machine is."""
        from jax_mlp.checking.names import component_of

        if component_of(item.nodeid) != self.component:
            self.component, self.began = component_of(item.nodeid), time.process_time()
        self.clean = self.clean or _state()
        end = min(time.process_time() + self.limit, self.began + COMPONENT_LIMIT * self.limit)
        limit_processor_time(int(end) + 1)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        """Say whether the process is as it was, so that the next component can be asked here too."""
        report = yield
        if call.when == "call" and _state() != self.clean:
            report.user_properties.append(("unclean", True))
        return report


def guard(folder: str):
    """An audit hook that raises Refused for what code under test may not do."""
    allowed = os.path.realpath(folder) + os.sep

    def inside(path) -> bool:
        if isinstance(path, int):  # a file that is open already
            return True
        return os.path.realpath(os.fsdecode(path)).startswith(allowed) or path == os.devnull

    busy = threading.local()

    def refuse(event: str, arguments: tuple) -> None:
        if getattr(_ours, "now", False):
            return
        if event in REFUSED:
            raise Refused(f"{REFUSED[event]} ({event}), which is refused while code is graded")
        if getattr(busy, "now", False):
            return
        busy.now = True
        try:
            if event == "open":
                path, mode, flags = arguments
                writes = flags & WRITES if isinstance(flags, int) else bool({*(mode or "")} & {*"wax+"})
                if writes and not inside(path):
                    raise Refused(f"{path} is opened for writing, outside of its own folder, which is refused")
            elif event in CHANGES:
                for path in arguments[: 2 if event in ("os.rename", "os.link", "os.symlink") else 1]:
                    if isinstance(path, str | bytes | os.PathLike) and not inside(path):
                        raise Refused(f"{path} is changed ({event}), outside of its own folder, which is refused")
        finally:
            busy.now = False

    return refuse


def limit_memory(megabytes: int) -> None:
    """Let this process take so much more memory than it has now, and write no large files, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    if megabytes and CAN_LIMIT_MEMORY:
        lines = Path("/proc/self/status").read_text().splitlines()
        now = next(int(line.split()[1]) for line in lines if line.startswith("VmData")) * 1024
        limit = now + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


CAN_LIMIT_MEMORY = sys.platform == "linux"
"""Elsewhere a limit on a process's data is unknown (Windows) or not obeyed (macOS)."""


def limit_processor_time(seconds: int) -> None:
    """End this process when it has used so much time of the processor, where the system can."""
    try:
        import resource
    except ImportError:
        return
    _ours.now = True
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    finally:
        _ours.now = False


_ours = threading.local()  # whether it is the guard that changes a limit


def _state() -> tuple:
    """What code under test may change for those after it."""
    import jax
    import numpy as np

    config = {name: value for name, value in jax.config.values.items() if isinstance(value, str | int | float | None)}
    environment = {name: value for name, value in os.environ.items() if name.startswith(("JAX", "XLA"))}
    return config, np.geterr(), environment, os.getcwd(), threading.active_count()
