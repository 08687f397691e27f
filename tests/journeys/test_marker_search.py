"""The search that the journeys rely on finds what it should: the control of "the marker is nowhere"."""

from __future__ import annotations

import base64
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from tests.support.marker import MarkedImage, mark, traces
from tests.support.pictures import pixels_of


@pytest.fixture(scope="module")
def marked() -> MarkedImage:
    return mark(Image.new("RGB", (64, 48), (90, 120, 30)))


def test_a_clean_folder_has_no_trace(marked: MarkedImage, tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(os.urandom(1_000_000))
    assert traces(marked, [tmp_path]) == []


def test_the_image_itself_shows_every_mark_but_its_name(marked: MarkedImage, tmp_path: Path) -> None:
    (tmp_path / "upload.tmp").write_bytes(marked.data)
    assert {line.split(" in ")[0] for line in traces(marked, [tmp_path])} == {
        "text",
        "exif",
        "trailer",
        "pixels",
    }


def test_decoded_pixels_are_known(marked: MarkedImage, tmp_path: Path) -> None:
    pixels = pixels_of(marked.data)
    (tmp_path / "rgb").write_bytes(b"\0" * 7 + pixels.tobytes())
    (tmp_path / "bgr").write_bytes(pixels[:, :, ::-1].tobytes())
    assert {line.split(" in ")[0] for line in traces(marked, [tmp_path])} == {"pixels", "pixels BGR"}


def test_a_file_of_that_name_is_known_by_its_name_alone(marked: MarkedImage, tmp_path: Path) -> None:
    (tmp_path / marked.file_name).touch()
    assert [line.split(" in ")[0] for line in traces(marked, [tmp_path])] == ["name"]


@pytest.mark.parametrize(
    "write",
    [
        lambda word: word,
        lambda word: word.hex().encode(),
        lambda word: word.decode().encode("utf-16-le"),
        lambda word: b"x" + word.decode().encode("utf-16-be"),
        lambda word: base64.b64encode(word),
        lambda word: base64.b64encode(b"a" + word + b"tail"),
        lambda word: base64.urlsafe_b64encode(b"ab" + word + b"z"),
    ],
    ids=["raw", "hex", "utf-16-le", "utf-16-be", "base64", "base64 shifted by one", "base64 shifted by two"],
)
def test_a_careless_form_is_known(
    marked: MarkedImage, tmp_path: Path, write: Callable[[bytes], bytes]
) -> None:
    for what in ("text", "name"):
        (tmp_path / "log").write_bytes(b"... " + write(marked.secrets[what]) + b" ...")
        assert [line.split(" in ")[0] for line in traces(marked, [tmp_path])] == [what]


def test_a_row_of_a_database_is_known_while_it_is_still_in_the_write_ahead_log(
    marked: MarkedImage, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "jobs.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE job (input TEXT)")
        database.execute("INSERT INTO job VALUES (?)", [marked.file_name])
        database.commit()
        assert any("jobs.db-wal" in line for line in traces(marked, [tmp_path]))
