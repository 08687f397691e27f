"""Killed at every numbered step and started again: nothing is lost, one copy each, no plaintext lies about.

One installation goes through all of it, since a worker takes seconds to start. What is sent carries a marker
in its bytes, EXIF, comment, trailer, pixels and file name; after each kill and at the end the marker is
searched in everything that the processes can have written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from gateway.detection.models import ModelStore
from tests.support.crashing import POINTS
from tests.support.gateway import (
    Installation,
    Person,
    all_on_the_tree,
    content_of,
    create_dataset,
    give_grant,
    send,
    settled,
    verify_offline,
)
from tests.support.marker import MarkedImage, mark, traces
from tests.support.pictures import FACE, part, pixels_of
from tests.support.processes import Process, children, command_of, wait_until

KILLED = -9

INTAKE = [name for name in POINTS if name.startswith("intake")]
ANONYMIZE = [name for name in POINTS if name.startswith("anonymize")]


@dataclass
class Ordeal:
    """An installation, one marked image, and the Idempotency-Keys under which it was sent."""

    installation: Installation
    image: MarkedImage
    officer: Person
    uploader: Person
    annotator: Person
    dataset: str
    keys: list[str] = field(default_factory=list)

    def send(self, key: str) -> httpx.Response:
        if key not in self.keys:
            self.keys.append(key)
        # Behind the end marker each has bytes of its own: otherwise all would be one asset.
        data = self.image.data + key.encode("ascii")
        return send(self.uploader, self.dataset, data, name=self.image.file_name, key=key)

    def start_crashing(self, process: str, point: str, *arguments: str) -> Process:
        launcher = (sys.executable, "-m", "tests.support.crashing", point)
        return self.installation.start(process, *arguments, launcher=launcher)

    def ensure_serving(self) -> None:
        if not any(process.alive for process in self.installation.processes):
            self.installation.serve()

    def assets(self) -> int:
        return int(self.installation.rows("SELECT count(*) AS n FROM asset")[0].n)

    def assert_no_trace(self, when: str) -> None:
        assert traces(self.image, self.installation.places()) == [], when


@pytest.fixture(scope="module")
def ordeal(
    tmp_path_factory: pytest.TempPathFactory, model_store: ModelStore, astronaut: Image.Image
) -> Iterator[Ordeal]:
    installation = Installation(tmp_path_factory.mktemp("ordeal"), model_store.folder)
    try:
        installation.privgate("keys", "create")
        serving = installation.serve()
        officer, uploader, annotator = map(installation.enrol, ("officer", "uploader", "annotator"))
        dataset = create_dataset(officer, "ordeal")
        serving.stop()
        # Larger than a megabyte, so that a sealed piece is written before the upload has ended; without the
        # badges, whose words are plates as likely as not: the marker's noise would decide who releases it.
        large = Image.new("RGB", (640, 640), (96, 112, 128))
        large.paste(astronaut.crop((0, 0, 448, 300)), (0, 0))
        image = mark(large)
        yield Ordeal(installation, image, officer, uploader, annotator, dataset)
    finally:
        installation.stop()


@pytest.mark.parametrize("point", INTAKE)
def test_an_intake_killed_at_a_step_leaves_no_plaintext_and_the_sender_knows(
    ordeal: Ordeal, point: str
) -> None:
    before = ordeal.assets()
    serving = ordeal.start_crashing("serve", point, "--port", str(ordeal.installation.port))
    ordeal.installation.wait_for_health(serving)
    with pytest.raises(httpx.TransportError):
        ordeal.send(point)
    assert serving.wait() == KILLED
    ordeal.assert_no_trace(point)
    # The row is there once its transaction has committed, and not before.
    assert ordeal.assets() - before == (point in ("intake-3-row", "intake-4-enqueued"))


def test_a_sender_who_repeats_after_a_crash_gets_one_asset(ordeal: Ordeal) -> None:
    ordeal.ensure_serving()
    first = {key: ordeal.send(key) for key in INTAKE}
    again = {key: ordeal.send(key) for key in INTAKE}
    assert {response.status_code for response in [*first.values(), *again.values()]} == {202}
    assert {key: r.json()["id"] for key, r in first.items()} == {
        key: r.json()["id"] for key, r in again.items()
    }
    assert ordeal.assets() == len(INTAKE)


def test_workers_killed_at_each_step_leave_no_plaintext_and_no_decoder(ordeal: Ordeal) -> None:
    ordeal.ensure_serving()

    def kill(point: str) -> None:
        assert ordeal.send(point).status_code == 202
        worker = ordeal.start_crashing("worker", point)
        assert worker.wait() == KILLED, f"{point}: {worker.text}"
        ordeal.assert_no_trace(point)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(kill, ANONYMIZE))
    wait_until(lambda: not decoders(), "the decoders to end with their workers")
    ordeal.installation.start("worker")


@pytest.mark.parametrize(
    ("point", "placed", "told"),
    [
        ("sequencer-2-placed", False, False),
        ("sequencer-4-told", True, True),
        ("sequencer-3-committed", True, False),
    ],
)
def test_a_sequencer_killed_at_a_step_loses_no_entry(
    ordeal: Ordeal, point: str, placed: bool, told: bool
) -> None:
    ordeal.ensure_serving()
    refused = ordeal.annotator.http.get(f"/v1/datasets/{ordeal.dataset}/copies")
    assert refused.status_code == 403
    assert ordeal.start_crashing("sequencer", point).wait() == KILLED
    ordeal.assert_no_trace(point)
    denial = ordeal.installation.rows(
        "SELECT leaf_index FROM log_entry WHERE entry LIKE '%access.denied%' ORDER BY id DESC LIMIT 1"
    )[0]
    assert (denial.leaf_index is not None) == placed
    if placed:
        newest = ordeal.installation.rows("SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1")[0]
        outside = ordeal.installation.data / "checkpoints.txt"
        assert (outside.exists() and newest.note in outside.read_text()) == told


def test_after_all_that_each_upload_has_one_copy_and_the_log_verifies(ordeal: Ordeal, tmp_path: Path) -> None:
    installation = ordeal.installation
    ordeal.ensure_serving()
    installation.start("sequencer")
    assets = [ordeal.send(key).json()["id"] for key in ordeal.keys]
    states = [settled(ordeal.uploader, asset) for asset in assets]
    assert {state["state"] for state in states} == {"released"}
    assert [row.n for row in installation.rows("SELECT count(*) AS n FROM copy GROUP BY asset_id")] == (
        [1] * len(ordeal.keys)
    )
    assert len(installation.entries("asset.released")) == len(installation.entries("asset.received"))

    give_grant(ordeal.officer, ordeal.annotator, ordeal.dataset)
    before = pixels_of(ordeal.image.data)
    for state in states:
        response = content_of(ordeal.annotator, state["copy_id"])
        assert response.status_code == 200
        after = pixels_of(response.content)
        assert np.array_equal(after[0, :24], before[0, :24])  # the marker's row was in the pixels indeed
        assert not np.array_equal(part(after, FACE), part(before, FACE))

    all_on_the_tree(installation)
    done = verify_offline(ordeal.officer, installation, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["outside_met"] >= 3
    assert installation.privgate("audit", "verify").returncode == 0

    installation.stop()
    ordeal.assert_no_trace("at the end")


def decoders() -> set[int]:
    """Confined decoders whose worker is gone: this process has inherited them."""
    return {pid for pid in children() if "decoder_process" in command_of(pid)}
