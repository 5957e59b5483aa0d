"""The type of a data set, and the folder in which data sets are stored."""

import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8


class Dataset(NamedTuple):
    """Images, each flattened to a row of pixels from 0 to 255, and their labels from 0 to 9."""

    train_images: UInt8[np.ndarray, "train 784"]
    train_labels: UInt8[np.ndarray, " train"]
    test_images: UInt8[np.ndarray, "test 784"]
    test_labels: UInt8[np.ndarray, " test"]


def data_folder(data_dir: str | Path | None) -> Path:
    """`data_dir`, or the user's cache directory if it is None.

    Raises:
        NotADirectoryError: If `data_dir` is a file.
    """
    if data_dir is None:
        from platformdirs import user_cache_path

        try:
            folder = user_cache_path("jax_mlp")
        except RuntimeError:  # there is no home directory, for which older versions return a relative path
            folder = Path()
        return folder if folder.is_absolute() else Path(tempfile.gettempdir()) / "jax_mlp"
    try:
        folder = Path(data_dir).expanduser()
    except RuntimeError as error:
        raise NotADirectoryError(
            f"data: expected data_dir to be a folder, got {data_dir}. Pass its full path."
        ) from error
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"data: expected data_dir to be a folder, got the file {folder}. Pass its folder.")
    return folder
