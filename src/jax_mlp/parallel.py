r"""Data and tensor parallelism: the same `update` on several devices, in one process or in several.

The devices form a mesh with two axes. Each batch is sharded along `data`, and the wide layers are sharded along
`model`. JAX's compiler does the rest: it splits the work of `update` and inserts the communication.

Examples:
    >>> import jax, jax_mlp as mlp
    >>> from jax_mlp import parallel
    >>> params = parallel.shard_params(mlp.init_mlp([784, 512, 10], jax.random.key(0)), parallel.make_mesh())
    >>> x, y = parallel.shard_batch((jax.numpy.ones((8, 784)), mlp.one_hot(range(8), 10)), parallel.make_mesh())
    >>> params = mlp.update(params, x, y)
"""

import hashlib
import socket
import sys
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


def make_mesh(n_devices: int | None = None, model: int = 1) -> Mesh:
    """A mesh with two axes: `data`, of size `n_devices / model`, and `model`, of size `model`.

    Args:
        n_devices: Number of devices, over all processes. The default is all of them.
        model: Number of devices that share each wide layer.

    Raises:
        ValueError: If there are fewer devices, or `model` does not divide their number.
    """
    devices = jax.devices()
    n_devices = len(devices) if n_devices is None else check_count("make_mesh", "n_devices", n_devices, 1)
    model = check_count("make_mesh", "model", model, 1)
    if n_devices > len(devices):
        raise ValueError(
            f"make_mesh: expected n_devices to be at most {len(devices)}, the number of devices, got {n_devices}. "
            f'On a CPU, jax.config.update("jax_num_cpu_devices", {n_devices}) at the start makes as many.'
        )
    if n_devices % model:
        raise ValueError(f"make_mesh: expected model to divide the {n_devices} devices, got model={model}.")
    return Mesh(np.array(devices[:n_devices]).reshape(-1, model), ("data", "model"))


def shard_params(params: Params, mesh: Mesh) -> Params:
    """Shard parameters over a mesh, so that `update` and `train_loop` use all of its devices.

    The axis `data` does not divide the parameters. The axis `model` divides the layers 0, 2, … by their outputs, and
    the layers 1, 3, … by their inputs, which are the outputs of the layer before. So only every second layer needs
    communication. If the number of outputs or inputs to divide is not divisible by the size of `model`, the layer is
    not sharded.

    Args:
        params: `(w, b)` per layer. They are not modified.
        mesh: The mesh.

    Returns:
        The same parameters, sharded.

    References:
        Shoeybi et al.: Megatron-LM (2019), section 3.
    """
    check_network("shard_params", params)

    def spread(layer: int, w, b):
        by_outputs = layer % 2 == 0
        if w.shape[not by_outputs] % mesh.shape["model"]:
            return P(), P()
        return (P("model"), P("model")) if by_outputs else (P(None, "model"), P())

    return [
        tuple(jax.device_put(p, NamedSharding(mesh, spec)) for p, spec in zip(pair, spread(layer, *pair), strict=True))
        for layer, pair in enumerate(params)
    ]


def shard_batch(batch: PyTree[ArrayLike], mesh: Mesh) -> PyTree[Array]:
    """Shard the rows of a batch along the mesh's axis `data`.

    Args:
        batch: One array or several, with one row per image.
        mesh: The mesh.

    Raises:
        ValueError: If the number of rows is not divisible by the size of `data`.
    """
    for array in jax.tree.leaves(batch):
        check_divides("shard_batch", len(array), mesh.shape["data"])
    return jax.device_put(batch, NamedSharding(mesh, P("data")))


def connect(coordinator: str, n_processes: int, process: int, timeout: float = 60) -> None:
    """Connect the processes of a run, so that their devices form one mesh. Call it before any other function of JAX.

    Afterwards, every process must make the same calls with the same arguments. If a process loses its connection to
    another one, JAX ends it: usually at once, and at the latest after 15 seconds without a sign of life.

    Args:
        coordinator: The address at which process 0 listens, such as `"10.0.0.1:1234"`.
        n_processes: Number of processes in the run.
        process: Number of this process, from 0.
        timeout: Seconds to wait until all processes have connected.

    Raises:
        ValueError: If an argument is out of range, or on Windows.
        OSError: If process 0 cannot listen at that address.
        TimeoutError: If some process does not connect in time.
    """
    n_processes = check_count("connect", "n_processes", n_processes, 1)
    if not 0 <= process < n_processes:
        raise ValueError(
            f"connect: expected process from 0 to {n_processes - 1}, got {process}. Number the processes from 0."
        )
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise ValueError(
            f"connect: expected a coordinator such as 10.0.0.1:1234, got {coordinator!r}. Give a host and a port."
        )
    if sys.platform == "win32":
        raise ValueError("connect: expected Linux or macOS, got Windows, where JAX cannot do it. Use one process.")
    if process == 0:
        try:
            socket.create_server(("", int(port))).close()
        except OSError as error:
            raise OSError(
                f"connect: expected a free port for process 0, got {coordinator}: {error}. Choose another port."
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

    # In a thread, because after a timeout JAX itself would end the process instead of raising an error.
    thread = threading.Thread(target=join, daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise TimeoutError(
            f"connect: expected {n_processes} processes at {coordinator} within {timeout:g} s, but not all connected. "
            "Start each one with its own number, from 0, and check that they can reach that address."
        )
    if failed:
        raise ConnectionError(
            f"connect: expected a connection to {coordinator}, got: {failed[0]}. Check the address."
        ) from failed[0]


def agree(text: str) -> None:
    """Raise ValueError unless the text, such as the settings of a run, is the same in this process and process 0."""
    try:
        multihost_utils.assert_equal(np.frombuffer(hashlib.sha256(text.encode()).digest(), np.uint8))
    except AssertionError as error:
        raise ValueError(
            "agree: expected the same options as process 0, got different ones. "
            "Start every process with the same options."
        ) from error


def sent_by_first(content: bytes) -> bytes:
    """The content that process 0 passes, in every process. The others need no disk in common with it."""
    size = int(multihost_utils.broadcast_one_to_all(np.int32(len(content))))
    buffer = np.zeros(size, np.uint8)
    if jax.process_index() == 0:
        buffer[:] = np.frombuffer(content, np.uint8)
    return np.asarray(multihost_utils.broadcast_one_to_all(buffer)).tobytes()


SILENCE = 15  # seconds without a sign of life, after which a process counts as lost; Gloo may miss a broken connection
FOREVER = 10**6  # seconds, which never pass, because lost processes are detected before
