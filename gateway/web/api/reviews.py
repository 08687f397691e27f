"""/v1/reviews: cleared staff settle what the machine is unsure of."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from gateway.errors import Unseen
from gateway.services.review_looks import told
from gateway.services.review_queue import PAGE
from gateway.web.api.copies import VIEW_ONLY
from gateway.web.api.reviews_schemas import (
    DecidedOut,
    DecisionForm,
    FrameNumber,
    ReviewOut,
    ReviewPage,
    RoundOut,
    SheetOut,
)
from gateway.web.api.schemas import Id
from gateway.web.delivery import ShownResponse
from gateway.web.identity import Asking
from gateway.web.problems import MEDIA_TYPE
from gateway.web.services import Offered, offered

router = APIRouter(tags=["reviews"])


@router.get("/reviews")
def list_reviews(
    principal: Asking,
    services: Offered,
    after: Annotated[Id | None, Query(description="The `next` of the page before.")] = None,
) -> ReviewPage:
    """What you may claim or hold, the riskiest first, then the oldest."""
    found = offered(services.reviews).queue.list(principal, after=after)
    return ReviewPage(
        reviews=[ReviewOut.of(record) for record in found], next=found[-1].id if len(found) == PAGE else None
    )


@router.get("/assets/{asset_id}/reviews")
def read_history(asset_id: Id, principal: Asking, services: Offered) -> list[RoundOut]:
    """Who decided what on an image, for officers and auditors."""
    found = offered(services.reviews).queue.history(principal, asset_id)
    return [RoundOut.of(review, decision) for review, decision in found]


@router.post("/reviews/{review_id}/claim")
def claim_review(review_id: Id, principal: Asking, services: Offered) -> ReviewOut:
    """Takes a review for 15 minutes; claiming it again begins them anew."""
    return ReviewOut.of(offered(services.reviews).queue.claim(principal, review_id))


@router.post("/reviews/{review_id}/release")
def release_review(review_id: Id, principal: Asking, services: Offered) -> ReviewOut:
    """Gives a review back undecided."""
    return ReviewOut.of(offered(services.reviews).queue.release(principal, review_id))


@router.get("/reviews/{review_id}")
def read_review(review_id: Id, principal: Asking, services: Offered) -> SheetOut:
    """What is to be decided, for whoever holds the review."""
    return SheetOut.of(offered(services.reviews).decisions.read(principal, review_id))


@router.get(
    "/reviews/{review_id}/image",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}, "image/png": {}}}},
)
def read_review_image(
    review_id: Id, principal: Asking, services: Offered, frame: FrameNumber = 0
) -> Response:
    """The original's pixels, for whoever holds the review, as long as that lasts; each view is on the log.

    Of an animation or of pages one frame at a time; regions are hidden in all of them. A frame that went out
    whole counts as shown to you; a HEAD does not.
    """
    images = offered(services.reviews).images
    shown = images.show(principal, review_id, frame)
    return ShownResponse(
        shown.data,
        media_type=shown.media_type,
        headers=VIEW_ONLY,
        delivered=lambda: images.delivered(principal, review_id, frame),
    )


_UNSEEN: Final[dict[int | str, dict[str, Any]]] = {
    409: {
        "description": "The state of things forbids it; nothing was decided. `review.unseen`: not every "
        "frame was shown to you since you claimed the review; `frames` says which.",
        "content": {
            MEDIA_TYPE: {
                "example": {
                    "detail": told((0, 2), 3),
                    "code": Unseen.code,
                    "advice": Unseen.advice,
                    "frames": [0, 2],
                }
            }
        },
    }
}


@router.post("/reviews/{review_id}/decision", responses=_UNSEEN)
def decide_review(review_id: Id, form: DecisionForm, principal: Asking, services: Offered) -> DecidedOut:
    """Decides: a worker makes the next copy and releases it, or the image is quarantined.

    To release an image you must have fetched it since you claimed the review: each frame, at
    `/v1/reviews/{review_id}/image`. To quarantine it you need not.
    Where the policy wants two reviewers, both must decide first; where they disagree, a third.
    """
    decided = offered(services.reviews).decisions.decide(
        principal, review_id, verdict=form.verdict, changes=form.to_changes()
    )
    return DecidedOut.of(decided)
