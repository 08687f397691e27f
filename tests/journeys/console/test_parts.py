"""Every part in every state, looked at by a browser: readable, reachable, calm, and the same by keyboard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader
from playwright.sync_api import Browser, Page, expect

from gateway.web.console import plots
from gateway.web.console.pages import TEMPLATES, templates
from gateway.web.console.protection import PAGE_HEADERS
from tests.support.browser import DESK, TABLET, context, looked_at

PARTS = Path(__file__).parents[2] / "support/parts"
STATIC = TEMPLATES.parent / "static"

VISITOR = SimpleNamespace(
    name="Ines Varga", initials="IV", role="officer", role_label="Compliance officer", token="none"
)
RAIL = [
    SimpleNamespace(path=f"/{icon}", label=label, icon=icon, count=count, current=icon == "home")
    for icon, label, count in (("home", "Home", None), ("policy", "Policies", 1), ("review", "Review", 41))
]


def rendered() -> bytes:
    now = datetime(2031, 5, 1, 8, 33, 4, tzinfo=UTC)
    days = [str(day) for day in range(11, 25)]
    series = [
        plots.Series(
            "Released at once", "f-acc", [372, 470, 547, 84, 58, 512, 571, 612, 580, 602, 108, 90, 588, 440]
        ),
        plots.Series("Released after review", "f-rev", [38, 50, 60, 5, 4, 60, 70, 90, 70, 88, 9, 8, 76, 44]),
        plots.Series("Quarantined", "f-quar", [2, 1, 0, 1, 1, 4, 3, 6, 3, 2, 1, 0, 5, 3]),
    ]
    shares = [88.0, 90.0, 91.0, None, 87.0, 90.0, 91.0, 92.0, 93.0, 91.0, 90.0, 92.0, 91.0, 91.4]
    environment = templates.env.overlay(
        loader=ChoiceLoader([FileSystemLoader(PARTS), FileSystemLoader(TEMPLATES)])
    )
    page = environment.get_template("parts.html").render(
        visitor=VISITOR,
        rail=RAIL,
        integrity=SimpleNamespace(
            log_at=now, log_ok=True, verified_at=now, whole=True, vault=True, detectors=True
        ),
        trail=(("Parts", None),),
        now=now,
        series=series,
        rows=list(zip(days, *(one.values for one in series), strict=True)),
        stacked=plots.stacked(days, series, says="Images a day, 11 to 24 November"),
        curve=plots.curve(days, shares, says="Released without a person", text="91 %", most=100),
    )
    return page.encode()


class Handler(SimpleHTTPRequestHandler):
    """The page at /, the product's own static files beside it, under the product's own policy."""

    page = b""

    def do_GET(self) -> None:
        if self.path.startswith("/static/"):
            super().do_GET()
            return
        self.send_response(200)
        for name, value in PAGE_HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.page)

    def translate_path(self, path: str) -> str:
        return str(STATIC / path.removeprefix("/static/").partition("?")[0])

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    handler = type("PartsHandler", (Handler,), {"page": rendered()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    with context(chromium, address) as (opened, _):
        page = opened.new_page()
        page.goto("/")
        yield page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, TABLET], ids=["desk", "tablet"])
def test_every_part_stands_up_to_axe_in_both_themes(
    chromium: Browser, address: str, theme: str, size: dict[str, int]
) -> None:
    with context(chromium, address, color_scheme=theme, viewport=size) as (opened, _):
        page = opened.new_page()
        page.goto("/")
        looked_at(page, f"parts-{theme}-{size['width']}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], "cut at the side"


def test_a_finger_finds_every_control(chromium: Browser, address: str) -> None:
    with context(chromium, address, viewport=TABLET, has_touch=True, is_mobile=True) as (opened, _):
        page = opened.new_page()
        page.goto("/")
        small = page.evaluate(
            """() => [...document.querySelectorAll('.btn, .in:not(textarea), .seg > *, .rail a.to')]
                .filter(one => one.offsetParent !== null && one.getBoundingClientRect().height < 42)
                .map(one => `${one.className}: ${one.textContent.trim()}`)"""
        )
        assert small == []


def test_who_wants_no_motion_gets_none(chromium: Browser, address: str) -> None:
    with context(chromium, address, reduced_motion="reduce") as (opened, _):
        page = opened.new_page()
        page.goto("/")
        moving = page.evaluate("document.getAnimations().filter(one => one.playState === 'running').length")
        assert moving == 0


def test_the_theme_is_chosen_and_kept(page: Page) -> None:
    switch = page.get_by_role("button", name="Theme: as the system")
    switch.click()
    page.get_by_role("button", name="Theme: light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()


def test_a_slash_finds_and_a_question_mark_shows_the_keys(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("a?b/")
    expect(page.get_by_role("searchbox")).to_have_value("a?b/")
    page.get_by_role("searchbox").blur()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    looked_at(page, "parts-keys")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_a_key_can_be_given_another_and_all_switched_off(page: Page) -> None:
    page.keyboard.press("?")
    page.get_by_role("button", name="find: /. Change").click()
    page.keyboard.press("f")
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("f")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.reload()
    page.keyboard.press("?")
    page.get_by_label("Single keys work on this device").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("f")
    expect(page.get_by_role("searchbox")).not_to_be_focused()


def test_what_cannot_be_undone_wants_its_words(page: Page) -> None:
    erase = page.get_by_role("button", name="Erase 41")
    expect(erase).to_be_disabled()
    page.get_by_label("Write erase 41 to go on").fill("erase 4")
    expect(erase).to_be_disabled()
    page.get_by_label("Write erase 41 to go on").fill("erase 41")
    expect(erase).to_be_enabled()


def test_a_dialog_opens_with_its_safe_button_first_and_gives_the_focus_back(page: Page) -> None:
    opener = page.get_by_role("button", name="Open as a dialog")
    opener.click()
    dialog = page.get_by_role("dialog", name="Withdraw this grant?")
    expect(dialog.get_by_role("button").first).to_be_focused()
    expect(dialog.get_by_role("button").first).to_have_text("Keep it")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_skip_link_leads_past_the_rail(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
