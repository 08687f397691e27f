"""Putting a dataset under another policy version, and what becomes of the copies made before.

A copy made under a policy that hides less than the new one is withdrawn in the same transaction, whatever
the officer asks for: fail closed. Under a laxer policy the old copies hide more than they need to; they stay
until new ones are there, unless the officer withdraws them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from gateway.errors import Conflict, NotFound
from gateway.imaging.strokes import REVISION
from gateway.services.authorize import authorize
from gateway.services.policy_refs import Found, applicable, keep
from gateway.services.ports import Clock
from gateway.store.database import Database, Unit
from gateway.store.policy_records import RollbackRecord
from gateway.store.queries import (
    assets,
    copies,
    datasets,
    policies,
    policy_history,
    policy_previews,
    rederivations,
)
from gateway.store.records import DatasetRecord
from policies.access import Action, Principal, Resource
from policies.approval import PolicyState
from policies.diff import compare
from policies.errors import InvalidPolicy


@dataclass(frozen=True, slots=True)
class Applied:
    """withdrawn: copies that are delivered no more. stale: assets that wait to be made anew."""

    dataset: DatasetRecord
    old: str
    stricter: bool
    withdrawn: int
    stale: int


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What applying would do now. previewed: it was tried on this dataset, or there is nothing to try it on.

    before: the dataset was under it once, so that going back is another officer's decision.
    weak: copies that would be withdrawn at once. others: older ones that hide enough and would stay.
    """

    dataset: DatasetRecord
    stricter: bool
    previewed: bool
    before: bool
    weak: int
    others: int


class PolicyApplication:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def apply(self, principal: Principal, dataset_id: str, reference: str, *, withdraw: bool) -> Applied:
        """reference: a preset, or the id of an approved policy. withdraw: old copies too that hide enough.

        Raises NotFound, AccessDenied, and Conflict for a policy that was not approved, or not previewed on
        this dataset, or that it was under before: going back is asked for, and another officer decides.
        """
        now = self._authorize(principal, dataset_id)
        with self._database.unit() as unit:
            found = applicable(unit.session, reference)
            return put_under(unit, dataset_id, found, by=principal.id, now=now, withdraw=withdraw)

    def foresee(self, principal: Principal, dataset_id: str, reference: str) -> Foreseen:
        """What `apply` would do. Raises NotFound, AccessDenied, Conflict for a policy not approved."""
        self._authorize(principal, dataset_id)
        with self._database.reading() as session:
            found = applicable(session, reference)
            dataset = datasets.get(session, dataset_id)
            weak = _weaker(session, dataset_id, found)
            every = copies.versions_in(session, dataset_id) - {found.version}
            return Foreseen(
                dataset,
                stricter=not _hides_enough(session, dataset.policy_version, found),
                previewed=_is_seen(session, dataset_id, found),
                before=policy_history.was_under(session, dataset_id, found.version)
                and dataset.policy_version != found.version,
                weak=copies.number_made_under(session, dataset_id, weak),
                others=copies.number_made_under(session, dataset_id, every - weak),
            )

    def _authorize(self, principal: Principal, dataset_id: str) -> datetime:
        now = self._clock()
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        resource = Resource("Dataset", dataset_id)
        authorize(self._database, principal, Action.POLICY_APPLY, resource, now=now)
        return now


def put_under(
    unit: Unit,
    dataset_id: str,
    found: Found,
    *,
    by: str,
    now: datetime,
    withdraw: bool,
    rollback: RollbackRecord | None = None,
) -> Applied:
    """In one transaction of the caller's, who has authorized it. rollback: another officer approved it.

    Raises Conflict, as `PolicyApplication.apply` does.
    """
    session = unit.session
    keep(session, found)
    # (1) The dataset's row is held from here on: no copy is settled under the old version any more.
    old = datasets.put_under(session, dataset_id, found.version)
    if old == found.version:
        return _applied(session, dataset_id, old, False, 0)
    _check_new(session, dataset_id, found, rollback)
    check_seen(session, dataset_id, found)
    # (2) What hides too little is delivered no more, from this commit on.
    weak = _weaker(session, dataset_id, found)
    stricter = not _hides_enough(session, old, found)
    every = copies.versions_in(session, dataset_id) - {found.version}
    withdrawn = copies.withdraw_made_under(session, dataset_id, every if withdraw else weak, now=now)
    # (3) The policy is effective.
    mark_effective(session, found, by=by, now=now)
    _note(session, dataset_id, old, found, by=by, now=now, rollback=rollback)
    unit.ledger.record(
        actor=by,
        action="dataset.policy_applied",
        subject=dataset_id,
        policy=found.id,
        old=old,
        new=found.version,
        stricter="yes" if stricter else "no",
        withdrawn=withdrawn,
        **({} if rollback is None else {"rollback": rollback.id, "asked_by": rollback.asked_by}),
    )
    return _applied(session, dataset_id, old, stricter, withdrawn)


def _check_new(session: Session, dataset_id: str, found: Found, rollback: RollbackRecord | None) -> None:
    """Nobody goes back alone."""
    if rollback is None and policy_history.was_under(session, dataset_id, found.version):
        raise Conflict(
            f"the dataset was under policy {found.id} before; going back is asked for, and a second officer "
            "decides: in the console, at the dataset's policy"
        )


def _is_seen(session: Session, dataset_id: str, found: Found) -> bool:
    return not assets.newest_in(session, dataset_id, limit=1) or policy_previews.was_seen(
        session, dataset_id=dataset_id, version=found.version
    )


def check_seen(session: Session, dataset_id: str, found: Found) -> None:
    """Nothing takes effect on images that nobody has tried it on."""
    if not _is_seen(session, dataset_id, found):
        raise Conflict(
            f"policy {found.id} was not previewed on this dataset; "
            f"ask for a preview first: POST /v1/policies/{found.id}/previews"
        )


def _note(
    session: Session,
    dataset_id: str,
    old: str,
    found: Found,
    *,
    by: str,
    now: datetime,
    rollback: RollbackRecord | None,
) -> None:
    """What it is under now; and what it was under before, where that was never noted."""
    if not policy_history.was_under(session, dataset_id, old):
        since = datasets.get(session, dataset_id).created_at
        policy_history.note(session, dataset_id, old, since=since)
    policy_history.note(
        session,
        dataset_id,
        found.version,
        since=now,
        policy_id=found.id,
        put_by=by,
        rollback_id=None if rollback is None else rollback.id,
    )


def _weaker(session: Session, dataset_id: str, found: Found) -> set[str]:
    """The versions of this dataset's copies that may hide less than the new one."""
    versions = copies.versions_in(session, dataset_id) - {found.version}
    return {version for version in versions if not _hides_enough(session, version, found)}


def _applied(session: Session, dataset_id: str, old: str, stricter: bool, withdrawn: int) -> Applied:
    record = datasets.get(session, dataset_id)
    stale = rederivations.stale_in(session, dataset_id, version=record.policy_version, revision=REVISION)
    return Applied(record, old, stricter, withdrawn, stale)


def _hides_enough(session: Session, version: str, new: Found) -> bool:
    """False as well for a version that nobody can read any more."""
    try:
        return not compare(policies.load(session, version), new.policy).stricter
    except (NotFound, InvalidPolicy):
        return False


def mark_effective(session: Session, found: Found, *, by: str, now: datetime) -> None:
    """For a dataset that begins under this policy."""
    if found.proposal is not None:
        policies.move(session, found.id, PolicyState.EFFECTIVE, by=by, now=now)
