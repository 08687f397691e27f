"""`privgate ingest` against the real processes: folders, ZIPs, duplicates, interruptions."""

from __future__ import annotations

import io
import json
import os
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.journeys.conftest import House
from tests.support.gateway import COMMAND, Installation, Person, create_dataset
from tests.support.pictures import png
from tests.support.processes import Process, wait_until


def small(number: int) -> bytes:
    """A picture of its own with nothing in it."""
    return png(Image.new("RGB", (48, 32), (number % 256, number // 256, 90)))


@pytest.fixture
def token(house: House, tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(house.uploader.token + "\n")
    return file


@pytest.fixture
def dataset(house: House, request: pytest.FixtureRequest) -> str:
    return create_dataset(house.officer, f"{request.node.name} {os.getpid()}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "camera 1"
    (made / "day 1").mkdir(parents=True)
    return made


def arguments(house: House, source: Path, dataset: str, token: Path) -> list[str]:
    return [
        *("ingest", str(source), "--dataset", dataset),
        *("--url", house.installation.url, "--token-file", str(token)),
    ]


def lines(source: Path) -> dict[str, dict[str, Any]]:
    """The journal's last line of each path."""
    journal = source.with_name(source.name + ".privgate-ingest.jsonl")
    found = [json.loads(line) for line in journal.read_text().splitlines()]
    return {line["path"]: line for line in found if "path" in line}


def batches(source: Path) -> list[str]:
    journal = source.with_name(source.name + ".privgate-ingest.jsonl")
    found = [json.loads(line) for line in journal.read_text().splitlines()]
    return [line["batch"] for line in found if "batch" in line]


def received(installation: Installation, dataset: str) -> int:
    found = installation.entries("asset.received")
    return sum(entry["details"]["dataset"] == dataset for entry in found)


def test_a_folder_is_brought_in_told_of_and_not_sent_twice(
    house: House, folder: Path, dataset: str, token: Path
) -> None:
    for number in range(3):
        (folder / "day 1" / f"ä {number}.png").write_bytes(small(number))
    (folder / "again.png").write_bytes(small(0))
    (folder / "notes.txt").write_bytes(b"no image")
    (folder / "empty.png").write_bytes(b"")
    (folder / ".hidden").write_bytes(b"not looked at")
    asked = arguments(house, folder, dataset, token)
    done = house.installation.privgate(*asked, expect=3)
    assert "6 files: 4 released, 0 for review, 1 quarantined, 1 refused at once" in done.stdout
    assert "1 were there already" in done.stdout
    assert "1 quarantined: format.text" in done.stdout
    assert "refused: empty.png: input.empty" in done.stderr
    told = lines(folder)
    assert {path: line["state"] for path, line in told.items()} == {
        **{f"day 1/ä {number}.png": "released" for number in range(3)},
        "again.png": "released",
        "notes.txt": "quarantined",
        "empty.png": "refused",
    }
    assert told["again.png"]["asset"] == told["day 1/ä 0.png"]["asset"]
    # The officer sees the same, and that it is over.
    (batch,) = batches(folder)
    seen = house.officer.http.get(f"/v1/batches/{batch}").json()
    assert (seen["uploads"], seen["duplicates"], seen["refused"], seen["done"]) == (5, 1, 1, True)
    assert [(c["state"], c["reason"], c["uploads"]) for c in seen["counts"]] == [
        ("quarantined", "format.text", 1),
        ("released", None, 4),
    ]
    # Once more: only what was refused is looked at again, and nothing is sent.
    before = received(house.installation, dataset)
    (folder / "empty.png").unlink()
    (folder / "notes.txt").unlink()
    again = house.installation.privgate(*asked, expect=0)
    assert "4 files: 4 released" in again.stdout
    assert received(house.installation, dataset) == before == 4


def test_a_zip_is_read_member_by_member_and_its_tricks_are_refused(
    house: House, tmp_path: Path, dataset: str, token: Path
) -> None:
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a/1.png", small(11))
        file.writestr("2.png", small(12))
        file.writestr("../../etc/passwd.png", small(13))
        file.writestr("/absolute.png", small(14))
        file.writestr("C:\\windows.png", small(15))
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
        file.writestr("bomb.png", bytes(20_000_000))
        file.writestr("ballast", os.urandom(200_000))
    done = house.installation.privgate(*arguments(house, archive, dataset, token), expect=3)
    assert "8 files: 2 released, 0 for review, 1 quarantined, 5 refused at once" in done.stdout
    codes = {path: line.get("reason") for path, line in lines(archive).items()}
    assert [codes[path] for path in ("../../etc/passwd.png", "/absolute.png")] == ["zip.path"] * 2
    assert (codes["link.png"], codes["bomb.png"], codes["ballast"]) == (
        "zip.link",
        "zip.ratio",
        "format.unsupported",
    )
    assert received(house.installation, dataset) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "photos.zip",
        "photos.zip.privgate-ingest.jsonl",
        "token",
    ]


def test_an_archive_that_is_a_bomb_as_a_whole_is_not_opened(
    house: House, tmp_path: Path, dataset: str, token: Path
) -> None:
    archive = tmp_path / "bomb.zip"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(50):
            file.writestr(f"{number}.png", bytes(5_000_000))
    archive.write_bytes(buffer.getvalue())
    done = house.installation.privgate(*arguments(house, archive, dataset, token), expect=2)
    assert "no set of images needs" in done.stderr


def test_killed_in_the_middle_it_goes_on_and_nothing_is_there_twice(
    house: House, folder: Path, dataset: str, token: Path
) -> None:
    for number in range(60):
        (folder / f"{number:02}.png").write_bytes(small(1000 + number))
    asked = arguments(house, folder, dataset, token)
    journal = folder.with_name(folder.name + ".privgate-ingest.jsonl")

    def taken() -> int:
        return journal.read_text().count('"taken"') if journal.exists() else 0

    for goal in (8, 30):
        process = Process(
            [str(COMMAND), *asked, "--jobs", "2"],
            environment=house.installation.environment,
            log=folder.parent / f"killed-{goal}.log",
            folder=folder.parent,
        )
        wait_until(partial(lambda least: taken() >= least, goal), "files to be taken", every=0.005)
        process.kill()
        assert process.popen.returncode == -9
        # A line cut in the middle is what a power cut leaves; the next run drops it.
        with journal.open("ab") as file:
            file.write(b'{"path": "07.p')
    done = house.installation.privgate(*asked, expect=0)
    assert "60 files: 60 released" in done.stdout
    assert received(house.installation, dataset) == 60
    assert len(batches(folder)) == 1
    seen = house.officer.http.get(f"/v1/batches/{batches(folder)[0]}").json()
    assert (seen["uploads"], seen["expected"], seen["done"]) == (60, 60, True)


def test_wrong_usage_says_what_to_do(house: House, folder: Path, dataset: str, token: Path) -> None:
    (folder / "a.png").write_bytes(small(7))
    asked = arguments(house, folder, dataset, token)

    def fails(*changed: str) -> str:
        return house.installation.privgate(*changed, expect=2).stderr

    assert "holds no token" in fails(*asked[:-1], str(folder / "none"))
    assert "in the clear" in fails(*[a if a != house.installation.url else "http://10.0.0.9" for a in asked])
    assert "check --dataset" in fails(*[a if a != dataset else "dataset-00000000" for a in asked])
    token.write_text("nonsense")
    assert "check --token-file" in fails(*asked, "--journal", str(folder.parent / "another"))
    # The journal that was begun for one dataset is not another's.
    assert "of another dataset" in fails(*asked)


def test_a_batch_is_its_senders_and_its_datasets(house: House, dataset: str) -> None:
    other = house.installation.enrol("uploader")
    made = house.uploader.http.post("/v1/batches", json={"dataset": dataset, "expected": 2})
    batch = made.json()["id"]

    def send(person: Person, **params: str) -> int:
        asked = {"dataset": dataset, "batch": batch} | params
        return person.http.post("/v1/assets", params=asked, content=small(20)).status_code

    assert send(other) == 403
    assert other.http.get(f"/v1/batches/{batch}").status_code == 403
    assert send(house.uploader, dataset=house.dataset) == 422
    assert send(house.uploader, batch="batch-00000000") == 404
    assert send(house.uploader) == 202
    assert send(house.uploader) == 200
    assert house.uploader.http.post(f"/v1/batches/{batch}/close", json={}).status_code == 200
    assert send(house.uploader) == 422
    wait_until(lambda: house.officer.http.get(f"/v1/batches/{batch}").json()["done"], "the batch")
    page = house.uploader.http.get(f"/v1/batches/{batch}/assets").json()
    assert [(a["state"], a["uploads"], a["duplicates"]) for a in page["assets"]] == [("released", 2, 1)]
