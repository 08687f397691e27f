"""Files are whole or not there, and what a killed run left is cleared away, but never a live run's."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from gateway.services.whole_files import FolderUnwritable, output_folder, write_whole

PART = ".privgate-0123456789abcdef.part"


def test_a_file_is_written_and_nothing_beside_it(tmp_path: Path) -> None:
    write_whole(tmp_path / "sub" / "a.jpg", b"whole")
    assert (tmp_path / "sub" / "a.jpg").read_bytes() == b"whole"
    assert list((tmp_path / "sub").iterdir()) == [tmp_path / "sub" / "a.jpg"]


def test_a_write_that_fails_leaves_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FolderUnwritable, match=r"No space left on device\); make room"):
        write_whole(tmp_path / "a.jpg", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.jpg", b"old")]


def test_a_link_is_replaced_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "a.jpg").symlink_to("theirs")
    write_whole(tmp_path / "a.jpg", b"ours")
    assert (tmp_path / "theirs").read_bytes() == b"theirs"
    assert (tmp_path / "a.jpg").read_bytes() == b"ours"


def test_a_folder_in_the_way_concerns_that_name_only(tmp_path: Path) -> None:
    (tmp_path / "a.jpg" / "b").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "a.jpg", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_a_name_that_is_too_long_concerns_that_name_only(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File name too long"):
        write_whole(tmp_path / ("x" * 300), b"data")


def test_leftovers_of_a_dead_run_go_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in (PART, "sub/" + PART, "a.part", ".privgate-short.part", "sub/a.jpg"):
        (tmp_path / name).touch()
    with output_folder(tmp_path):
        names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {"a.part", ".privgate-short.part", "sub/a.jpg"}


def test_a_live_runs_parts_are_left_alone(tmp_path: Path) -> None:
    with output_folder(tmp_path):
        (tmp_path / PART).touch()  # being written, by the first run
        with output_folder(tmp_path):
            assert (tmp_path / PART).exists()
        assert (tmp_path / PART).exists()


def test_a_folder_that_cannot_be_used_is_told_before_anything(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(FolderUnwritable, match="name another folder with --out"),
        output_folder(tmp_path / "file" / "x"),
    ):
        pass


def test_a_folder_that_takes_no_file_is_told_before_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write into any folder, so a read-only file system is played."""

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "touch", read_only)
    with pytest.raises(FolderUnwritable, match="Read-only file system"), output_folder(tmp_path):
        pass
