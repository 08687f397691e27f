"""No template and no module of ours needs the policy loosened, and every page's frame is the role's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gateway.web.console import navigation
from gateway.web.console.pages import TEMPLATES, templates
from policies.access import Role
from tests.gateway.web.console.conftest import House

STATIC = TEMPLATES.parent / "static"
FILES = sorted(TEMPLATES.rglob("*.html"))
MODULES = sorted((STATIC / "js").rglob("*.js"))
SHEETS = sorted((STATIC / "css").rglob("*.css"))

FORBIDDEN = {
    "a style of an element": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "a handler in the markup": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "htmx's handler, which is evaluated": re.compile(r"hx-on", re.I),
    "a filter that htmx evaluates": re.compile(r"hx-trigger=\"[^\"]*\[", re.I),
    "values that htmx evaluates": re.compile(r"hx-(vals|headers)=['\"]\s*(js|javascript):", re.I),
    # Data that a module reads is no script: the browser runs none of it.
    "a script in the page": re.compile(r"<script(?![^>]*\s(src=|type=\"application/json\"))", re.I),
    "a sheet in the page": re.compile(r"<style", re.I),
    "an address of a script": re.compile(r"(href|src|action)\s*=\s*[\"']javascript:", re.I),
    "another origin": re.compile(r"(href|src|action)\s*=\s*[\"'](https?:)?//", re.I),
}
LOOSE = {
    "evaluation": re.compile(r"\beval\(|new Function\(|setTimeout\(\s*[\"'`]"),
    "an attribute of style": re.compile(r"setAttribute\(\s*[\"']style"),
    "markup from text": re.compile(r"\.(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write"),
    "another origin": re.compile(r"[\"'`](https?:)?//(?!www\.w3\.org/)"),
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_holds_nothing_that_the_policy_forbids(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.S)
    assert [what for what, sign in FORBIDDEN.items() if sign.search(text)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_evaluates_nothing_and_asks_no_other_origin(path: Path) -> None:
    text = re.sub(r"^\s*(//|\*|/\*).*$", "", path.read_text("utf-8"), flags=re.M)
    assert [what for what, sign in LOOSE.items() if sign.search(text)] == []


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_a_sheet_puts_every_rule_into_a_layer_and_fetches_nothing(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.S)
    assert "url(" not in text
    assert "@import" not in text
    depth, outside = 0, []
    for statement in re.split(r"([{};])", text):
        if statement == "{":
            depth += 1
        elif statement == "}":
            depth -= 1
        elif statement.strip() and statement != ";" and depth == 0:
            outside.append(statement.strip())
    assert depth == 0, "a brace is open"
    assert [rule for rule in outside if not rule.startswith("@layer")] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_compiles(path: Path) -> None:
    templates.get_template(str(path.relative_to(TEMPLATES)))


def test_every_icon_that_the_rail_names_is_drawn() -> None:
    module: Any = templates.get_template("parts/icons.html").module
    for places in navigation.PLACES.values():
        for place in places:
            assert "<use" in str(module.icon(place.icon))


@pytest.mark.parametrize("role", list(Role))
def test_the_frame_shows_a_role_its_places_and_no_others(house: House, role: Role) -> None:
    _, browser = house.signed_in(role)
    page = browser.get("/account").text
    rail = page[page.index('<nav class="rail"') : page.index("</nav>")]
    shown = re.findall(r'<a class="to" href="([^"]+)"', rail)
    assert shown == [place.path for place in navigation.PLACES[role]]
    assert ("Integrity of this gateway" in page) == (role is not Role.ANNOTATOR)
    assert 'action="/sign-out"' in page
    assert 'class="skip" href="#main"' in page
