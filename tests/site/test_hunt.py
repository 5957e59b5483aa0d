"""Find the mistake, in a browser."""

import json

from playwright.sync_api import expect

from jax_mlp.exercises import hunt


def test_keyboard_alone(browser, site):
    """From disk: a number answers, the answer is explained, and Enter on the next button leads to the next round."""
    page = browser()
    page.goto((site / "hunt.html").as_uri() + "#5")
    this = hunt.rounds(0)[4]
    data = json.loads((site / "data" / "hunt.js").read_text().partition("DATA.hunt = ")[2])
    fixed, (start, between, end) = data["fixed"][data["rounds"][5]["component"]], data["rounds"][5]["code"]
    following = fixed[:start] + between + fixed[len(fixed) - end :]
    expect(page.locator("#hunt [data-title]")).to_have_text(f"Round 5 of {len(hunt.rounds(0))}: {this.component}")
    page.locator("#hunt button").first.focus()
    page.keyboard.press(str(this.caught_by + 1))
    expect(page.locator("#hunt .verdict")).to_have_text("Right. This law catches it.")
    expect(page.locator("#hunt")).to_contain_text(this.sentence.replace("`", ""))
    expect(page.locator("#hunt [data-score]")).to_have_text("1 of 1 found")
    page.locator("#hunt [data-go='1']").focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#6")
    expect(page.locator("#hunt [data-code]")).to_have_text(following.rstrip())


def test_touch_on_a_phone(browser, served, site):
    """A wrong choice is marked, and the law that catches the mistake beside it; nothing is wider than a phone."""
    page = browser(390, "dark")
    page.goto(served + "hunt.html")
    this = hunt.rounds(0)[0]
    page.locator("#hunt [data-place]").nth((this.caught_by + 1) % len(this.laws)).click()
    expect(page.locator("#hunt .wrong").first).to_be_visible()
    expect(page.locator(f"#hunt [data-place='{this.caught_by}']")).to_have_class("control right")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    parts = [site / part for part in ("data/hunt.js", "javascripts/hunt.js", "javascripts/hunt.css")]
    assert sum(part.stat().st_size for part in parts) < 200_000


def test_without_scripts_a_round_is_shown(chromium, served):
    """Without JavaScript the page shows a round with its answer folded."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + "hunt.html")
    expect(page.locator("#hunt-example")).to_contain_text("The answer")
    expect(page.locator("#hunt")).to_be_hidden()
    context.close()
