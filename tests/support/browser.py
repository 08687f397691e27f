"""Debian's Chromium, driven by Playwright, and what every page of the console must stand up to."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request

ROOT = Path(__file__).parents[2]

AXE = ROOT / "gateway/web/console/frontend/node_modules/axe-core/axe.min.js"
"""Installed by the build hook of an editable installation; see package.json."""

SCREENSHOTS = Path(os.environ.get("PRIVGATE_SCREENSHOTS", ROOT / ".cache/screenshots"))
"""Where pictures of the pages that were looked at are kept; git ignores it."""

DESK = {"width": 1280, "height": 800}
TABLET = {"width": 900, "height": 1180}

SERIOUS = ("serious", "critical")


def launch(playwright: Playwright) -> Browser:
    """The browser. Fails, with the package's name, where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "these tests need Debian's package `chromium`: .ci/prerequisites --tests"
    # Its own sandbox refuses to run as root, which CI is; the pages are ours.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=found, args=arguments)


@dataclass
class Watch:
    """What a page did that none may do: complaints on its console, requests to another origin."""

    url: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def on(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        # A refused request is told by the page itself; that the browser notes it as well is no fault.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        asked, ours = urlsplit(request.url), urlsplit(self.url)
        if asked.scheme in ("http", "https", "ws", "wss") and asked.netloc != ours.netloc:
            self.strangers.append(request.url)

    def assert_clean(self) -> None:
        assert self.complaints == [], "the page complained (a breach of the CSP is told here)"
        assert self.strangers == [], "the page asked another origin"


@contextmanager
def context(browser: Browser, url: str, **options: Any) -> Iterator[tuple[BrowserContext, Watch]]:
    """A person's own browser on the gateway at `url`; at its end nothing may have been amiss."""
    watch = Watch(url)
    chosen = {"viewport": DESK, "locale": "en-GB", "timezone_id": "UTC", **options}
    opened = browser.new_context(base_url=url, **chosen)
    opened.set_default_timeout(120_000)
    opened.on("page", watch.on)
    try:
        yield opened, watch
    finally:
        opened.close()
    watch.assert_clean()


def sign_in(page: Page, login: str, password: str) -> None:
    """By the page that everybody uses."""
    page.goto("/sign-in")
    page.get_by_label("User name").fill(login)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"^(?!.*/sign-in).*$"))


def looked_at(page: Page, name: str) -> Path:
    """Keeps a picture of the page, and fails on what axe-core finds serious. Gives the picture's path."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path)
    assert_accessible(page)
    return path


def assert_accessible(page: Page) -> None:
    """No finding of axe-core's at WCAG 2.2 AA that is serious or critical."""
    assert AXE.is_file(), f"{AXE} is missing: make install"
    # Evaluated by the debugger, so that the page's own policy stays as strict as it is.
    page.evaluate(AXE.read_text("utf-8") + "\n;undefined")
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("rules => axe.run({ runOnly: { type: 'tag', values: rules } })", rules)
    grave = [
        f"{one['id']} ({one['impact']}): {one['help']}: {node['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]
    assert grave == [], "\n".join(grave)


def sizes(page: Page) -> dict[str, int]:
    """Compressed bytes of the page and of everything it loaded, by URL, as the browser counted them."""
    counted: dict[str, int] = page.evaluate(
        """() => Object.fromEntries(
            [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
              .map(entry => [entry.name, entry.encodedBodySize]))"""
    )
    return counted
