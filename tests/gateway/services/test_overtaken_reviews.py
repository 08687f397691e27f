"""Copies made anew of an image that a reviewer has decided on: what they saw counts, whatever comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.services.review_decide import ReviewDecisions
from gateway.services.review_queue import ReviewQueue
from gateway.store.database import Database
from gateway.store.queries import people, review_frames, reviews
from gateway.store.records import ReviewRecord
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from policies.model import Kind, Redaction, RedactionMethod, Region, Verdict
from policies.review import Addition, ReviewVerdict
from policies.review import Changes as Changed
from tests.gateway.services.test_policy_changes import LAXER, Changes
from tests.gateway.store.rows import NOW

REVIEWER = Principal("person-reviewer", Role.REVIEWER)
OVERLOOKED = Redaction(Region(0, 0, 4, 4), Kind.FACE, RedactionMethod.FILL)
HIDES_IT = Changed({}, {}, [Addition(OVERLOOKED.kind, OVERLOOKED.region, OVERLOOKED.method)])
NOTHING = Changed({}, {}, [])


class UnderReview(Changes):
    """An image that two reviewers are asked about, and that the machine would now release."""

    def wait_for_two(self) -> ReviewRecord:
        """The first of the two rounds."""
        self.prepare()
        self.sanitizing.verdict = Verdict.REVIEW
        self.anonymizer.run("asset-1")
        self.sanitizing.verdict = Verdict.RELEASE
        with self.database.unit() as unit:
            people.add_person(unit.session, person_id=REVIEWER.id, role=Role.REVIEWER, name=None, now=NOW)
            (first,) = reviews.of_copy(unit.session, self.newest().id)
            reviews.add(unit.session, replace(first, id="review-second", round=2))
        return first

    def decide(
        self, review: ReviewRecord, verdict: ReviewVerdict, changes: Changed, hold: timedelta | None = None
    ) -> None:
        """Claims the review, is shown the image, and decides."""
        ReviewQueue(self.database, self.clock).claim(REVIEWER, review.id)
        with self.database.unit() as unit:
            review_frames.add(unit.session, review.id, REVIEWER.id, 0)
        decisions = ReviewDecisions(self.database, lambda *_: None, self.clock)
        decisions.decide(REVIEWER, review.id, verdict=verdict, changes=changes, hold=hold)


@pytest.fixture
def image(database: Database, tmp_path: Path) -> UnderReview:
    return UnderReview(database, tmp_path)


def test_a_face_that_a_reviewer_added_is_hidden_in_the_copy_made_anew_and_a_person_looks(
    image: UnderReview,
) -> None:
    review = image.wait_for_two()
    image.decide(review, ReviewVerdict.RELEASE, HIDES_IT)
    image.put(LAXER)
    image.rederive()
    assert image.rederiver.run("asset-1") == "needs_review"
    assert image.sanitizing.carried == [OVERLOOKED]
    assert image.newest().report["reasons"] == ["overtaken"]


def test_an_image_that_a_reviewer_would_hold_is_not_released_by_making_it_anew(image: UnderReview) -> None:
    review = image.wait_for_two()
    image.decide(review, ReviewVerdict.QUARANTINE, NOTHING)
    image.put(LAXER)
    image.rederive()
    assert image.rederiver.run("asset-1") == "needs_review"


@pytest.mark.parametrize("hold", [None, timedelta(seconds=8)], ids=["for good", "held"])
def test_a_decision_that_comes_while_the_copy_is_being_made_is_not_overtaken_by_it(
    image: UnderReview, hold: timedelta | None
) -> None:
    review = image.wait_for_two()
    image.put(LAXER)
    image.rederive()
    image.sanitizing.meanwhile = lambda: image.decide(review, ReviewVerdict.RELEASE, HIDES_IT, hold)
    assert image.rederiver.run("asset-1") == "needs_review"
    assert image.newest().report["reasons"] == ["overtaken"]


def test_a_decision_that_comes_between_the_look_and_the_last_transaction_has_the_copy_made_again(
    image: UnderReview,
) -> None:
    review = image.wait_for_two()
    image.put(LAXER)
    image.rederive()
    put = image.copy_blobs.put

    def decided_first(name: str, data: bytes) -> None:
        image.copy_blobs.put = put  # type: ignore[method-assign]
        image.decide(review, ReviewVerdict.RELEASE, HIDES_IT)
        put(name, data)

    image.copy_blobs.put = decided_first  # type: ignore[method-assign, assignment]
    assert image.rederiver.run("asset-1") == "needs_review"
    assert image.sanitizing.carried == [OVERLOOKED]
    assert len(list(image.copy_blobs.names())) == 2  # the copy that was overtaken is cleared away


def test_an_image_on_which_nobody_has_decided_is_released_as_before(image: UnderReview) -> None:
    image.wait_for_two()
    image.put(LAXER)
    image.rederive()
    assert image.rederiver.run("asset-1") == "released"
    assert image.state() is AssetState.RELEASED
