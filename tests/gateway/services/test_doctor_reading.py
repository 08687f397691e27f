"""What `privgate doctor` says of reading lines: broken only where a dataset needs what is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.detection.models import ModelStore
from gateway.services.doctor.reading import reading
from gateway.services.findings import Level
from gateway.store.database import Database
from gateway.store.queries import datasets
from policies.policy import Policy
from tests.gateway.store.rows import NOW, OFFICER, seed

IDENTIFIERS = "{name: ids, rules: [{kind: text, method: fill, detectors: [ppocr], lines: identifiers}]}"
ABSENT = ("no_such_library_anywhere",)


@pytest.fixture
def needed(database: Database) -> Database:
    """With one dataset under `street`, and one under a policy that has lines read."""
    seed(database)
    with database.unit() as unit:
        policy = Policy.parse(IDENTIFIERS)
        datasets.add(
            unit.session, dataset_id="scans", name="scans", policy=policy, created_by=OFFICER, now=NOW
        )
    return database


def test_the_extra_may_be_missing_where_nothing_needs_it(database: Database, tmp_path: Path) -> None:
    seed(database)
    for opened in (None, database):
        (found,) = reading(ModelStore(tmp_path), opened, ABSENT)
        assert (found.level, found.remedy) == (Level.FINE, None)
        assert "`make install EXTRAS=ocr` adds it" in found.message


def test_it_must_be_there_where_a_datasets_policy_has_lines_read(needed: Database, tmp_path: Path) -> None:
    (found,) = reading(ModelStore(tmp_path), needed, ABSENT)
    assert (found.level, found.remedy) == (Level.BROKEN, "make install EXTRAS=ocr")
    assert "1 datasets are under one" in found.message


def test_and_so_must_the_model(needed: Database, tmp_path: Path) -> None:
    for opened, level in ((None, Level.WARNING), (needed, Level.BROKEN)):
        (found,) = reading(ModelStore(tmp_path), opened, ())
        assert (found.level, found.remedy) == (level, "privgate models fetch easyocr-english")


def test_a_wrong_model_is_broken_whoever_needs_it(tmp_path: Path) -> None:
    (tmp_path / "easyocr-english.pth").write_bytes(b"not the weights")
    (found,) = reading(ModelStore(tmp_path), None, ())
    assert found.level is Level.BROKEN
