"""Nobody releases what the gateway did not show them: by its own record, of one person and one claim."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import Unseen
from gateway.services.review_looks import told
from gateway.services.review_opening import open_review
from gateway.store.queries import copies, reviews
from gateway.store.records import ReviewRecord
from policies.access import Principal
from policies.model import Kind, Region
from policies.review import Addition, Changes, ReviewState, ReviewVerdict
from tests.gateway.services import desk as desks
from tests.gateway.services.desk import NOTHING, STORED, Desk
from tests.gateway.store.rows import copy_record, entries

FRAMES = 3
MORE = Changes({}, {}, [Addition(Kind.TEXT, Region(0, 24, 64, 48))])
"""So large that who adds it disagrees with who does not."""


@pytest.fixture
def desk_of_frames(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Its images have three frames."""
    monkeypatch.setattr(desks, "STORED", {**STORED, "frames": FRAMES})
    return desk


def release(desk: Desk, reviewer: Principal, review: ReviewRecord, changes: Changes = NOTHING) -> None:
    desk.decisions.decide(reviewer, review.id, verdict=ReviewVerdict.RELEASE, changes=changes)


def missing(desk: Desk, reviewer: Principal, review: ReviewRecord) -> tuple[int, ...]:
    """The frames for which a release is refused; nothing comes of it."""
    before = len(entries(desk.database))
    with pytest.raises(Unseen) as refused:
        release(desk, reviewer, review)
    assert len(entries(desk.database)) == before
    assert desk.review(review.id).state is ReviewState.ASSIGNED
    assert desk.decisions.read(reviewer, review.id).unseen == refused.value.frames
    return refused.value.frames


def test_an_image_that_was_not_shown_is_not_released(desk: Desk) -> None:
    [review], me = desk.wait_for_people(), desk.reviewers[0]
    desk.queue.claim(me, review.id)
    assert missing(desk, me, review) == (0,)
    desk.look(me, review)
    assert desk.decisions.read(me, review.id).unseen == ()
    release(desk, me, review)
    assert desk.asked == [("copy-1", 0)]


def test_every_frame_is_shown_before_a_release_and_the_log_says_how_many_were(desk_of_frames: Desk) -> None:
    desk = desk_of_frames
    [review], me = desk.wait_for_people(), desk.reviewers[0]
    desk.queue.claim(me, review.id)
    assert missing(desk, me, review) == (0, 1, 2)
    desk.look(me, review, 2, 0, 0)
    assert missing(desk, me, review) == (1,)
    desk.look(me, review, 1)
    release(desk, me, review)
    [decided] = [entry for entry in entries(desk.database) if entry.action == "review.decided"]
    assert (decided.details["frames"], decided.details["shown"]) == (3, 3)


def test_a_doubt_needs_no_look(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    desk.decide(desk.reviewers[0], review, ReviewVerdict.QUARANTINE)
    [decided] = [entry for entry in entries(desk.database) if entry.action == "review.decided"]
    assert (decided.details["frames"], decided.details["shown"]) == (1, 0)


def test_what_was_asked_for_and_did_not_go_out_is_on_the_log_and_does_not_count(desk: Desk) -> None:
    [review], me = desk.wait_for_people(), desk.reviewers[0]
    desk.queue.claim(me, review.id)
    desk.images.show(me, review.id)
    assert "original.shown" in {entry.action for entry in entries(desk.database)}
    assert missing(desk, me, review) == (0,)


def test_anothers_views_do_not_count(desk: Desk) -> None:
    one, two = desk.wait_for_people(reviewers=2)
    first, second = desk.reviewers[:2]
    desk.queue.claim(first, one.id)
    desk.queue.claim(second, two.id)
    desk.look(first, one)
    assert missing(desk, second, two) == (0,)
    desk.look(first, two)  # what they asked for before it was anybody else's, and what arrives late
    assert missing(desk, second, two) == (0,)
    release(desk, first, one)


def test_the_third_who_settles_a_disagreement_looks_too(desk: Desk) -> None:
    one, two = desk.wait_for_people(reviewers=2)
    first, second, third = desk.reviewers
    desk.decide(first, one)
    desk.decide(second, two, changes=MORE)
    with desk.database.reading() as session:
        three = reviews.of_copy(session, "copy-1")[2]
    desk.queue.claim(third, three.id)
    assert missing(desk, third, three) == (0,)
    desk.look(third, three)
    release(desk, third, three)
    assert desk.asked == [("copy-1", 0)]


@pytest.mark.parametrize("given_back", [False, True])
def test_the_views_of_a_claim_that_ended_do_not_count(desk: Desk, given_back: bool) -> None:
    [review], me = desk.wait_for_people(), desk.reviewers[0]
    desk.queue.claim(me, review.id)
    desk.look(me, review)
    if given_back:
        desk.queue.release(me, review.id)
    else:
        desk.later(minutes=15)
    desk.look(me, review)  # too late: it is nobody's
    desk.queue.claim(me, review.id)
    assert missing(desk, me, review) == (0,)


def test_a_claim_that_is_renewed_goes_on_with_what_was_seen(desk: Desk) -> None:
    [review], me = desk.wait_for_people(), desk.reviewers[0]
    desk.queue.claim(me, review.id)
    desk.look(me, review)
    desk.later(minutes=14)
    desk.queue.claim(me, review.id)
    desk.later(minutes=14)
    release(desk, me, review)


def test_a_release_taken_back_needs_no_second_look(desk: Desk) -> None:
    [review], me = desk.wait_for_people(), desk.reviewers[0]
    desk.decide(me, review, hold=timedelta(seconds=8))
    desk.decisions.undo(me, review.id)
    desk.queue.claim(me, review.id)
    release(desk, me, review)


def test_a_new_copy_is_looked_at_anew(desk: Desk) -> None:
    [old], me = desk.wait_for_people(), desk.reviewers[0]
    desk.queue.claim(me, old.id)
    desk.look(me, old)
    newer = replace(copy_record("copy-2", "asset-1", revision=2), report=STORED, created_at=desk.now)
    with desk.database.unit() as unit:
        copies.add(unit.session, newer)
        open_review(unit, newer, ["sampled"], reviewers=1, actor="worker-1")
    [review] = desk.queue.list(me)
    desk.queue.claim(me, review.id)
    desk.look(me, old)
    assert missing(desk, me, review) == (0,)


def test_frames_that_arrive_at_once_all_count(desk_of_frames: Desk) -> None:
    desk = desk_of_frames
    [review], me = desk.wait_for_people(), desk.reviewers[0]
    desk.queue.claim(me, review.id)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda frame: desk.look(me, review, frame), [0, 0, 1, 1, 2, 2]))
    release(desk, me, review)


def test_the_refusal_names_frames_in_runs_and_not_without_end() -> None:
    assert told((0, 1, 2, 5, 7, 8), 9).endswith(": 0 to 2, 5, 7 to 8")
    assert told(tuple(range(0, 100, 2)), 100).endswith(": 0, 2, 4, 6, 8, 10, 12, 14, and others")
