"""/v1/webhooks: who is told when an image was released, waits for a person or was quarantined."""

from __future__ import annotations

from fastapi import APIRouter, Response

from gateway.web.api.schemas import Id
from gateway.web.api.webhooks_schemas import NewWebhookOut, WebhookForm, WebhookOut
from gateway.web.identity import Asking
from gateway.web.services import Offered, offered

router = APIRouter(tags=["webhooks"])


@router.post("/webhooks", status_code=201)
def create_webhook(
    form: WebhookForm, principal: Asking, services: Offered, response: Response
) -> NewWebhookOut:
    """A new webhook. The answer holds the secret that signs its messages; it is not shown again."""
    response.headers["Cache-Control"] = "no-store"
    events = [event.value for event in form.events]
    return NewWebhookOut.told(offered(services.webhooks).create(principal, url=form.url, events=events))


@router.get("/webhooks")
def list_webhooks(principal: Asking, services: Offered) -> list[WebhookOut]:
    """All webhooks, the oldest first, and how their messages fare."""
    return [WebhookOut.of(kept) for kept in offered(services.webhooks).list(principal)]


@router.delete("/webhooks/{webhook_id}", status_code=204)
def delete_webhook(webhook_id: Id, principal: Asking, services: Offered) -> None:
    """Nothing more is sent, not even what was waiting."""
    offered(services.webhooks).delete(principal, webhook_id)
