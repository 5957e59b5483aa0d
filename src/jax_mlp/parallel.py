r"""The same update on many devices, and in many processes: they share the images of a batch, and agree on its gradient.

The devices stand in a grid. Along its axis `batch` each has its share of a batch, and along `units` its share of the
layers that are wide. JAX's compiler does the rest: it splits `update`, which knows nothing of it, and adds the talk.

Examples:
    >>> import jax, jax_mlp as mlp
    >>> from jax_mlp import parallel
    >>> params = parallel.place(mlp.init_mlp([784, 512, 10], jax.random.key(0)), parallel.grid())
    >>> x, y = parallel.split((jax.numpy.ones((8, 784)), mlp.one_hot(range(8), 10)), parallel.grid())
    >>> params = mlp.update(params, x, y)
"""

import hashlib
import socket
import threading

import jax
import numpy as np
from jax import Array
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from jax.typing import ArrayLike
from jaxtyping import PyTree

from jax_mlp.components._checks import check_count, check_divides, check_network
from jax_mlp.components.init import Params


def grid(n_devices: int | None = None, units: int = 1) -> Mesh:
    """Devices in a grid of `n_devices / units` by `units`, with axes `batch` and `units`.

    Args:
        n_devices: How many, those of all processes together. All there are unless told.
        units: Over how many of them a wide layer is split.

    Raises:
        ValueError: If there are not as many devices, or `units` does not divide them.
    """
    devices = jax.devices()
    n_devices = len(devices) if n_devices is None else check_count("grid", "n_devices", n_devices, 1)
    units = check_count("grid", "units", units, 1)
    if n_devices > len(devices):
        raise ValueError(
            f"grid: expected at most {len(devices)} devices, as many as there are, got n_devices={n_devices}. "
            f'On a CPU, jax.config.update("jax_num_cpu_devices", {n_devices}) at the start makes as many.'
        )
    if n_devices % units:
        raise ValueError(f"grid: expected units to divide the {n_devices} devices, got units={units}.")
    return Mesh(np.array(devices[:n_devices]).reshape(-1, units), ("batch", "units"))


def place(params: Params, mesh: Mesh) -> Params:
    """Parameters placed on the devices of a grid: `update` and `train_loop` then work on all of them.

    Along `batch` each device has all parameters. Along `units` the even layers are split by their outputs, and the odd
    ones by their inputs, which are those same units, so that only every second layer needs to talk. A layer whose width
    does not divide is not split.

    Args:
        params: `(w, b)` per layer. They are left as they are.
        mesh: The grid.

    Returns:
        The same parameters, placed.

    References:
        Shoeybi et al.: Megatron-LM (2019), section 3.
    """
    check_network("place", params)

    def spread(layer: int, w, b):
        by_outputs = layer % 2 == 0
        if w.shape[not by_outputs] % mesh.shape["units"]:
            return P(), P()
        return (P("units"), P("units")) if by_outputs else (P(None, "units"), P())

    return [
        tuple(jax.device_put(p, NamedSharding(mesh, spec)) for p, spec in zip(pair, spread(layer, *pair), strict=True))
        for layer, pair in enumerate(params)
    ]


def split(batch: PyTree[ArrayLike], mesh: Mesh) -> PyTree[Array]:
    """A batch with its rows split between the devices along `batch`.

    Args:
        batch: An array or several, a row per image.
        mesh: The grid.

    Raises:
        ValueError: If the rows do not divide.
    """
    for array in jax.tree.leaves(batch):
        check_divides("split", len(array), mesh.shape["batch"])
    return jax.device_put(batch, NamedSharding(mesh, P("batch")))


def connect(coordinator: str, n_processes: int, process: int, timeout: float = 60) -> None:
    """Join the processes of a run, before anything else is asked of JAX. Their devices then make one grid.

    Every process goes on to do the same with the same arguments. JAX ends a process that loses another: at once if the
    connection between them breaks, as a rule, and at the latest when the other has been silent for 15 seconds.

    Args:
        coordinator: Where process 0 listens, such as `"10.0.0.1:1234"`.
        n_processes: How many there are.
        process: Which one this is, from 0.
        timeout: Seconds within which all must have come.

    Raises:
        ValueError: If an argument is out of its range.
        OSError: If process 0 cannot listen there.
        TimeoutError: If not all came in time.
    """
    n_processes = check_count("connect", "n_processes", n_processes, 1)
    if not 0 <= process < n_processes:
        raise ValueError(f"connect: expected process from 0 to {n_processes - 1}, got {process}.")
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise ValueError(f"connect: expected a coordinator such as 10.0.0.1:1234, got {coordinator!r}.")
    if process == 0:
        try:
            socket.create_server(("", int(port))).close()
        except OSError as error:
            raise OSError(
                f"connect: expected a free port for process 0, got {coordinator}: {error}. Choose another."
            ) from error
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    failed = []

    def join() -> None:
        try:
            jax.distributed.initialize(
                coordinator, n_processes, process,
                initialization_timeout=FOREVER, heartbeat_timeout_seconds=SILENCE, shutdown_timeout_seconds=FOREVER,
            )  # fmt: skip
        except Exception as error:
            failed.append(error)

    # In a thread, since JAX itself would not raise when the time is over, but end the process.
    thread = threading.Thread(target=join, daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise TimeoutError(
            f"connect: expected {n_processes} processes at {coordinator} within {timeout:g} s, and not all came. "
            "Start each with its own number, from 0, and check that they can reach that address."
        )
    if failed:
        raise ConnectionError(f"connect: expected to join {coordinator}, got: {failed[0]}") from failed[0]


def agree(text: str) -> None:
    """Raise ValueError unless this process has the text that process 0 has, such as the settings of their run."""
    try:
        multihost_utils.assert_equal(np.frombuffer(hashlib.sha256(text.encode()).digest(), np.uint8))
    except AssertionError as error:
        raise ValueError("agree: expected what process 0 has, got something else. Start all alike.") from error


SILENCE = 15  # seconds after which a process is taken for lost: Gloo does not always notice that a connection broke
FOREVER = 10**6  # seconds: nothing waits that long, for others are noticed when they are gone
