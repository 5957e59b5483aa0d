"""The interactive figures compute what Python computes, and are used by keyboard alone, on a phone, from disk."""

import re

import jax.numpy as jnp
import numpy as np
import pytest
from jax import grad, jit
from jax.nn import log_softmax
from playwright.sync_api import Page

import jax_mlp as mlp
from tests.site.conftest import WIDTHS

PAGES = {
    "log_softmax": "forward",
    "p_minus_y": "backpropagation",
    "one_step": "update",
    "scales": "init",
    "learning": "train_loop",
}


WIDER = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML)"
DRAWN = """figure => [
    figure.innerText,
    ...[...figure.querySelectorAll("svg")].map(svg => svg.outerHTML),
    ...[...figure.querySelectorAll("input")].map(input => input.ariaValueText),
].join()"""


@pytest.fixture
def opened(browser, site):
    """Opens the page of a figure from disk, with the figure in a state."""
    pages = {}

    def open_(name: str, state: str = "", width: int = WIDTHS["desktop"]) -> Page:
        # A page that is open already takes the new state from its address, and is not loaded again.
        page = pages.get(width) or pages.setdefault(width, browser(width))
        page.goto(f"{(site / 'components' / f'{PAGES[name]}.html').as_uri()}#{name}?{state}")
        page.locator(f"#{name} .live").wait_for()
        return page

    return open_


def number(text: str) -> float:
    """A number as a figure writes it."""
    return float(text.replace("−", "-").replace("∞", "inf"))


def columns(page: Page, name: str) -> np.ndarray:
    """The numbers of a figure's table."""
    rows = page.locator(f"#{name} tbody tr").all()
    return np.array([[number(cell) for cell in row.locator("td").all_inner_texts()] for row in rows]).T


@pytest.mark.parametrize("name", PAGES)
def test_by_keyboard_alone_on_a_phone(opened, name):
    """Tab reaches every control, keys change it, it says so in words, and nothing is ever wider than the phone."""
    page = opened(name, width=WIDTHS["phone"])
    figure = page.locator(f"#{name}")

    def shown() -> str:
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS["phone"]
        assert figure.locator(".live > *, .live td, .live pre, .live .slider").evaluate_all(WIDER) == []
        return figure.evaluate(DRAWN)

    figure.evaluate("figure => { figure.tabIndex = -1; figure.focus() }")
    there = figure.locator(
        ".live :is(button:not([data-md-type]), input):enabled:not([type=radio]), .live fieldset"
    ).count()
    used = []
    for _ in range(20):
        page.keyboard.press("Tab")
        focus = page.evaluate_handle("document.activeElement").as_element()
        if not focus or not focus.evaluate(f"element => element.closest('#{name} .live') !== null"):
            break
        if focus.get_attribute("data-md-type") == "copy":  # the theme's, not ours
            continue
        kind, before = focus.evaluate("element => element.type"), shown()
        keys = {"range": ["End", "Home"], "radio": ["ArrowDown"] * 2, "checkbox": ["Space"], "button": ["Enter"]}[kind]
        seen = {before}
        for key in keys:
            page.keyboard.press(key)
            seen.add(shown())
        assert len(seen) > 1 or kind == "button", f"{keys} change nothing at {focus.evaluate('e => e.outerHTML')}"
        assert kind != "range" or focus.get_attribute("aria-valuetext")
        used.append(kind)
    assert len(used) >= there > 0
    page.wait_for_function(f"location.hash.startsWith('#{name}?')")


@pytest.mark.parametrize("name", PAGES)
def test_by_touch_and_without_motion(browser, site, name):
    """A finger moves each slider and presses each button, all large enough for it, and nothing moves by itself."""
    page = browser(WIDTHS["phone"], "dark", has_touch=True, reduced_motion="reduce")
    page.goto((site / "components" / f"{PAGES[name]}.html").as_uri())
    figure = page.locator(f"#{name}")
    for control in figure.locator(".live :is(input[type=range], button):enabled:not([data-md-type])").all():
        control.evaluate("control => control.scrollIntoView({ block: 'center' })")  # not under the page's header
        box, before = control.bounding_box(), figure.evaluate(DRAWN)
        assert min(box["width"], box["height"]) >= 24
        where = 0.25 if control.get_attribute("type") == "range" else 0.5
        page.touchscreen.tap(box["x"] + where * box["width"], box["y"] + box["height"] / 2)
        if control.inner_text() != "Start again":  # a busy browser takes a while to make a click of a tap
            changed = f"([figure, before]) => ({DRAWN})(figure) !== before"
            page.wait_for_function(changed, arg=[figure.element_handle(), before])
    moving = "figure => document.getAnimations().filter(each => figure.contains(each.effect.target)).length"
    assert figure.evaluate(moving) == 0


@pytest.mark.parametrize(("state", "broken"), [
    ("z0=2&z1=1&z2=0&c=0&shift=0", [0, 0]),
    ("z0=2&z1=1&z2=0&c=100&shift=0", [3, 3]),
    ("z0=2&z1=1&z2=0&c=-120&shift=0", [3, 3]),
    ("z0=2&z1=1&z2=-118&c=0&shift=1", [0, 1]),
    ("z0=20&z1=1&z2=-75&c=60&shift=1", [0, 0]),
])  # fmt: skip
def test_softmax_breaks_as_in_float32(opened, state, broken):
    """Softmax and its logarithm are NumPy's in float32, and log-softmax is forward's."""
    page = opened("log_softmax", state)
    set_ = {key: np.float32(value) for key, value in re.findall(r"(\w+)=([-\d]+)", state)}
    z = np.array([set_["z0"], set_["z1"], set_["z2"]]) + set_["c"]
    with np.errstate(all="ignore"):
        powers = np.exp(z - z.max() * set_["shift"])
        p = powers / powers.sum()
        expected = [z, p, np.log(p), mlp.forward([(jnp.eye(3), jnp.zeros(3))], z[None])[0]]
    np.testing.assert_allclose(columns(page, "log_softmax"), expected, rtol=1e-3)
    assert [(~np.isfinite(column)).sum() for column in (p, np.log(p))] == broken
    words = page.locator("#log_softmax [role=status] p").all_inner_texts()
    assert [text.startswith("✗") for text in words] == [broken[0] > 0, broken[1] > 0, False]


def test_p_minus_y_is_the_gradient(opened):
    """The gradient p − y is what jax.grad gives for the logits, times the number of classes; the loss is mlp.loss."""
    page = opened("p_minus_y", "z0=1.5&z1=-2&z2=0.25&y=2")
    z, y = jnp.array([1.5, -2, 0.25]), jnp.array([[0.0, 0.0, 1.0]])

    def loss(z):
        return mlp.loss([(jnp.zeros((3, 1)), z)], jnp.ones((1, 1)), y)

    p = np.exp(log_softmax(z))
    np.testing.assert_allclose(columns(page, "p_minus_y"), [p, y[0], 3 * grad(loss)(z)], rtol=6e-3)
    said = [number(n) for n in re.findall(r"[−\d.]*\d", page.locator("#p_minus_y [role=status]").inner_text())]
    np.testing.assert_allclose([said[0], said[2]], [-np.log(p[2]), loss(z)], rtol=1e-3)


@pytest.mark.parametrize(("batch", "eta"), [(0, 0.5), (2, 2.0)])
def test_every_number_of_the_step_is_pythons(opened, batch, eta):
    """The lines of code beside the network, run in JAX, give every number in it, and update gives the new weights."""
    page = opened("one_step", f"step=0&eta={eta}&batch={batch}")
    made = page.evaluate("({ ...OneStep.START, x: OneStep.IMAGES, y: OneStep.TARGETS })")
    n, image = (1, 0) if batch == 0 else (2, batch - 1)
    names = {name: jnp.array(value, jnp.float32) for name, value in made.items()}
    names |= {name: names[name][:n] for name in "xy"}
    tools = {"relu": mlp.relu, "log_softmax": log_softmax, "exp": jnp.exp, "mean": jnp.mean, "eta": eta}
    code = page.locator("#one_step pre code").inner_text()
    old = tools | names
    exec(code, old)  # after which W1 and its like are the new ones
    again = tools | {name: old[name] for name in ("W1", "b1", "W2", "b2", "x", "y")}
    exec(code.split("\n\n")[0], again)
    params = mlp.update([(names["W1"], names["b1"]), (names["W2"], names["b2"])], names["x"], names["y"], eta)
    for new, name in zip((params[0] + params[1]), ("W1", "b1", "W2", "b2"), strict=True):
        np.testing.assert_allclose(new, old[name], rtol=1e-6)

    checked = set()
    for step in range(12):
        state = {
            name: np.asarray(value)
            for name, value in {**old, **(names if step < 10 else {})}.items()
            if name not in tools
        }
        if step == 11:
            state |= {name: np.asarray(again[name]) for name in ("z1", "a1", "z2", "log_p")}
        state["p"] = np.exp(state["log_p"])
        for name, text in page.locator("#one_step [data-value]").evaluate_all(
            "all => all.map(element => [element.dataset.value, element.textContent])"
        ):
            of, at = name.split("-")
            value = np.asarray(state[of.replace("w", "W")])
            of_image = of in ("x", "y", "z1", "a1", "z2", "p", "d1", "d2", "da1")
            expected = value[(image,) * of_image + tuple(int(digit) for digit in at)]
            got = number(text.split()[-1])
            np.testing.assert_allclose(got, expected, rtol=6e-3, atol=6e-4, err_msg=f"{name} in step {step}")
            checked.add(name)
        if step < 11:
            page.locator("#one_step button", has_text="Next").click()
    assert len(checked) == 42  # 18 in units, 12 parameters and the gradient of each
    fate = page.locator("#one_step [role=status]").last.inner_text()
    said = [number(text) for text in re.findall(r"\d[\d.]*\d", fate)][:2]
    np.testing.assert_allclose(said, [old["loss"], again["loss"]], rtol=1e-3)
    assert fate.startswith("✗ The loss rises" if eta == 2 else "✓ The loss falls")


def test_starts_die_explode_or_stay_equal_as_in_jax(opened):
    """Signals, losses and the numbers after ten steps are those of mlp.forward and mlp.update, from every start."""
    page = opened("scales")
    images = np.array(page.evaluate("DATA.scales.images.map(image => [...network.bytes(image)])"), np.float32) / 255
    targets = mlp.one_hot(np.arange(10), 10)
    step, loss = jit(mlp.update), jit(mlp.loss)
    for kind, scale in (1, 0), (2, 0.01):
        layers, before, after = page.evaluate(
            """([kind, scale]) => {
                const params = Scales.start(kind, scale)
                const layers = params.map(({ weights, biases }) => [[...weights], [...biases]])
                const before = Scales.look(params)
                for (let i = 0; i < 10; i++) Scales.learn(params)
                return [layers, before, Scales.look(params)]
            }""",
            [kind, scale],
        )
        params = [(jnp.array(w, jnp.float32).reshape(len(b), -1), jnp.array(b, jnp.float32)) for w, b in layers]
        a = images
        for (w, b), layer in zip(params[:-1], before["layers"], strict=True):
            a = np.asarray(mlp.relu(a @ w.T + b))
            np.testing.assert_allclose(layer["signal"], np.sqrt(np.mean(a**2)), rtol=1e-3, atol=1e-8)
            assert layer["different"] == (1 if kind > 1 else 64)
        np.testing.assert_allclose(before["loss"], loss(params, images, targets), rtol=1e-5)
        for _ in range(10):
            params = step(params, images, targets, 1.0)
        np.testing.assert_allclose(after["loss"], loss(params, images, targets), rtol=1e-3)
        assert after["layers"][0]["different"] == (1 if kind > 1 else 64)


def test_the_run_shown_ends_in_overfitting(opened):
    """Each confusion matrix agrees with the accuracy beside it, and in the end the figure names the gap."""
    page = opened("learning")
    shown = page.evaluate("Learning.run")
    for at, epoch in enumerate(shown["epochs"]):
        counts = np.reshape(shown["confusion"][at], (10, 10))
        np.testing.assert_allclose(counts.trace() / counts.sum(), shown["test"][epoch], atol=1e-6)
    assert shown["train"][-1] - shown["test"][-1] > 0.02
    opened("learning", f"at={len(shown['epochs']) - 1}")
    assert "overfitting" in page.locator("#learning [role=status]").inner_text()


@pytest.mark.parametrize("name", PAGES)
def test_without_scripts_a_still_figure_tells_it(chromium, site, name):
    """Where no script runs, a drawing stands in the figure's place, and a page's scripts and data weigh little."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "components" / f"{PAGES[name]}.html").as_uri())
    drawings = page.locator(f"#{name} :is(img, svg)").all()
    assert max(drawing.bounding_box()["width"] for drawing in drawings if drawing.is_visible()) > 100
    scripts = page.locator("script[src]").evaluate_all("all => all.map(script => script.getAttribute('src'))")
    ours = [site / "components" / src for src in scripts if "/assets/" not in src and "iframe-worker" not in src]
    assert sum(path.resolve().stat().st_size for path in ours) < 200_000
    context.close()
