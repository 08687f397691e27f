"""Policy versions, and the proposals by which uploaded ones come to be approved."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from gateway.errors import Conflict, NotFound
from gateway.store.records import ProposalRecord
from gateway.store.tables import PolicyProposal, PolicyVersion
from policies.approval import PolicyState, check_transition
from policies.errors import InvalidPolicy
from policies.policy import Policy

DECISIONS = frozenset({PolicyState.APPROVED, PolicyState.REJECTED})


def keep(session: Session, policy: Policy) -> None:
    """Stores this version unless it is there: the same version is the same document."""
    if session.get(PolicyVersion, policy.version) is None:
        document = policy.canonical().decode()
        session.add(PolicyVersion(version=policy.version, name=policy.name, document=document))
        session.flush()


def canonical(session: Session, version: str) -> str:
    """The stored document. Raises NotFound, or InvalidPolicy when it is not what its version names."""
    row = session.get(PolicyVersion, version)
    if row is None:
        raise NotFound(f"policy version {version} does not exist")
    if f"sha256:{hashlib.sha256(row.document.encode()).hexdigest()}" != version:
        raise InvalidPolicy(f"the stored policy {version} was changed; restore the database from its backup")
    return row.document


def load(session: Session, version: str) -> Policy:
    """Raises NotFound or InvalidPolicy. Its name is `version`: a newer release may write it otherwise."""
    return Policy.model_validate_json(canonical(session, version))


def propose(session: Session, record: ProposalRecord) -> None:
    """Raises Conflict when this version is proposed already."""
    if (open_one := _open_proposal(session, record.version)) is not None:
        raise Conflict(f"policy {open_one.id} says the same and is {open_one.state}; use that one")
    session.add(
        PolicyProposal(
            id=record.id,
            version=record.version,
            source=record.source,
            state=record.state.value,
            author_id=record.author_id,
            created_at=record.created_at,
        )
    )
    try:
        session.flush()
    except IntegrityError as exc:
        raise Conflict("the same policy is being uploaded by another request right now; try again") from exc


def get(session: Session, policy_id: str) -> ProposalRecord:
    """Raises NotFound."""
    return _record(_row(session, policy_id))


def of_version(session: Session, version: str) -> ProposalRecord | None:
    """The proposal of this version that has not ended."""
    row = _open_proposal(session, version)
    return None if row is None else _record(row)


def all_proposals(session: Session) -> list[ProposalRecord]:
    """The newest first."""
    query = select(PolicyProposal).order_by(col(PolicyProposal.created_at).desc(), col(PolicyProposal.id))
    return [_record(row) for row in session.exec(query)]


def submitted_for(session: Session, person_id: str) -> int:
    """How many policies wait for a decision that this person may take: nobody decides on their own."""
    query = select(func.count()).select_from(PolicyProposal)
    query = query.where(
        PolicyProposal.state == PolicyState.SUBMITTED.value, PolicyProposal.author_id != person_id
    )
    return session.exec(query).one()


def move(
    session: Session,
    policy_id: str,
    state: PolicyState,
    *,
    by: str,
    now: datetime,
    reason: str | None = None,
) -> ProposalRecord:
    """Changes the state, and notes who decided when. Raises NotFound, IllegalTransition.

    The database refuses a decision by the author, whoever asks for it: sqlalchemy's IntegrityError.
    """
    row = _row(session, policy_id, lock=True)
    check_transition(PolicyState(row.state), state)
    if state is PolicyState.SUBMITTED:
        row.submitted_at = now
    if state in DECISIONS:
        row.decided_by, row.decided_at = by, now
    row.state, row.reason = state.value, reason
    session.add(row)
    session.flush()
    return _record(row)


def _open_proposal(session: Session, version: str) -> PolicyProposal | None:
    ended = (PolicyState.REJECTED.value, PolicyState.RETIRED.value)
    query = select(PolicyProposal).where(
        PolicyProposal.version == version, col(PolicyProposal.state).not_in(ended)
    )
    return session.exec(query).first()


def _row(session: Session, policy_id: str, *, lock: bool = False) -> PolicyProposal:
    row = session.get(PolicyProposal, policy_id, with_for_update=lock)
    if row is None:
        raise NotFound(f"policy {policy_id} does not exist")
    return row


def _record(row: PolicyProposal) -> ProposalRecord:
    return ProposalRecord(
        id=row.id,
        version=row.version,
        source=row.source,
        state=PolicyState(row.state),
        author_id=row.author_id,
        created_at=row.created_at,
        submitted_at=row.submitted_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
    )
