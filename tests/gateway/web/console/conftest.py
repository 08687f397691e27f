"""The console in this process, with a clock that a test can move on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI

from gateway import installation
from gateway.cli.options import open_database
from gateway.services.accounts import create_account
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.web.app import create_app
from policies.access import Role
from tests.support.console import PASSWORD, Browser

_numbers = itertools.count(1)


@dataclass
class House:
    """settings: of the installation. app: its server. passed: how far the console's clock is ahead."""

    settings: Settings
    app: FastAPI
    database: Database
    passed: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return utc_now() + self.passed

    def account(self, role: Role, *, login: str | None = None) -> tuple[str, str]:
        """Somebody new: their id and their user name."""
        login = login or f"{role.value}{next(_numbers)}"
        person = create_account(
            self.database, role=role, name=None, login=login, password=PASSWORD, clock=self.now
        )
        return person, login

    def signed_in(self, role: Role) -> tuple[str, Browser]:
        """Somebody new, with a browser in which they are signed in."""
        person, login = self.account(role)
        browser = Browser(self.app)
        assert browser.sign_in(login).status_code == 303
        return person, browser


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    settings = Settings.read({"HOME": str(folder)}, data=folder)
    installation.create_keys(settings)
    database = open_database(settings)
    house = House(settings, create_app(settings), database)
    for service in (house.app.state.sessions, house.app.state.sign_in):
        service._clock = house.now
    yield house
    database.close()


@pytest.fixture
def house(shared_house: House) -> Iterator[House]:
    """With its clock set right again."""
    shared_house.passed = timedelta()
    yield shared_house
    shared_house.passed = timedelta()
