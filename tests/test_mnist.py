"""Tests of the full MNIST and the loader: files are checked, downloads are complete or absent, and JAX is never forked.

The real files are found through the environment variable JAX_MLP_MNIST, the folder that holds MNIST/raw.
"""

import gzip
import hashlib
import os
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jax_mlp import accuracy, init_mlp, one_hot, train_loop
from jax_mlp.data import load_mnist
from jax_mlp.data.mnist import FILES

torchvision = pytest.importorskip("torchvision", reason="needs the extra torch")

from jax_mlp.data.loader import FlattenAndCast, NumpyLoader  # noqa: E402  (needs torch)


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The folder of the real files."""
    if "JAX_MLP_MNIST" not in os.environ:
        pytest.skip("needs the real MNIST files: set JAX_MLP_MNIST to the folder that holds MNIST/raw")
    return Path(os.environ["JAX_MLP_MNIST"])


# The loader


class Stamped:
    """Pairs whose image shows the number of its row, as its label does."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, row: int):
        return FlattenAndCast()(np.full((2, 2), row, np.uint8)), row


@given(st.integers(1, 40), st.integers(1, 9), st.booleans())
def test_images_and_labels_stay_together(n, batch_size, shuffle):
    """Shuffled or not, every pair occurs once, image and label together, including the short last batch."""
    batches = list(NumpyLoader(Stamped(n), batch_size, shuffle=shuffle))
    assert all(type(x) is np.ndarray and type(y) is np.ndarray and x.dtype == np.float32 for x, y in batches)
    assert [len(x) for x, _ in batches] == [batch_size] * (n // batch_size) + [n % batch_size] * (n % batch_size > 0)
    assert all((x == y[:, None]).all() and x.shape[1] == 4 for x, y in batches)
    assert sorted(row for _, y in batches for row in y) == list(range(n))


def test_spawned_workers_give_the_same():
    """Two workers give the same batches as none, and they are spawned, not forked."""
    forks = []
    sys.addaudithook(lambda event, _: forks.append(event) if event.startswith("os.fork") else None)
    alone = list(NumpyLoader(Stamped(10), 4))
    helped = list(NumpyLoader(Stamped(10), 4, num_workers=2))
    assert forks == []
    for (x, y), (helped_x, helped_y) in zip(alone, helped, strict=True):
        np.testing.assert_array_equal(x, helped_x)
        np.testing.assert_array_equal(y, helped_y)


@pytest.mark.parametrize("method", ["fork", "forkserver"])
def test_forking_is_refused(method):
    """A loader that would fork raises an error with a remedy."""
    with pytest.raises(ValueError, match=f"expected workers to be spawned, got multiprocessing_context='{method}'"):
        NumpyLoader(Stamped(3), num_workers=1, multiprocessing_context=method)


def test_a_loader_trains():
    """`train_loop` learns the same from a loader as from arrays."""
    import jax

    x, labels = np.repeat(np.arange(6, dtype=np.float32)[:, None], 4, axis=1), np.arange(6)
    params = init_mlp([4, 6], jax.random.key(0))
    loaded = train_loop(params, x, x, labels, labels, 2, batches=NumpyLoader(Stamped(6), 4))
    plain = train_loop(params, x, x, labels, labels, 2, batch_size=4)
    for (w, b), (plain_w, plain_b) in zip(loaded, plain, strict=True):
        np.testing.assert_allclose(w, plain_w, rtol=1e-6)
        np.testing.assert_allclose(b, plain_b, rtol=1e-6)


# The files


def copy_of(mnist_folder: Path, folder: Path, packed: bool = False) -> Path:
    """Copies of the files to damage: linked, or packed as .gz."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in FILES:
        source = mnist_folder / "MNIST" / "raw" / name
        if packed:
            (raw / f"{name}.gz").write_bytes(gzip.compress(source.read_bytes(), 1))
        else:
            (raw / name).symlink_to(source)
    return raw


def test_the_full_set(mnist_folder):
    """60,000 and 10,000 images of 784 bytes, labels from 0 to 9, as torchvision reads them."""
    digits = load_mnist(mnist_folder)
    shapes = [(a.shape, str(a.dtype)) for a in digits]
    assert shapes == [((60000, 784), "uint8"), ((60000,), "uint8"), ((10000, 784), "uint8"), ((10000,), "uint8")]
    assert np.bincount(digits.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_packed_files_are_used_as_they_are(mnist_folder, tmp_path):
    """Files in the folder that are packed as .gz are unpacked."""
    copy_of(mnist_folder, tmp_path, packed=True)
    assert len(load_mnist(tmp_path).train_images) == 60000


@pytest.mark.parametrize(
    "harm", [lambda b: b[:-1], lambda b: b[:20] + b"\xff" + b[21:], lambda b: b"", lambda b: b + b"x"]
)
def test_a_damaged_file_is_named(mnist_folder, tmp_path, harm):
    """A file that is cut off, altered, empty or too long is named in an error, and is not modified."""
    raw = copy_of(mnist_folder, tmp_path)
    path = raw / "t10k-labels-idx1-ubyte"
    content = harm(path.read_bytes())
    path.unlink()
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"{path} is damaged: expected MD5 .* Delete it and run again"):
        load_mnist(tmp_path)
    assert path.read_bytes() == content


def test_a_damaged_archive_is_named(mnist_folder, tmp_path):
    """An archive that is cut off is named in an error, and no partly unpacked file remains."""
    raw = copy_of(mnist_folder, tmp_path, packed=True)
    path = raw / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match=rf"{path} is damaged"):
        load_mnist(tmp_path)
    assert not (raw / "train-labels-idx1-ubyte").exists()


@pytest.fixture
def mirror(mnist_folder, tmp_path, monkeypatch):
    """A web server on this machine that has the four files, as torchvision's mirrors do."""
    served = copy_of(mnist_folder, tmp_path / "served", packed=True)
    handler = partial(QuietHandler, directory=str(served))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    packed = [(f"{name}.gz", hashlib.md5((served / f"{name}.gz").read_bytes()).hexdigest()) for name in FILES]
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", packed)
    yield served
    server.shutdown()
    server.server_close()


class QuietHandler(SimpleHTTPRequestHandler):
    """A web server that does not log."""

    def log_message(self, *_):
        """Nothing."""


def test_downloaded_on_first_use_only(mirror, tmp_path, capfd):
    """The first use downloads the files, the second needs no server, and only a terminal shows a progress bar."""
    folder = tmp_path / "new"
    assert len(load_mnist(folder).train_images) == 60000
    for path in mirror.iterdir():
        path.unlink()
    assert len(load_mnist(folder).test_images) == 10000
    assert sorted(p.name for p in folder.rglob("*") if p.is_file()) == sorted(FILES)
    assert capfd.readouterr() == ("", "")


def test_a_download_that_is_cut_off_leaves_nothing(mirror, tmp_path):
    """If a download is cut off, no file remains that a later run would trust."""
    path = mirror / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:100])
    folder = tmp_path / "new"
    with pytest.raises(ConnectionError, match="4 of 4 files are missing in"):
        load_mnist(folder)
    assert [p for p in folder.rglob("*") if p.is_file()] == []


def test_without_a_network_the_way_out_is_told(tmp_path, monkeypatch):
    """Without an internet connection, the error says where to put the files, and that mnist-5k needs none."""
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])  # nobody listens there
    with pytest.raises(ConnectionError) as caught:
        load_mnist(tmp_path)
    message = str(caught.value)
    assert f"4 of 4 files are missing in {tmp_path / 'MNIST' / 'raw'}" in message
    assert "Put train-images-idx3-ubyte" in message
    assert "mnist-5k, which needs no internet connection" in message


# Training on it


@pytest.mark.parametrize(("recipe", "least", "most"), [("guide", 0.92, 0.95), ("tuned", 0.975, 1.0)])
def test_recipes_keep_their_promise(mnist_folder, recipe, least, most):
    """In 8 epochs over the full set the guide's recipe reaches 92 to 95 %, the tuned one at least 97.5 %."""
    command = [
        sys.executable,
        "-m",
        "jax_mlp",
        "train",
        "--data",
        "mnist",
        "--data-dir",
        mnist_folder,
        "--recipe",
        recipe,
    ]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    print(shown.stdout)
    summary = shown.stdout.splitlines()[-1]
    assert "epochs: 8, updates: 3752" in summary
    assert least <= float(summary.split()[2].rstrip("%")) / 100 <= most


def test_the_guide_with_its_own_loader(mnist_folder):
    """The guide's way in: torchvision's MNIST, flattened and cast, through NumpyLoader into train_loop."""
    import jax

    digits = load_mnist(mnist_folder)
    small = torchvision.datasets.MNIST(mnist_folder, transform=FlattenAndCast())
    small.data, small.targets = small.data[:3840], small.targets[:3840]
    params = train_loop(
        init_mlp([784, 64, 10], jax.random.key(0), 1e-2),
        digits.train_images[:3840],
        digits.test_images,
        digits.train_labels[:3840],
        digits.test_labels,
        8,
        batches=NumpyLoader(small, batch_size=128, num_workers=0),
    )
    assert accuracy(params, digits.test_images, one_hot(digits.test_labels)) > 0.8


@pytest.mark.parametrize("kaggle", [False, True], ids=["packed", "kaggle"])
@pytest.mark.parametrize("place", ["MNIST/raw", ".", "raw"])
def test_files_as_people_have_them(tmp_path, mnist_folder, kaggle, place):
    """Files are read, and nothing is written, in each place, packed or with the names that Kaggle gives them."""
    folder = tmp_path / "a folder#1" / place
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        content = (mnist_folder / "MNIST" / "raw" / name).read_bytes()
        if kaggle:
            (folder / name.replace("-idx", ".idx")).write_bytes(content)
        else:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1))
    before = sorted(tmp_path.rglob("*"))
    digits = load_mnist(tmp_path / "a folder#1")
    assert [len(part) for part in digits] == [60_000, 60_000, 10_000, 10_000]
    assert sorted(tmp_path.rglob("*")) == before
