"""The reviewer's workbench: one image, taken for a while, looked at, and decided on.

The page itself takes nothing and shows nothing: a module of it claims the review, and fetches the original by
the recorded route. Access is decided by the services with each of these requests.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import HTMLResponse

from gateway.web.api.copies import VIEW_ONLY
from gateway.web.api.reviews_schemas import DecisionForm, FrameNumber
from gateway.web.console import review_words
from gateway.web.console.pages import goto, page
from gateway.web.console.review_schemas import BenchOut, DecidedOut, MovedOnOut
from gateway.web.console.visitor import Acting, Visiting, only
from gateway.web.delivery import ShownResponse
from gateway.web.services import Offered, offered
from policies.access import Role
from policies.review import ReviewVerdict

HOLD: Final = timedelta(seconds=8)
"""How long a release can be taken back before anything follows from it; the console's words say so."""

Review = Annotated[str, Path(pattern=r"^review-[0-9a-f]{1,64}$")]

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.REVIEWER))])


@router.get("/review")
def workbench(request: Request, visitor: Visiting, services: Offered) -> Response:
    """The riskiest image that this person may take, or the queue where nothing waits."""
    found = offered(services.reviews).work.next(visitor.principal)
    return goto(request, "/queue" if found is None else f"/review/{found}")


@router.get("/review/{review_id}")
def bench(request: Request, review_id: Review, visitor: Visiting) -> HTMLResponse:
    trail = (("Queue", "/queue"), (review_words.name(review_id), None))
    return page(request, visitor, "review/bench.html", trail=trail, review_id=review_id)


@router.post("/review/{review_id}/claim")
def claim(review_id: Review, visitor: Acting, services: Offered) -> BenchOut:
    """Takes the image for 15 minutes, anew where it is this person's already."""
    desk = offered(services.reviews)
    desk.queue.claim(visitor.principal, review_id)
    sheet = desk.decisions.read(visitor.principal, review_id)
    return BenchOut.of(sheet, desk.work.around(visitor.principal, sheet), visitor.principal.id)


@router.get("/review/{review_id}/image")
def original(review_id: Review, visitor: Visiting, services: Offered, frame: FrameNumber = 0) -> Response:
    """The original's pixels, once this look is on the log. What went out whole counts as shown."""
    images = offered(services.reviews).images
    shown = images.show(visitor.principal, review_id, frame)
    return ShownResponse(
        shown.data,
        media_type=shown.media_type,
        headers=VIEW_ONLY,
        delivered=lambda: images.delivered(visitor.principal, review_id, frame),
    )


@router.get("/review/{review_id}/sanitized")
def sanitized(review_id: Review, visitor: Visiting, services: Offered, frame: FrameNumber = 0) -> Response:
    """What the copy under review shows."""
    shown = offered(services.reviews).images.show_sanitized(visitor.principal, review_id, frame)
    return Response(shown.data, media_type=shown.media_type, headers=VIEW_ONLY)


@router.post("/review/{review_id}/decision")
def decide(review_id: Review, form: DecisionForm, visitor: Acting, services: Offered) -> DecidedOut:
    """A release is held, so that it can be undone; a quarantine, which was asked about, is not.

    Refused with `review.unseen` where a frame did not reach this person, whatever their page thinks.
    """
    desk = offered(services.reviews)
    hold = HOLD if form.verdict is ReviewVerdict.RELEASE else None
    decided = desk.decisions.decide(
        visitor.principal, review_id, verdict=form.verdict, changes=form.to_changes(), hold=hold
    )
    return DecidedOut.told(
        decided,
        form.verdict,
        held=0 if hold is None else hold.total_seconds(),
        next=desk.work.next(visitor.principal),
    )


@router.post("/review/{review_id}/undo")
def undo(review_id: Review, visitor: Acting, services: Offered) -> MovedOnOut:
    """Takes the release back: the image is this person's again."""
    offered(services.reviews).decisions.undo(visitor.principal, review_id)
    return MovedOnOut(next=review_id)


@router.post("/review/{review_id}/later")
def later(review_id: Review, visitor: Acting, services: Offered) -> MovedOnOut:
    """Gives the image back undecided; the next one is the one behind it."""
    desk = offered(services.reviews)
    desk.queue.release(visitor.principal, review_id)
    return MovedOnOut(next=desk.work.next(visitor.principal, behind=review_id))
