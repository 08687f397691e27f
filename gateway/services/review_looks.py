"""What a reviewer was shown of an image, by the gateway's own record: nobody releases what they did not see.

A frame counts once its full picture of the original went out to the person who holds the review, and not when
it was merely asked for: the log over-reports views, this record never does. It is of one claim: who claims a
review anew, also the same person after their time was over, has been shown nothing. Renewing a claim, and
taking a held release back, go on with the same one. A new copy has reviews of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.errors import Unseen
from gateway.services.review_case import Case
from gateway.services.review_sheet import frames_of
from gateway.store.queries import review_frames
from gateway.store.records import CopyRecord

RUNS: Final = 8
"""Runs of frames that a message names one by one; `Unseen.frames` has them all."""


def unseen_of(case: Case, copy: CopyRecord, person_id: str) -> tuple[int, ...]:
    """The frames, from 0, that did not reach this person since they claimed the review."""
    shown = review_frames.of(case.unit.session, case.review.id, person_id)
    return tuple(frame for frame in range(frames_of(copy)) if frame not in shown)


def insist_on_all_seen(case: Case, copy: CopyRecord, person_id: str) -> None:
    """Raises Unseen where a frame did not reach them."""
    if missing := unseen_of(case, copy, person_id):
        raise Unseen(told(missing, frames_of(copy)), frames=missing)


def told(missing: Sequence[int], frames: int) -> str:
    """Which frames of so many are yet to be shown, in words."""
    if frames == 1:
        return "the image was not shown to you since you claimed its review, so it is not released"
    return (
        f"of the image's {frames} frames, counted from 0, these were not shown to you since you claimed its "
        f"review, so it is not released: {_runs(missing)}"
    )


def _runs(frames: Sequence[int]) -> str:
    runs: list[tuple[int, int]] = []
    for frame in frames:
        if runs and runs[-1][1] + 1 == frame:
            runs[-1] = (runs[-1][0], frame)
        else:
            runs.append((frame, frame))
    words = [f"{first}" if first == last else f"{first} to {last}" for first, last in runs[:RUNS]]
    return ", ".join([*words, "and others"] if len(runs) > RUNS else words)
