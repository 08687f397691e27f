"""What a reviewer is told of zones: what is always hidden, and what is kept visible."""

from __future__ import annotations

from dataclasses import replace

from gateway.services.review_sheet import sheet_of
from gateway.store.records import ReviewRecord
from policies.model import Detection, Kind, Region, Size
from policies.plan import make_plan
from policies.policy import Policy
from policies.review import ReviewState
from tests.gateway.store.rows import NOW, copy_record

POLICY = Policy.parse(
    """
name: yard
rules:
  - {kind: face, method: fill, detectors: [centerface]}
zones:
  - {name: overlay, hide: [0, 0, 1, 0.1]}
  - {name: statue, keep: [0.5, 0.5, 0.8, 0.8], kinds: [face], reason: a bust}
"""
)
REVIEW = ReviewRecord(
    id="review-1",
    asset_id="asset-1",
    dataset_id="dataset-1",
    copy_id="copy-1",
    round=1,
    state=ReviewState.ASSIGNED,
    risk=1,
    reasons=("sampled",),
    attempts=0,
    assigned_to=None,
    assigned_at=None,
    assigned_until=None,
    created_at=NOW,
    decided_at=None,
)


def test_a_reviewer_sees_what_is_always_hidden_and_what_a_zone_keeps() -> None:
    size = Size(100, 100)
    bust = Detection(Kind.FACE, Region(55, 55, 75, 75), 0.9, "centerface")
    face = Detection(Kind.FACE, Region(10, 40, 30, 60), 0.9, "centerface")
    plan = make_plan(POLICY, [bust, face], size)
    report = {
        "redactions": [one.to_dict() for one in plan.redactions],
        "detections": [bust.to_dict(), face.to_dict()],
    }
    copy = replace(copy_record("copy-1", "asset-1"), width=size.width, height=size.height, report=report)
    sheet = sheet_of(REVIEW, copy, POLICY, unseen=())
    assert [(one.redaction.kind, one.always) for one in sheet.regions] == [
        (Kind.TEXT, True),
        (Kind.FACE, False),
    ]
    assert sheet.unhidden == (bust,)
