"""Datasets, and the policy versions that they are under."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from gateway.errors import Conflict, NotFound
from gateway.store.records import DatasetRecord
from gateway.store.tables import Dataset, PolicyVersion
from policies.policy import Policy


def keep_policy(session: Session, policy: Policy) -> None:
    """Stores this version unless it is there: the same version is the same document."""
    if session.get(PolicyVersion, policy.version) is None:
        document = policy.canonical().decode()
        session.add(PolicyVersion(version=policy.version, name=policy.name, document=document))
        session.flush()


def add(
    session: Session, *, dataset_id: str, name: str, policy: Policy, created_by: str, now: datetime
) -> DatasetRecord:
    """Raises Conflict when the name is taken."""
    if session.exec(select(Dataset.id).where(Dataset.name == name)).first() is not None:
        raise Conflict("a dataset of this name exists; choose another name")
    keep_policy(session, policy)
    session.add(
        Dataset(
            id=dataset_id, name=name, policy_version=policy.version, created_by=created_by, created_at=now
        )
    )
    session.flush()
    return DatasetRecord(dataset_id, name, policy.name, policy.version, now)


def get(session: Session, dataset_id: str) -> DatasetRecord:
    """Raises NotFound."""
    found = session.exec(_with_policy().where(Dataset.id == dataset_id)).first()
    if found is None:
        raise NotFound(f"dataset {dataset_id} does not exist")
    return _record(*found)


def by_name(session: Session, name: str) -> DatasetRecord | None:
    found = session.exec(_with_policy().where(Dataset.name == name)).first()
    return None if found is None else _record(*found)


def all_datasets(session: Session) -> list[DatasetRecord]:
    query = _with_policy().order_by(col(Dataset.created_at), col(Dataset.id))
    return [_record(*row) for row in session.exec(query)]


def policy_of(session: Session, dataset_id: str) -> Policy:
    """The policy that the dataset's images are under. Raises NotFound."""
    found = session.exec(_with_policy().where(Dataset.id == dataset_id)).first()
    if found is None:
        raise NotFound(f"dataset {dataset_id} does not exist")
    policy = Policy.model_validate_json(found[1].document)
    if policy.version != found[1].version:
        raise Conflict(f"the stored policy {found[1].version} was altered; nothing is done under it")
    return policy


def _with_policy() -> Select[Dataset, PolicyVersion]:
    return select(Dataset, PolicyVersion).join(PolicyVersion)


def _record(dataset: Dataset, policy: PolicyVersion) -> DatasetRecord:
    return DatasetRecord(dataset.id, dataset.name, policy.name, policy.version, dataset.created_at)
