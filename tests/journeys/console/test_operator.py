"""Whoever runs the gateway sees how it does, and no image, no name of a file, no key."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import House
from tests.journeys.console.conftest import Seat
from tests.support.browser import TABLET, looked_at
from tests.support.gateway import settled, upload
from tests.support.pictures import plate_png

PLACES = ("health", "queues", "workers", "keys", "models")

NAME = "smith-anna-1961-04-02.png"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_operators_pages_stand_up_and_show_no_image(house: House, seat: Seat, theme: str) -> None:
    asset = upload(house.uploader, house.dataset, plate_png(), name=NAME)
    settled(house.uploader, asset)
    options = {"color_scheme": theme} | ({"viewport": TABLET} if theme == "dark" else {})
    page = seat(house.operator, **options)
    places = (*PLACES, "assets", f"assets/{asset}") if theme == "light" else ("health", "queues")
    for place in places:
        page.goto(f"/{place}")
        looked_at(page, f"operator-{place.partition('/')[0]}-{theme}")
        assert page.locator("main img, main canvas").count() == 0
        assert NAME.partition(".")[0] not in page.content()


def test_the_operator_sees_a_worker_and_the_parts_answer(house: House, seat: Seat) -> None:
    page = seat(house.operator)
    page.goto("/workers")
    expect(page.get_by_text("Alive", exact=True).first).to_be_visible()
    page.goto("/health")
    expect(page.get_by_text("Ready", exact=True)).to_be_visible()
    page.goto("/models")
    expect(page.get_by_role("row", name="centerface")).to_contain_text("Present")


def test_what_another_role_has_is_absent(house: House, seat: Seat) -> None:
    page = seat(house.operator)
    for path in ("/home", "/vault", "/policies", "/reviews"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 404
    looked_at(page, "absent")
