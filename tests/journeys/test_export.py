"""`privgate export` and object stores: sanitized copies out, under a grant, each delivery an entry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.journeys.conftest import House
from tests.support.gateway import Person, create_dataset, give_grant, settled, upload
from tests.support.objects import S3, s3_server
from tests.support.pictures import png


def picture(number: int) -> bytes:
    return png(Image.new("RGB", (40, 30), (number, 200, 90)))


@pytest.fixture(scope="module")
def dataset(house: House) -> str:
    """Three released copies."""
    made = create_dataset(house.officer, "to be exported")
    for asset in [upload(house.uploader, made, picture(number)) for number in range(3)]:
        assert settled(house.uploader, asset)["state"] == "released"
    return made


@pytest.fixture
def reader(house: House, dataset: str) -> Person:
    person = house.installation.enrol("annotator")
    give_grant(house.officer, person, dataset, purpose="train")
    return person


@pytest.fixture
def s3() -> Iterator[S3]:
    with s3_server() as server:
        yield server


def arguments(house: House, person: Person, dataset: str, to: str, folder: Path) -> list[str]:
    token = folder / "token"
    token.write_text(person.token)
    where = ("--url", house.installation.url, "--token-file", str(token))
    return ["export", "--dataset", dataset, "--to", to, *where]


def delivered(house: House, person: Person) -> int:
    return sum(entry["actor"] == person.id for entry in house.installation.entries("copy.delivered"))


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_copies_come_with_a_manifest_and_each_delivery_is_entered_once(
    house: House, dataset: str, reader: Person, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = arguments(house, reader, dataset, str(out), tmp_path)
    assert "3 copies fetched, 0 were there" in house.installation.privgate(*asked).stdout
    manifest = lines((out / "manifest.jsonl").read_text())
    assert len(manifest) == 3
    for line in manifest:
        assert hashlib.sha256((out / line["file"]).read_bytes()).hexdigest() == line["sha256"]
        assert line["file"] == line["copy"] + ".png"
        assert house.uploader.http.get(f"/v1/assets/{line['asset']}").json()["copy_id"] == line["copy"]
    assert len(list(out.iterdir())) == 4
    assert delivered(house, reader) == 3
    assert "0 copies fetched, 3 were there" in house.installation.privgate(*asked).stdout
    assert delivered(house, reader) == 3


def test_without_a_grant_nothing_comes_and_the_reason_is_told(
    house: House, dataset: str, tmp_path: Path
) -> None:
    stranger = house.installation.enrol("annotator")
    asked = arguments(house, stranger, dataset, str(tmp_path / "out"), tmp_path)
    done = house.installation.privgate(*asked, expect=2)
    assert "grant.none" in done.stderr
    assert not (tmp_path / "out").exists()


def test_from_one_bucket_in_and_to_another_out(
    house: House, dataset: str, reader: Person, s3: S3, tmp_path: Path
) -> None:
    for number in range(3):
        s3.objects[f"photos/day/{number}.png"] = picture(100 + number)
    s3.objects["photos/day/note.txt"] = b"no image"
    s3.objects["photos/other/9.png"] = picture(109)
    own = create_dataset(house.officer, "from a bucket")
    token = tmp_path / "token"
    token.write_text(house.uploader.token)
    here = house.installation.beside(**s3.environment)
    here.port = house.installation.port
    asked = ["ingest", "s3://photos/day", "--dataset", own, "--url", here.url, "--token-file", str(token)]
    done = here.privgate(*asked, expect=3)
    assert "4 files: 3 released, 0 for review, 1 quarantined, 0 refused" in done.stdout
    assert "4 files: 3 released" in here.privgate(*asked, expect=3).stdout
    (here.root / "photos-day.privgate-ingest.jsonl").unlink()
    again = here.privgate(*asked, expect=3)
    assert "4 were there already" in again.stdout
    done = here.privgate(*arguments(house, reader, dataset, "s3://sanitized/a/b", tmp_path))
    assert "3 copies fetched" in done.stdout
    manifest = lines(s3.objects["sanitized/a/b/manifest.jsonl"].decode())
    for line in manifest:
        data = s3.objects[f"sanitized/a/b/{line['file']}"]
        assert hashlib.sha256(data).hexdigest() == line["sha256"]
    assert len(manifest) == 3
