"""The before/after page: whole, self-contained, and no file name can write into it."""

from __future__ import annotations

import stat
from html.parser import HTMLParser

import pytest

from tests.gateway.cli.conftest import Everything


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.names: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "b":
            self.names.append(data)


@pytest.fixture(scope="module")
def page(everything: Everything) -> Page:
    return Page(everything.page.read_text("utf-8"))


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(page: Page) -> None:
    assert page.open == []
    assert page.tags.isdisjoint({"script", "link", "iframe"})
    assert page.sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)


def test_each_file_is_on_it_and_each_copy_with_two_pictures(page: Page, everything: Everything) -> None:
    assert len(page.names) == len(everything.run.lines)
    assert len(page.sources) == 2 * sum(line["output"] is not None for line in everything.run.lines)


def test_a_file_name_cannot_write_into_the_page(page: Page) -> None:
    (name,) = [name for name in page.names if "esc" in name]
    assert name.endswith("esc\\x1b[31m<b>&.jpg")  # as text; parsed, `<b>` would have opened a tag
    assert any(name.endswith("new\\nline.jpg") for name in page.names)
    assert any(name.endswith("bad\\udcff\\udcfe.jpg") for name in page.names)


def test_it_says_that_it_shows_originals_and_only_its_owner_can_read_it(everything: Everything) -> None:
    assert "This page shows originals" in everything.page.read_text("utf-8")
    assert stat.S_IMODE(everything.page.stat().st_mode) == 0o600


def test_it_is_made_for_light_and_dark(everything: Everything) -> None:
    text = everything.page.read_text("utf-8")
    assert "prefers-color-scheme: dark" in text
    assert '<meta name="color-scheme" content="light dark">' in text
