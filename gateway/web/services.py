"""The services that this process offers, put together once and reached by routes through the app's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Request

from gateway.errors import NotFound
from gateway.services.apply_policy import PolicyApplication
from gateway.services.asset_life import AssetLives
from gateway.services.audit_log import AuditLog
from gateway.services.batch_pages import BatchPages
from gateway.services.batches import Batches
from gateway.services.broker import Broker
from gateway.services.copy_previews import CopyPreviews
from gateway.services.datasets import Datasets
from gateway.services.file_names import FileNames
from gateway.services.grants import Grants
from gateway.services.groups import Groups
from gateway.services.guidelines import Guidelines
from gateway.services.intake import Intake
from gateway.services.label_drafts import LabelDrafts
from gateway.services.label_export import LabelExport
from gateway.services.label_sets import LabelSets
from gateway.services.label_submissions import LabelSubmissions
from gateway.services.label_tasks import LabelTasks
from gateway.services.log_checks import LogChecks
from gateway.services.log_explorer import LogExplorer
from gateway.services.my_work import MyWork
from gateway.services.policies import Policies
from gateway.services.policy_overview import PolicyOverview
from gateway.services.policy_previews import PolicyPreviews
from gateway.services.progress import Progress
from gateway.services.proofs import Proofs
from gateway.services.rederive import Rederivations
from gateway.services.resumable import Resumable
from gateway.services.review_decide import ReviewDecisions
from gateway.services.review_figures import ReviewFigures
from gateway.services.review_queue import ReviewQueue
from gateway.services.review_work import ReviewWork
from gateway.services.rollbacks import Rollbacks
from gateway.services.tending import Tending
from gateway.services.upload_terms import UploadTerms
from gateway.services.webhooks import Webhooks
from gateway.services.workforce import Workforce

if TYPE_CHECKING:  # it brings the imaging room, which the broker's process is to do without
    from gateway.services.review_image import ReviewImages

Service = TypeVar("Service")


@dataclass(frozen=True, slots=True)
class Reviews:
    """The review desk: all of it, or none."""

    queue: ReviewQueue
    decisions: ReviewDecisions
    images: ReviewImages
    work: ReviewWork


@dataclass(frozen=True, slots=True)
class Bringing:
    """What whoever brings images in is told. names, previews: None without the key that each needs."""

    terms: UploadTerms
    pages: BatchPages
    names: FileNames | None
    previews: CopyPreviews | None


@dataclass(frozen=True, slots=True)
class Log:
    """The log as it is looked into and verified from the console."""

    explorer: LogExplorer
    lives: AssetLives
    checks: LogChecks


@dataclass(frozen=True, slots=True)
class Services:
    """None where this process's role leaves a service out."""

    progress: Progress
    datasets: Datasets
    grants: Grants
    policies: Policies
    previews: PolicyPreviews
    application: PolicyApplication
    rederivations: Rederivations
    rollbacks: Rollbacks
    policy_overview: PolicyOverview
    proofs: Proofs
    label_sets: LabelSets
    label_tasks: LabelTasks
    label_submissions: LabelSubmissions
    label_export: LabelExport
    label_drafts: LabelDrafts
    guidelines: Guidelines
    my_work: MyWork
    batches: Batches
    workforce: Workforce
    groups: Groups
    bringing: Bringing
    broker: Broker | None
    intake: Intake | None
    uploads: Resumable | None
    webhooks: Webhooks | None
    audit_log: AuditLog | None
    log: Log | None
    reviews: Reviews | None
    review_figures: ReviewFigures
    tending: Tending | None


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Offered = Annotated[Services, Depends(_services)]


def offered(service: Service | None) -> Service:
    """The service, or NotFound where this process has none."""
    if service is None:
        raise NotFound("this process does not offer that; ask the gateway's other address")
    return service
