"""Releases that are held: what can be taken back, by whom and how long, and what follows when nobody does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from gateway.errors import AccessDenied
from gateway.store.queries import assets
from gateway.store.records import ReviewRecord
from policies.lifecycle import AssetState
from policies.model import Kind, Region
from policies.review import Addition, Changes, ReviewState, ReviewVerdict
from tests.gateway.services.desk import NOTHING, Desk
from tests.gateway.store.rows import entries

HOLD = timedelta(seconds=8)
HALF = Changes({}, {}, [Addition(Kind.TEXT, Region(0, 24, 64, 48))])
"""So large that who adds it disagrees with who does not."""


def held(desk: Desk, review: ReviewRecord, changes: Changes = NOTHING, *, by: int = 0) -> ReviewRecord:
    decided = desk.decide(desk.reviewers[by], review, changes=changes, hold=HOLD)
    assert decided.outcome is None
    return decided.review


def reason_of(act: Callable[[], object]) -> str:
    with pytest.raises(AccessDenied) as caught:
        act()
    return caught.value.reason


def test_nothing_follows_while_a_release_is_held_and_then_it_does(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    held(desk, review)
    desk.later(seconds=7)
    assert desk.holds.carry_out() == 0
    assert desk.sweep.enqueue_forgotten() == 0
    assert desk.remaker.run("copy-1") is AssetState.NEEDS_REVIEW
    assert desk.asked == []
    desk.later(seconds=1)
    assert desk.holds.carry_out() == 1
    assert desk.asked == [("copy-1", 0)]
    assert desk.remaker.run("copy-1") is AssetState.RELEASED
    assert desk.holds.carry_out() == 0


def test_a_release_taken_back_is_ones_own_again_with_its_time_still_counted(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    me = desk.reviewers[0]
    held(desk, review)
    desk.later(seconds=5)
    again = desk.decisions.undo(me, review.id)
    assert (again.state, again.assigned_to, again.held_until) == (ReviewState.ASSIGNED, me.id, None)
    assert again.assigned_at is not None
    desk.later(seconds=60)
    assert desk.holds.carry_out() == 0
    assert desk.asked == []
    decided = desk.decisions.decide(me, review.id, verdict=ReviewVerdict.QUARANTINE, changes=NOTHING)
    assert decided.review.state is ReviewState.CLOSED or desk.asset().state is AssetState.QUARANTINED
    undone = [entry for entry in entries(desk.database) if entry.action == "review.undone"]
    assert [(entry.actor, entry.subject) for entry in undone] == [(me.id, review.id)]


def test_only_who_decided_takes_it_back_and_only_while_it_is_held(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    me, other = desk.reviewers[:2]
    desk.queue.claim(me, review.id)
    assert reason_of(lambda: desk.decisions.undo(me, review.id)) == "review.unassigned"  # not decided yet
    desk.look(me, review)
    desk.decisions.decide(me, review.id, verdict=ReviewVerdict.RELEASE, changes=NOTHING, hold=HOLD)
    assert reason_of(lambda: desk.decisions.undo(other, review.id)) == "review.unassigned"
    assert reason_of(lambda: desk.images.show(me, review.id)) == "review.unassigned"
    desk.later(seconds=8)
    assert reason_of(lambda: desk.decisions.undo(me, review.id)) == "review.expired"
    desk.holds.carry_out()
    assert reason_of(lambda: desk.decisions.undo(me, review.id)) == "review.unassigned"
    denied = [entry for entry in entries(desk.database) if entry.action == "access.denied"]
    assert len([entry for entry in denied if entry.details["asked"] == "review.undo"]) == 4


def test_what_the_queue_did_not_take_the_sweep_asks_for_again(desk: Desk) -> None:
    [review] = desk.wait_for_people()
    held(desk, review)
    desk.later(seconds=9)
    desk.queue_is_away = True
    assert desk.holds.carry_out() == 1
    desk.queue_is_away = False
    desk.later(seconds=15)
    assert desk.sweep.enqueue_forgotten() == 1
    assert desk.asked == [("copy-1", 0)]


def test_a_second_answer_waits_for_the_first_ones_hold(desk: Desk) -> None:
    one, two = desk.wait_for_people(reviewers=2)
    held(desk, one)
    decided = desk.decide(desk.reviewers[1], two)
    assert decided.outcome is None
    assert desk.asked == []
    desk.later(seconds=8)
    assert desk.holds.carry_out() == 1
    assert desk.asked == [("copy-1", 0)]


def test_two_held_answers_that_differ_open_a_third_round_once_both_stand(desk: Desk) -> None:
    one, two = desk.wait_for_people(reviewers=2)
    held(desk, one)
    desk.later(seconds=4)
    held(desk, two, HALF, by=1)
    desk.later(seconds=4)
    assert desk.holds.carry_out() == 1  # the first one's; the second can still be taken back
    assert [each.asset_id for each in desk.queue.list(desk.reviewers[2])] == []
    desk.later(seconds=4)
    assert desk.holds.carry_out() == 1
    [third] = desk.queue.list(desk.reviewers[2])
    assert third.round == 3
    assert desk.asked == []


def test_a_hold_ends_quietly_where_the_image_waits_for_nobody_any_more(desk: Desk) -> None:
    [review] = desk.wait_for_people(reviewers=1)
    held(desk, review)
    with desk.database.unit() as unit:
        assets.move(unit.session, "asset-1", AssetState.QUARANTINED, now=desk.now, reason="test")
    desk.later(seconds=9)
    assert desk.holds.carry_out() == 1
    assert desk.holds.carry_out() == 0
    assert desk.asked == []
