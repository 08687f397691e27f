"""/v1/rollbacks: going back to a policy version that a dataset was under before, which takes two officers."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.store.policy_records import RollbackRecord, RollbackState
from gateway.web.api.policy_schemas import AppliedOut, PolicyId
from gateway.web.api.schemas import Id
from gateway.web.identity import Asking
from gateway.web.services import Offered

router = APIRouter(tags=["policies"])


class RollbackForm(BaseModel):
    """`policy`: what the dataset was under before. `reason` goes into the log, so it is a short code."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    policy: PolicyId
    reason: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", examples=["hides-too-much"])


class ApprovalForm(BaseModel):
    """`withdraw`: old copies also where they hide enough; the others are withdrawn at once in any case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    withdraw: bool = False


class RollbackOut(BaseModel):
    """`leaves`: the version in force when it was asked for. Under another one since, it is only refused."""

    id: str = Field(examples=["rollback-71d0be45a9c83f62e8147b05"])
    dataset: str
    policy: str
    version: str
    leaves: str
    reason: str = Field(examples=["hides-too-much"])
    state: RollbackState
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None

    @classmethod
    def of(cls, record: RollbackRecord) -> Self:
        return cls(
            id=record.id,
            dataset=record.dataset_id,
            policy=record.policy_id,
            version=record.version,
            leaves=record.leaves,
            reason=record.reason,
            state=record.state,
            asked_by=record.asked_by,
            asked_at=record.asked_at,
            decided_by=record.decided_by,
            decided_at=record.decided_at,
        )


@router.post("/datasets/{dataset_id}/rollbacks", status_code=201)
def ask_rollback(
    dataset_id: Id, form: RollbackForm, response: Response, principal: Asking, services: Offered
) -> RollbackOut:
    """Asks to go back to a version that the dataset was under before. Nothing changes until another officer
    approves it."""
    record = services.rollbacks.ask(principal, dataset_id, form.policy, reason=form.reason)
    response.headers["Location"] = f"/v1/rollbacks/{record.id}"
    return RollbackOut.of(record)


@router.get("/datasets/{dataset_id}/rollbacks")
def list_rollbacks(dataset_id: Id, principal: Asking, services: Offered) -> list[RollbackOut]:
    """What was asked for of this dataset, decided on or not: the newest 100, the newest first."""
    return [RollbackOut.of(record) for record in services.rollbacks.list(principal, dataset_id)]


@router.get("/rollbacks/{rollback_id}")
def read_rollback(rollback_id: Id, principal: Asking, services: Offered) -> RollbackOut:
    """One request: what it goes back to, who asked, and who decided."""
    return RollbackOut.of(services.rollbacks.read(principal, rollback_id))


@router.post("/rollbacks/{rollback_id}/approve")
def approve_rollback(rollback_id: Id, form: ApprovalForm, principal: Asking, services: Offered) -> AppliedOut:
    """Goes back, in the same moment. Whoever asked for it may not: 403, and an entry. Nor may who could be
    the same person by another account, which came by an invitation of the same officer
    (`rollback.one-person`), until the operator vouches for them."""
    return AppliedOut.of(services.rollbacks.approve(principal, rollback_id, withdraw=form.withdraw))


@router.post("/rollbacks/{rollback_id}/refuse")
def refuse_rollback(rollback_id: Id, principal: Asking, services: Offered) -> RollbackOut:
    """The dataset stays as it is. Whoever asked for it may not: they withdraw it. Nor may who
    may not approve it."""
    return RollbackOut.of(services.rollbacks.refuse(principal, rollback_id))


@router.post("/rollbacks/{rollback_id}/withdraw")
def withdraw_rollback(rollback_id: Id, principal: Asking, services: Offered) -> RollbackOut:
    """Whoever asked takes it back; the dataset stays as it is."""
    return RollbackOut.of(services.rollbacks.withdraw(principal, rollback_id))
