"""The site, built and served, and a browser to meet it with."""

import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, sync_playwright

ROOT = Path(__file__).parents[2]
WIDTHS = {"phone": 390, "desktop": 1280}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site, built without a warning. SITE names a folder where it was built already."""
    if built := os.environ.get("SITE"):
        return Path(built).resolve()
    folder = tmp_path_factory.mktemp("site")
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "-d", folder], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="session")
def pages(site):
    """Every page of it, as paths below the site's root."""
    found = sorted(str(path.relative_to(site)) for path in site.rglob("*.html"))
    assert len(found) >= 15
    return found


@pytest.fixture(scope="session")
def served(site):
    """The address that it is served at."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium():
    """A real browser."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("No Chromium is installed. On Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium, served):
    """Opens tabs of a width and a colour scheme. Whatever went wrong in any of them fails the test at its end."""
    contexts, wrong = [], []

    def tab(width: int = WIDTHS["desktop"], scheme: str = "light", **options) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, **options)
        contexts.append(context)
        context.set_default_timeout(180_000)  # a busy machine is slow, and no page is wrong for that
        page = context.new_page()
        page.on("request", lambda request: None if ours(request.url) else wrong.append(f"asks for {request.url}"))
        page.on("requestfailed", lambda request: failed(page, request))
        page.on("response", lambda reply: wrong.append(f"{reply.url}: {reply.status}") if reply.status >= 400 else None)
        page.on("console", lambda line: wrong.append(f"{page.url}: {line.text}") if line.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        return page

    def ours(url: str) -> bool:
        return url.startswith((served, "file:", "data:", "blob:", "about:"))

    def failed(page: Page, request: Request) -> None:
        # Who leaves a page before all of it came cancels the rest, which is no fault of the site.
        # A missing file has a status of 404 when served, and is net::ERR_FILE_NOT_FOUND from disk.
        if request.failure != "net::ERR_ABORTED":
            wrong.append(f"{page.url}: {request.url}: {request.failure}")

    yield tab
    for context in contexts:
        context.close()
    assert wrong == []
