"""What whoever asks in an outage is told: not now, and when to ask again."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI

from gateway import installation
from gateway.cli.options import open_database
from gateway.errors import Misconfigured
from gateway.settings import Settings
from gateway.store.queries import assets
from gateway.vault.blobs import BlobStore
from gateway.web import problems
from gateway.web.app import create_app
from tests.gateway.store.rows import asset_record, seed
from tests.gateway.web.asgi import ask


def test_a_process_does_not_make_a_folder_anew_that_images_lie_in(tmp_path: Path) -> None:
    settings = Settings.read({"HOME": str(tmp_path)}, data=tmp_path)
    installation.create_keys(settings)
    database = open_database(settings)
    seed(database)
    installation.refuse_lost_blobs(settings, database, "originals", "copies")  # nothing is sealed yet
    with database.unit() as unit:
        assets.add(unit.session, asset_record("asset-1"), sealed_name=None)
    with pytest.raises(Misconfigured, match=r"originals that lie in it: mount it, or set PRIVGATE_BLOBS"):
        create_app(settings)
    originals = installation.blob_folder(settings, "originals")
    assert originals is not None
    assert not originals.exists()
    originals.mkdir(parents=True)
    installation.refuse_lost_blobs(settings, database, "originals", "copies")
    database.close()


def test_what_meets_an_outage_is_to_be_asked_again_and_what_is_lost_is_not(tmp_path: Path) -> None:
    blobs = BlobStore.local(tmp_path / "blobs")
    blobs.put("a", b"sealed")
    app = FastAPI()
    problems.install(app, lambda *_: None)
    app.get("/{name}")(lambda name: len(blobs.get(name)))
    (tmp_path / "blobs").rename(tmp_path / "unmounted")
    answer = ask(app, "GET", "/a")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert answer.json()["type"] == "urn:privgate:problem:vault-unavailable"
    assert answer.json()["advice"] == "nothing is wrong with what was asked for; try again later"
    assert str(tmp_path) not in answer.text
    (tmp_path / "unmounted").rename(tmp_path / "blobs")
    assert ask(app, "GET", "/a").json() == len(b"sealed")
    lost = ask(app, "GET", "/b")
    assert (lost.status_code, "retry-after" in lost.headers) == (500, False)
