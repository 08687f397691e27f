"""An application with real parts in a folder of its own, without processes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from fastapi import FastAPI

from gateway import installation
from gateway.services.people import IssuedToken, issue_token
from gateway.settings import Settings
from gateway.store.ledger import utc_now
from gateway.web.app import create_app
from policies.access import Role


@dataclass(frozen=True)
class Place:
    """settings: of the installation. app: its server, for all roles."""

    settings: Settings
    app: FastAPI

    def issue(self, role: Role) -> IssuedToken:
        database = installation.open_database(self.settings)
        try:
            return issue_token(database, role=role, name=None, clock=utc_now)
        finally:
            database.close()

    def headers(self, role: Role) -> dict[str, str]:
        """Of somebody new with this role."""
        return {"Authorization": f"Bearer {self.issue(role).secret}"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    from gateway.cli.options import open_database

    folder = tmp_path_factory.mktemp("place")
    settings = Settings.read({"HOME": str(folder)}, data=folder)
    installation.create_keys(settings)
    open_database(settings).close()
    return Place(settings, create_app(settings))
