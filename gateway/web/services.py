"""The services that this process offers, put together once and reached by routes through the app's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from gateway.errors import NotFound
from gateway.services.audit_log import AuditLog
from gateway.services.batches import Batches
from gateway.services.broker import Broker
from gateway.services.datasets import Datasets
from gateway.services.grants import Grants
from gateway.services.intake import Intake
from gateway.services.progress import Progress
from gateway.services.resumable import Resumable
from gateway.services.webhooks import Webhooks

Service = TypeVar("Service")


@dataclass(frozen=True, slots=True)
class Services:
    """None where this process's role leaves a service out."""

    progress: Progress
    datasets: Datasets
    grants: Grants
    batches: Batches
    broker: Broker | None
    intake: Intake | None
    uploads: Resumable | None
    webhooks: Webhooks | None
    audit_log: AuditLog | None


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Offered = Annotated[Services, Depends(_services)]


def offered(service: Service | None) -> Service:
    """The service, or NotFound where this process has none."""
    if service is None:
        raise NotFound("this process does not offer that; ask the gateway's other address")
    return service
