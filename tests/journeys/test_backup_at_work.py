"""A backup made in the middle of the work, brought back elsewhere: readable, complete, and going on."""

from __future__ import annotations

from pathlib import Path

import httpx

from gateway.detection.models import ModelStore
from tests.support.filled import begin_upload
from tests.support.gateway import (
    Installation,
    all_on_the_tree,
    content_of,
    create_dataset,
    give_grant,
    running,
    send,
    settled,
    upload,
)
from tests.support.pictures import plate_png
from tests.support.uploads import head, patch

IMAGES = 6


def test_a_backup_made_while_a_worker_works_is_whole_and_its_work_goes_on(
    apart: Installation, tmp_path: Path, model_store: ModelStore
) -> None:
    backup, keys = tmp_path / "backup.tar", tmp_path / "keys.json"
    for started in running(apart):
        officer, uploader = started.issue("officer"), started.enrol("uploader")
        annotator = started.enrol("annotator")
        dataset = create_dataset(officer, "busy street")
        give_grant(officer, annotator, dataset)
        sent = plate_png()
        first = upload(uploader, dataset, sent, name="one.png")
        settled(uploader, first)
        assets = [first, *(upload(uploader, dataset, plate_png()) for _ in range(IMAGES))]
        where, rest = begin_upload(uploader, dataset)
        started.privgate("backup", str(backup), "--with-keys", str(keys))
        late = upload(uploader, dataset, plate_png())
        for asset in [*assets, late]:
            settled(uploader, asset)
        all_on_the_tree(started)

    elsewhere = Installation(tmp_path / "elsewhere", model_store.folder)
    try:
        told = elsewhere.privgate("restore", str(backup), "--keys", str(keys)).stdout
        assert "the log verifies" in told
        assert f"{len(assets)} originals" in told
        elsewhere.serve()
        elsewhere.start("worker")
        elsewhere.start("sequencer")
        there = elsewhere.person(uploader.token, "uploader")
        reader = elsewhere.person(annotator.token, "annotator")
        for asset in assets:
            state = settled(there, asset)
            assert state["state"] == "released"
            assert content_of(reader, state["copy_id"]).headers["content-type"] == "image/png"
        assert gone(there.http, late)  # came after the backup's moment
        again = send(there, dataset, sent).json()
        assert (again["id"], again["duplicate"]) == (first, True)
        assert head(there, where).headers["Upload-Offset"] == "900"
        ended = patch(there, where, 900, rest).headers["Privgate-Asset"]
        assert settled(there, ended)["state"] == "released"
        all_on_the_tree(elsewhere)
        assert "VERIFIED" in elsewhere.privgate("audit", "verify").stdout
        elsewhere.privgate("doctor")
    finally:
        elsewhere.stop()


def gone(client: httpx.Client, asset: str) -> bool:
    return client.get(f"/v1/assets/{asset}").status_code == 404
