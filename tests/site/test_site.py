"""The site as a reader meets it: served and from disk, on a phone and on a desk, by day and by night."""

from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.site.conftest import WIDTHS

SCHEMES = ("light", "dark")


@pytest.mark.parametrize(("width", "scheme"), [*zip(WIDTHS, SCHEMES, strict=True)])
def test_every_page_fits_and_shows_everything(browser, served, pages, width, scheme):
    """Nothing is asked of another host, nothing fails, nothing is wider than the screen, nothing drawn is invisible."""
    page, formulas, figures = browser(WIDTHS[width], scheme), 0, 0
    for name in pages:
        page.goto(served + name, wait_until="networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width], f"{name} scrolls sideways"
        folded = page.locator("details").evaluate_all("all => all.forEach(details => details.open = true)")
        assert folded is None
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width], f"{name}, unfolded, scrolls"
        drawn = page.locator(".math svg").evaluate_all(
            "all => all.map(svg => { const box = svg.getBoundingClientRect(); return Math.min(box.width, box.height) })"
        )
        assert min(drawn, default=2) > 1, f"a formula of {name} is not drawn"
        formulas += len(drawn)
        for drawing in page.locator("figure > .drawing").all():
            shown = [svg.is_visible() for svg in drawing.locator("svg[class]").all()]
            assert sum(shown) == 1, f"{name} shows {sum(shown)} drawings of one figure"
            assert len(drawing.get_attribute("aria-label") or "") > 50
            figures += 1
    assert formulas > 50
    assert figures >= 10


def test_no_link_is_broken(browser, served, pages, site):
    """Every link within the site leads to a page that is there, and to a place on it that is there."""
    page, links, places = browser(), {}, {}
    for name in pages:
        page.goto(served + name)
        places[served + name] = set(page.locator("[id]").evaluate_all("all => all.map(element => element.id)"))
        hrefs = page.locator("a[href]").evaluate_all("all => all.map(link => link.getAttribute('href'))")
        links |= {(name, urljoin(served + name, href)): href for href in hrefs}
    broken = []
    for name, url in links:
        target, anchor = urldefrag(url)
        if target.startswith(served):
            target += "index.html" if target.endswith("/") else ""
            if target not in places and not (site / unquote(target.removeprefix(served))).is_file():
                broken.append(f"{name}: {url}")
            elif anchor and unquote(anchor) not in places.get(target, set()):
                broken.append(f"{name}: {url}")
        elif not url.startswith("https://"):
            broken.append(f"{name}: {url}")
    assert broken == []
    assert len(links) > 200


@pytest.mark.parametrize("how", ["served", "from disk"])
def test_search_finds(browser, served, site, how):
    """Who looks for log-softmax finds forward, also in pages that are opened from disk."""
    page = browser()
    page.goto((served if how == "served" else site.as_uri() + "/") + "index.html", wait_until="networkidle")
    page.locator(".md-search__input").click()
    page.keyboard.type("log-softmax", delay=20)
    found = page.locator(".md-search-result__link[href*='components/forward']").first
    expect(found).to_be_visible(timeout=60_000)
    found.click()
    expect(page.locator("h1")).to_contain_text("forward")


def test_from_disk_every_page_opens(browser, pages, site):
    """Opened from disk, every page has its style, its pictures and its links."""
    page = browser()
    for name in set(pages) - {"404.html"}:  # which only servers show
        page.goto((site / name).as_uri())
        assert page.locator("body").evaluate("body => getComputedStyle(body).margin") == "0px"
        for href in page.locator("nav.md-nav a[href]").evaluate_all("all => all.map(link => link.href)"):
            target = Path(unquote(urldefrag(href).url.removeprefix("file://")))
            assert target.is_file(), f"{name} leads to {href}"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_serious_fault_of_accessibility(browser, served, pages, scheme):
    """axe-core finds nothing serious or critical on any page; in the dark, on every third one."""
    page, faults = browser(scheme=scheme), []
    for name in pages if scheme == "light" else pages[::3]:
        page.goto(served + name)
        for fault in Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]:
            if fault["impact"] in ("serious", "critical"):
                places = [node["html"][:150] for node in fault["nodes"][:3]]
                faults.append(f"{name}: {fault['id']}: {fault['help']}: {places}")
    assert faults == []
