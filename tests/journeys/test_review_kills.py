"""Workers killed while they carry out what reviewers decided: there is one new copy in the end."""

from __future__ import annotations

import sys
from datetime import timedelta

from gateway.services.review_decide import ReviewDecisions
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.vault.log_keys import LogKeys
from policies.access import Principal, Role
from policies.review import Changes, ReviewVerdict
from tests.support.crashing import POINTS
from tests.support.gateway import Installation, Person, settled, upload
from tests.support.pictures import plate_png
from tests.support.reviews import claimed, decide, image_of, in_state, looked_at_dataset, reviews_of

KILLED = -9
HELD = "hold-"
CARRIED_OUT = [name for name in POINTS if name.startswith(("remake", HELD))]


def hold_and_be_gone(apart: Installation, reviewer: Person, review: str) -> None:
    """As the console's server holds a release: one transaction, after which no process remembers it."""
    assert image_of(reviewer, review).status_code == 200

    def ask(copy_id: str, attempts: int) -> None:
        raise AssertionError("a held decision asks for nothing")

    database = Database(apart.database_url, mac=LogKeys(apart.data / "keys").mac)
    try:
        ReviewDecisions(database, ask, utc_now).decide(
            Principal(reviewer.id, Role.REVIEWER),
            review,
            verdict=ReviewVerdict.RELEASE,
            changes=Changes({}, {}, ()),
            hold=timedelta(seconds=1),
        )
    finally:
        database.close()


def release(apart: Installation, reviewer: Person, review: str) -> None:
    decide(reviewer, review)


def test_a_worker_killed_at_each_step_leaves_one_copy(apart: Installation) -> None:
    apart.privgate("keys", "create")
    apart.serve()
    officer, uploader, reviewer = map(apart.enrol, ("officer", "uploader", "reviewer"))
    dataset = looked_at_dataset(apart, officer)
    worker = apart.start("worker")
    assets = {point: upload(uploader, dataset, plate_png()) for point in CARRIED_OUT}
    for asset in assets.values():
        assert settled(uploader, asset)["state"] == "needs_review"
    worker.stop()
    for point, asset in assets.items():
        [review] = reviews_of(apart, asset)
        settle = hold_and_be_gone if point.startswith(HELD) else release
        settle(apart, reviewer, claimed(reviewer, review))
        crashing = apart.start("worker", launcher=(sys.executable, "-m", "tests.support.crashing", point))
        assert crashing.wait() == KILLED, f"{point}: {crashing.text}"
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
