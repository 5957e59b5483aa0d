"""Batches for JAX from any torch data set. This module needs the extra `torch`."""

from typing import Any

import numpy as np
from jaxtyping import Float32
from torch.utils.data import DataLoader, Dataset, default_collate

from jax_mlp.components._checks import detached


class FlattenAndCast:
    """A torchvision transform: it flattens an image of any shape to one row of float32 pixels with the same values.

    Examples:
        >>> FlattenAndCast()(np.array([[0, 255], [1, 2]], np.uint8)).tolist()
        [0.0, 255.0, 1.0, 2.0]
    """

    def __call__(self, image: Any) -> Float32[np.ndarray, " features"]:
        """The image, a PIL image or an array, as one row of float32 pixels."""
        return np.asarray(image, dtype=np.float32).ravel()


class NumpyLoader(DataLoader):
    """A torch DataLoader that yields NumPy arrays. The short last batch is included.

    Workers are spawned and never forked, because a fork of a process with JAX's threads can deadlock.

    Args:
        dataset: Any torch data set of pairs, such as `torchvision.datasets.MNIST(root, transform=FlattenAndCast())`.
        batch_size: Pairs per batch.
        **options: Options of `torch.utils.data.DataLoader`, such as `shuffle=True` or `num_workers=2`.

    Raises:
        ValueError: If the options ask for forked workers.

    Examples:
        >>> pairs = [(np.zeros(2, np.float32), 0), (np.ones(2, np.float32), 1), (np.ones(2, np.float32), 1)]
        >>> [(x.shape, y.tolist()) for x, y in NumpyLoader(pairs, batch_size=2)]
        [((2, 2), [0, 1]), ((1, 2), [1])]
    """

    def __init__(self, dataset: Dataset, batch_size: int = 1, **options: Any) -> None:
        if options.get("num_workers", 0) > 0:
            method = options["multiprocessing_context"] = options.get("multiprocessing_context") or "spawn"
            if "fork" in (method if isinstance(method, str) else method.get_start_method()):
                raise ValueError(
                    f"NumpyLoader: expected workers to be spawned, got multiprocessing_context={method!r}. "
                    "JAX's threads do not survive a fork, so leave the option out."
                )
        super().__init__(dataset, batch_size, collate_fn=numpy_collate, **options)


def numpy_collate(pairs: list) -> tuple[np.ndarray, ...]:
    """A batch of pairs as NumPy arrays, one per element of the pair."""
    return tuple(np.asarray(detached(column)) for column in default_collate(pairs))
