"""Parameters in files, and to and from torch: safetensors, named as an `nn.Sequential` names them.

A safetensors file holds named arrays and nothing that could run, so a file from anywhere can be loaded.
"""

import re
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from jax_mlp._files import write_atomically
from jax_mlp.components._checks import check_network
from jax_mlp.components.init import Params

NAME = re.compile(r"(\d{1,6})\.(weight|bias)")


def state_dict(params: Params) -> dict[str, np.ndarray]:
    """The arrays by the names that torch has for them in an `nn.Sequential` of linear layers with relus between them.

    Linear layers stand at the even places: `0.weight`, `0.bias`, `2.weight` and so on. Shapes are torch's already.

    Examples:
        >>> import jax
        >>> from jax_mlp import init_mlp
        >>> {name: array.shape for name, array in state_dict(init_mlp([3, 4, 2], jax.random.key(0))).items()}
        {'0.weight': (4, 3), '0.bias': (4,), '2.weight': (2, 4), '2.bias': (2,)}
    """
    check_network("state_dict", params)
    named = {}
    for layer, (w, b) in enumerate(params):
        named |= {f"{2 * layer}.weight": np.asarray(w), f"{2 * layer}.bias": np.asarray(b)}
    return named


def from_state_dict(named: Mapping[str, Any]) -> Params:
    """Parameters from named arrays, such as the `state_dict()` of an `nn.Sequential`.

    Linear layers may stand at any places, as they do behind an `nn.Flatten`. Their order is that of the places.

    Raises:
        ValueError: If names, shapes or values are none of a network's.
        TypeError: If an array holds no floating-point numbers.
    """
    return _network("from_state_dict", named)


def save(params: Params, path: str | Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write parameters to a safetensors file. At any moment the file is whole: the old one, the new one, or none.

    Args:
        params: `(w, b)` per layer.
        path: The file, with or without an ending.
        metadata: Words to keep with them.

    Raises:
        OSError: If it cannot be written. What was there before is as it was.
    """
    from safetensors.numpy import save as as_bytes

    named = {name: np.ascontiguousarray(array) for name, array in state_dict(params).items()}
    try:
        write_atomically(Path(path), as_bytes(named, dict(metadata) if metadata else None))
    except OSError as error:
        raise type(error)(
            f"save: {path} could not be written: {error.strerror or error}. Nothing has changed."
        ) from error


def load(path: str | Path) -> Params:
    """The parameters in a safetensors file, such as `save` writes, bit for bit.

    Raises:
        FileNotFoundError: If there is no such file.
        IsADirectoryError: If it is a folder.
        ValueError: If it is damaged, or holds something other than the finite parameters of a network.
        TypeError: If an array in it holds no floating-point numbers.
    """
    with _opened("load", path) as file:
        return _network("load", {name: file.get_tensor(name) for name in file.keys()}, f" in {path}")


def metadata(path: str | Path) -> dict[str, str]:
    """The words that were kept with the parameters in a file. It raises what `load` raises."""
    with _opened("metadata", path) as file:
        return file.metadata() or {}


@contextmanager
def _opened(caller: str, path: str | Path):
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{caller}: expected a file of parameters, got the folder {path}. Name the file in it.")
    if not path.exists():
        raise FileNotFoundError(f"{caller}: expected a file of parameters, got {path}, which is not there.")
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (SafetensorError, AttributeError) as error:  # the second for types that NumPy lacks
        raise ValueError(
            f"{caller}: expected parameters in safetensors format, got {path}, which is damaged or of another kind: "
            f"{error}. Write it anew with jax_mlp.save."
        ) from error


def _network(caller: str, named: Mapping[str, Any], where: str = "") -> Params:
    places: dict[int, dict[str, Any]] = {}
    for name, array in named.items():
        match = NAME.fullmatch(name)
        if match is None:
            raise ValueError(
                f"{caller}: expected names such as 0.weight and 0.bias{where}, got {name[:60]!r}. "
                "Rename the arrays by their place in an nn.Sequential."
            )
        places.setdefault(int(match[1]), {})[match[2]] = array
    params = []
    for place, pair in sorted(places.items()):
        for part in ("weight", "bias"):
            if part not in pair:
                raise ValueError(f"{caller}: expected a weight and a bias for layer {place}{where}, got no {part}.")
            array = np.asarray(pair[part])
            if not np.isfinite(array.astype(np.float64, copy=False) if array.dtype.kind in "iuf" else 0).all():
                raise ValueError(f"{caller}: expected finite numbers, got others in {place}.{part}{where}. Train anew.")
            if array.size == 0:
                raise ValueError(f"{caller}: expected at least one unit a layer, got none in {place}.{part}{where}.")
        params.append((jnp.array(pair["weight"]), jnp.array(pair["bias"])))
    check_network(caller, params)
    return params
