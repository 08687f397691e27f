"""What whoever asks in an outage is told: not now, and when to ask again."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from gateway.vault.blobs import BlobStore
from gateway.web import problems
from tests.gateway.web.asgi import ask


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
