"""Counts of assets: how many stand where, and what became of them day by day.

`queries.assets` and `queries.copies` keep them, in the transaction of the change. Days are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final, assert_never

from sqlalchemy import Date, bindparam, text
from sqlmodel import Session, col, func, select

from gateway.store.tally_tables import AssetCount, AssetDay
from policies.lifecycle import AssetState

# Known to both databases, and right however many transactions count at once.
_STAND: Final = text(
    "INSERT INTO asset_count (dataset_id, state, number) VALUES (:dataset, :state, :number) "
    "ON CONFLICT (dataset_id, state) DO UPDATE SET number = asset_count.number + excluded.number"
)
_HAPPEN: Final = text(
    "INSERT INTO asset_day (day, dataset_id, outcome, reason, number) "
    "VALUES (:day, :dataset, :outcome, :reason, :number) "
    "ON CONFLICT (day, dataset_id, outcome, reason) DO UPDATE SET number = asset_day.number + excluded.number"
).bindparams(bindparam("day", type_=Date))


class Outcome(StrEnum):
    """What is counted by the day. REFUSED has a reason, the refusal's code: no asset came of it."""

    RECEIVED = "received"
    REFUSED = "refused"
    AT_ONCE = "released.at_once"
    TO_REVIEW = "sent_to_review"
    REVIEWED = "released.after_review"
    QUARANTINED = "quarantined"
    COPIED = "copied"


@dataclass(frozen=True, slots=True)
class DayCount:
    """number: over all datasets."""

    day: date
    outcome: Outcome
    reason: str
    number: int


def came(session: Session, dataset_id: str, state: AssetState, *, now: datetime) -> None:
    """A new asset."""
    _stand(session, dataset_id, state, 1)
    _happen(session, dataset_id, Outcome.RECEIVED, now)


def moved(session: Session, dataset_id: str, old: AssetState, new: AssetState, *, now: datetime) -> None:
    """An asset went from a state to another, or was begun once more."""
    if old is not new:
        # In one order always, so that two transactions that wait for each other's row cannot be.
        for state, number in sorted(((old, -1), (new, 1))):
            _stand(session, dataset_id, state, number)
    outcome = _outcome(old, new)
    if outcome is not None:
        _happen(session, dataset_id, outcome, now)


def copied(session: Session, dataset_id: str, *, now: datetime) -> None:
    """A copy was made."""
    _happen(session, dataset_id, Outcome.COPIED, now)


def refused(session: Session, dataset_id: str, reason: str, *, now: datetime) -> None:
    """Something was not taken in."""
    _happen(session, dataset_id, Outcome.REFUSED, now, reason)


def standing(session: Session) -> dict[str, dict[AssetState, int]]:
    """How many assets stand in each state, by dataset; a dataset without assets is not in it."""
    found: dict[str, dict[AssetState, int]] = {}
    for row in session.exec(select(AssetCount)):
        found.setdefault(row.dataset_id, dict.fromkeys(AssetState, 0))[AssetState(row.state)] = row.number
    return found


def days(session: Session, *, since: date) -> list[DayCount]:
    """What happened from a day on, over all datasets, the oldest day first."""
    query = (
        select(col(AssetDay.day), col(AssetDay.outcome), col(AssetDay.reason), func.sum(col(AssetDay.number)))
        .where(col(AssetDay.day) >= since)
        .group_by(col(AssetDay.day), col(AssetDay.outcome), col(AssetDay.reason))
        .order_by(col(AssetDay.day), col(AssetDay.outcome), col(AssetDay.reason))
    )
    return [
        DayCount(day, Outcome(outcome), reason, int(number))
        for day, outcome, reason, number in session.exec(query)
    ]


def copies_made(session: Session) -> int:
    """How many copies ever were."""
    query = select(func.sum(AssetDay.number)).where(AssetDay.outcome == Outcome.COPIED.value)
    return int(session.exec(query).one() or 0)


def _stand(session: Session, dataset_id: str, state: AssetState, number: int) -> None:
    values = {"dataset": dataset_id, "state": state.value, "number": number}
    session.connection().execute(_STAND, values)


def _happen(session: Session, dataset_id: str, outcome: Outcome, now: datetime, reason: str = "") -> None:
    values = {
        "day": now.astimezone(UTC).date(),
        "dataset": dataset_id,
        "outcome": outcome.value,
        "reason": reason,
        "number": 1,
    }
    session.connection().execute(_HAPPEN, values)


def _outcome(old: AssetState, new: AssetState) -> Outcome | None:
    match new:
        case AssetState.RELEASED:
            return Outcome.REVIEWED if old is AssetState.NEEDS_REVIEW else Outcome.AT_ONCE
        case AssetState.NEEDS_REVIEW:
            return Outcome.TO_REVIEW
        case AssetState.QUARANTINED:
            return Outcome.QUARANTINED
        case AssetState.RECEIVED | AssetState.PROCESSING | AssetState.ERASED:
            return None
        case _:
            assert_never(new)
