"""The same code on PostgreSQL: the whole path, and a job that outlives its worker."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gateway.detection.models import ModelStore
from tests.support.gateway import (
    Installation,
    Person,
    all_on_the_tree,
    content_of,
    create_dataset,
    give_grant,
    send,
    settled,
    upload,
    verify_offline,
)
from tests.support.marker import mark, traces
from tests.support.pictures import FACE, part, pixels_of, png
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.processes import wait_until

DATABASE = "privgate"
KILLED = -9


@dataclass
class Scaled:
    """An installation on PostgreSQL. worker: the executor id of its worker."""

    installation: Installation
    server: PostgresServer
    worker: str
    officer: Person
    uploader: Person
    annotator: Person
    dataset: str


@pytest.fixture(scope="module")
def scaled(tmp_path_factory: pytest.TempPathFactory, model_store: ModelStore) -> Iterator[Scaled]:
    with postgres_server() as server:
        root = tmp_path_factory.mktemp("scaled")
        database = {"PRIVGATE_DATABASE": server.create(DATABASE)}
        installation = Installation(root, model_store.folder, database)
        try:
            installation.privgate("keys", "create")
            installation.serve()
            installation.start("sequencer")
            installation.start("worker")
            worker = wait_until(lambda: new_worker(installation, []), "a heartbeat")
            officer, uploader, annotator = map(installation.enrol, ("officer", "uploader", "annotator"))
            dataset = create_dataset(officer, "scaled")
            give_grant(officer, annotator, dataset)
            yield Scaled(installation, server, worker, officer, uploader, annotator, dataset)
        finally:
            installation.stop()


def new_worker(installation: Installation, known: Sequence[str]) -> str | None:
    """The executor id of a worker that has not been seen before."""
    alive = [str(row.executor_id) for row in installation.rows("SELECT executor_id FROM worker")]
    return next((name for name in alive if name not in known), None)


def test_the_path_is_the_same_on_postgresql(scaled: Scaled, astronaut: Image.Image, tmp_path: Path) -> None:
    image = mark(astronaut)
    asset = upload(scaled.uploader, scaled.dataset, image.data, name=image.file_name, key="path")
    assert send(scaled.uploader, scaled.dataset, image.data, key="path").json()["id"] == asset
    state = settled(scaled.uploader, asset)
    assert state["state"] == "released"
    response = content_of(scaled.annotator, state["copy_id"])
    assert not np.array_equal(part(pixels_of(response.content), FACE), part(pixels_of(image.data), FACE))
    assert scaled.annotator.http.get(f"/v1/assets/{asset}/original").status_code == 403
    all_on_the_tree(scaled.installation)
    assert_verified(scaled, tmp_path)
    assert traces(image, [*scaled.installation.places(), scaled.server.socket]) == []


def test_the_job_of_a_killed_worker_is_taken_over_and_there_is_one_copy(
    scaled: Scaled, astronaut: Image.Image, tmp_path: Path
) -> None:
    installation, image = scaled.installation, mark(astronaut)
    launcher = (sys.executable, "-m", "tests.support.crashing", "anonymize-3-decoded")
    dying = installation.start("worker", launcher=launcher)
    wait_until(lambda: new_worker(installation, [scaled.worker]), "a heartbeat")
    assets: list[str] = []
    while dying.alive:  # the first job that it gets is its last; others go to the other worker
        data = image.data + f"behind the end {len(assets)}".encode()
        assets.append(upload(scaled.uploader, scaled.dataset, data, name=image.file_name))
        settled(scaled.uploader, assets[-1])
    assert dying.wait() == KILLED

    begun_twice = {row.id for row in installation.rows("SELECT id FROM asset WHERE attempts > 1")}
    assert begun_twice
    assert begun_twice <= set(assets)
    copies = "SELECT count(*) AS n FROM copy WHERE asset_id = :asset"
    for asset in assets:
        state = settled(scaled.uploader, asset)
        assert state["state"] == "released"
        released = [e for e in installation.entries("asset.released") if e["subject"] == asset]
        assert [entry["actor"] for entry in released] == [scaled.worker]
        assert installation.rows(copies, asset=asset)[0].n == 1
        assert content_of(scaled.annotator, state["copy_id"]).status_code == 200
    all_on_the_tree(scaled.installation)
    assert_verified(scaled, tmp_path)
    assert traces(image, [*scaled.installation.places(), scaled.server.socket]) == []


def test_while_the_database_is_away_nothing_is_taken_and_afterwards_all_goes_on(
    scaled: Scaled, astronaut: Image.Image, tmp_path: Path
) -> None:
    running = [process for process in scaled.installation.processes if process.alive]
    scaled.installation.assert_quiet()
    scaled.installation.troubled = True
    scaled.server.allow(DATABASE, False)
    scaled.server.terminate(DATABASE)
    response = send(scaled.uploader, scaled.dataset, png(astronaut), key="away")
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "urn:privgate:problem:database"
    time.sleep(2)  # each process has met it by then
    scaled.server.allow(DATABASE, True)

    asset = upload(scaled.uploader, scaled.dataset, png(astronaut), key="away")
    assert settled(scaled.uploader, asset)["state"] == "released"
    all_on_the_tree(scaled.installation)
    assert_verified(scaled, tmp_path)
    assert all(process.alive for process in running)


def assert_verified(scaled: Scaled, folder: Path) -> None:
    done = verify_offline(scaled.officer, scaled.installation, folder)
    assert done.returncode == 0, done.stdout + done.stderr
