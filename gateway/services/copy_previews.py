"""What became of an image, for whoever brought it in: its sanitized copy, once it is released.

Like the broker it is handed a CopyReader built with the copies' key alone, and imports neither the vault nor
the imaging room. Each view is on the log before its first byte.
"""

from __future__ import annotations

import logging

from gateway.errors import AccessDenied, NotFound
from gateway.services.authorize import record_denial
from gateway.services.broker import UNREADABLE, Delivery
from gateway.services.ports import Clock, CopyReader
from gateway.services.suspension import SUSPENDED
from gateway.store.database import Database
from gateway.store.queries import assets, copies, people
from gateway.store.records import CopyRecord
from policies.access import Action, Allowed, Denied, Principal, Resource, decide

log = logging.getLogger("privgate.previews")


class CopyPreviews:
    def __init__(self, database: Database, reader: CopyReader, clock: Clock) -> None:
        self._database = database
        self._reader = reader
        self._clock = clock

    def show(self, principal: Principal, asset_id: str) -> Delivery:
        """The asset's newest copy. Raises NotFound unless it is released, AccessDenied, LedgerUnavailable,
        VaultError: no byte leaves.
        """
        # (1) Decide and record in one transaction, which holds the asset and its copy: what takes them back
        # comes wholly before it, and is seen, or wholly after its entry.
        with self._database.unit() as unit:
            asset = assets.get(unit.session, asset_id)
            resource = Resource("Asset", asset.id, asset.dataset_id, asset.uploader_id)
            decision: Allowed | Denied = Denied(SUSPENDED)
            if not people.is_suspended(unit.session, principal.id, hold=True):
                decision = decide(principal, Action.COPY_PREVIEW, resource, now=self._clock())
            newest = copies.newest_of(unit.session, asset_id)
            copy = None if newest is None else copies.get(unit.session, newest.id, hold=True)
            if isinstance(decision, Denied):
                record_denial(unit, principal, Action.COPY_PREVIEW, resource, decision)
            elif copy is None or not copies.is_released(unit.session, copy, hold=True):
                raise NotFound(f"asset {asset_id} has no released copy")
            else:
                unit.ledger.record(
                    actor=principal.id,
                    action="copy.previewed",
                    subject=copy.id,
                    asset=asset_id,
                    dataset=asset.dataset_id,
                )
        if isinstance(decision, Denied):
            raise AccessDenied(decision.reason)
        assert copy is not None  # noqa: S101  (without one it was raised above)
        # (2) That is committed. Authenticate the whole copy; only then are there bytes to send.
        try:
            return Delivery(copy, self._reader.read(copy.id, copy.blob, copy.wrapped_key))
        except Exception:
            self.unseen(principal, copy, sent=0, reason=UNREADABLE)
            raise

    def unseen(self, principal: Principal, copy: CopyRecord, *, sent: int, reason: str) -> None:
        """Records that a view which is on the log did not reach its end; as the broker's `undelivered`."""
        try:
            with self._database.unit() as unit:
                unit.ledger.record(
                    actor=principal.id,
                    action="copy.preview_failed",
                    subject=copy.id,
                    asset=copy.asset_id,
                    bytes=sent,
                    of=copy.byte_length,
                    reason=reason,
                )
        except Exception as exc:
            log.warning("copy %s: not shown, and not recorded: %s", copy.id, type(exc).__name__)
