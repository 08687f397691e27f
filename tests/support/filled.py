"""An installation that was at work and stands still: something of each kind sealed in it, its log signed."""

from __future__ import annotations

import shutil
from pathlib import Path

from gateway.settings import Settings
from tests.support.gateway import (
    Installation,
    Person,
    all_on_the_tree,
    content_of,
    create_dataset,
    give_grant,
    running,
    settled,
    upload,
)
from tests.support.pictures import plate_png
from tests.support.uploads import create, patch


def fill(installation: Installation, *, images: int = 2) -> Installation:
    """Real processes take in images, one file that is none and half an upload, and end."""
    for started in running(installation):
        officer, uploader = started.enrol("officer"), started.enrol("uploader")
        annotator = started.enrol("annotator")
        dataset = create_dataset(officer, "crossing")
        give_grant(officer, annotator, dataset)
        assets = [upload(uploader, dataset, plate_png(), name=f"plate-{n}.png") for n in range(images)]
        no_image = upload(uploader, dataset, b"no image at all")
        for asset in assets:
            released = settled(uploader, asset)
            assert released["state"] == "released"
        assert content_of(annotator, str(released["copy_id"])).status_code == 200
        begin_upload(uploader, dataset)
        assert settled(uploader, no_image)["state"] == "quarantined"
        # Last, so that nothing is told to it.
        webhook = officer.http.post("/v1/webhooks", json={"url": "https://hooks.example.org/"})
        assert webhook.status_code == 201, webhook.text
        all_on_the_tree(started)
    return installation


def begin_upload(uploader: Person, dataset: str) -> tuple[str, bytes]:
    """A resumable upload of which two pieces have arrived: its address, and the bytes that are to come."""
    data = plate_png()
    where = create(uploader, dataset, len(data))
    assert patch(uploader, where, 0, data[:500]).status_code == 204
    assert patch(uploader, where, 500, data[500:900]).status_code == 204
    return where, data[900:]


def copied(installation: Installation, root: Path) -> Installation:
    """The same installation elsewhere, to be broken."""
    shutil.copytree(installation.data, root / "data")
    return Installation(root, installation.models, installation.extra)


def settings_of(installation: Installation) -> Settings:
    return Settings.read(installation.environment)
