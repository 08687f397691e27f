"""Reviews in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.store.queries.review_work import Own
from gateway.web.console import review_words
from policies.lifecycle import AssetState
from policies.model import Kind
from policies.review import ReviewState, ReviewVerdict

NOW = datetime(2031, 5, 1, tzinfo=UTC)

DECIDED = Own(
    review_id="review-1",
    asset_id="asset-0123456789",
    dataset="harrow",
    round=1,
    state=ReviewState.DECIDED,
    verdict=ReviewVerdict.RELEASE,
    hidden=3,
    rejected=1,
    created_at=NOW,
    held_until=None,
    asset_state=AssetState.NEEDS_REVIEW,
    rounds=1,
    others=0,
)


def words(row: Own) -> str:
    return review_words.outcome(row, now=NOW)[0]


def test_reasons_are_one_sentence_and_an_unknown_one_stands_for_itself() -> None:
    assert review_words.reasons(["face.doubtful", "license_plate.doubtful", "text.many", "odd.code"]) == (
        "Faces, licence plates below what this policy hides without a person; there are more lines of text "
        "than this policy lets pass without a person; odd.code."
    )
    assert review_words.reason("zone.frame").startswith("it has another shape")
    assert review_words.reasons([]) == "A person was asked to look."


def test_whoever_holds_the_image_is_told_how_many_they_are_asked_about() -> None:
    told = review_words.why(["face.doubtful", "sampled"], {Kind.FACE: 2, Kind.LICENSE_PLATE: 1})
    assert told.startswith("2 faces, 1 licence plate score below what this policy hides without a person; ")
    assert review_words.why(["face.doubtful"], {Kind.CODE: 1}).startswith("1 code scores below")


def test_other_peoples_answers_are_spoken_of_where_there_are_any() -> None:
    assert review_words.round_words(1, 1) is None
    assert "stays covered" in str(review_words.round_words(2, 2))
    assert "you decide" in str(review_words.round_words(3, 2))


def test_what_became_of_a_decision() -> None:
    held = replace(DECIDED, held_until=NOW + timedelta(seconds=3))
    closed = replace(DECIDED, state=ReviewState.CLOSED)
    assert words(held) == "Held, can be undone"
    assert words(DECIDED) == "Its copy is being made"
    assert words(replace(DECIDED, rounds=2)) == "Waits for the other reviewer"
    assert words(replace(DECIDED, rounds=3, others=1)) == "You two differ: a third decides"
    assert words(replace(closed, asset_state=AssetState.RELEASED)) == "Released"
    assert words(replace(closed, asset_state=AssetState.QUARANTINED)) == "Quarantined"
    assert words(replace(DECIDED, asset_state=AssetState.ERASED)) == "Erased"


def test_the_decision_itself() -> None:
    assert review_words.what(DECIDED) == "Release, 3 hidden, 1 shown"
    assert review_words.what(replace(DECIDED, verdict=ReviewVerdict.QUARANTINE)) == "Quarantine"
