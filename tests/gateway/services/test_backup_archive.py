"""What cannot be written while a backup is brought back is told as what it is, no fault of the backup."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.services.backup import archive, manifest
from gateway.services.backup.faults import BackupFault

HEAD = manifest.Head("2031-01-02T03:04:05+00:00", "0", "sqlite", "0001", "a-log")
PART = "log/checkpoints.txt"


@pytest.fixture(params=["backup", "backup.tar"])
def backup(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    target = tmp_path / str(request.param)
    with archive.writing(target) as writer:
        writer.begin(HEAD)
        writer.add(PART, b"as it was")
        writer.finish()
    return target


def test_a_part_is_copied_as_it_was(backup: Path, tmp_path: Path) -> None:
    with archive.reading(backup) as reader:
        reader.copy(PART, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"as it was"
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", ["missing/out", "there"])
def test_a_place_that_cannot_be_written_to_is_named(backup: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "there").touch()
    with archive.reading(backup) as reader, pytest.raises(BackupFault, match=f"{place} cannot be written: "):
        reader.copy(PART, tmp_path / place)
