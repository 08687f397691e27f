"""Datasets, and the policy versions that they are under."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import Select

from gateway.errors import Conflict, NotFound
from gateway.store.queries import policies
from gateway.store.records import DatasetRecord
from gateway.store.tables import Dataset, PolicyVersion
from policies.policy import Policy


def add(
    session: Session,
    *,
    dataset_id: str,
    name: str,
    policy: Policy,
    created_by: str,
    now: datetime,
    version: str | None = None,
) -> DatasetRecord:
    """version: the stored one that `policy` was read from, if it was. Raises Conflict for a name taken."""
    if session.exec(select(Dataset.id).where(Dataset.name == name)).first() is not None:
        raise Conflict("a dataset of this name exists; choose another name")
    if version is None:
        policies.keep(session, policy)
        version = policy.version
    session.add(
        Dataset(id=dataset_id, name=name, policy_version=version, created_by=created_by, created_at=now)
    )
    session.flush()
    return DatasetRecord(dataset_id, name, policy.name, version, now)


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
    return policies.load(session, get(session, dataset_id).policy_version)


def keeps(session: Session, dataset_id: str, version: str) -> bool:
    """True when the dataset is under this version and stays so until this transaction ends."""
    query = select(Dataset.policy_version).where(Dataset.id == dataset_id).with_for_update(read=True)
    return session.exec(query).first() == version


def put_under(session: Session, dataset_id: str, version: str) -> str:
    """Puts the dataset under a stored version; returns the one that it was under. Raises NotFound."""
    row = session.get(Dataset, dataset_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"dataset {dataset_id} does not exist")
    old, row.policy_version = row.policy_version, version
    session.add(row)
    session.flush()
    return old


def number_under(session: Session, version: str) -> int:
    """How many datasets are under this version."""
    return session.exec(select(func.count()).where(Dataset.policy_version == version)).one()


def policy_at(session: Session, version: str) -> Policy:
    """The policy of this version. Raises NotFound."""
    row = session.get(PolicyVersion, version)
    if row is None:
        raise NotFound(f"policy version {version} does not exist")
    policy = Policy.model_validate_json(row.document)
    if policy.version != row.version:
        raise Conflict(f"the stored policy {row.version} was altered; nothing is done under it")
    return policy


def _with_policy() -> Select[Dataset, PolicyVersion]:
    return select(Dataset, PolicyVersion).join(PolicyVersion)


def _record(dataset: Dataset, policy: PolicyVersion) -> DatasetRecord:
    return DatasetRecord(dataset.id, dataset.name, policy.name, policy.version, dataset.created_at)
