"""A headless Chromium over the built site, as fixtures; one for all tests of a run.

Without a browser the tests that need one fail; they are never skipped. CHROMIUM names another one than /usr/bin/chromium.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from site_build import ROOT, Site

CHROMIUM = shutil.which(os.environ.get("CHROMIUM", "chromium")) or "/usr/bin/chromium"
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP, TABLET = {"width": 1300, "height": 900}, {"width": 800, "height": 900}
PHONE, SMALL = {"width": 390, "height": 800}, {"width": 320, "height": 600}
Visit = Callable[..., "Watched"]
# rows beyond the first of long lists, which cost axe much time and teach nothing
MORE_OF_THE_SAME = (
    "#method-table tbody tr:nth-child(n+16), .matrix tbody tr:nth-child(n+16), .plain tbody tr:nth-child(n+30), "
    ".errata tbody tr:nth-child(n+16), .papers li:nth-child(n+3), .year:nth-child(n+12), "
    ".sortable:not(.explorer) tbody tr:nth-child(n+6), a.box:nth-of-type(n+60), .edges path:nth-child(n+60), option:nth-child(n+20)"
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that leaves a page hangs up; what it misses in earnest it reports itself."""


@pytest.fixture(scope="session")
def address(site: Site) -> Iterator[str]:
    server = Server(("127.0.0.1", 0), partial(Quiet, directory=str(site.path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert Path(CHROMIUM).exists(), f"no browser at {CHROMIUM}: install Chromium, or name one in the variable CHROMIUM"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


class Watched:
    """A page whose console, faults and requests are kept."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda m: self.faults.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.faults.append(f"error: {e}"))
        # a request that the browser gives up because the page is left is no fault
        self.page.on("requestfailed", lambda r: self.faults.append(f"failed: {r.url}") if r.failure != "net::ERR_ABORTED" else None)
        self.page.on("response", lambda r: self.faults.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
        self.page.on("request", lambda r: self.requests.append(r.url))


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    contexts: list[BrowserContext] = []

    def visit(url: str, **options: Any) -> Watched:
        context = browser.new_context(**{"viewport": DESKTOP, "color_scheme": "light"} | options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        watched = Watched(context)
        watched.page.goto(url)
        return watched

    yield visit
    for context in contexts:
        context.close()


def accessible(page: Page, kind: str) -> int:
    """The number of rules that hold; fails with those that do not."""
    page.evaluate("selector => document.querySelectorAll(selector).forEach(e => e.remove())", MORE_OF_THE_SAME)
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations', 'passes']})")
    faults = [f"{kind}: {v['id']}: {n['target']} {n['failureSummary']}" for v in found["violations"] for n in v["nodes"]]
    assert not faults, "\n".join(faults[:10])
    return len(found["passes"])
