"""What became of an image, for whoever brought it in: its sanitized copy, once it is released.

Like the broker it can name no original, and each view is on the log before its first byte. An animation is
shown as it is; of pages, which no browser shows, the first.
"""

from __future__ import annotations

from gateway.errors import NotFound
from gateway.services.disclosure import Delivery, Disclosure, Given, Refused, judge
from gateway.services.ports import Clock, CopyReader, CutFrame
from gateway.store.database import Database, Unit
from gateway.store.queries import assets, copies
from gateway.store.records import CopyRecord
from policies.access import Action, Principal, Resource


class CopyPreviews:
    def __init__(self, database: Database, reader: CopyReader, clock: Clock, *, cut: CutFrame) -> None:
        self._clock = clock
        self._way = Disclosure(
            database, reader, entry="copy.previewed", failure="copy.preview_failed", cut=cut
        )

    def show(self, principal: Principal, asset_id: str) -> Delivery:
        """The asset's newest copy. Raises NotFound unless it is released, AccessDenied, LedgerUnavailable,
        VaultError: no byte leaves.
        """
        return self._way.give(principal, lambda unit: self._settle(unit, principal, asset_id))

    def unseen(self, principal: Principal, delivery: Delivery, *, sent: int, reason: str) -> None:
        """Records that a view which is on the log did not reach its end; as the broker's `undelivered`."""
        of, frame = len(delivery.data), delivery.frame
        self._way.fell_short(principal, delivery.copy, sent=sent, reason=reason, of=of, frame=frame)

    def _settle(self, unit: Unit, principal: Principal, asset_id: str) -> Given | Refused:
        asset = assets.get(unit.session, asset_id)
        resource = Resource("Asset", asset.id, asset.dataset_id, asset.uploader_id)
        refused = judge(unit, principal, Action.COPY_PREVIEW, resource, now=self._clock())
        if refused is not None:
            return refused
        newest = copies.newest_of(unit.session, asset_id)
        copy = None if newest is None else copies.get(unit.session, newest.id, hold=True)
        if copy is None or not copies.is_released(unit.session, copy, hold=True):
            raise NotFound(f"asset {asset_id} has no released copy")
        return Given(copy, frame=0 if _of_pages(copy) else None)


def _of_pages(copy: CopyRecord) -> bool:
    return copy.frames > 1 and copy.media_type == "image/tiff"
