"""Guidelines: versions that stay, written by officers, read under a grant."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.errors import AccessDenied, Conflict, InputRefused, NotFound
from gateway.services.guidelines import MAX_CHARACTERS, Guidelines
from gateway.store.database import Database
from tests.gateway.services.test_label_services import GOVERNOR, READER, Desk
from tests.gateway.store.rows import DATASET, entries

TEXT = "## Car\n\nThe visible body, with mirrors."


def test_each_version_stays_as_it_was_written(database: Database) -> None:
    desk = Desk(database, 1)
    book = Guidelines(database, desk.clock)
    assert book.read(READER, DATASET).guideline is None
    assert book.write(GOVERNOR, DATASET, TEXT, after=0).version == 1
    assert book.write(GOVERNOR, DATASET, TEXT + " Not the shadow.", after=1).version == 2
    newest = book.read(READER, DATASET)
    assert newest.guideline is not None
    assert newest.guideline.text.endswith("Not the shadow.\n")
    assert [category.name for category in newest.categories] == ["car"]
    first = book.read(READER, DATASET, version=1).guideline
    assert first is not None
    assert first.text == TEXT + "\n"
    assert [record.version for record in book.versions(GOVERNOR, DATASET)] == [2, 1]
    assert [record.version for record in book.versions(GOVERNOR, DATASET, before=2)] == [1]


def test_the_log_knows_the_number_and_nothing_of_the_text(database: Database) -> None:
    desk = Desk(database, 1)
    Guidelines(database, desk.clock).write(GOVERNOR, DATASET, TEXT, after=0)
    entry = entries(database)[-1]
    assert (entry.action, entry.subject, dict(entry.details)) == (
        "guideline.written",
        DATASET,
        {"version": 1},
    )


def test_two_who_write_at_once_do_not_overwrite_each_other(database: Database) -> None:
    desk = Desk(database, 1)
    book = Guidelines(database, desk.clock)
    book.write(GOVERNOR, DATASET, TEXT, after=0)
    with pytest.raises(Conflict, match="version 1 in the meantime"):
        book.write(GOVERNOR, DATASET, "mine", after=0)
    with pytest.raises(Conflict, match="nothing is different"):
        book.write(GOVERNOR, DATASET, TEXT, after=1)


def test_what_cannot_be_kept_is_told_with_advice(database: Database) -> None:
    desk = Desk(database, 1)
    book = Guidelines(database, desk.clock)
    for text in (" \n ", "x" * MAX_CHARACTERS, "a\x00b"):
        with pytest.raises(InputRefused) as caught:
            book.write(GOVERNOR, DATASET, text, after=0)
        assert caught.value.advice
    with pytest.raises(NotFound):
        book.read(READER, DATASET, version=1)


def test_an_annotator_reads_under_a_grant_and_writes_never(database: Database) -> None:
    desk = Desk(database, 1)
    book = Guidelines(database, desk.clock)
    with pytest.raises(AccessDenied):
        book.write(READER, DATASET, TEXT, after=0)
    desk.now += timedelta(hours=1)
    with pytest.raises(AccessDenied, match=r"grant\.expired"):
        book.read(READER, DATASET)
    assert desk.actions()[-2:] == ["access.denied"] * 2
