"""Label sets: the categories of each dataset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlmodel import Session, and_, col, select, update

from gateway.errors import Conflict
from gateway.labels.model import Category
from gateway.store.label_tables import LabelCategory


def of(session: Session, dataset_id: str) -> list[Category]:
    """By number; empty where no label set was given."""
    query = select(LabelCategory).where(LabelCategory.dataset_id == dataset_id)
    rows = session.exec(query.order_by(col(LabelCategory.number)))
    return [_category(row) for row in rows]


def replace(session: Session, dataset_id: str, categories: Sequence[Category]) -> None:
    """Sets the label set. Raises Conflict where labels name a category that would go or get another name.

    Nor may one that has landmarks get others then: the points of those labels would be called otherwise.
    """
    wanted = {category.number: category for category in categories}
    # Locked, so that no submission names a category while it goes.
    query = select(LabelCategory).where(LabelCategory.dataset_id == dataset_id).with_for_update()
    rows = session.exec(query).all()
    used = {row.number: _category(row) for row in rows if row.used}
    for number, before in used.items():
        after = wanted.get(number)
        if after is None or after.name != before.name:
            raise Conflict(f"labels name category {number}: it cannot go, nor be called something else")
        if before.landmarks and after.landmarks != before.landmarks:
            raise Conflict(f"labels name category {number}: its landmarks stay as they are")
    for row in rows:
        session.delete(row)
    session.flush()
    for category in categories:
        session.add(
            LabelCategory(
                dataset_id=dataset_id,
                number=category.number,
                name=category.name,
                parent=category.parent,
                landmarks=list(category.landmarks) or None,
                used=category.number in used,
            )
        )
    session.flush()


def use(session: Session, dataset_id: str, numbers: Iterable[int]) -> None:
    """From now on these stay what they are. Raises Conflict where one has gone in the meantime."""
    asked = sorted(set(numbers))
    if not asked:
        return
    where = and_(LabelCategory.dataset_id == dataset_id, col(LabelCategory.number).in_(asked))
    done = session.exec(update(LabelCategory).where(where).values(used=True))
    if done.rowcount != len(asked):
        raise Conflict("the label set has just changed; submit again")


def _category(row: LabelCategory) -> Category:
    return Category(row.number, row.name, row.parent, tuple(row.landmarks or ()))
