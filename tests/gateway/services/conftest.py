"""A log on each kind of database."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.store.database import Database
from tests.gateway.services.log import Log


@pytest.fixture
def log(database: Database, tmp_path: Path) -> Log:
    return Log(database, tmp_path / "checkpoints.txt")
