"""An image of pages on the workbench: the gateway knows which were shown, and releases none unseen."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageSequence
from playwright.sync_api import APIResponse, Page, expect

from tests.journeys.conftest import House
from tests.journeys.console.conftest import Seat
from tests.support.browser import looked_at
from tests.support.gateway import content_of, give_grant
from tests.support.pictures import part, three_pages, tiff
from tests.support.reviews import claimed, in_state, looked_at_dataset, reviews_of, waiting_asset
from tests.support.workbench import draw_box, open_bench, toast_says

BOX = (80, 60, 160, 120)
BESIDE = (200, 160, 300, 230)


@pytest.fixture(scope="module")
def dataset(house: House) -> str:
    found = looked_at_dataset(house.installation, house.officer)
    give_grant(house.officer, house.annotator, found)
    return found


def waiting(house: House, dataset: str, pages: list[Image.Image]) -> tuple[str, str]:
    """An asset and its only review."""
    asset = waiting_asset(house.uploader, dataset, tiff(pages))
    [review] = reviews_of(house.installation, asset)
    return asset, review


def state_of(house: House, review: str) -> str:
    [row] = house.installation.rows("SELECT state FROM review WHERE id = :id", id=review)
    return str(row.state)


def end_hold(house: House, review: str) -> None:
    """The eight seconds in which a release can be taken back are over."""
    over = "UPDATE review SET held_until = '2020-01-01 00:00:00.000000' WHERE id = :id"
    house.installation.execute(over, id=review)


def release_by_hand(page: Page, review: str) -> APIResponse:
    """As the workbench sends it, without the workbench."""
    token = page.locator('meta[name="privgate-token"]').get_attribute("content")
    assert token
    headers = {"X-Privgate-Token": token, "Origin": page.evaluate("location.origin")}
    return page.request.post(f"/review/{review}/decision", data={"verdict": "release"}, headers=headers)


def test_the_last_page_is_shown_before_a_release_and_a_box_drawn_on_one_hides_in_all(
    house: House, seat: Seat, dataset: str
) -> None:
    pages = three_pages()
    asset, review = waiting(house, dataset, pages)
    page = seat(house.reviewer)
    open_bench(page, review)
    frame = page.locator('[data-part="frame"]')
    expect(frame).to_have_text("Frame 1 of 3 · 2 to look at")
    page.keyboard.press(".")
    expect(frame).to_have_text("Frame 2 of 3 · 1 to look at")
    draw_box(page, BOX)
    looked_at(page, "review-frames")
    page.keyboard.press("Enter")
    toast_says(page, "Look at every frame first: 2 of 3 so far.")
    expect(frame).to_have_text("Frame 3 of 3")
    assert state_of(house, review) == "assigned"
    expect(page.get_by_role("option", name="Drawn by you")).to_have_count(1)
    page.keyboard.press("Enter")
    toast_says(page, "Decided")
    end_hold(house, review)
    copy = in_state(house.uploader, asset, "released")["copy_id"]
    with Image.open(io.BytesIO(content_of(house.annotator, copy).content)) as image:
        found = [np.asarray(each.convert("RGB")) for each in ImageSequence.Iterator(image)]
    for after, before in zip(found, pages, strict=True):
        colour = before.getpixel((0, 0))
        assert not (part(after, BOX) == colour).all(axis=2).any()
        assert (part(after, BESIDE) == colour).all()


def test_a_release_by_hand_is_refused_until_every_page_was_fetched(
    house: House, seat: Seat, dataset: str
) -> None:
    _, review = waiting(house, dataset, three_pages())
    claimed(house.reviewer, review)
    page = seat(house.reviewer)
    for number in range(3):
        answer = release_by_hand(page, review)
        told = answer.json()
        assert (answer.status, told["code"]) == (409, "review.unseen")
        assert told["frames"] == list(range(number, 3))
        assert page.request.get(f"/review/{review}/sanitized?frame={number}").status == 200  # does not count
        assert release_by_hand(page, review).json()["frames"] == told["frames"]
        assert page.request.get(f"/review/{review}/image?frame={number}").status == 200
    assert release_by_hand(page, review).status == 200


def test_where_an_image_was_taken_anew_elsewhere_the_page_shows_it_once_more_before_a_release(
    house: House, seat: Seat, dataset: str
) -> None:
    _, review = waiting(house, dataset, three_pages()[:1])
    page = seat(house.reviewer)
    open_bench(page, review)
    house.reviewer.http.post(f"/v1/reviews/{review}/release").raise_for_status()
    claimed(house.reviewer, review)
    page.keyboard.press("Enter")
    toast_says(page, "look once more")
    page.wait_for_function(
        "() => (({ bench }) => !bench.busy && bench.unseen.size === 0)(document.getElementById('bench'))"
    )
    assert state_of(house, review) == "assigned"
    page.keyboard.press("Enter")
    toast_says(page, "Decided")
