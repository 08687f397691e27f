"""Batches, resumable uploads and webhooks by both clients, and their patience."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import errors
from gateway.client import Event, Pieces, ServerFault, api, patiently
from gateway.client.flow import FIRST_PAUSE
from tests.gateway.client.conftest import Do, Scripted, Server
from tests.gateway.client.test_clients import ASSET, problem, says

BATCH = {
    "id": "batch-1",
    "dataset": "dataset-1",
    "expected": 2,
    "uploads": 2,
    "duplicates": 1,
    "refused": 0,
    "unsettled": 0,
    "counts": [],
    "done": True,
    "created_at": "2030-01-31T18:00:00Z",
    "closed_at": "2030-01-31T18:05:00Z",
}
WHERE = "/v1/uploads/upload-1"


def stands(offset: int, status: int = 200, headers: dict[str, str] | None = None) -> Scripted:
    return Scripted(status, b"", {"Upload-Offset": str(offset)} | (headers or {}))


def test_an_upload_of_a_batch_says_that_it_was_there_before(server: Server, do: Do) -> None:
    server.script = [says(ASSET | {"duplicate": True})]
    received = do(api.upload("dataset-1", b"pixels", key="k", batch="batch-1"))
    assert (received.id, received.duplicate) == ("asset-1", True)
    assert server.seen[0].path == "/v1/assets?dataset=dataset-1&batch=batch-1"


def test_pieces_are_made_anew_with_each_attempt_and_their_length_is_said(server: Server, do: Do) -> None:
    def make() -> Iterator[bytes]:
        yield b"pix"
        yield b"els"

    server.script = [problem(503, "database"), says(ASSET, 202)]
    do(api.upload("dataset-1", Pieces(make, 6)))
    assert [(seen.body, seen.headers["content-length"]) for seen in server.seen] == [(b"pixels", "6")] * 2


def test_a_batch_and_its_assets(server: Server, do: Do) -> None:
    server.script = [says(BATCH, 201), says(BATCH), says([BATCH]), says(BATCH)]
    assert do(api.create_batch("dataset-1", expected=2)) == do(api.read_batch("batch-1"))
    assert [batch.done for batch in do(api.list_batches())] == [True]
    assert do(api.close_batch("batch-1", refused=3)).closed_at is not None
    assert json.loads(server.seen[3].body) == {"refused": 3}
    asset = {"id": "asset-1", "state": "released", "reason": None, "uploads": 2, "duplicates": 1}
    server.script = [says({"assets": [asset], "next": "asset-1"})]
    page = do(api.list_batch_assets("batch-1", after="asset-0"))
    assert (page.next, page.assets[0].duplicates) == ("asset-1", 1)
    assert server.seen[4].path == "/v1/batches/batch-1/assets?after=asset-0"


def test_a_webhook_shows_its_secret_and_no_repr_does(server: Server, do: Do) -> None:
    counts = {"delivered": 0, "pending": 0, "given_up": 0}
    url = "https://hooks.example.org/"
    hook = {"id": "webhook-1", "url": url, "events": ["released"], **counts}
    server.script = [says(hook | {"secret": "whsec_abc"}, 201), says([hook]), Scripted(204, b"")]
    made = do(api.create_webhook(url, events=[Event.RELEASED]))
    assert made.secret == "whsec_abc"
    assert "whsec_abc" not in repr(made)
    assert do(api.list_webhooks())[0].secret is None
    do(api.delete_webhook("webhook-1"))
    assert json.loads(server.seen[0].body) == {"url": url, "events": ["released"]}


def test_a_resumable_upload_goes_on_where_it_stands(server: Server, do: Do, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"0123456789")
    server.script = [Scripted(201, b"", {"Location": WHERE})]
    assert do(api.begin_upload("dataset-1", 10, name="a.png")) == WHERE
    assert server.seen[0].headers["upload-metadata"] == "filename YS5wbmc="
    done = {"Privgate-Asset": "asset-1", "Privgate-Duplicate": "false"}
    server.script = [stands(0), Scripted(hang_up=True), stands(4), stands(4, 409), stands(6)]
    server.script += [stands(10, 204, done), stands(10, headers=done)]
    standing = do(api.continue_upload(WHERE, picture))
    assert (standing.asset, standing.duplicate) == ("asset-1", False)
    sent = [(seen.headers["upload-offset"], seen.body) for seen in server.seen if seen.method == "PATCH"]
    assert sent == [("0", b"0123456789"), ("4", b"456789"), ("6", b"6789")]
    assert {seen.headers["tus-resumable"] for seen in server.seen} == {"1.0.0"}


def test_a_resumable_upload_that_is_refused_or_stands_still_ends(
    server: Server, do: Do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "FIRST_PAUSE", 0.001)
    picture = tmp_path / "a.png"
    picture.write_bytes(b"0123")
    server.script = [stands(0), problem(413, "input-refused", code="limit.bytes")]
    with pytest.raises(errors.LimitExceeded):
        do(api.continue_upload(WHERE, picture))
    server.script = [stands(4)]
    with pytest.raises(errors.Conflict, match="stands still at byte 4"):
        do(api.continue_upload(WHERE, picture))
    server.script = [Scripted(404, b"")]
    with pytest.raises(errors.NotFound):
        do(api.continue_upload(WHERE, picture))


def test_patience_outlasts_what_passes_and_nothing_else(server: Server, do: Do) -> None:
    server.script = [problem(500, "unforeseen"), problem(500, "unforeseen"), says(BATCH)]
    assert do(patiently(lambda: api.read_batch("batch-1"), seconds=4 * FIRST_PAUSE * 2)).id == "batch-1"
    server.script = [problem(500, "unforeseen")]
    with pytest.raises(ServerFault):
        do(patiently(lambda: api.read_batch("batch-1"), seconds=FIRST_PAUSE))
    server.script = [problem(404, "not-found"), says(BATCH)]
    with pytest.raises(errors.NotFound):
        do(patiently(lambda: api.read_batch("batch-1"), seconds=60))
