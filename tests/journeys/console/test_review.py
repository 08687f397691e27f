"""The reviewer's workbench: images settled by keyboard, what annotators then get, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from policies.model import Kind
from tests.journeys.conftest import House
from tests.journeys.console.conftest import Seat
from tests.support.browser import TABLET, looked_at, sizes
from tests.support.gateway import Person, content_of, give_grant
from tests.support.pictures import distinct, part, photo_with_plate, pixels_of, png
from tests.support.processes import wait_until
from tests.support.reviews import claimed, in_state, looked_at_dataset, reviews_of, waiting_asset
from tests.support.workbench import draw_box, draw_polygon, open_bench, shows, toast_says

MOST_BYTES = 350_000
"""Compressed, of the page and all that it loads but the image."""

BOX = (400, 200, 480, 280)
TRIANGLE = [(390, 20), (500, 20), (500, 130)]
WITHIN = (470, 28, 492, 50)
BESIDE = (392, 108, 410, 128)
"""In the triangle, and in the rectangle around it only."""


@pytest.fixture(scope="module")
def dataset(house: House) -> str:
    found = looked_at_dataset(house.installation, house.officer)
    give_grant(house.officer, house.annotator, found)
    return found


@pytest.fixture(scope="module")
def reviewers(house: House) -> list[Person]:
    return [house.installation.enrol("reviewer") for _ in range(3)]


@pytest.fixture(scope="module")
def scene(astronaut: Image.Image) -> bytes:
    return png(photo_with_plate(astronaut))


@pytest.fixture
def asset(house: House, dataset: str, scene: bytes) -> str:
    """A face and a plate, which wait for a person."""
    return waiting_asset(house.uploader, dataset, distinct(scene))


def only_review(house: House, asset: str) -> str:
    [review] = reviews_of(house.installation, asset)
    return review


def state_of(house: House, review: str) -> str:
    [row] = house.installation.rows("SELECT state FROM review WHERE id = :id", id=review)
    return str(row.state)


def test_an_image_is_settled_by_keyboard_and_the_queue_and_the_decisions_say_so(
    house: House, seat: Seat, asset: str
) -> None:
    page = seat(house.reviewer)
    page.goto("/queue")
    expect(page.get_by_role("link", name="Next image")).to_be_visible()
    looked_at(page, "queue")
    review = only_review(house, asset)
    open_bench(page, review)
    assert sum(sizes(page).values()) - image_bytes(page) < MOST_BYTES
    looked_at(page, "review")
    expect(page.locator(".why-strip")).to_contain_text("Why you see this")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("n")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Not hidden")
    page.keyboard.press("n")  # another reason
    expect(page.get_by_role("option", selected=True)).to_contain_text("drawn, not real")
    page.keyboard.press("z")
    page.keyboard.press("z")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Hidden")
    page.keyboard.press("Enter")
    toast_says(page, "carried out in 8 s")
    in_state(house.uploader, asset, "released")
    page.goto("/decisions")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Released")
    looked_at(page, "decisions")


def test_a_box_and_a_polygon_that_were_drawn_are_hidden_in_the_copy_that_annotators_get(
    house: House, seat: Seat, asset: str
) -> None:
    page = seat(house.reviewer)
    open_bench(page, only_review(house, asset))
    draw_box(page, BOX)
    draw_polygon(page, TRIANGLE)
    page.keyboard.press("b")  # tapped: stays
    expect(page.get_by_text("The next copy, as you have it now")).to_be_visible()
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    toast_says(page, "carried out")
    copy = in_state(house.uploader, asset, "released")["copy_id"]
    after = pixels_of(content_of(house.annotator, copy).content)
    for place in (BOX, WITHIN):
        assert colours(after, place) <= len(Kind)
    assert colours(after, BESIDE) > len(Kind)
    [decided] = [e for e in house.installation.entries("review.decided") if e["details"]["asset"] == asset]
    assert (decided["details"]["added"], decided["details"]["held"]) == (2, 8)


def colours(pixels: NDArray[np.uint8], place: tuple[int, int, int, int]) -> int:
    return len(np.unique(part(pixels, place).reshape(-1, 3), axis=0))


def test_a_key_of_ones_own_stands_where_the_page_says_its_keys(house: House, seat: Seat, asset: str) -> None:
    page = seat(house.reviewer)
    open_bench(page, only_review(house, asset))
    foot = page.locator(".foot .keys")
    expect(foot).to_contain_text("R box")
    page.keyboard.press("?")
    page.get_by_role("button", name="draw a box: R. Change").click()
    page.keyboard.press("g")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(foot).to_contain_text("G box")
    page.keyboard.press("g")
    expect(page.locator('[data-act="tool"][data-value="box"]')).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(foot).to_contain_text("G box")
    page.keyboard.press("?")
    page.get_by_role("button", name="As they were").click()
    expect(foot).to_contain_text("R box")


def test_a_release_is_undone_by_its_key_and_nothing_came_of_it(house: House, seat: Seat, asset: str) -> None:
    page = seat(house.reviewer)
    review = only_review(house, asset)
    open_bench(page, review)
    page.keyboard.press("Enter")
    toast_says(page, "Undo")
    # The eight seconds, as long as they take on this machine.
    later = "UPDATE review SET held_until = '2100-01-01 00:00:00.000000' WHERE id = :id"
    house.installation.execute(later, id=review)
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    toast_says(page, "Taken back")
    shows(page, review)
    assert state_of(house, review) == "assigned"
    assert [e["actor"] for e in house.installation.entries("review.undone") if e["subject"] == review] == [
        house.reviewer.id
    ]
    assert house.uploader.http.get(f"/v1/assets/{asset}").json()["state"] == "needs_review"


def test_quarantine_asks_first(house: House, seat: Seat, asset: str) -> None:
    page = seat(house.reviewer)
    review = only_review(house, asset)
    open_bench(page, review)
    page.keyboard.press("q")
    expect(page.get_by_role("heading", name="Quarantine this image?")).to_be_visible()
    looked_at(page, "review-quarantine")
    page.get_by_role("button", name="Keep reviewing").click()
    assert state_of(house, review) == "assigned"
    page.keyboard.press("q")
    page.get_by_role("dialog").get_by_role("button", name="Quarantine").click()
    toast_says(page, "Nothing of this image goes out")
    in_state(house.uploader, asset, "quarantined")


def test_two_people_decide_alone_and_where_they_differ_a_third_does(
    house: House, seat: Seat, scene: bytes, reviewers: list[Person]
) -> None:
    dataset = looked_at_dataset(house.installation, house.officer, reviewers=2)
    asset = waiting_asset(house.uploader, dataset, distinct(scene))
    one, two = reviews_of(house.installation, asset)
    first, second, third = (seat(person) for person in reviewers)
    open_bench(first, one)
    expect(first.locator(".why-strip")).to_contain_text("stays covered until yours is given")
    first.keyboard.press("Enter")
    toast_says(first, "Decided")
    open_bench(second, two)
    expect(second.get_by_role("option", name="Drawn by you")).to_have_count(0)
    draw_box(second, (8, 240, 504, 400))
    second.keyboard.press("Enter")
    toast_says(second, "Decided")
    [three] = set(in_rounds(house, asset, 3)) - {one, two}
    second.goto("/decisions")
    expect(second.get_by_role("row").nth(1)).to_contain_text("You two differ: a third decides")
    open_bench(third, three)
    expect(third.locator(".why-strip")).to_contain_text("you decide")
    third.keyboard.press("Enter")
    in_state(house.uploader, asset, "released")


def test_when_the_time_is_over_the_image_goes_and_comes_back_only_when_it_is_taken_again(
    house: House, seat: Seat, asset: str
) -> None:
    page = seat(house.reviewer)
    page.clock.install()
    review = only_review(house, asset)
    open_bench(page, review)
    house.installation.execute(
        "UPDATE review SET assigned_until = '2020-01-01 00:00:00.000000' WHERE id = :id", id=review
    )
    page.clock.fast_forward("16:00")
    expect(page.get_by_role("heading", name="Your time with this image is over.")).to_be_visible()
    answer = page.request.get(f"/review/{review}/image")
    assert answer.status == 403
    page.get_by_role("button", name="Take it again").click()
    shows(page, review)
    assert state_of(house, review) == "assigned"


def test_nobody_but_who_holds_it_gets_the_original_at_the_console_either(
    house: House, seat: Seat, asset: str, reviewers: list[Person]
) -> None:
    review = claimed(house.reviewer, only_review(house, asset))
    shown = len(house.installation.entries("original.shown"))
    for person, refused in ((reviewers[0], 403), (house.annotator, 404), (house.officer, 404)):
        page = seat(person)
        for kind in ("image", "sanitized"):
            assert page.request.get(f"/review/{review}/{kind}").status == refused
    assert len(house.installation.entries("original.shown")) == shown
    page = seat(house.reviewer)
    answer = page.request.get(f"/review/{review}/image")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")


def test_the_officer_sees_figures_and_no_image(house: House, seat: Seat, asset: str) -> None:
    page = seat(house.officer)
    page.goto("/reviews?days=1")
    expect(page.get_by_role("heading", name="By reviewer")).to_be_visible()
    expect(page.get_by_text(re.compile("went to a third"))).to_be_visible()
    assert page.locator("main img, main canvas").count() == 0
    looked_at(page, "reviews")


def test_on_a_tablet_the_panels_go_under_the_image(house: House, seat: Seat, asset: str) -> None:
    page = seat(house.reviewer, viewport=TABLET, color_scheme="dark")
    open_bench(page, only_review(house, asset))
    looked_at(page, "review-tablet-dark")
    stage, side = page.locator(".stage").bounding_box(), page.locator(".side").bounding_box()
    assert stage is not None
    assert side is not None
    assert side["y"] >= stage["y"] + stage["height"]


def in_rounds(house: House, asset: str, number: int) -> list[str]:
    """An asset's reviews, once there are so many."""

    def look() -> list[str] | None:
        found = reviews_of(house.installation, asset)
        return found if len(found) == number else None

    return wait_until(look, f"{number} rounds", every=0.2)


def image_bytes(page: Page) -> int:
    return sum(
        size for url, size in sizes(page).items() if re.search(r"/review/[^/]+/(image|sanitized)$", url)
    )
