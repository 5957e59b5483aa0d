"""Draw a digit: the figure on Home, and the page that the capstone writes."""

import base64
import json
import re
from itertools import product

import numpy as np
import pytest
from playwright.sync_api import expect

import jax_mlp as mlp
from jax_mlp.data import load_mnist_5k
from jax_mlp.data.picture import centred, read_picture
from jax_mlp.exercises import page as pages_of_exercises
from tests.handwriting import STROKES, drawn
from tests.site.conftest import WIDTHS


@pytest.fixture(scope="module")
def shown(site):
    """What the figure computes with."""
    return json.loads((site / "data" / "draw.js").read_text().partition("DATA.draw = ")[2])


@pytest.fixture
def home(browser, served):
    """Home, at an address and in a tab of given kinds."""

    def opened(address: str = served, **options):
        page = browser(**options)
        page.goto(f"{address}/index.html")
        return page

    return opened


def text(values) -> str:
    """Bytes as base64, which travels into the browser quickly."""
    return base64.b64encode(values.tobytes()).decode()


def write(page, digit: int, left=0.2, top=0.15, size=0.6):
    """Draw a digit with the mouse: its place and size are fractions of the sheet's."""
    box = page.locator(".draw-paper canvas").bounding_box()
    page.locator(".draw-paper button").click()
    for stroke in STROKES[digit]:
        points = [
            (box["x"] + box["width"] * (left + size * x / 100), box["y"] + box["height"] * (top + size * y / 100))
            for x, y in stroke
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def answer(page) -> int:
    """The digit that the network reads."""
    return int(page.locator("#draw output").inner_text().partition("It reads ")[2][0])


def test_the_page_computes_what_forward_computes(home, shown):
    """For the same float32 parameters, the log-probabilities of 1,000 test images equal those of `forward` to 1e-5."""
    images = load_mnist_5k().test_images
    computed = home().evaluate(
        """images => {
          const pixels = network.bytes(images), layers = network.unpack(DATA.draw.layers)
          return [...Array(pixels.length / 784).keys()].map(number => {
            const image = pixels.subarray(784 * number, 784 * (number + 1))
            return [...network.forward(layers, Float32Array.from(image, pixel => pixel * DATA.draw.pixelScale))]
          })
        }""",
        text(images),
    )
    params = pages_of_exercises.unpacked(shown["layers"])
    expected = mlp.forward(params, images * np.float32(shown["pixelScale"]))
    assert len(images) == 1000
    np.testing.assert_allclose(computed, expected, rtol=1e-5, atol=1e-5)


def test_the_page_centres_as_read_picture_does(home, tmp_path):
    """Of 200 drawings, dark or light, thick or thin, upright or slanted, each becomes the same 784 pixels.

    A few of them go through `read_picture` as files, whose estimate of the paper's shade may differ by a few shades.
    """
    rng, pictures, expected = np.random.default_rng(0), [], []
    for number in range(200):
        pen, margin, slant = rng.uniform([0.02, 0.1, -0.2], [0.14, 0.35, 0.3])
        picture = drawn(number % 10, int(rng.integers(20, 160)), pen, number % 3 == 0, margin, slant).convert("L")
        grey = np.asarray(picture, np.float32)
        border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        expected.append(centred(np.abs(grey - np.median(border))))
        pictures.append([text(np.asarray(picture)), *picture.size])
        if number % 10 == 0:
            picture.save(tmp_path / "digit.png")
            assert np.abs(read_picture(tmp_path / "digit.png").astype(int) - expected[-1]).max() <= 4
    computed = home().evaluate(
        "all => all.map(([grey, width, height]) => [...network.centred(network.bytes(grey), width, height).image])",
        pictures,
    )
    assert (np.array(computed) == expected).all()


def test_drawn_digits_are_read(home):
    """Twenty digits, drawn with a mouse in two places and sizes, are mostly read."""
    page, missed = home(), []
    for digit, (left, top, size) in product(STROKES, [(0.05, 0.1, 0.8), (0.4, 0.4, 0.5)]):
        write(page, digit, left, top, size)
        if answer(page) != digit:
            missed.append((digit, answer(page), size))
    assert len(missed) <= 5, missed


def test_the_answer_does_not_wait_for_a_frame(home):
    """On a busy machine, which draws no frame for a while, what is said is about all that was drawn."""
    page = home()
    page.evaluate("requestAnimationFrame = () => 0")
    paper, said = page.locator(".draw-paper canvas"), page.locator("#draw output")
    for lift in " ", "Tab":
        paper.focus()
        page.keyboard.press("Delete")
        for key in [*8 * ["ArrowUp"], " ", *16 * ["ArrowDown"], lift]:
            page.keyboard.press(key)
        expect(said).to_contain_text("It reads 1")


def test_by_keyboard_alone(home):
    """The keyboard draws, clears, moves to a unit and chooses a test digit; every control says its value."""
    page = home()
    paper, slider = page.locator(".draw-paper canvas"), page.get_by_label("Unit of the second hidden layer")
    paper.focus()
    for key in [*8 * ["ArrowUp"], " ", *16 * ["ArrowDown"], " "]:
        page.keyboard.press(key)
    expect(page.locator("#draw output")).to_contain_text("It reads 1")
    page.keyboard.press("Delete")
    expect(page.locator("#draw output")).to_have_text("The sheet is empty.")
    for _ in range(3):  # Clear, the first layer, the second
        page.keyboard.press("Tab")
    expect(slider).to_be_focused()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext").startswith("unit 2 of 64, activation ")
    expect(page.get_by_label("The weights of unit 2 of hidden layer 2")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Test digit 2: a 1")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#draw output")).to_have_text("It reads 1, with probability 100 %. Correct.")


def test_by_touch_on_a_phone_from_disk(home, site):
    """A finger draws and does not scroll the page, on a phone, in the dark, in a page opened from disk."""
    page = home(site.as_uri(), width=WIDTHS["phone"], scheme="dark", has_touch=True, reduced_motion="reduce")
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS["phone"]
    page.locator(".draw-paper canvas").scroll_into_view_if_needed()
    box, before = page.locator(".draw-paper canvas").bounding_box(), page.evaluate("scrollY")
    finger = page.context.new_cdp_session(page)
    for number in range(9):
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] * (0.1 + number / 10)}
        kind = "touchMove" if number else "touchStart"
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator("#draw output")).to_contain_text("It reads 1")
    assert page.evaluate("scrollY") == before


def test_drawing_is_smooth(home):
    """While a pen moves, a frame takes less of the processor's time than there is at sixty frames a second.

    The time of the processor and not that of a clock, because the machine may be busy with other things.
    """
    page = home()
    page.locator(".draw-paper canvas").scroll_into_view_if_needed()
    box, browser = page.locator(".draw-paper canvas").bounding_box(), page.context.new_cdp_session(page)
    left, top = (box[corner] + box["width"] / 4 for corner in "xy")
    browser.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        metrics = browser.send("Performance.getMetrics")["metrics"]
        return next(each["value"] for each in metrics if each["name"] == "TaskDuration")

    page.evaluate("""() => {
        window.frames_shown = 0
        const tick = () => { window.frames_shown++; requestAnimationFrame(tick) }
        tick()
    }""")
    page.mouse.move(left, top)
    page.mouse.down()
    before = busy(), page.evaluate("window.frames_shown")
    for move in range(40):
        page.mouse.move(left + 4 * (move % 10), top + 2 * move)
    seconds, frames = busy() - before[0], page.evaluate("window.frames_shown") - before[1]
    page.mouse.up()
    assert frames >= 20
    assert seconds / frames < 1 / 60, f"{1000 * seconds / frames:.1f} ms per frame"


def test_without_scripts_a_still_figure_is_shown(home):
    """A browser that runs no scripts shows the drawing of the same story, and no control that would not work."""
    page = home(java_script_enabled=False)
    assert any(drawing.is_visible() for drawing in page.locator("#draw svg").all())
    assert not any(control.is_visible() for control in page.locator("#draw :is(button, input, canvas)").all())


def test_scripts_and_data_of_a_page_are_small(site, pages):
    """The scripts and data of a page, without the theme's, have at most 200 KB together."""
    for name in pages:
        sources = set(re.findall(r'<script [^>]*src="([^"]*)"', (site / name).read_text()))
        own = [(site / name).parent / source.lstrip("/") for source in sources if "assets/" not in source]
        assert sum(path.stat().st_size for path in own) <= 200_000, name


def test_the_page_of_the_capstone_needs_nothing_else(browser, shown, tmp_path):
    """The page that the capstone writes is one file, which opens from disk and reads what is drawn on it."""
    (tmp_path / "capstone.html").write_text(pages_of_exercises.alone(shown), encoding="utf-8")
    page = browser()
    page.goto((tmp_path / "capstone.html").as_uri())
    write(page, 7)
    assert answer(page) == 7
    assert page.evaluate("performance.getEntriesByType('resource')") == []
