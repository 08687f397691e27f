"""Which policy is meant: by the id of an uploaded one, a preset's name or a version."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from gateway.errors import Conflict
from gateway.store.queries import policies
from gateway.store.records import ProposalRecord
from policies.approval import APPLICABLE, ENDED
from policies.policy import Policy, load_policy, preset_names

VERSION_PREFIX = "sha256:"


@dataclass(frozen=True, slots=True)
class Found:
    """A policy and the name it was asked for by. proposal: None for a preset and for a bare version."""

    id: str
    version: str
    policy: Policy
    proposal: ProposalRecord | None


def find(session: Session, reference: str) -> Found:
    """Raises NotFound, or InvalidPolicy when the stored document is not what its version names."""
    if reference in preset_names():
        policy = load_policy(reference)
        return Found(reference, policy.version, policy, None)
    if reference.startswith(VERSION_PREFIX):
        return Found(reference, reference, policies.load(session, reference), None)
    proposal = policies.get(session, reference)
    return Found(proposal.id, proposal.version, policies.load(session, proposal.version), proposal)


def applicable(session: Session, reference: str) -> Found:
    """A preset, which the product has approved, or an uploaded policy that was. Raises NotFound, Conflict."""
    found = find(session, reference)
    if found.proposal is None:
        _only_preset(found)
    elif found.proposal.state not in APPLICABLE:
        raise Conflict(f"policy {found.id} is {found.proposal.state}; a second officer must approve it first")
    return found


def previewable(session: Session, reference: str) -> Found:
    """Any policy that may still become one to apply. Raises NotFound, Conflict."""
    found = find(session, reference)
    if found.proposal is None:
        _only_preset(found)
    elif found.proposal.state in ENDED:
        raise Conflict(f"policy {found.id} is {found.proposal.state}; upload it again to try it")
    return found


def keep(session: Session, found: Found) -> None:
    """A preset's version is stored when it is first used."""
    if found.proposal is None:
        policies.keep(session, found.policy)


def _only_preset(found: Found) -> None:
    if found.id == found.version:
        raise Conflict(
            "name an uploaded policy by its id, or a preset; a version alone says not who approved"
        )
