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
from gateway.services.authorize import authorize
from gateway.services.policy_refs import Found, applicable, keep
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import assets, copies, datasets, policies, policy_previews, rederivations
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


class PolicyApplication:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def apply(self, principal: Principal, dataset_id: str, reference: str, *, withdraw: bool) -> Applied:
        """reference: a preset, or the id of an approved policy. withdraw: old copies too that hide enough.

        Raises NotFound, AccessDenied, and Conflict for a policy that was not approved, or not previewed on
        this dataset.
        """
        now = self._clock()
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        resource = Resource("Dataset", dataset_id)
        authorize(self._database, principal, Action.POLICY_APPLY, resource, now=now)
        with self._database.unit() as unit:
            found = applicable(unit.session, reference)
            keep(unit.session, found)
            # (1) The dataset's row is held from here on: no copy is settled under the old version any more.
            old = datasets.put_under(unit.session, dataset_id, found.version)
            if old == found.version:
                return self._applied(unit.session, dataset_id, old, False, 0)
            self._check_seen(unit.session, dataset_id, found)
            # (2) What hides too little is delivered no more, from this commit on.
            weak = self._weaker(unit.session, dataset_id, found)
            stricter = not _hides_enough(unit.session, old, found)
            every = copies.versions_in(unit.session, dataset_id) - {found.version}
            withdrawn = copies.withdraw_made_under(
                unit.session, dataset_id, every if withdraw else weak, now=now
            )
            # (3) The policy is effective.
            mark_effective(unit.session, found, by=principal.id, now=now)
            unit.ledger.record(
                actor=principal.id,
                action="dataset.policy_applied",
                subject=dataset_id,
                policy=found.id,
                old=old,
                new=found.version,
                stricter="yes" if stricter else "no",
                withdrawn=withdrawn,
            )
            return self._applied(unit.session, dataset_id, old, stricter, withdrawn)

    def _check_seen(self, session: Session, dataset_id: str, found: Found) -> None:
        """Nothing takes effect on images that nobody has tried it on."""
        if not assets.newest_in(session, dataset_id, limit=1):
            return
        if not policy_previews.was_seen(session, dataset_id=dataset_id, version=found.version):
            raise Conflict(
                f"policy {found.id} was not previewed on this dataset; "
                f"ask for a preview first: POST /v1/policies/{found.id}/previews"
            )

    def _weaker(self, session: Session, dataset_id: str, found: Found) -> set[str]:
        """The versions of this dataset's copies that may hide less than the new one."""
        versions = copies.versions_in(session, dataset_id) - {found.version}
        return {version for version in versions if not _hides_enough(session, version, found)}

    def _applied(
        self, session: Session, dataset_id: str, old: str, stricter: bool, withdrawn: int
    ) -> Applied:
        record = datasets.get(session, dataset_id)
        stale = rederivations.stale_in(session, dataset_id, version=record.policy_version)
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
