"""What /v1/webhooks takes and answers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from gateway.services.webhooks import KeptWebhook


class Event(StrEnum):
    """States whose beginning is told."""

    RELEASED = "released"
    NEEDS_REVIEW = "needs_review"
    QUARANTINED = "quarantined"


class WebhookForm(BaseModel):
    """A new webhook: https:// and public, unless the operator allows more (PRIVGATE_WEBHOOK_NETWORKS)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    url: str = Field(min_length=1, max_length=2000, examples=["https://hooks.example.org/privgate"])
    events: list[Event] = Field(default=list(Event), min_length=1, max_length=len(Event))


class WebhookOut(BaseModel):
    """`pending` messages are sent or sent again; `given_up` ones were tried for a day."""

    id: str
    url: str
    events: list[Event]
    delivered: int
    pending: int
    given_up: int
    created_at: datetime

    @classmethod
    def of(cls, kept: KeptWebhook) -> Self:
        return cls(
            id=kept.webhook.id,
            url=kept.webhook.url,
            events=[Event(event) for event in kept.webhook.events],
            delivered=kept.count.delivered,
            pending=kept.count.pending,
            given_up=kept.count.given_up,
            created_at=kept.webhook.created_at,
        )


class NewWebhookOut(WebhookOut):
    """With the secret that signs its messages, this once: Standard Webhooks, `whsec_` and base64."""

    secret: str

    @classmethod
    def told(cls, kept: KeptWebhook) -> Self:
        return cls(**WebhookOut.of(kept).model_dump(), secret=kept.secret or "")
