"""Whoever makes a copy holds its asset before any copy, as whoever delivers one: neither awaits the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from gateway.imaging.sandbox import Sandbox
from gateway.store.database import Database
from tests.gateway.services.test_releases import Shop

HELD = re.compile(r"FROM asset\b.*FOR UPDATE", re.DOTALL)
CHANGED = re.compile(r"(INSERT INTO|UPDATE) copy\b")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_the_asset_is_held_before_its_copies_are_changed(
    database: Database, tmp_path: Path, sandbox: Sandbox
) -> None:
    shop = Shop(database, tmp_path).open(sandbox)
    seen: list[str] = []  # of each transaction what it held or changed, in order
    event.listen(database.engine, "begin", lambda connection: seen.append("begin"))

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if HELD.search(statement):
            seen.append("held")
        elif CHANGED.match(statement.strip()):
            seen.append("changed")

    shop.again(8)
    transactions = " ".join(seen).split("begin")
    changing = [told.split() for told in transactions if "changed" in told]
    assert changing
    assert all(told[0] == "held" for told in changing)
