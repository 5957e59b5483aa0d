"""Tests of the data: all digits are there, in equal numbers, and damaged files are detected."""

import gzip
import hashlib
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jax_mlp._files import write_atomically
from jax_mlp.components._checks import check_dataset
from jax_mlp.data import load_mnist_5k, mnist
from jax_mlp.data.mnist_5k import SHA256
from jax_mlp.laws.expect import equal, holds
from jax_mlp.recipes import GUIDE, TUNED, Recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A data folder that contains mnist-5k."""
    path = tmp_path_factory.mktemp("data")
    load_mnist_5k(path)
    return path


@pytest.fixture(scope="module")
def digits(folder):
    """The digits of mnist-5k."""
    return load_mnist_5k(folder)


def test_four_thousand_and_one_thousand(digits):
    """mnist-5k has 4,000 training images and 1,000 test images, of 784 bytes each."""
    shapes = [(a.shape, str(a.dtype)) for a in digits]
    assert shapes == [((4000, 784), "uint8"), ((4000,), "uint8"), ((1000, 784), "uint8"), ((1000,), "uint8")]


def test_each_digit_as_often(digits):
    """Every digit has 400 training images and 100 test images."""
    equal(np.bincount(digits.train_labels), np.full(10, 400))
    equal(np.bincount(digits.test_labels), np.full(10, 100))


@given(st.integers(0, 3872))
def test_every_batch_holds_every_digit(digits, start):
    """The digits alternate, so any 128 consecutive images contain 12 or 13 of each digit."""
    counts = np.bincount(digits.train_labels[start : start + 128], minlength=10)
    holds((counts >= 12) & (counts <= 13), counts, "12 or 13 of each digit")


def test_no_test_image_is_trained_on(digits):
    """No image of the test set is in the training set."""
    train = {image.tobytes() for image in digits.train_images}
    assert not [i for i, image in enumerate(digits.test_images) if image.tobytes() in train]


def test_labels_belong_to_images(digits):
    """The mean image of each digit is most similar to that of the same digit in the other set."""
    train, test = (
        np.array([images[labels == k].mean(axis=0) for k in range(10)]) for images, labels in (digits[:2], digits[2:])
    )
    distances = np.linalg.norm(train[:, None] - test[None], axis=2)
    equal(distances.argmin(axis=1), np.arange(10))


# What is kept


@settings(max_examples=10)  # each example parses 5,000 images anew
@given(st.integers(0, 5000 * 785 - 1), st.integers(0, 255))
def test_any_damage_is_noticed(folder, position, flip):
    """If a byte of the cached file changes, or the file is cut off, the digits are loaded anyway and cached again."""
    path = folder / "mnist-5k.bin"
    content = path.read_bytes()
    after = bytes([content[position] ^ flip]) + content[position + 1 :] if flip else b""  # a flip of 0 cuts off
    path.write_bytes(content[:position] + after)
    reloaded = load_mnist_5k(folder)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256
    equal(np.bincount(reloaded.train_labels), np.full(10, 400))


def test_nothing_else_is_left_behind(folder):
    """The folder contains the cached file, and no temporary one."""
    load_mnist_5k(folder)
    assert [path.name for path in folder.iterdir()] == ["mnist-5k.bin"]


def test_an_unwritable_folder_is_no_obstacle(tmp_path):
    """If the digits cannot be cached, they are loaded anyway, with a warning."""
    blocked = tmp_path / "mnist-5k.bin"
    blocked.mkdir()  # a folder in the file's place: even root cannot write it
    with pytest.warns(UserWarning, match="cannot be written"):
        digits = load_mnist_5k(tmp_path)
    assert len(digits.train_images) == 4000


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    """If the data folder is a file, the error names it."""
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(NotADirectoryError, match=f"expected data_dir to be a folder, got the file {path}"):
        load_mnist_5k(path)


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_writing_replaces_at_once(tmp_path_factory, old, new):
    """A reader who opened the old file sees only old content; one who opens it later sees only new content."""
    path = tmp_path_factory.getbasetemp() / "written"
    write_atomically(path, old)
    with path.open("rb") as reader:
        write_atomically(path, new)
        assert reader.read() == old
    assert path.read_bytes() == new


def test_kept_files_can_be_read_by_all(folder):
    """A cached file has the permissions of an ordinary file, so that users can share a folder."""
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((folder / "mnist-5k.bin").stat().st_mode) == 0o666 & ~umask


def test_loading_opens_no_socket(folder):
    """mnist-5k needs no internet connection: Python's audit of the process sees no socket, and no fork."""
    program = (
        "import sys\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, _: seen.append(event) if event.startswith(('socket.', 'os.fork')) else None)\n"
        "from jax_mlp.data import load_mnist_5k\n"
        f"load_mnist_5k({str(folder)!r})\n"
        "print(seen)\n"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


# What is refused where data enters


@given(
    st.integers(1, 6),
    st.integers(0, 5),
    st.sampled_from([np.nan, np.inf, -np.inf]),
    st.sampled_from(["float16", "float32"]),
)
def test_any_pixel_that_is_not_finite_is_found(n, row, value, dtype):
    """A pixel that is not finite raises an error that names its row."""
    images = np.zeros((n, 3), dtype)
    images[row % n, 1] = value
    with pytest.raises(ValueError, match=rf"expected finite pixels, got {value} in images\[{row % n}\]"):
        check_dataset("f", "", images, np.zeros(n, int), 3, 10)


@given(st.integers(1, 6), st.integers(0, 5), st.integers(-300, 300).filter(lambda label: not 0 <= label < 10))
def test_any_label_out_of_range_is_found(n, row, label):
    """A label out of range raises an error that names the label and its row."""
    labels = np.zeros(n, np.int32)
    labels[row % n] = label
    with pytest.raises(ValueError, match=rf"labels from 0 to 9, got {label} in labels\[{row % n}\]"):
        check_dataset("f", "", np.zeros((n, 3)), labels, 3, 10)


# Recipes


def test_recipes_agree_with_the_defaults():
    """GUIDE contains the guide's constants, which are also the defaults of the components."""
    import inspect

    from jax_mlp import init_mlp, one_hot, train_loop, update

    def default(function, name):
        return inspect.signature(function).parameters[name].default

    assert default(init_mlp, "scale") == GUIDE.scale == 1e-3
    assert default(update, "learning_rate") == default(train_loop, "learning_rate") == GUIDE.learning_rate == 1e-2
    assert default(train_loop, "batch_size") == GUIDE.batch_size == 128
    assert default(one_hot, "n_classes") == GUIDE.layer_sizes[-1] == 10
    assert Recipe() == GUIDE != TUNED


@given(st.integers(1, 60_000), st.sampled_from([32, 128, 512]))
def test_a_smaller_set_gets_as_many_updates(n_images, batch_size):
    """`epochs_on` gives at least the guide's number of updates, and less than one epoch more."""
    recipe = Recipe(batch_size=batch_size)
    per_epoch = -(-n_images // batch_size)
    wanted = 8 * -(-60_000 // batch_size)
    assert wanted <= recipe.epochs_on(n_images) * per_epoch < wanted + per_epoch


# Files of the full set, which torchvision parses: nothing that is damaged gets so far

LABELS = "train-labels-idx1-ubyte"
PACKED = gzip.compress(struct.pack(">ii", 2049, 60_000) + bytes(range(10)) * 6_000)


@given(content=st.binary(max_size=64), packed=st.booleans(), cut=st.integers(0, 200), place=st.integers(0, 99))
def test_damaged_files_are_never_parsed(folder, content, packed, cut, place):
    """Wrong magic numbers, counts, trailing bytes and broken archives raise an error before they are parsed."""
    path = folder / (f"{LABELS}.gz" if packed else LABELS)
    for old in (folder / LABELS, folder / f"{LABELS}.gz"):
        old.unlink(missing_ok=True)
    path.write_bytes(PACKED[:place] + content + PACKED[place : len(PACKED) - cut])
    with pytest.raises(ValueError, match=r"mnist: .*damaged"):
        mnist._read(folder, LABELS)


def test_a_small_archive_cannot_fill_the_memory(folder):
    """An archive that unpacks to a hundred million zeros is not unpacked beyond the size of the largest file."""
    path = folder / f"{LABELS}.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(bytes(10**8))
    assert path.stat().st_size < 10**6
    assert len(mnist._unpack(path)) == mnist.LARGEST + 1
