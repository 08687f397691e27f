"""/v1/datasets: what images are brought into."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.errors import InputRefused
from gateway.web.api.schemas import DatasetForm, DatasetOut
from gateway.web.identity import Asking
from gateway.web.services import Offered
from policies.policy import preset_names

router = APIRouter(tags=["datasets"])


@router.post("/datasets", status_code=201)
def create_dataset(form: DatasetForm, principal: Asking, services: Offered) -> DatasetOut:
    """A new dataset under a preset or an approved policy, with a label set if images are to be labelled."""
    if form.policy not in preset_names() and not form.policy.startswith("policy-"):
        raise InputRefused(
            "there is no such preset",
            advice=f"write one of {', '.join(preset_names())}, or an approved policy's id",
            code="policy.unknown",
        )
    label_set = [category.to_category() for category in form.categories]
    record = services.datasets.create(principal, name=form.name, policy=form.policy, label_set=label_set)
    return DatasetOut.of(record)


@router.get("/datasets")
def list_datasets(principal: Asking, services: Offered) -> list[DatasetOut]:
    """All datasets, the oldest first."""
    return [DatasetOut.of(record) for record in services.datasets.list(principal)]
