"""Batches, datasets and people by the beginning of an id or a part of a name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_
from sqlmodel import Session, col, select

from gateway.store.batch_tables import Batch
from gateway.store.tables import Dataset, Person, PersonName


@dataclass(frozen=True, slots=True)
class FoundBatch:
    """owner: who made it."""

    id: str
    dataset: str
    dataset_name: str
    owner: str


@dataclass(frozen=True, slots=True)
class FoundDataset:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """name: None once it was erased."""

    id: str
    name: str | None
    role: str


def batches(session: Session, start: str, *, limit: int) -> list[FoundBatch]:
    """start: "batch-" and hexadecimal digits."""
    key = col(Batch.id)
    query = select(Batch, Dataset.name).join(Dataset).where(key >= start, key < start + "g")
    return [
        FoundBatch(row.id, row.dataset_id, name, row.created_by)
        for row, name in session.exec(query.order_by(key).limit(limit))
        if row.id.startswith(start)
    ]


def datasets(session: Session, text: str, *, limit: int) -> list[FoundDataset]:
    """Names that hold the text, whatever its case, and the one whose id it is."""
    name = col(Dataset.name)
    query = select(Dataset).where(or_(name.icontains(text, autoescape=True), col(Dataset.id) == text))
    return [FoundDataset(row.id, row.name) for row in session.exec(query.order_by(name).limit(limit))]


def people(session: Session, text: str, *, limit: int) -> list[FoundPerson]:
    """Names that hold the text, whatever its case, and the one whose id it is."""
    name = col(PersonName.name)
    query = (
        select(Person, PersonName.name)
        .join(PersonName, col(PersonName.person_id) == col(Person.id), isouter=True)
        .where(or_(name.icontains(text, autoescape=True), col(Person.id) == text))
        .order_by(name, col(Person.id))
        .limit(limit)
    )
    return [FoundPerson(row.id, found, row.role) for row, found in session.exec(query)]
