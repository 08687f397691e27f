"""Lists page by page, by key: a page is as quick at the end of a long list as at its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, false, or_
from sqlalchemy.orm import Mapped
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

Row = TypeVar("Row")

Key = tuple[Mapped[Any], bool]
"""A column of the order, and whether it descends."""


def by_id(
    session: Session, query: SelectOfScalar[Row], column: Mapped[str], *, after: str, limit: int
) -> Sequence[Row]:
    """The next rows by an id, beginning behind `after`; "" is before all of them."""
    return session.exec(query.where(column > after).order_by(column).limit(limit)).all()


def behind(keys: Sequence[Key], last: Sequence[Any]) -> ColumnElement[bool]:
    """The rows that stand behind the one whose keys are `last`. The last key tells any two rows apart."""
    further: ColumnElement[bool] = false()
    for (column, descends), value in reversed(list(zip(keys, last, strict=True))):
        beyond = column < value if descends else column > value
        further = or_(beyond, and_(column == value, further))
    return further


def in_order(keys: Sequence[Key]) -> list[ColumnElement[Any]]:
    """What to order by."""
    return [column.desc() if descends else column.asc() for column, descends in keys]


def newest_first(
    session: Session,
    query: Any,
    time: Mapped[Any],
    row_id: Mapped[str],
    *,
    before: tuple[Any, str] | None,
    after: tuple[Any, str] | None,
    limit: int,
) -> tuple[list[str], bool, bool]:
    """A page of ids, and whether there are newer and older ones. query: selects the id and the time.

    before, after: time and id of the row behind which the page is older, or newer; neither for the first.
    """
    backwards = after is not None
    keys = [(time, not backwards), (row_id, not backwards)]
    last = after if backwards else before
    if last is not None:
        query = query.where(behind(keys, last))
    found = session.exec(query.order_by(*in_order(keys)).limit(limit + 1)).all()
    more, ids = len(found) > limit, [row[0] for row in found[:limit]]
    if backwards:
        return ids[::-1], more, True
    return ids, before is not None, more
