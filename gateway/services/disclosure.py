"""How a sanitized copy leaves: decided on, entered, authenticated as a whole, and only then bytes.

That order stands here and nowhere else. Whoever gives copies away says who may and what its entries are
called; like them, this is handed a CopyReader built with the copies' key alone, and imports neither the vault
nor the imaging room.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.errors import AccessDenied
from gateway.services.authorize import record_denial
from gateway.services.ports import CopyReader, CutFrame
from gateway.services.suspension import SUSPENDED
from gateway.store.database import Database, Unit
from gateway.store.queries import people
from gateway.store.records import CopyRecord
from policies.access import Action, Allowed, Denied, Lease, Principal, Resource, decide

log = logging.getLogger("privgate.disclosure")

UNREADABLE: Final = "unreadable"
INTERRUPTED: Final = "interrupted"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A whole copy that has authenticated, or of one of several frames a picture of the one that is named."""

    copy: CopyRecord
    data: bytes
    media_type: str
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """It may be had. details: what its entry tells beside the copy, its asset and its dataset.

    frame: the only one that is given, of a copy of several.
    """

    copy: CopyRecord
    details: Mapping[str, str | int] = field(default_factory=dict)
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not; this is entered as well."""

    action: Action
    resource: Resource
    denied: Denied


class Disclosure:
    """One way out. entry, failure: what the log calls a copy that leaves by it, and one that falls short.

    cut: of a way by which single frames leave.
    """

    def __init__(
        self,
        database: Database,
        reader: CopyReader,
        *,
        entry: str,
        failure: str,
        cut: CutFrame | None = None,
    ) -> None:
        self._database = database
        self._reader = reader
        self._entry = entry
        self._failure = failure
        self._cut = cut

    def give(self, principal: Principal, settle: Callable[[Unit], Given | Refused]) -> Delivery:
        """What `settle` finds in the transaction of the entry, which must hold the rows that it decides by.

        Raises what `settle` raises, AccessDenied, LedgerUnavailable, VaultError: then no byte leaves.
        """
        # (1) Decide and record in one transaction, which holds what was decided by: what takes the copy back
        # comes wholly before it, and is seen, or wholly after its entry. A refusal is recorded too. A crash
        # behind the commit over-reports a disclosure, it never hides one.
        with self._database.unit() as unit:
            settled = settle(unit)
            if isinstance(settled, Refused):
                record_denial(unit, principal, settled.action, settled.resource, settled.denied)
            else:
                details = {**settled.details, **_named(settled.frame)}
                self._record(unit, principal, self._entry, settled.copy, details)
        if isinstance(settled, Refused):
            raise AccessDenied(settled.denied.reason)
        # (2) That is committed. Authenticate the whole copy; only then are there bytes to send, or to cut.
        copy = settled.copy
        try:
            return self._of(settled, self._reader.read(copy.id, copy.blob, copy.wrapped_key))
        except Exception:
            self.fell_short(principal, copy, sent=0, reason=UNREADABLE, frame=settled.frame)
            raise

    def _of(self, given: Given, data: bytes) -> Delivery:
        if given.frame is None:
            return Delivery(given.copy, data, given.copy.media_type)
        if self._cut is None:
            raise ValueError("single frames do not leave by this way")
        still = self._cut(data, given.frame)
        return Delivery(given.copy, still.data, still.media_type, given.frame)

    def fell_short(
        self,
        principal: Principal,
        copy: CopyRecord,
        *,
        sent: int,
        reason: str,
        of: int | None = None,
        frame: int | None = None,
    ) -> None:
        """Records that a copy which the log says was given did not wholly arrive.

        sent: bytes that may have arrived. reason: UNREADABLE or INTERRUPTED. of: bytes there were to send,
        where it was not the copy as it is. frame: the one that was given. Raises nothing: where this cannot
        be recorded, the log goes on saying that all of it was given.
        """
        whole = copy.byte_length if of is None else of
        told: dict[str, str | int] = {"bytes": sent, "of": whole, "reason": reason, **_named(frame)}
        try:
            with self._database.unit() as unit:
                self._record(unit, principal, self._failure, copy, told)
        except Exception as exc:
            log.warning("copy %s: not given, and not recorded: %s", copy.id, type(exc).__name__)

    def _record(
        self,
        unit: Unit,
        principal: Principal,
        action: str,
        copy: CopyRecord,
        details: Mapping[str, str | int],
    ) -> None:
        unit.ledger.record(
            actor=principal.id,
            action=action,
            subject=copy.id,
            asset=copy.asset_id,
            dataset=copy.dataset_id,
            **details,
        )


def _named(frame: int | None) -> dict[str, str | int]:
    return {} if frame is None else {"frame": frame}


def judge(
    unit: Unit,
    principal: Principal,
    action: Action,
    resource: Resource,
    *,
    now: datetime,
    lease: Lease | None = None,
) -> Refused | None:
    """What stands against it: the rules, or that the person is suspended, whose row is held until the end."""
    if people.is_suspended(unit.session, principal.id, hold=True):
        return Refused(action, resource, Denied(SUSPENDED))
    match decide(principal, action, resource, now=now, lease=lease):
        case Denied() as denied:
            return Refused(action, resource, denied)
        case Allowed():
            return None
