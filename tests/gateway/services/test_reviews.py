"""The review desk on both databases: the queue, claims, what decisions lead to, and the copy that follows."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Barrier

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text

from gateway.errors import AccessDenied, Conflict, GatewayError, NotFound
from gateway.services.review_opening import open_review
from gateway.store.queries import copies, reviews
from gateway.store.records import ReviewRecord
from gateway.vault.copies import CopyReader
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from policies.model import Kind, Redaction, Region
from policies.review import (
    Addition,
    Changes,
    Disagreed,
    RejectReason,
    ReviewState,
    ReviewVerdict,
    Settled,
)
from policies.shapes import Polygon
from tests.gateway.services.desk import NOTHING, STORED, Desk, picture
from tests.gateway.store.rows import OFFICER, copy_record, entries

HALF = Region(0, 24, 64, 48)
"""So large that who adds it disagrees with who does not."""


def ids(found: list[ReviewRecord]) -> list[str]:
    return [record.id for record in found]


def test_the_queue_is_in_order_of_risk_and_then_of_age(desk: Desk) -> None:
    for name, reasons in (
        ("sampled", ["sampled"]),
        ("old", ["face.doubtful"]),
        ("new", ["face.doubtful"]),
        ("worst", ["recheck.hit", "face.doubtful"]),
    ):
        desk.wait_for_people(name, reasons=reasons)
        desk.later(seconds=1)
    found = desk.queue.list(desk.reviewers[0])
    order = ["asset-worst", "asset-old", "asset-new", "asset-sampled"]
    assert [record.asset_id for record in found] == order
    paged: list[str] = []
    with desk.database.reading() as session:
        after = None
        while page := reviews.queue(
            session, person_id=desk.reviewers[0].id, now=desk.now, after=after, limit=1
        ):
            paged += [record.asset_id for record in page]
            after = page[-1].id
    assert paged == order
    with pytest.raises(NotFound):
        desk.queue.list(desk.reviewers[0], after="review-of-nothing")


def test_the_queue_shows_what_one_may_take_and_no_more(desk: Desk) -> None:
    me, other = desk.reviewers[:2]
    [mine] = desk.wait_for_people("mine")
    [theirs] = desk.wait_for_people("theirs")
    [lapsed] = desk.wait_for_people("lapsed")
    desk.wait_for_people("brought", uploader=me.id)
    one, two = desk.wait_for_people("pair", reviewers=2)
    [done] = desk.wait_for_people("done")
    desk.queue.claim(other, lapsed.id)
    desk.later(minutes=16)
    desk.queue.claim(me, mine.id)
    desk.queue.claim(other, theirs.id)
    desk.queue.claim(me, one.id)
    desk.decide(other, done)
    assert set(ids(desk.queue.list(me))) == {mine.id, lapsed.id, one.id}
    assert two.id in ids(desk.queue.list(desk.reviewers[2]))


def test_claiming_again_begins_the_time_anew_and_the_work_not(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    first = desk.queue.claim(desk.reviewers[0], review.id)
    desk.later(minutes=10)
    again = desk.queue.claim(desk.reviewers[0], review.id)
    assert first.assigned_until is not None
    assert again.assigned_until is not None
    assert (again.assigned_until - first.assigned_until).total_seconds() == 600
    assert again.assigned_at == first.assigned_at
    desk.later(seconds=30)
    desk.look(desk.reviewers[0], review)
    desk.decisions.decide(desk.reviewers[0], review.id, verdict=ReviewVerdict.RELEASE, changes=NOTHING)
    with desk.database.reading() as session:
        [decision] = reviews.decisions(session, "copy-1")
    assert decision.seconds == 630


def test_what_another_holds_cannot_be_claimed_until_it_lapses_or_is_given_back(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    first, second = desk.reviewers[:2]
    desk.queue.claim(first, review.id)
    with pytest.raises(Conflict):
        desk.queue.claim(second, review.id)
    desk.queue.release(first, review.id)
    desk.queue.claim(second, review.id)
    desk.later(minutes=15)
    desk.queue.claim(first, review.id)
    with pytest.raises(AccessDenied, match=r"review\.unassigned"):
        desk.decisions.decide(second, review.id, verdict=ReviewVerdict.RELEASE, changes=NOTHING)


def test_nobody_reviews_an_image_that_they_brought_in(desk: Desk) -> None:
    me = desk.reviewers[0]
    [review] = desk.wait_for_people(uploader=me.id)
    with pytest.raises(AccessDenied, match=r"review\.own-upload"):
        desk.queue.claim(me, review.id)
    [*_, entry] = entries(desk.database)
    assert (entry.action, entry.actor, entry.subject) == ("access.denied", me.id, review.id)


def test_the_original_is_shown_after_its_entry_and_never_without(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    desk.queue.claim(desk.reviewers[0], review.id)
    shown = desk.images.show(desk.reviewers[0], review.id)
    with Image.open(io.BytesIO(shown.data)) as image, Image.open(io.BytesIO(picture())) as original:
        assert np.array_equal(np.asarray(image), np.asarray(original))
    [*_, entry] = entries(desk.database)
    assert (entry.action, entry.subject) == ("original.shown", "asset-1")
    assert entry.details == {"review": review.id, "dataset": "dataset-1", "frame": 0}
    desk.original_blobs.delete("blob-of-asset-1")
    before = len(entries(desk.database))
    with pytest.raises(GatewayError):
        desk.images.show(desk.reviewers[0], review.id)
    assert len(entries(desk.database)) == before + 1  # over-reported, never hidden


def test_a_review_whose_image_has_a_newer_copy_is_over(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    desk.queue.claim(desk.reviewers[0], review.id)
    with desk.database.unit() as unit:
        copies.add(unit.session, copy_record("copy-2", "asset-1", revision=2))
    for act in (desk.queue.claim, desk.images.show, desk.decisions.read):
        with pytest.raises(Conflict):
            act(desk.reviewers[0], review.id)
    with pytest.raises(Conflict):
        desk.decisions.decide(desk.reviewers[0], review.id, verdict=ReviewVerdict.RELEASE, changes=NOTHING)


def test_a_sheet_says_what_put_each_region_there(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    desk.queue.claim(desk.reviewers[0], review.id)
    sheet = desk.decisions.read(desk.reviewers[0], review.id)
    face, plate = sheet.regions
    assert face.seen is not None
    assert (face.seen.score, face.seen.source) == (0.9, "centerface")
    assert face.rule is not None
    assert face.rule.kind is Kind.FACE
    assert plate.seen is None  # nothing in the report accounts for it
    assert [one.source for one in sheet.unhidden] == ["mediapipe"]


def test_a_decision_makes_the_next_copy_and_leaves_the_old_one_as_it_is(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    me, old = desk.reviewers[0], desk.newest()
    added = Addition(Kind.TEXT, Region(50, 2, 60, 9))
    decided = desk.decide(me, review, changes=Changes({}, {1: RejectReason.NOT_REAL}, [added]))
    assert isinstance(decided.outcome, Settled)
    assert desk.asked == [("copy-1", 0)]
    assert desk.asset().state is AssetState.NEEDS_REVIEW
    assert desk.remaker.run("copy-1") is AssetState.RELEASED
    new = desk.newest()
    assert (new.revision, new.asset_id) == (2, "asset-1")
    assert [(r["kind"], r["origin"]) for r in new.report["redactions"]] == [
        ("face", "detector"),
        ("text", "added"),
    ]
    reader = CopyReader(desk.copy_blobs, desk._copy_keys)
    with Image.open(io.BytesIO(reader.read(new.id, new.blob, new.wrapped_key))) as image:
        after = np.asarray(image.convert("RGB"))
    with Image.open(io.BytesIO(picture())) as image:
        before = np.asarray(image)
    assert np.array_equal(after[32:48, 16:48], before[32:48, 16:48])
    assert len(np.unique(after[0:12, 48:60].reshape(-1, 3), axis=0)) == 1
    with desk.database.reading() as session:
        assert copies.get(session, "copy-1") == old
        assert not copies.is_released(session, old)
        assert copies.is_released(session, new)
    assert desk.review(review.id).state is ReviewState.CLOSED
    # Done again, it changes nothing.
    assert desk.remaker.run("copy-1") is AssetState.RELEASED
    assert desk.newest() == new


def test_a_drawn_polygon_hides_what_it_touches_and_shows_the_rest_of_its_rectangle(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    triangle = Polygon.hull([(40, 0), (64, 0), (64, 20)])
    added = Addition(Kind.TEXT, Region(40, 0, 64, 20), polygon=triangle)
    desk.decide(desk.reviewers[0], review, changes=Changes({}, {}, [added]))
    assert desk.remaker.run("copy-1") is AssetState.RELEASED
    new = desk.newest()
    [drawn] = [one for one in new.report["redactions"] if one["kind"] == "text"]
    assert Redaction.parse(drawn).outline == triangle
    reader = CopyReader(desk.copy_blobs, desk._copy_keys)
    with Image.open(io.BytesIO(reader.read(new.id, new.blob, new.wrapped_key))) as image:
        after = np.asarray(image.convert("RGB"))
    with Image.open(io.BytesIO(picture())) as image:
        before = np.asarray(image)
    assert len(np.unique(after[0, 41:64].reshape(-1, 3), axis=0)) == 1
    assert np.array_equal(after[14:20, 40:52], before[14:20, 40:52])


def test_every_decision_and_every_rejection_is_on_the_log_with_its_author(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    desk.decide(
        desk.reviewers[0],
        review,
        changes=Changes({0: HALF}, {1: RejectReason.DUPLICATE}, []),
    )
    log = {entry.action: entry for entry in entries(desk.database)}
    assert log["review.opened"].actor == "worker-1"
    for action in ("review.claimed", "region.rejected", "review.decided"):
        assert (log[action].actor, log[action].subject) == (desk.reviewers[0].id, review.id)
    assert log["region.rejected"].details["reason"] == "duplicate"
    counts = {name: log["review.decided"].details[name] for name in ("added", "moved", "rejected")}
    assert counts == {"added": 0, "moved": 1, "rejected": 1}


def test_if_the_copy_cannot_be_asked_for_the_decision_stands_and_the_sweep_asks(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    desk.queue_is_away = True
    desk.decide(desk.reviewers[0], review)
    desk.queue_is_away = False
    desk.later(seconds=10)
    assert desk.sweep.enqueue_forgotten() == 0  # it may be on its way
    desk.later(seconds=10)
    assert desk.sweep.enqueue_forgotten() == 1
    assert desk.asked == [("copy-1", 0)]
    desk.remaker.run("copy-1")
    desk.later(hours=1)
    assert desk.sweep.enqueue_forgotten() == 0


def test_the_sweep_leaves_what_was_begun_alone_for_a_while(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    desk.decide(desk.reviewers[0], review)
    with desk.database.unit() as unit:
        assert reviews.count_attempt(unit.session, "copy-1") == 1
    desk.later(minutes=14)
    assert desk.sweep.enqueue_forgotten() == 0
    desk.later(minutes=2)
    assert desk.sweep.enqueue_forgotten() == 1
    assert desk.asked[-1] == ("copy-1", 1)


def test_a_newer_copy_that_needs_people_ends_the_review_of_the_older(desk: Desk) -> None:
    [old] = desk.wait_for_people()
    newer = replace(copy_record("copy-2", "asset-1", revision=2), report=STORED, created_at=desk.now)
    with desk.database.unit() as unit:
        copies.add(unit.session, newer)
        open_review(unit, newer, ["sampled"], reviewers=1, actor="worker-1")
    assert desk.review(old.id).state is ReviewState.CLOSED
    [left] = desk.queue.list(desk.reviewers[0])
    assert left.copy_id == "copy-2"


def test_who_decided_what_is_told_to_those_who_answer_for_it(desk: Desk) -> None:
    one, _ = desk.wait_for_people(reviewers=2)
    desk.decide(desk.reviewers[0], one)
    (_, decided), (_, undecided) = desk.queue.history(Principal(OFFICER, Role.OFFICER), "asset-1")
    assert decided is not None
    assert decided.reviewer_id == desk.reviewers[0].id
    assert undecided is None
    with pytest.raises(AccessDenied, match=r"default\.deny"):
        desk.queue.history(desk.reviewers[1], "asset-1")


def test_an_image_that_waits_in_no_queue_gets_into_one(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    with desk.database.unit() as unit:
        unit.session.connection().execute(text("DELETE FROM review"))
    assert desk.sweep.open_missing_reviews() == 0  # it may be on its way
    desk.later(minutes=2)
    assert desk.sweep.open_missing_reviews() == 1
    assert desk.sweep.open_missing_reviews() == 0
    [again] = desk.queue.list(desk.reviewers[0])
    assert (again.asset_id, again.reasons, again.risk) == ("asset-1", review.reasons, review.risk)


def test_a_copy_that_cannot_be_made_is_held(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    desk.decide(desk.reviewers[0], review)
    desk.original_blobs.delete("blob-of-asset-1")
    assert desk.remaker.run("copy-1") is AssetState.QUARANTINED
    assert desk.asset().reason == "vault.unreadable"
    assert desk.review(review.id).state is ReviewState.CLOSED


def test_a_job_that_never_ends_well_is_held_after_three_times(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    desk.decide(desk.reviewers[0], review)
    with desk.database.unit() as unit:
        for _ in range(3):
            reviews.count_attempt(unit.session, "copy-1")
    assert desk.remaker.run("copy-1") is AssetState.QUARANTINED
    assert desk.asset().reason == "job.attempts"


def test_two_who_disagree_call_a_third_and_the_more_decide(desk: Desk) -> None:
    one, two = desk.wait_for_people(reviewers=2)
    first, second, third = desk.reviewers
    assert desk.decide(first, one, ReviewVerdict.QUARANTINE).outcome is None
    outcome = desk.decide(second, two).outcome
    assert outcome == Disagreed("review.verdicts")
    assert desk.asked == []
    with desk.database.reading() as session:
        three = reviews.of_copy(session, "copy-1")[2]
    assert three.reasons == ("face.doubtful", "review.verdicts")
    assert three.risk > one.risk
    settled = desk.decide(third, three, changes=Changes({}, {}, [Addition(Kind.FACE, HALF)])).outcome
    assert isinstance(settled, Settled)
    assert settled.verdict is ReviewVerdict.RELEASE
    assert HALF in {each.redaction.region for each in settled.regions}


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Results or errors of acts that begin at the same moment."""
    ready = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        ready.wait()
        try:
            return act()
        except GatewayError as exc:
            return exc

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_two_who_claim_at_once_one_gets_it(desk: Desk) -> None:
    for n in range(5):
        [review] = desk.wait_for_people(str(n))
        found = at_once(*(partial(desk.queue.claim, r, review.id) for r in desk.reviewers))
        assert sum(isinstance(one, Conflict) for one in found) == 2


def test_nobody_gets_both_rounds_by_claiming_them_at_once(desk: Desk) -> None:
    me = desk.reviewers[0]
    for n in range(5):
        rounds = desk.wait_for_people(str(n), reviewers=2)
        found = at_once(*(partial(desk.queue.claim, me, r.id) for r in rounds))
        assert sum(isinstance(one, AccessDenied) for one in found) == 1


def test_of_two_who_decide_at_once_exactly_one_brings_it_to_its_end(desk: Desk) -> None:
    for n in range(5):
        rounds = desk.wait_for_people(str(n), reviewers=2)
        pairs = list(zip(desk.reviewers[:2], rounds, strict=True))
        for reviewer, review in pairs:
            desk.queue.claim(reviewer, review.id)
            desk.look(reviewer, review)

        def decide(reviewer: Principal, review_id: str) -> object:
            return desk.decisions.decide(
                reviewer, review_id, verdict=ReviewVerdict.RELEASE, changes=NOTHING
            ).outcome

        found = at_once(*(partial(decide, p, r.id) for p, r in pairs))
        assert sum(isinstance(one, Settled) for one in found) == 1, found
        assert found.count(None) == 1


def test_two_workers_make_one_copy(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    desk.decide(desk.reviewers[0], review)
    at_once(*(partial(desk.remaker.run, "copy-1") for _ in range(2)))
    assert desk.asset().state is AssetState.RELEASED
    assert desk.newest().revision == 2
    named = {desk.newest().blob}
    assert set(desk.copy_blobs.names()) == named  # what the other made is cleared away


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.REVIEWER])
def test_no_other_role_comes_near(desk: Desk, role: Role) -> None:
    [review] = desk.wait_for_people()
    person = replace(Principal(OFFICER, Role.OFFICER), role=role)
    for act in (desk.queue.claim, desk.queue.release, desk.images.show, desk.decisions.read):
        with pytest.raises(AccessDenied):
            act(person, review.id)
