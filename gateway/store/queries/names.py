"""People by the names they go by: for pages that show ids to somebody who knows the people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from gateway.store.tables import Person, PersonName
from policies.access import Role


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who is here, or was. name: None where it was erased, or never given."""

    id: str
    name: str | None
    role: Role


def of(session: Session, ids: Collection[str]) -> dict[str, Known]:
    """Those of the ids that are people's."""
    query = _people().where(col(Person.id).in_(sorted(set(ids))))
    return {known.id: known for known in _read(session, query)}


def called(session: Session, text: str, *, limit: int) -> list[Known]:
    """Whose id this is; or else whose name it is, or begins with it, whatever the case."""
    exact = _read(session, _people().where(Person.id == text))
    if exact:
        return exact
    lower = func.lower(PersonName.name)
    query = _people().where(lower.startswith(text.lower(), autoescape=True))
    return _read(session, query.order_by(lower, Person.id).limit(limit))


def _people():  # type: ignore[no-untyped-def]  # SQLModel's select of three columns
    return select(Person.id, Person.role, PersonName.name).join(
        PersonName, col(PersonName.person_id) == col(Person.id), isouter=True
    )


def _read(session: Session, query) -> list[Known]:  # type: ignore[no-untyped-def]
    return [Known(person, name, Role(role)) for person, role, name in session.exec(query)]
