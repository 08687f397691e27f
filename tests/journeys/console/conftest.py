"""A browser, and the people of the shared installation at their consoles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from gateway.services.accounts import create_account
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.vault.log_keys import LogKeys
from policies.access import Role
from tests.journeys.conftest import House
from tests.support.browser import context, launch, sign_in
from tests.support.gateway import Installation, Person

expect.set_options(timeout=120_000)  # an open page asks every 10 s whether it still may; CI is slow

PASSWORD = "only for these tests, and long"

Seat = Callable[..., Page]
"""(person, **options of the browser's context) -> a page of that person's own browser, signed in."""


# A package's, not the session's: while Playwright runs, no other test of this process can run an event loop.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


def open_account(installation: Installation, person: Person) -> str:
    """Gives somebody who is known by a token an account, too. Returns the user name."""
    login = person.id.replace("_", "-").lower()
    database = Database(installation.database_url, mac=LogKeys(installation.data / "keys").mac)
    try:
        create_account(
            database,
            role=Role(person.role),
            name=None,
            login=login,
            password=PASSWORD,
            clock=utc_now,
            person_id=person.id,
        )
    finally:
        database.close()
    return login


# The session's, like the installation: where files are dealt out, others come between those of this package.
@pytest.fixture(scope="session")
def logins(house: House) -> dict[str, str]:
    """User names by person's id, of those who have an account by now.

    The officer has one before anybody else: until then the door leads to the set-up.
    """
    return {house.officer.id: open_account(house.installation, house.officer)}


@pytest.fixture
def seat(house: House, chromium: Browser, logins: dict[str, str]) -> Iterator[Seat]:
    """Somebody's page, signed in. At the test's end nothing may have been amiss with any of them."""
    with ExitStack() as stack:

        def take(person: Person, *, installation: Installation = house.installation, **options: Any) -> Page:
            if person.id not in logins:
                logins[person.id] = open_account(installation, person)
            opened, _ = stack.enter_context(context(chromium, installation.url, **options))
            page = opened.new_page()
            sign_in(page, logins[person.id], PASSWORD)
            return page

        yield take
