"""The original of an image under review, shown to the one person to whom the review is assigned.

Only a process of the role `review` has this service. What leaves is a fresh picture of the original's pixels:
none of the bytes that were brought in.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import assert_never

from gateway.errors import NotFound
from gateway.imaging.encode import encode
from gateway.imaging.frames import hidden_frames
from gateway.imaging.image import DecodedImage, EncodedImage, ImageFormat, Pixels
from gateway.imaging.redact import apply
from gateway.imaging.sandbox import Sandbox
from gateway.services.originals import Originals
from gateway.services.ports import Clock
from gateway.services.review_case import Case, act
from gateway.services.review_sheet import redactions_of
from gateway.store.database import Database
from gateway.store.queries import assets, review_frames, reviews
from gateway.store.records import AssetRecord, CopyRecord
from policies.access import Action, Principal


class ReviewImages:
    def __init__(self, database: Database, originals: Originals, sandbox: Sandbox, clock: Clock) -> None:
        self._database = database
        self._originals = originals
        self._sandbox = sandbox
        self._clock = clock

    def show(self, principal: Principal, review_id: str, frame: int = 0) -> EncodedImage:
        """The original's pixels, upright, as PNG or JPEG: regions of the review are regions of this picture.

        frame: of an animation or of pages; the regions are those of all. Raises NotFound, also for a frame
        that is not there, AccessDenied, Conflict, LedgerUnavailable, VaultError, InputRefused: then no byte
        leaves.
        """

        def record(case: Case) -> AssetRecord:
            case.copy()
            case.unit.ledger.record(
                actor=principal.id,
                action="original.shown",
                subject=case.asset.id,
                review=review_id,
                dataset=case.asset.dataset_id,
                frame=frame,
            )
            return case.asset

        # (1) Decide and record in one transaction. A crash behind it over-reports a view, it never hides one.
        asset = act(self._database, principal, Action.REVIEW_IMAGE, review_id, record, now=self._clock())
        # (2) Open: the whole original authenticates; (3) decode it, confined; (4) encode bare pixels.
        image = self._sandbox.decode(self._originals.open(asset))
        return encode(_frame(image.frames, frame), _shown_as(image), lossless=image.lossless)

    def delivered(self, principal: Principal, review_id: str, frame: int) -> None:
        """What `show` gave went out: the frame counts as shown, where the review is still this person's.

        Of the copy under review nothing counts: who releases an image has seen what may have to be hidden.
        """
        with self._database.unit() as unit:
            # Held as by every act on a review: two frames that arrive at once come one after the other.
            assets.get(unit.session, reviews.asset_of(unit.session, review_id), hold=True)
            review = reviews.get(unit.session, review_id)
            if reviews.is_held_by(review, principal.id, now=self._clock()):
                review_frames.add(unit.session, review_id, principal.id, frame)

    def show_sanitized(self, principal: Principal, review_id: str, frame: int = 0) -> EncodedImage:
        """What the copy under review shows: its redactions on the original's pixels, made anew for the view.

        Made from the original, since the process of the role `review` holds no key of the copies. Raises what
        `show` raises.
        """

        def record(case: Case) -> tuple[AssetRecord, CopyRecord]:
            copy = case.copy()
            case.unit.ledger.record(
                actor=principal.id,
                action="copy.shown",
                subject=copy.id,
                review=review_id,
                asset=case.asset.id,
                frame=frame,
            )
            return case.asset, copy

        asset, copy = act(
            self._database, principal, Action.REVIEW_IMAGE, review_id, record, now=self._clock()
        )
        image = self._sandbox.decode(self._originals.open(asset))
        redactions = redactions_of(copy)
        hidden = hidden_frames(image, apply(image.pixels, redactions), redactions)
        return encode(_frame(hidden, frame), _shown_as(image), lossless=image.lossless)

    def close(self) -> None:
        """Ends the decoder process; no picture is shown any more."""
        self._sandbox.close()


def _frame(frames: Iterable[Pixels], number: int) -> Pixels:
    found = next(islice(frames, number, None), None)
    if found is None:
        raise NotFound(f"the image has no frame {number}")
    return found


def _shown_as(image: DecodedImage) -> ImageFormat:
    """PNG where every pixel is exact in the copy, JPEG where it never was: every browser shows both."""
    if image.later:
        return ImageFormat.PNG
    match image.format:
        case ImageFormat.PNG | ImageFormat.TIFF | ImageFormat.GIF | ImageFormat.BMP:
            return ImageFormat.PNG
        case ImageFormat.WEBP:
            return ImageFormat.PNG if image.lossless else ImageFormat.JPEG
        case ImageFormat.JPEG | ImageFormat.HEIC | ImageFormat.AVIF:
            return ImageFormat.JPEG
        case _:
            assert_never(image.format)
