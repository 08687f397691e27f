"""Who may do what: one question, answered by Cedar from `access/`, default deny.

The rules are data (`access/roles.cedar`), typed by `access/schema.cedarschema`; this module only asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import cedarpy

RULES: Final = Path(__file__).parent / "access"


class Role(StrEnum):
    """What a person is here for; one role a token."""

    OFFICER = "officer"
    UPLOADER = "uploader"
    REVIEWER = "reviewer"
    ANNOTATOR = "annotator"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class Action(StrEnum):
    """What can be asked. The names are those of the audit log."""

    ASSET_CREATE = "asset.create"
    ASSET_READ = "asset.read"
    ASSET_NAME = "asset.name"
    ASSET_LIST = "asset.list"
    ASSET_REQUEUE = "asset.requeue"
    ORIGINAL_READ = "original.read"
    BATCH_CREATE = "batch.create"
    BATCH_FILL = "batch.fill"
    BATCH_READ = "batch.read"
    BATCH_LIST = "batch.list"
    UPLOAD_CONTINUE = "upload.continue"
    WEBHOOK_CREATE = "webhook.create"
    WEBHOOK_LIST = "webhook.list"
    WEBHOOK_DELETE = "webhook.delete"
    COPY_LIST = "copy.list"
    COPY_READ = "copy.read"
    COPY_PREVIEW = "copy.preview"
    COPY_PROVE = "copy.prove"
    PROOF_READ = "proof.read"
    DATASET_CREATE = "dataset.create"
    DATASET_LIST = "dataset.list"
    GRANT_CREATE = "grant.create"
    GRANT_LIST = "grant.list"
    GRANT_REVOKE = "grant.revoke"
    GRANT_EXTEND = "grant.extend"
    GROUP_CREATE = "group.create"
    GROUP_CHANGE = "group.change"
    GROUP_LIST = "group.list"
    PERSON_LIST = "person.list"
    PERSON_INVITE = "person.invite"
    PERSON_RESET = "person.reset"
    PERSON_SUSPEND = "person.suspend"
    PERSON_RESTORE = "person.restore"
    PERSON_ROLE = "person.role"
    PERSON_ERASE = "person.erase"
    POLICY_CREATE = "policy.create"
    POLICY_LIST = "policy.list"
    POLICY_READ = "policy.read"
    POLICY_SUBMIT = "policy.submit"
    POLICY_APPROVE = "policy.approve"
    POLICY_REJECT = "policy.reject"
    POLICY_RETIRE = "policy.retire"
    POLICY_PREVIEW = "policy.preview"
    POLICY_APPLY = "policy.apply"
    POLICY_ROLLBACK = "policy.rollback"
    ROLLBACK_APPROVE = "rollback.approve"
    ROLLBACK_REFUSE = "rollback.refuse"
    ROLLBACK_WITHDRAW = "rollback.withdraw"
    DATASET_REDERIVE = "dataset.rederive"
    GUIDELINE_READ = "guideline.read"
    GUIDELINE_WRITE = "guideline.write"
    LABEL_DEFINE = "label.define"
    LABEL_DRAFT = "label.draft"
    LABEL_EXPORT = "label.export"
    LABEL_SUBMIT = "label.submit"
    TASK_CLAIM = "task.claim"
    TASK_LIST = "task.list"
    TASK_READ = "task.read"
    TASK_RELEASE = "task.release"
    TASK_RENEW = "task.renew"
    WORK_LIST = "work.list"
    AUDIT_READ = "audit.read"
    AUDIT_VERIFY = "audit.verify"
    METRICS_READ = "metrics.read"
    OVERVIEW_READ = "overview.read"
    ASSET_SURVEY = "asset.survey"
    INSTALLATION_READ = "installation.read"
    VAULT_READ = "vault.read"
    PERSON_FIND = "person.find"
    REVIEW_LIST = "review.list"
    REVIEW_CLAIM = "review.claim"
    REVIEW_RELEASE = "review.release"
    REVIEW_READ = "review.read"
    REVIEW_IMAGE = "review.image"
    REVIEW_DECIDE = "review.decide"
    REVIEW_UNDO = "review.undo"
    REVIEW_HISTORY = "review.history"
    REVIEW_FIGURES = "review.figures"


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever holds the token, by id: names are kept elsewhere."""

    id: str
    role: Role


@dataclass(frozen=True, slots=True)
class Resource:
    """What is acted on.

    kind: "Dataset", "Asset", "Batch", "Upload", "Copy", "Policy", "Rollback", "Review", "Task", "Person"
    or "Installation".
    dataset: where it belongs. owner: who brought the asset, or made the batch or the upload. author: who
    wrote the policy, None for a preset; or who asked to go back to an earlier one. others: of a review, who
    has a hand in another round of the copy. alike: the asker, where they and the author may be one person by
    how their accounts came to be; None where nobody looked, and then nothing is decided. role: of a person,
    what they are here for.
    """

    kind: str
    id: str
    dataset: str | None = None
    owner: str | None = None
    others: frozenset[str] | None = None
    author: str | None = None
    alike: frozenset[str] | None = None
    role: Role | None = None


INSTALLATION: Final = Resource("Installation", "here")


@dataclass(frozen=True, slots=True)
class Lease:
    """A grant as the decision sees it: who, which dataset, until when, and whether it was taken back."""

    person: str
    dataset: str
    until: datetime
    revoked: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who holds a review, until when."""

    person: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Allowed:
    """rule: the @id of the permit that allowed it."""

    rule: str


@dataclass(frozen=True, slots=True)
class Denied:
    """reason: the @id of the forbid that refused it, or "default.deny"."""

    reason: str


def decide(
    principal: Principal,
    action: Action,
    resource: Resource,
    *,
    now: datetime,
    lease: Lease | None = None,
    assignment: Assignment | None = None,
) -> Allowed | Denied:
    """May `principal` do `action` to `resource` at `now`, given the lease or assignment found, if any?

    Anything but a clean Allow is a denial, an error inside Cedar too.
    """
    policies, schema = _rules()
    request = {
        "principal": {"type": "User", "id": principal.id},
        "action": {"type": "Action", "id": action.value},
        "resource": {"type": resource.kind, "id": resource.id},
        "context": _context(now, lease, assignment),
    }
    try:
        result = cedarpy.is_authorized(request, policies, _entities(principal, resource), schema)
    except Exception:  # an id that is no text at all, say: what cannot be judged is not allowed
        return Denied("rules.error")
    reasons = sorted(result.diagnostics.id_annotations_by_reason.values())
    if result.decision == cedarpy.Decision.Allow and not result.diagnostics.errors:
        return Allowed(reasons[0])
    if result.decision == cedarpy.Decision.NoDecision or result.diagnostics.errors:
        return Denied("rules.error")
    # Revoked and expired say more than the bare lack of a grant; in the order of the alphabet the most
    # lasting reason stands last.
    return Denied(reasons[-1] if reasons else "default.deny")


@cache
def _rules() -> tuple[Any, Any]:
    """Parsed once a process: 0.1 ms a decision instead of 1 to 3."""
    schema = (RULES / "schema.cedarschema").read_text("utf-8")
    policies = (RULES / "roles.cedar").read_text("utf-8")
    checked = cedarpy.validate_policies(policies, schema)
    if not checked.validation_passed:
        raise ValueError(f"access/roles.cedar does not fit its schema: {[str(e) for e in checked.errors]}")
    return cedarpy.PolicySet.from_str(policies), cedarpy.Schema.from_str(schema)


def _entities(principal: Principal, resource: Resource) -> list[dict[str, Any]]:
    parents = [] if resource.dataset is None else [{"type": "Dataset", "id": resource.dataset}]
    people = {"owner": resource.owner, "author": resource.author}
    attributes: dict[str, Any] = {
        name: _user(person) for name, person in people.items() if person is not None
    }
    for name, several in (("others", resource.others), ("alike", resource.alike)):
        if several is not None:
            attributes[name] = [_user(person) for person in sorted(several)]
    if resource.role is not None:
        attributes["role"] = resource.role.value
    here = {"uid": {"type": resource.kind, "id": resource.id}, "attrs": attributes, "parents": parents}
    person = {
        "uid": {"type": "User", "id": principal.id},
        "attrs": {"role": principal.role.value},
        "parents": [],
    }
    return [person, here]


def _user(person_id: str) -> dict[str, Any]:
    return {"__entity": {"type": "User", "id": person_id}}


def _context(now: datetime, lease: Lease | None, assignment: Assignment | None) -> dict[str, Any]:
    context: dict[str, Any] = {"now": int(now.timestamp())}
    if assignment is not None:
        until = int(assignment.until.timestamp())
        context["assignment"] = {"person": _user(assignment.person), "until": until}
    if lease is not None:
        context["grant"] = {
            "person": _user(lease.person),
            "dataset": {"__entity": {"type": "Dataset", "id": lease.dataset}},
            # Rounded down: a lease never lasts longer than was said.
            "until": int(lease.until.timestamp()),
            "revoked": lease.revoked,
        }
    return context
