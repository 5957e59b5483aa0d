"""Parameters in safetensors files, and to and from torch. The arrays are named as in torch's `nn.Sequential`.

A safetensors file contains named arrays and no code, so it is safe to load a file from an untrusted source.
"""

import re
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from jax_mlp._files import write_atomically
from jax_mlp.components._checks import check_network, detached
from jax_mlp.components.init import Params

NAME = re.compile(r"(\d{1,6})\.(weight|bias)")


def state_dict(params: Params) -> dict[str, np.ndarray]:
    """The arrays by the names that they have in torch, in an `nn.Sequential` of linear layers with ReLUs between them.

    The linear layers are at the even positions: `0.weight`, `0.bias`, `2.weight` and so on. The shapes are the same.

    Examples:
        >>> import jax
        >>> from jax_mlp import init_mlp
        >>> {name: array.shape for name, array in state_dict(init_mlp([3, 4, 2], jax.random.key(0))).items()}
        {'0.weight': (4, 3), '0.bias': (4,), '2.weight': (2, 4), '2.bias': (2,)}
    """
    check_network("state_dict", params)
    named = {}
    for layer, (w, b) in enumerate(params):
        named |= {f"{2 * layer}.weight": np.asarray(detached(w)), f"{2 * layer}.bias": np.asarray(detached(b))}
    return named


def from_state_dict(named: Mapping[str, Any]) -> Params:
    """Parameters from named arrays, such as the `state_dict()` of an `nn.Sequential`.

    The linear layers may be at any positions in the `nn.Sequential`, for example after an `nn.Flatten`. Only the order
    of the layers matters.

    Raises:
        ValueError: If the names, shapes or values are not those of a network.
        TypeError: If an array does not contain floating-point numbers.
    """
    return _network("from_state_dict", named)


def save(params: Params, path: str | Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write parameters to a safetensors file. A crash cannot leave a partly written file.

    Args:
        params: One pair `(w, b)` per layer.
        path: The file, with or without an extension.
        metadata: Text to save with the parameters, by name.

    Raises:
        OSError: If the file cannot be written. Then an old file at `path` is unchanged.
    """
    from safetensors.numpy import save as as_bytes

    named = {name: np.ascontiguousarray(array) for name, array in state_dict(params).items()}
    try:
        write_atomically(Path(path), as_bytes(named, dict(metadata) if metadata else None))
    except OSError as error:
        raise type(error)(
            f"save: {path} cannot be written ({error.strerror or error}). Nothing was changed. Choose another path."
        ) from error


def load(path: str | Path) -> Params:
    """The parameters in a safetensors file, exactly as `save` wrote them.

    Raises:
        FileNotFoundError: If there is no such file.
        IsADirectoryError: If `path` is a folder.
        ValueError: If the file is damaged, or does not contain the finite parameters of a network.
        TypeError: If an array in it does not contain floating-point numbers.
    """
    with _opened("load", path) as file:
        return _network("load", {name: file.get_tensor(name) for name in file.keys()}, f" in {path}")


def metadata(path: str | Path) -> dict[str, str]:
    """The metadata that was saved with the parameters in a file. It raises the same errors as `load`."""
    with _opened("metadata", path) as file:
        return file.metadata() or {}


@contextmanager
def _opened(caller: str, path: str | Path):
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{caller}: expected a file of parameters, got the folder {path}. Name the file in it.")
    if not path.exists():
        raise FileNotFoundError(
            f"{caller}: expected a file of parameters, got {path}, which does not exist. Check the path."
        )
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (SafetensorError, AttributeError) as error:  # the second for types that NumPy lacks
        raise ValueError(
            f"{caller}: expected parameters in safetensors format, got {path}, which is damaged or has another format: "
            f"{error}. Write it again with jax_mlp.save."
        ) from error


def _network(caller: str, named: Mapping[str, Any], where: str = "") -> Params:
    places: dict[int, dict[str, Any]] = {}
    for name, array in named.items():
        match = NAME.fullmatch(name)
        if match is None:
            raise ValueError(
                f"{caller}: expected names such as 0.weight and 0.bias{where}, got {name[:60]!r}. "
                "Rename the arrays by their positions in an nn.Sequential."
            )
        places.setdefault(int(match[1]), {})[match[2]] = array
    params = []
    for place, pair in sorted(places.items()):
        for part in ("weight", "bias"):
            if part not in pair:
                raise ValueError(
                    f"{caller}: expected a weight and a bias for layer {place}{where}, got no {part}. "
                    "Use linear layers with a bias."
                )
            try:
                with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinite, which is refused
                    pair[part] = array = jnp.array(detached(pair[part]))
            except (TypeError, ValueError) as error:
                raise TypeError(
                    f"{caller}: expected an array in {place}.{part}{where}, got {error}. Pass arrays or tensors."
                ) from error
            if jnp.issubdtype(array.dtype, jnp.floating) and not jnp.isfinite(array).all():
                raise ValueError(
                    f"{caller}: expected finite numbers in {place}.{part}{where}, got infinity or NaN. Train again."
                )
            if array.size == 0:
                raise ValueError(
                    f"{caller}: expected at least one unit per layer, got none in {place}.{part}{where}. "
                    "Use positive layer sizes."
                )
        params.append((pair["weight"], pair["bias"]))
    check_network(caller, params)
    return params
