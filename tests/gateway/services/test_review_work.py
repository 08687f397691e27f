"""A reviewer's day on both databases: the queue as shown, what comes next, own decisions; and the figures."""

from __future__ import annotations

import pytest

from gateway.errors import AccessDenied, NotFound
from gateway.services import review_work
from gateway.services.policy_lines import rule_lines
from gateway.services.review_figures import ReviewFigures, pace
from gateway.services.review_work import ReviewWork
from gateway.store.queries.review_work import Took
from policies.access import Principal, Role
from policies.model import Kind, Region
from policies.policy import PRESETS, Policy, load_policy
from policies.review import Addition, Changes, ReviewVerdict
from tests.gateway.services.desk import Desk
from tests.gateway.store.rows import OFFICER

OFFICER_WHO_ASKS = Principal(OFFICER, Role.OFFICER)


def work_of(desk: Desk) -> ReviewWork:
    return ReviewWork(desk.database, desk.clock)


def test_the_queue_tells_kinds_and_who_has_what_and_no_round_twice(desk: Desk) -> None:
    me, other = desk.reviewers[:2]
    [mine] = desk.wait_for_people("mine")
    [theirs] = desk.wait_for_people("theirs")
    one, _ = desk.wait_for_people("pair", reviewers=2)
    desk.queue.claim(me, mine.id)
    desk.queue.claim(other, theirs.id)
    rows = {row.id: row for row in work_of(desk).waiting(me).rows}
    assert set(rows) == {mine.id, theirs.id, one.id}
    assert (rows[mine.id].holder, rows[theirs.id].holder, rows[one.id].holder) == (me.id, other.id, None)
    assert rows[one.id].kinds == {Kind.FACE: 1, Kind.LICENSE_PLATE: 1}
    desk.later(minutes=16)
    assert {row.holder for row in work_of(desk).waiting(me).rows} == {None}


def test_pages_lead_on_and_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_work, "PAGE", 2)
    me = desk.reviewers[0]
    for number in range(5):
        desk.wait_for_people(str(number))
        desk.later(seconds=1)
    first = work_of(desk).waiting(me)
    second = work_of(desk).waiting(me, after=first.older)
    third = work_of(desk).waiting(me, after=second.older)
    assert [len(page.rows) for page in (first, second, third)] == [2, 2, 1]
    assert (first.newer, third.older) == (None, None)
    assert work_of(desk).waiting(me, before=third.newer).rows == second.rows
    back = work_of(desk).waiting(me, before=second.newer)
    assert (back.rows, back.newer) == (first.rows, None)
    with pytest.raises(NotFound):
        work_of(desk).waiting(me, after="review-of-nobody")


def test_the_next_image_is_the_riskiest_and_later_goes_on_behind(desk: Desk) -> None:
    me = desk.reviewers[0]
    [low] = desk.wait_for_people("low", reasons=["sampled"])
    [high] = desk.wait_for_people("high")
    assert work_of(desk).next(me) == high.id
    assert work_of(desk).next(me, behind=high.id) == low.id
    assert work_of(desk).next(me, behind=low.id) == high.id
    desk.queue.claim(desk.reviewers[1], high.id)
    assert work_of(desk).next(me, behind=low.id) is None


def test_one_sees_ones_own_decisions_and_nobody_elses(desk: Desk) -> None:
    me, other = desk.reviewers[:2]
    [review] = desk.wait_for_people()
    [theirs] = desk.wait_for_people("2")
    desk.decide(me, review, changes=Changes({}, {}, [Addition(Kind.TEXT, Region(0, 0, 8, 8))]))
    desk.decide(other, theirs, ReviewVerdict.QUARANTINE)
    [row] = work_of(desk).own(me).rows
    assert (row.review_id, row.hidden, row.rejected, row.others) == (review.id, 3, 0, 0)
    [row] = work_of(desk).own(other).rows
    assert row.verdict is ReviewVerdict.QUARANTINE
    with pytest.raises(NotFound):
        work_of(desk).own(me, after=theirs.id)


def test_around_a_sheet_the_rule_is_told_with_its_line(desk: Desk) -> None:
    me = desk.reviewers[0]
    [review] = desk.wait_for_people()
    desk.queue.claim(me, review.id)
    around = work_of(desk).around(me, desk.decisions.read(me, review.id))
    written = (PRESETS / "street.yaml").read_text("utf-8").splitlines()
    assert around.policy == load_policy("street")
    assert "kind: face" in written[around.lines[Kind.FACE] - 1]
    assert [row.id for row in around.strip] == [review.id]


def test_officers_see_figures_and_reviewers_none(desk: Desk) -> None:
    half = Changes({}, {}, [Addition(Kind.TEXT, Region(0, 24, 64, 48))])
    one, two = desk.wait_for_people(reviewers=2)
    for reviewer, review, changes in ((0, one, Changes({}, {}, [])), (1, two, half)):
        desk.queue.claim(desk.reviewers[reviewer], review.id)
        desk.look(desk.reviewers[reviewer], review)
        desk.later(seconds=4 + 6 * reviewer)
        desk.decisions.decide(
            desk.reviewers[reviewer], review.id, verdict=ReviewVerdict.RELEASE, changes=changes
        )
    figures = ReviewFigures(desk.database, desk.clock).read(OFFICER_WHO_ASKS, days=7)
    assert (figures.all.decisions, figures.all.median, figures.all.p90) == (2, 4, 10)
    assert (figures.pairs, figures.differed) == (1, 1)
    assert [one.decisions for one in figures.reviewers] == [1, 1]
    desk.later(days=8)
    assert ReviewFigures(desk.database, desk.clock).read(OFFICER_WHO_ASKS, days=7).all.decisions == 0
    with pytest.raises(AccessDenied):
        ReviewFigures(desk.database, desk.clock).read(desk.reviewers[0], days=7)


def test_a_pace_is_of_decisions_not_of_rows() -> None:
    took = [Took("a", None, "d", 2, 9), Took("b", None, "d", 60, 1)]
    assert (pace("all", took).median, pace("all", took).p90) == (2, 2)
    assert pace("none", []).median is None


def test_a_policy_whose_document_is_not_there_has_no_lines(desk: Desk) -> None:
    policy = Policy.parse("name: own\nrules: [{kind: face, method: fill, detectors: [centerface]}]")
    with desk.database.reading() as session:
        assert rule_lines(session, policy.version) == {}
