"""Uploaded policies: written by one officer, decided on by another, every step on the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from gateway.errors import Conflict
from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.one_person import alike
from gateway.services.policy_refs import Found, find
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import datasets, policies
from gateway.store.records import ProposalRecord
from policies.access import INSTALLATION, Action, Principal, Resource
from policies.advice import warnings
from policies.approval import PolicyState
from policies.diff import PolicyDiff, compare
from policies.model import Kind
from policies.policy import PRESETS, Policy, load_policy, preset_names

ENTRY = {
    PolicyState.SUBMITTED: "policy.submitted",
    PolicyState.APPROVED: "policy.approved",
    PolicyState.REJECTED: "policy.rejected",
    PolicyState.RETIRED: "policy.retired",
}


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A policy as people see it. preset: it came with the product, which has approved it."""

    id: str
    policy: Policy
    version: str
    state: PolicyState
    preset: bool
    source: str
    canonical: str
    proposal: ProposalRecord | None

    @property
    def warnings(self) -> list[str]:
        return warnings(self.policy)


class Policies:
    """detectors: the names that a policy may use, and the kinds each finds."""

    def __init__(self, database: Database, clock: Clock, *, detectors: Mapping[str, frozenset[Kind]]) -> None:
        self._database = database
        self._clock = clock
        self._detectors = detectors

    @property
    def detectors(self) -> Mapping[str, frozenset[Kind]]:
        """The names that a policy may use, and the kinds each finds."""
        return self._detectors

    def parsed(self, principal: Principal, source: str) -> Policy:
        """What a document means, before anything is kept of it. Raises AccessDenied, InvalidPolicy."""
        self._authorize(principal, Action.POLICY_CREATE, INSTALLATION)
        return Policy.parse(source, detectors=self._detectors)

    def upload(self, principal: Principal, source: str) -> PolicyView:
        """A draft, its version stored for good. Raises AccessDenied, InvalidPolicy, Conflict."""
        now = self._authorize(principal, Action.POLICY_CREATE, INSTALLATION)
        policy = Policy.parse(source, detectors=self._detectors)
        for name in preset_names():
            if load_policy(name).version == policy.version:
                raise Conflict(f"that is the preset {name}, which needs no approval; apply it by its name")
        record = ProposalRecord(
            new_id("policy"), policy.version, source, PolicyState.DRAFT, principal.id, now
        )
        with self._database.unit() as unit:
            policies.keep(unit.session, policy)
            policies.propose(unit.session, record)
            unit.ledger.record(
                actor=principal.id, action="policy.created", subject=record.id, version=policy.version
            )
        return self._read(record.id)

    def submit(self, principal: Principal, policy_id: str) -> PolicyView:
        """Hands a draft over for a decision. Raises NotFound, AccessDenied, IllegalTransition."""
        return self._move(principal, policy_id, Action.POLICY_SUBMIT, PolicyState.SUBMITTED)

    def approve(self, principal: Principal, policy_id: str) -> PolicyView:
        """From now on it can be applied.

        Raises NotFound, AccessDenied (to its author, and to who may be its author), IllegalTransition.
        """
        return self._move(principal, policy_id, Action.POLICY_APPROVE, PolicyState.APPROVED)

    def reject(self, principal: Principal, policy_id: str, *, reason: str) -> PolicyView:
        """reason: a short code. Raises what `approve` does."""
        return self._move(principal, policy_id, Action.POLICY_REJECT, PolicyState.REJECTED, reason)

    def retire(self, principal: Principal, policy_id: str) -> PolicyView:
        """It can be applied no more. Raises NotFound, AccessDenied, IllegalTransition, and Conflict while a
        dataset is under it."""
        return self._move(principal, policy_id, Action.POLICY_RETIRE, PolicyState.RETIRED)

    def list(self, principal: Principal) -> list[PolicyView]:
        """The presets, then the uploaded ones, the newest first. Raises AccessDenied."""
        self._authorize(principal, Action.POLICY_LIST, INSTALLATION)
        with self._database.reading() as session:
            names = [*preset_names(), *(one.id for one in policies.all_proposals(session))]
            return [view_of(session, find(session, name)) for name in names]

    def read(self, principal: Principal, policy_id: str) -> PolicyView:
        """Raises NotFound, AccessDenied."""
        view = self._read(policy_id)
        self._authorize(principal, Action.POLICY_READ, _resource(view.id, view.proposal))
        return view

    def diff(self, principal: Principal, policy_id: str, *, against: str) -> PolicyDiff:
        """What the policy does differently from `against`: a version, a preset, or another policy's id.

        Raises NotFound, AccessDenied.
        """
        with self._database.reading() as session:
            new, old = find(session, policy_id), find(session, against)
        self._authorize(principal, Action.POLICY_READ, _resource(new.id, new.proposal))
        return compare(old.policy, new.policy)

    def _move(
        self,
        principal: Principal,
        policy_id: str,
        action: Action,
        state: PolicyState,
        reason: str | None = None,
    ) -> PolicyView:
        with self._database.reading() as session:
            found = find(session, policy_id)
            resource = _resource(found.id, found.proposal)
            if resource.author is not None:
                resource = replace(resource, alike=alike(session, principal, resource.author))
        now = self._authorize(principal, action, resource)
        if found.proposal is None:
            raise Conflict("a preset came with the product, which has approved it; nothing is to be decided")
        with self._database.unit() as unit:
            moved = policies.move(unit.session, policy_id, state, by=principal.id, now=now, reason=reason)
            if state is PolicyState.RETIRED:
                self._check_unused(datasets.number_under(unit.session, moved.version))
            unit.ledger.record(
                actor=principal.id,
                action=ENTRY[state],
                subject=policy_id,
                version=moved.version,
                author=moved.author_id,
                **({} if reason is None else {"reason": reason}),
            )
        return self._read(policy_id)

    def _check_unused(self, number: int) -> None:
        if number:
            raise Conflict(f"{number} datasets are under it; put them under another policy first")

    def _read(self, policy_id: str) -> PolicyView:
        with self._database.reading() as session:
            return view_of(session, find(session, policy_id))

    def _authorize(self, principal: Principal, action: Action, resource: Resource) -> datetime:
        now = self._clock()
        authorize(self._database, principal, action, resource, now=now)
        return now


def view_of(session: Session, found: Found) -> PolicyView:
    proposal = found.proposal
    if proposal is None:
        source = (PRESETS / f"{found.id}.yaml").read_text("utf-8")
        canonical = found.policy.canonical().decode()
    else:
        source, canonical = proposal.source, policies.canonical(session, found.version)
    return PolicyView(
        id=found.id,
        policy=found.policy,
        version=found.version,
        state=PolicyState.APPROVED if proposal is None else proposal.state,
        preset=proposal is None,
        source=source,
        canonical=canonical,
        proposal=proposal,
    )


def _resource(policy_id: str, proposal: ProposalRecord | None) -> Resource:
    return Resource("Policy", policy_id, author=None if proposal is None else proposal.author_id)
