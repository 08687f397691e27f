"""Addresses that no page of ours has written, and a name that is none: told in words, not as faults."""

from __future__ import annotations

import pytest

from gateway.services.accounts import create_account
from policies.access import Role
from tests.gateway.web.console.conftest import House
from tests.support.console import PASSWORD, Browser

OF_AUDITORS = (
    "/audit/entries/-1",
    "/audit/entries/9223372036854775808",
    "/audit/entries/99999999999999999999/proof.json",
    "/audit?until=9999-12-31",
    "/audit?since=0001-01-01T00:00:00%2B14:00",
    "/audit?before=-999999999999999999-1",
)
OF_OFFICERS = (
    "/assets?before=0001-01-01T00:00:00%2B14:00~x",
    "/assets?since=0001-01-01",
    "/workforce?before=0001-01-01T00:00:00%2B14:00~x",
    "/workforce?before=9999-12-31T23:59:59-14:00~x",
    "/workforce/grants?after=0001-01-01T00:00:00%2B14:00~x",
)


@pytest.mark.parametrize(
    ("role", "path"),
    [(Role.AUDITOR, path) for path in OF_AUDITORS] + [(Role.OFFICER, path) for path in OF_OFFICERS],
)
def test_an_address_beyond_all_numbers_and_times_is_no_fault_of_ours(
    house: House, role: Role, path: str
) -> None:
    _, browser = house.signed_in(role)
    assert browser.get(path).status_code < 500


def test_whose_name_is_nothing_but_spaces_goes_by_their_user_name(house: House) -> None:
    create_account(
        house.database, role=Role.OFFICER, name="  ", login="spaced", password=PASSWORD, clock=house.now
    )
    browser = Browser(house.app)
    browser.sign_in("spaced")
    home = browser.get("/home")
    assert home.status_code == 200
    assert "spaced" in home.text
