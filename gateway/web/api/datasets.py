"""/v1/datasets: what images are brought into."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.errors import InputRefused
from gateway.web.api.schemas import DatasetForm, DatasetOut
from gateway.web.identity import Asking
from gateway.web.services import Offered
from policies.policy import load_policy, preset_names

router = APIRouter(tags=["datasets"])


@router.post("/datasets", status_code=201)
def create_dataset(form: DatasetForm, principal: Asking, services: Offered) -> DatasetOut:
    """A new dataset under a preset's policy, with a label set if its images are to be labelled."""
    if form.policy not in preset_names():  # a name from outside must never become a path
        raise InputRefused(
            "there is no such preset",
            advice=f"write one of {', '.join(preset_names())}",
            code="policy.unknown",
        )
    label_set = [category.to_category() for category in form.categories]
    record = services.datasets.create(
        principal, name=form.name, policy=load_policy(form.policy), label_set=label_set
    )
    return DatasetOut.of(record)


@router.get("/datasets")
def list_datasets(principal: Asking, services: Offered) -> list[DatasetOut]:
    """All datasets, the oldest first."""
    return [DatasetOut.of(record) for record in services.datasets.list(principal)]
