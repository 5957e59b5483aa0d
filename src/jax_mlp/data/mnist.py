"""`mnist`: the full set of 60,000 and 10,000 images, through torchvision."""

import contextlib
import gzip
import hashlib
import io
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np

from jax_mlp._files import write_atomically
from jax_mlp.data.dataset import Dataset, data_folder

# The MD5 sums of MNIST's four files, unpacked.
FILES = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}

LARGEST = 16 + 60_000 * 784
"""Size of the largest file in bytes."""


def load_mnist(data_dir: str | Path | None = None) -> Dataset:
    """The full MNIST. The first call downloads 11.6 MB, with a progress bar.

    Files in `data_dir/MNIST/raw`, unpacked or as `.gz`, are used without an internet connection. The MD5 sum of every
    file is checked each time.

    Args:
        data_dir: The folder of the data. Default: the user's cache directory.

    Returns:
        The data set.

    Raises:
        ImportError: If torch or torchvision is missing, or they do not match each other.
        ConnectionError: If files are missing and cannot be downloaded.
        ValueError: If a file is damaged.

    References:
        Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits.
    """
    root = data_folder(data_dir)
    missing = [name for name in FILES if find(root, name) is None]
    if missing:
        _download(import_torchvision().datasets.MNIST, root, missing)
    train_images, train_labels, test_images, test_labels = (_read(root, name) for name in FILES)
    return Dataset(train_images.reshape(-1, 784), train_labels, test_images.reshape(-1, 784), test_labels)


def find(root: Path, name: str) -> Path | None:
    """The path of a file, unpacked or not, by its own name or Kaggle's, in `MNIST/raw`, `raw` or `root` itself."""
    names = name, name.replace("-idx", ".idx")
    folders = root / "MNIST" / "raw", root / "raw", root
    paths = (folder / (own + suffix) for folder in folders for own in names for suffix in ("", ".gz"))
    return next((path for path in paths if path.exists()), None)


def import_torchvision():
    """Return the module torchvision, or raise an ImportError that says what to install."""
    try:
        import torch  # noqa: F401  (first, to find out which of the two is missing)
        import torchvision
    except ModuleNotFoundError as error:
        raise ImportError(
            f"mnist: the full MNIST needs torchvision, but {error.name} is not installed. Run: pip install torch "
            "torchvision (on Linux 5.4 GB on disk, with CUDA). The data set mnist-5k needs neither."
        ) from error
    except (RuntimeError, ImportError, OSError) as error:
        raise ImportError(
            f"mnist: torch and torchvision are installed, but their builds do not match each other ({error}). Run: "
            "pip install --force-reinstall torch torchvision. The data set mnist-5k needs neither."
        ) from error
    return torchvision


def _download(mnist: type, root: Path, missing: list[str]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    # Into a temporary folder first, so that an interrupted download leaves nothing that looks like a data set.
    with tempfile.TemporaryDirectory(dir=root, prefix="download-") as folder:
        # torchvision always draws its progress bar, but only terminals should show it.
        quiet = contextlib.nullcontext() if sys.stderr.isatty() else contextlib.redirect_stderr(io.StringIO())
        try:
            with quiet:
                downloaded = Path(mnist(folder, download=True).raw_folder)
        except (RuntimeError, OSError) as error:
            raise ConnectionError(
                f"mnist: {len(missing)} of 4 files are missing in {root / 'MNIST' / 'raw'} and cannot be downloaded. "
                f"Put {', '.join(missing)} there, unpacked or as .gz, or use the data set mnist-5k, which needs no "
                "internet connection."
            ) from error
        for name in missing:
            _read(downloaded, name)
            write_atomically(root / "MNIST" / "raw" / name, (downloaded / name).read_bytes())


def _read(root: Path, name: str) -> np.ndarray:
    """The bytes of a file after its header, once the file is found to be whole."""
    path = find(root, name)
    if path is None or not path.is_file():
        raise ValueError(f"mnist: expected a file at {path}, got a folder. Move it away and run again.")
    content = _unpack(path) if path.suffix == ".gz" else path.read_bytes()
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if digest != FILES[name]:
        raise ValueError(
            f"mnist: {path} is damaged: expected MD5 {FILES[name]}, got {digest}. Delete it and run again."
        )
    return np.frombuffer(content, np.uint8, offset=16 if "images" in name else 8)


def _unpack(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(LARGEST + 1)  # a small archive can unpack to a huge file; the MD5 check rejects the excess
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"mnist: {path} is damaged: {error}. Delete it and run again.") from error
