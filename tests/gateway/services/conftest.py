"""A log and a review desk on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.imaging.sandbox import Sandbox
from gateway.store.database import Database
from tests.gateway.services.desk import Desk
from tests.gateway.services.log import Log


@pytest.fixture
def log(database: Database, tmp_path: Path) -> Log:
    return Log(database, tmp_path / "checkpoints.txt")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def desk(database: Database, tmp_path: Path, sandbox: Sandbox) -> Desk:
    return Desk(database, tmp_path, sandbox)
