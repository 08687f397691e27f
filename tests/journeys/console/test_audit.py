"""An auditor at the console: what happened to an image, that it is in the log, and that the log is whole."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import House
from tests.journeys.console.conftest import Seat
from tests.support.browser import TABLET, looked_at
from tests.support.gateway import all_on_the_tree, content_of, give_grant, released_copy
from tests.support.pictures import plate_png


@pytest.fixture(scope="module")
def image(house: House) -> str:
    """An image that was released and shown."""
    copy = released_copy(house.uploader, house.dataset, plate_png())
    give_grant(house.officer, house.annotator, house.dataset)
    assert content_of(house.annotator, copy).status_code == 200
    all_on_the_tree(house.installation)
    (row,) = house.installation.rows("SELECT asset_id FROM copy WHERE id = :copy", copy=copy)
    return str(row.asset_id)


def opened(page: Page, path: str) -> Page:
    page.goto(path)
    return page


def test_an_auditor_follows_an_image_to_its_proof(house: House, seat: Seat, image: str) -> None:
    page = seat(house.auditor)
    expect(page.get_by_role("heading", name="Audit explorer")).to_be_visible()
    page.get_by_label("About").fill(image)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("cell", name="Original sealed")).to_be_visible()
    looked_at(page, "audit-explorer")
    page.get_by_role("table").get_by_role("link", name=re.compile(r"^[\d,]+$")).last.click()
    expect(page.locator("#side")).to_contain_text("it leads to the signed root")
    expect(page.locator("#side .time-l")).to_contain_text("Copy shown")
    looked_at(page, "audit-side")
    page.get_by_role("link", name="Open it").click()
    expect(page.get_by_role("heading", name="The proof, step by step")).to_be_visible()
    looked_at(page, "audit-entry")
    page.goto(f"/audit/assets/{image}")
    for words in ("Original sealed", "Released", "Copy shown"):
        expect(page.locator(".time-l")).to_contain_text(words)
    looked_at(page, "audit-life")


def test_the_log_is_verified_while_the_gateway_goes_on(house: House, seat: Seat, image: str) -> None:
    page = seat(house.auditor, viewport=TABLET)
    page.get_by_role("button", name="Verify now").click()
    page.wait_for_url("**/audit/checks/*")
    expect(page.get_by_text("The log is whole")).to_be_visible(timeout=120_000)
    looked_at(page, "audit-verified")
    expect(page.get_by_label("Integrity of this gateway")).to_contain_text(
        re.compile("Log (verified|signed)")
    )


def test_checkpoints_are_listed_and_one_continues_another(house: House, seat: Seat, image: str) -> None:
    page = opened(seat(house.auditor, color_scheme="dark"), "/audit/checkpoints")
    expect(page.get_by_role("cell", name="agrees").first).to_be_visible()
    page.get_by_role("button", name="Prove that one continues the other").click()
    expect(page.get_by_text("Nothing was changed or taken out between")).to_be_visible()
    looked_at(page, "audit-checkpoints")
