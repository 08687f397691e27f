"""The officer's first page: figures that open their rows, and keep fresh without moving the page."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.journeys.conftest import House
from tests.journeys.console.conftest import Seat
from tests.support.browser import TABLET, looked_at
from tests.support.gateway import settled, upload
from tests.support.pictures import plate_png


def figure(page: Page, label: str) -> int:
    text = page.locator(".figures > div", has_text=label).locator("dd.big").inner_text()
    return int(re.sub(r"\D", "", text))


def test_a_released_image_shows_in_the_figures_by_itself_and_its_number_opens_it(
    house: House, seat: Seat
) -> None:
    page = seat(house.officer)
    page.goto("/home")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Olga")
    before = figure(page, "Released today")
    page.get_by_role("searchbox").fill("half a wor")
    asset = upload(house.uploader, house.dataset, plate_png())
    assert settled(house.uploader, asset)["state"] == "released"
    # What the page does by itself every ten seconds, at once.
    page.evaluate("document.body.dispatchEvent(new CustomEvent('tick'))")
    expect(page.locator("#f-released")).to_contain_text(str(before + 1))
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.get_by_role("searchbox")).to_have_value("half a wor")
    looked_at(page, "home")
    page.locator("#f-released").click()
    expect(page).to_have_url(re.compile(r"/assets\?state=released"))
    expect(page.get_by_title(asset, exact=True)).to_be_visible()
    looked_at(page, "assets")
    page.get_by_title(asset, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(asset)
    expect(page.get_by_text("Delivered under grants")).to_be_visible()
    looked_at(page, "asset")


def test_a_held_image_is_found_by_its_cause_and_put_through_again_in_its_row(
    house: House, seat: Seat
) -> None:
    asset = upload(house.uploader, house.dataset, b"no image at all")
    assert settled(house.uploader, asset)["state"] == "quarantined"
    page = seat(house.officer, color_scheme="dark", viewport=TABLET)
    page.goto("/home")
    looked_at(page, "home-dark-tablet")
    page.locator("#held").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"state=quarantined&reason="))
    row = page.get_by_role("row", name=re.compile(asset[:14]))
    with page.expect_response("**/requeue") as answered:
        row.get_by_role("button", name="Put through again").click()
    assert answered.value.ok
    # In its place in the list stands the row anew: received, or what a quick worker made of it by now.
    expect(page.get_by_role("row", name=re.compile(asset[:14]))).to_contain_text("Put through again")
    assert [e["subject"] for e in house.installation.entries("asset.requeued")][-1] == asset
    assert settled(house.uploader, asset)["state"] == "quarantined"


def test_ninety_days_are_told_as_a_plot_and_as_a_table(house: House, seat: Seat) -> None:
    page = seat(house.officer)
    page.goto("/home")
    page.get_by_role("link", name="90 days").click()
    plot = page.get_by_role("img", name=re.compile("^Images a day"))
    expect(plot).to_be_visible()
    assert plot.locator("g").count() == 90
    page.get_by_text("As table").first.click()
    expect(page.get_by_role("table", name="Images a day").get_by_role("row")).to_have_count(91)


def test_the_find_leads_to_an_image_from_its_first_letters(house: House, seat: Seat) -> None:
    asset = upload(house.uploader, house.dataset, plate_png())
    page = seat(house.officer)
    page.goto("/vault")
    looked_at(page, "vault")
    page.keyboard.press("/")
    page.keyboard.type(asset[:16])
    page.keyboard.press("Enter")
    page.get_by_role("link", name=asset).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(asset)
    page.get_by_role("searchbox").fill("no such thing")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    looked_at(page, "find-nothing")


def test_signing_out_of_one_tab_is_told_in_the_other_where_it_acts(house: House, seat: Seat) -> None:
    page = seat(house.officer)
    page.goto("/home")
    other = page.context.new_page()
    other.goto("/home")
    other.get_by_role("button", name=re.compile("Compliance officer")).click()
    other.get_by_role("button", name="Sign out").click()
    expect(other).to_have_url(re.compile("/sign-in"))
    page.get_by_role("link", name="90 days").click()
    expect(page).to_have_url(re.compile("/sign-in"))
