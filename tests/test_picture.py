"""Pictures of digits: however they are drawn, they become what MNIST's own images are."""

import os
import struct
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import jax_mlp as mlp
from jax_mlp.data import load_mnist_5k
from jax_mlp.data.picture import read_picture
from jax_mlp.laws.expect import close, equal, holds
from jax_mlp.recipes import TUNED
from jax_mlp.runs import Run, Settings
from tests.handwriting import KINDS, STROKES, STYLES, drawn, photograph


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for all examples of a property."""
    return tmp_path_factory.mktemp("pictures")


@given(
    digit=st.sampled_from([*STROKES]),
    size=st.sampled_from([120, 300]),
    margin=st.floats(0.1, 0.35),
    light=st.booleans(),
    suffix=st.sampled_from(["png", "jpg"]),
)
def test_every_picture_becomes_one_of_mnists(folder, digit, size, margin, light, suffix):
    """Whatever its size, its paper and its place on it, a digit fills 20 pixels, about the middle, light on dark."""
    path = folder / f"digit.{suffix}"
    drawn(digit, size, 0.08, light, margin).save(path)
    image = read_picture(path).reshape(28, 28)
    equal(image.max(), 255)
    seen = np.argwhere(image > 60)
    extent = np.ptp(seen, axis=0) + 1
    holds(17 <= extent.max() <= 20, f"a digit of {extent} pixels", "20 pixels on its longer side, but for faint edges")
    ink = image / image.sum()
    rows, columns = np.indices(image.shape)
    close([(rows * ink).sum(), (columns * ink).sum()], [14, 14], 0.6)


def test_mnists_own_images_stay_as_they_are(folder):
    """An image of MNIST, saved as a picture on a wide margin, comes back nearly as it was."""
    for image in load_mnist_5k().test_images[:20]:
        framed = np.pad(image.reshape(28, 28), 20)
        Image.fromarray(framed).resize((680, 680), Image.Resampling.NEAREST).save(folder / "own.png")
        again = read_picture(folder / "own.png").astype(float)
        likeness = np.corrcoef(again, image.astype(float))[0, 1]
        holds(likeness > 0.99, likeness, "a correlation of more than 0.99")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A network that has learnt for a while."""
    run = Run(tmp_path_factory.mktemp("runs") / "run")
    run.begin(Settings("mnist-5k", replace(TUNED, layer_sizes=(784, 128, 10), n_epochs=20, learning_rate=1.0)))
    assert len([*run.train(load_mnist_5k())]) == 20
    return run


def test_it_reads_what_was_drawn(run, folder):
    """Of twenty digits, dark on light and light on dark, thick and thin, upright and slanted, most are read right."""
    pictures = []
    for digit in STROKES:
        for style in STYLES:
            path = folder / f"{digit}-{len(style)}.png"
            drawn(digit, **style).save(path)
            pictures.append(read_picture(path))
    said = np.asarray(mlp.forward(run.params, np.stack(pictures) * np.float32(1 / 255))).argmax(axis=1)
    right = int((said == np.repeat([*STROKES], 2)).sum())
    holds(right >= 16, f"{right} of 20: {said}", "at least 16 of 20")


def predict(run, *arguments, **environment) -> subprocess.CompletedProcess:
    """The command line's own `predict`."""
    command = [sys.executable, "-m", "jax_mlp", "predict", str(run.folder), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})


@pytest.mark.parametrize("kind", KINDS)
def test_it_reads_photographs(run, folder, kind):
    """However a digit was photographed or saved, most of those that a plain picture shows well are read right."""
    digits = [0, 2, 3, 7]
    for digit in digits:
        photograph(digit, kind, folder / f"{digit}.{kind}")
    pictures = np.stack([read_picture(folder / f"{digit}.{kind}") for digit in digits])
    said = np.asarray(mlp.forward(run.params, pictures * np.float32(1 / 255))).argmax(axis=1)
    holds((said == digits).sum() >= 3, said, f"at least 3 of {digits}")


def test_one_bad_picture_of_three_spoils_no_other(run, folder):
    """`predict` reads the others, says in a line what is wrong with that one, and ends with exit code 2."""
    drawn(0, pen=0.08).save(folder / "zero.png")
    (folder / "bad.png").write_text("no picture")
    shown = predict(run, folder / "zero.png", folder / "bad.png", folder / "zero.png")
    assert shown.returncode == 2
    assert [line for line in shown.stdout.splitlines() if line[0] != " "] == 2 * [f"{folder / 'zero.png'}: 0"]
    assert len(shown.stderr.splitlines()) == 1
    assert "bad.png" in shown.stderr


def test_a_terminal_that_shows_no_blocks(run, folder):
    """`predict` works where the output can hold only Latin letters."""
    drawn(0, pen=0.08).save(folder / "zero.png")
    shown = predict(run, folder / "zero.png", "--show", PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert shown.returncode == 0, shown.stderr
    assert "  0 ######" in shown.stdout


def test_predict_shows_the_digit_and_its_odds(run, folder):
    """The digit, a bar for each probability, and with --show what the network sees."""
    drawn(0, pen=0.08).save(folder / "zero.png")
    shown = predict(run, folder / "zero.png", "--show")
    assert shown.returncode == 0, shown.stderr
    head, *lines = shown.stdout.splitlines()
    assert head == f"{folder / 'zero.png'}: 0"
    assert len(lines) == 28 + 10
    assert lines[28].startswith("  0 ██████")


def blank(path):
    """A picture of nothing."""
    Image.new("L", (50, 50), 200).save(path)


def cut_short(path):
    """A picture whose file ends too early."""
    drawn(3).save(path)
    path.write_bytes(path.read_bytes()[:1000])


def a_bomb(path):
    """A small file with a great many pixels."""
    Image.new("1", (20_000, 20_000)).save(path)


@given(
    place=st.integers(0, 3000),
    content=st.binary(max_size=40),
    cut=st.integers(0, 400),
    suffix=st.sampled_from(["png", "jpg"]),
)
def test_a_damaged_picture_is_read_or_refused(folder, place, content, cut, suffix):
    """Whatever happened to a file: it gives 784 pixels, or one clear error."""
    path = folder / f"damaged.{suffix}"
    drawn(3, 120).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + content + whole[place + cut :])
    try:
        equal(read_picture(path).shape, (784,))
    except ValueError as error:
        holds(str(error).startswith("predict: expected "), str(error), "an error that says what was expected")


def test_what_a_camera_says_of_a_picture_need_not_be_right(tmp_path):
    """An EXIF tag of a wrong type does no harm, and the orientation beside it is obeyed."""
    picture = drawn(3, 120)
    entries = [(0x0112, 3, 1, b"\6\0\0\0"), (0x011A, 2, 4, b"big\0")]  # the orientation, and a resolution in words
    exif = b"Exif\0\0II*\0\x08\0\0\0\2\0" + b"".join(struct.pack("<HHI4s", *entry) for entry in entries) + b"\0\0\0\0"
    picture.save(tmp_path / "plain.png")
    picture.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    equal(read_picture(tmp_path / "turned.png"), read_picture(tmp_path / "plain.png"))


def test_a_camera_may_use_some_of_16_bits(tmp_path):
    """A picture of 16 bits may have only 12 bits of shades."""
    grey = np.asarray(drawn(3, 120).convert("L"), np.uint16)
    for bits in (12, 16):
        Image.fromarray((grey * ((2**bits - 1) // 255)).astype(np.uint16)).save(tmp_path / f"{bits}.png")
    close(read_picture(tmp_path / "12.png"), read_picture(tmp_path / "16.png").astype(float), 3)


@pytest.mark.parametrize("size", [(2, 2), (1, 500), (500, 1), (5, 3000), (4000, 12)])
def test_a_picture_may_be_narrow(tmp_path, size):
    """A picture that is too narrow for a digit gives pixels or one clear error."""
    half = Image.new("L", size, 255)
    half.paste(0, (0, 0, *(-(-length // 2) for length in size)))
    half.save(tmp_path / "narrow.png")
    try:
        equal(read_picture(tmp_path / "narrow.png").shape, (784,))
    except ValueError as error:
        holds(str(error).startswith("predict: expected "), str(error), "an error that says what was expected")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "which is not there"),
        (lambda path: path.mkdir(), "got the folder"),
        (lambda path: path.write_bytes(b""), "expected a PNG or JPEG"),
        (lambda path: path.write_text("no picture"), "expected a PNG or JPEG"),
        (cut_short, "expected a PNG or JPEG"),
        (blank, "which shows none"),
        (a_bomb, "expected a (PNG or JPEG|picture of at most)"),
    ],
)
def test_refuses(tmp_path, make, words):
    """What shows no digit is one clear error."""
    make(tmp_path / "picture.png")
    with pytest.raises((ValueError, OSError), match=f"predict: .*{words}"):
        read_picture(tmp_path / "picture.png")
