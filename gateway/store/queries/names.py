"""People by the names they go by: for pages that show ids to somebody who knows the people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Executable, func, select
from sqlmodel import Session, col

from gateway.store.tables import Person, PersonName
from policies.access import Role

_PEOPLE: Final = select(col(Person.id), col(Person.role), col(PersonName.name)).join(
    PersonName, col(PersonName.person_id) == col(Person.id), isouter=True
)


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who is here, or was. name: None where it was erased, or never given."""

    id: str
    name: str | None
    role: Role


def of(session: Session, ids: Collection[str]) -> dict[str, Known]:
    """Those of the ids that are people's."""
    query = _PEOPLE.where(col(Person.id).in_(sorted(set(ids))))
    return {known.id: known for known in _read(session, query)}


def called(session: Session, text: str, *, limit: int) -> list[Known]:
    """Whose id this is; or else whose name it is, or begins with it, whatever the case."""
    exact = _read(session, _PEOPLE.where(col(Person.id) == text))
    if exact:
        return exact
    lower = func.lower(col(PersonName.name))
    query = _PEOPLE.where(lower.startswith(text.lower(), autoescape=True))
    return _read(session, query.order_by(lower, col(Person.id)).limit(limit))


def _read(session: Session, query: Executable) -> list[Known]:
    return [Known(person, name, Role(role)) for person, role, name in session.execute(query)]
