"""An installation that was at work and stands still: something sealed in it, its log signed to the end."""

from __future__ import annotations

import shutil
from pathlib import Path

from gateway.settings import Settings
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


def fill(installation: Installation, *, images: int = 2) -> Installation:
    """Real processes take in images and one file that is none, and end."""
    for started in running(installation):
        officer, uploader = started.enrol("officer"), started.enrol("uploader")
        annotator = started.enrol("annotator")
        dataset = create_dataset(officer, "crossing")
        give_grant(officer, annotator, dataset)
        assets = [upload(uploader, dataset, plate_png(), name=f"plate-{n}.png") for n in range(images)]
        assert send(uploader, dataset, b"no image at all").status_code == 202
        for asset in assets:
            released = settled(uploader, asset)
            assert released["state"] == "released"
        assert content_of(annotator, str(released["copy_id"])).status_code == 200
        all_on_the_tree(started)
    return installation


def copied(installation: Installation, root: Path) -> Installation:
    """The same installation elsewhere, to be broken."""
    shutil.copytree(installation.data, root / "data")
    return Installation(root, installation.models, installation.extra)


def settings_of(installation: Installation) -> Settings:
    return Settings.read(installation.environment)
