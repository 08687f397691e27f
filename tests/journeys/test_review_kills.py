"""Workers killed while they make the copy that reviewers agreed on: there is one in the end."""

from __future__ import annotations

import sys

from tests.support.crashing import POINTS
from tests.support.gateway import Installation, settled, upload
from tests.support.pictures import plate_png
from tests.support.reviews import claimed, decide, in_state, looked_at_dataset, reviews_of

KILLED = -9
REMAKE = [name for name in POINTS if name.startswith("remake")]


def test_a_worker_killed_at_each_step_leaves_one_copy(apart: Installation) -> None:
    apart.privgate("keys", "create")
    apart.serve()
    officer, uploader, reviewer = map(apart.enrol, ("officer", "uploader", "reviewer"))
    dataset = looked_at_dataset(apart, officer)
    worker = apart.start("worker")
    assets = {point: upload(uploader, dataset, plate_png()) for point in REMAKE}
    for asset in assets.values():
        assert settled(uploader, asset)["state"] == "needs_review"
    worker.stop()
    for point, asset in assets.items():
        [review] = reviews_of(apart, asset)
        decide(reviewer, claimed(reviewer, review))
        crashing = apart.start("worker", launcher=(sys.executable, "-m", "tests.support.crashing", point))
        assert crashing.wait(60) == KILLED, f"{point}: {crashing.text}"
    apart.start("worker")
    for asset in assets.values():
        in_state(uploader, asset, "released")
        query = "SELECT revision FROM copy WHERE asset_id = :asset ORDER BY revision"
        assert [row.revision for row in apart.rows(query, asset=asset)] == [1, 2]
        released = [entry for entry in apart.entries("asset.released") if entry["subject"] == asset]
        assert len(released) == 1
        assert [
            row.state for row in apart.rows("SELECT state FROM review WHERE asset_id = :asset", asset=asset)
        ] == ["closed"]
