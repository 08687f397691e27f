"""/v1/policies: what must be hidden, written by one officer and decided on by another."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from gateway.errors import LimitExceeded, UnsupportedFormat
from gateway.web.api.policy_schemas import (
    Against,
    ApplicationForm,
    AppliedOut,
    DiffOut,
    PolicyId,
    PolicyOut,
    PreviewForm,
    PreviewOut,
    RederivationOut,
    RejectionForm,
    WholePolicyOut,
)
from gateway.web.api.schemas import Id
from gateway.web.identity import Asking
from gateway.web.services import Offered
from policies.document import MAX_CHARACTERS
from policies.errors import Fault, InvalidPolicy

MAX_BYTES = 4 * MAX_CHARACTERS
"""Of UTF-8, which needs at most four bytes a character."""

MEDIA_TYPES = ("text/yaml", "application/yaml", "text/x-yaml", "application/x-yaml", "text/plain")

router = APIRouter(tags=["policies"])

_BODY = {
    "requestBody": {
        "required": True,
        "description": "The policy as YAML, as the presets are written.",
        "content": {"text/yaml": {"schema": {"type": "string"}}},
    }
}


@router.post("/policies", status_code=201, openapi_extra=_BODY, responses={413: {}, 415: {}})
async def upload_policy(
    request: Request, response: Response, principal: Asking, services: Offered
) -> WholePolicyOut:
    """A new draft. 422 lists every fault with its line and what to write instead."""
    source = _text(await _body(request))
    view = await run_in_threadpool(services.policies.upload, principal, source)
    response.headers["Location"] = f"/v1/policies/{view.id}"
    return WholePolicyOut.of(view)


@router.get("/policies")
def list_policies(principal: Asking, services: Offered) -> list[PolicyOut]:
    """The presets, then the uploaded policies, the newest first."""
    return [PolicyOut.of(view) for view in services.policies.list(principal)]


@router.get("/policies/{policy_id}")
def read_policy(policy_id: PolicyId, principal: Asking, services: Offered) -> WholePolicyOut:
    """One policy: its source, its canonical form, where it stands, who wrote it and who decided."""
    return WholePolicyOut.of(services.policies.read(principal, policy_id))


@router.get("/policies/{policy_id}/diff")
def diff_policy(
    policy_id: PolicyId,
    principal: Asking,
    services: Offered,
    against: Annotated[Against, Query(description="A version, another policy's id or a preset.")],
) -> DiffOut:
    """What the policy does differently from another: rule by rule, field by field, in words."""
    return DiffOut.of(policy_id, against, services.policies.diff(principal, policy_id, against=against))


@router.post("/policies/{policy_id}/submit")
def submit_policy(policy_id: PolicyId, principal: Asking, services: Offered) -> PolicyOut:
    """Hands a draft over for a second officer's decision."""
    return PolicyOut.of(services.policies.submit(principal, policy_id))


@router.post("/policies/{policy_id}/approve")
def approve_policy(policy_id: PolicyId, principal: Asking, services: Offered) -> PolicyOut:
    """Approves a submitted policy. Its author may not: 403, and an entry. Nor may who could be its author by
    another account, which came by an invitation of the same officer (`policy.one-person`), until the operator
    vouches for them."""
    return PolicyOut.of(services.policies.approve(principal, policy_id))


@router.post("/policies/{policy_id}/reject")
def reject_policy(
    policy_id: PolicyId, form: RejectionForm, principal: Asking, services: Offered
) -> PolicyOut:
    """Rejects a submitted policy, for good: what is mended is uploaded anew. Who may not approve it may not
    reject it either."""
    return PolicyOut.of(services.policies.reject(principal, policy_id, reason=form.reason))


@router.post("/policies/{policy_id}/retire")
def retire_policy(policy_id: PolicyId, principal: Asking, services: Offered) -> PolicyOut:
    """Takes a policy out of use; it can be applied no more. 409 while a dataset is under it."""
    return PolicyOut.of(services.policies.retire(principal, policy_id))


@router.post("/policies/{policy_id}/previews", status_code=202)
def ask_preview(
    policy_id: PolicyId, form: PreviewForm, response: Response, principal: Asking, services: Offered
) -> PreviewOut:
    """Tries the policy on a dataset's newest originals: a worker does, in memory, and keeps no image."""
    record = services.previews.ask(principal, policy_id, dataset_id=form.dataset, last=form.last)
    response.headers["Location"] = f"/v1/policy-previews/{record.id}"
    return PreviewOut.of(record)


@router.get("/policy-previews/{preview_id}")
def read_preview(preview_id: Id, principal: Asking, services: Offered) -> PreviewOut:
    """What the policy would newly hide and newly show, and how many images would go out by themselves."""
    return PreviewOut.of(services.previews.read(principal, preview_id))


@router.put("/datasets/{dataset_id}/policy")
def apply_policy(dataset_id: Id, form: ApplicationForm, principal: Asking, services: Offered) -> AppliedOut:
    """Puts the dataset under an approved policy that was previewed on it.

    Copies that may hide less than it does are withdrawn in the same moment.
    """
    return AppliedOut.of(
        services.application.apply(principal, dataset_id, form.policy, withdraw=form.withdraw)
    )


@router.post("/datasets/{dataset_id}/rederive", status_code=202)
def rederive(dataset_id: Id, response: Response, principal: Asking, services: Offered) -> RederivationOut:
    """Makes every copy of another policy version anew under the present one; the old ones are withdrawn.

    So are copies of other library versions or another release, as a proof of them has found.
    """
    progress = services.rederivations.begin(principal, dataset_id)
    response.headers["Location"] = f"/v1/datasets/{dataset_id}/rederivation"
    return RederivationOut.of(progress)


@router.get("/datasets/{dataset_id}/rederivation")
def read_rederivation(dataset_id: Id, principal: Asking, services: Offered) -> RederivationOut:
    """How far the dataset's last re-derivation is."""
    return RederivationOut.of(services.rederivations.progress(principal, dataset_id))


async def _body(request: Request) -> bytes:
    """Raises UnsupportedFormat for another media type, LimitExceeded for too long a body."""
    media_type = request.headers.get("content-type", "text/yaml").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise UnsupportedFormat(
            "a policy is YAML", advice="send it with Content-Type: text/yaml", code="policy.media_type"
        )
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise LimitExceeded(
                f"longer than {MAX_CHARACTERS} characters",
                advice="a policy is a page or two",
                code="limit.policy",
            )
    return bytes(body)


def _text(body: bytes) -> str:
    """Raises InvalidPolicy, with the line of the first byte that is no UTF-8."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = body[: exc.start].count(b"\n") + 1
        fault = Fault(line, "holds bytes that are not UTF-8; save it as UTF-8 text")
        raise InvalidPolicy(f"policy:{line}: {fault.message}", faults=(fault,)) from exc
