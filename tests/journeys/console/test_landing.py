"""Whoever signs in stands before their own work."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import House
from tests.journeys.console.conftest import Seat

ROLES = ("officer", "uploader", "reviewer", "annotator", "auditor", "operator")


@pytest.mark.parametrize("role", ROLES)
def test_who_signs_in_lands_on_the_first_place_of_their_rail(house: House, seat: Seat, role: str) -> None:
    page = seat(getattr(house, role))
    first = page.get_by_role("navigation", name="Main").get_by_role("listitem").first.get_by_role("link")
    assert first.get_attribute("aria-current") == "page"
