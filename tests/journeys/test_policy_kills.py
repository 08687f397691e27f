"""Workers killed while they prove, preview and make copies anew: nothing is lost, nothing comes twice."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.detection.models import ModelStore
from tests.support.crashing import POINTS
from tests.support.gateway import (
    Installation,
    Person,
    content_of,
    create_dataset,
    give_grant,
    settled,
    upload,
)
from tests.support.pictures import plate_png
from tests.support.processes import wait_until

KILLED = -9
PROOF = [name for name in POINTS if name.startswith("proof-")]
PREVIEW = [name for name in POINTS if name.startswith("preview")]
REDERIVE = [name for name in POINTS if name.startswith("rederive-")]
IMAGES = 3


@dataclass
class Ordeal:
    installation: Installation
    officer: Person
    uploader: Person
    annotator: Person
    dataset: str
    assets: list[str]

    def crash(self, point: str) -> None:
        """A worker that dies at this point."""
        launcher = (sys.executable, "-m", "tests.support.crashing", point)
        worker = self.installation.start("worker", launcher=launcher)
        assert worker.wait() == KILLED, f"{point}: {worker.text}"

    def ended(self, path: str) -> dict[str, Any]:
        """What the officer reads there, once it has come to its end."""

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.officer.http.get(path).json()
            return found if found["finished_at"] else None

        return wait_until(look, path)

    def copies(self) -> list[str]:
        return [str(settled(self.uploader, asset)["copy_id"]) for asset in self.assets]


@pytest.fixture
def ordeal(apart: Installation, model_store: ModelStore) -> Ordeal:
    apart.privgate("keys", "create")
    apart.serve()
    officer, uploader, annotator = map(apart.enrol, ("officer", "uploader", "annotator"))
    dataset = create_dataset(officer, "ordeal")
    give_grant(officer, annotator, dataset)
    worker = apart.start("worker")
    assets = [upload(uploader, dataset, plate_png()) for _ in range(IMAGES)]
    assert {settled(uploader, asset)["state"] for asset in assets} == {"released"}
    worker.stop()
    return Ordeal(apart, officer, uploader, annotator, dataset, assets)


def test_killed_workers_lose_nothing_of_a_change_of_policy(ordeal: Ordeal) -> None:
    officer, installation = ordeal.officer, ordeal.installation
    old = ordeal.copies()

    proof = officer.http.post(f"/v1/assets/{ordeal.assets[0]}/proofs").headers["location"]
    for point in PROOF:
        ordeal.crash(point)
    asked = officer.http.post("/v1/policies/cctv/previews", json={"dataset": ordeal.dataset, "last": 1})
    for point in PREVIEW:
        ordeal.crash(point)
    ordeal.installation.start("worker")
    preview = ordeal.ended(asked.headers["location"])
    # Twice an original was about to be opened: each of them is on the log, and one result.
    assert (preview["state"], preview["counts"]["images"]) == ("finished", 1)
    assert len(installation.entries("policy.preview_opened")) == 2
    assert len(installation.entries("policy.preview_finished")) == 1
    # Each worker that came so far had the original opened, and one of them signed.
    assert ordeal.ended(proof)["state"] == "proven"
    assert len(installation.entries("original.opened_for_proof")) >= 2
    assert len(installation.entries("copy.proven")) == 1
    for process in installation.processes[1:]:
        process.stop()

    applied = officer.http.put(f"/v1/datasets/{ordeal.dataset}/policy", json={"policy": "cctv"}).json()
    assert (applied["stricter"], applied["withdrawn"]) == (True, IMAGES)
    assert officer.http.post(f"/v1/datasets/{ordeal.dataset}/rederive").json()["assets"] == IMAGES
    for point in REDERIVE:
        ordeal.crash(point)
        assert {content_of(ordeal.annotator, copy).status_code for copy in old} == {410}
    installation.start("worker")
    done = ordeal.ended(f"/v1/datasets/{ordeal.dataset}/rederivation")
    assert (done["outcomes"], done["waiting"]) == ({"released": IMAGES}, 0)

    # One copy more each, none twice, and only the new ones are delivered.
    rows = installation.rows("SELECT asset_id, max(revision) AS r, count(*) AS n FROM copy GROUP BY asset_id")
    assert {(row.r, row.n) for row in rows} == {(2, 2)}
    assert len(installation.entries("asset.released")) == 2 * IMAGES
    assert len(installation.entries("dataset.rederivation_finished")) == 1
    new = ordeal.copies()
    assert {content_of(ordeal.annotator, copy).status_code for copy in new} == {200}
    assert {content_of(ordeal.annotator, copy).status_code for copy in old} == {410}
