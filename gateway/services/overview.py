"""How the installation is doing, for the officer: what waits, what left, what is held and why; in counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from gateway.services.authorize import authorize
from gateway.services.jobs import DEAD_AFTER
from gateway.services.one_person import to_vouch
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import asset_lists, datasets, grants, log, policies, tallies, vitals
from gateway.store.queries.tallies import DayCount, Outcome
from gateway.store.records import DatasetRecord, ProposalRecord
from policies.access import INSTALLATION, Action, Principal
from policies.approval import PolicyState
from policies.lifecycle import AssetState

WORKING: Final = (AssetState.RECEIVED, AssetState.PROCESSING)


@dataclass(frozen=True, slots=True)
class Waiting:
    """number: how many. since: when the one that waits longest began to; None where none does."""

    number: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class DatasetFigures:
    """working: received or processing."""

    dataset: DatasetRecord
    released: int
    working: int
    review: int
    held: int


@dataclass(frozen=True, slots=True)
class LogState:
    """entries: under the newest checkpoint, which was signed at `signed_at`."""

    entries: int
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class GrantState:
    """open: neither over nor taken back. next_end: when the first of them ends."""

    open: int
    next_end: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """What stands now. held: by reason code, the most first. to_approve: what this officer may decide on."""

    now: datetime
    queue: Waiting
    processing: int
    review: Waiting
    held: Sequence[tuple[str, int]]
    datasets: Sequence[DatasetFigures]
    to_approve: Sequence[ProposalRecord]
    log: LogState
    grants: GrantState
    workers: int

    @property
    def held_number(self) -> int:
        return sum(number for _, number in self.held)


@dataclass(frozen=True, slots=True)
class Days:
    """What happened, day by day (UTC), the oldest first: each day has every outcome. refused: by code."""

    days: Sequence[date]
    numbers: Mapping[Outcome, Sequence[int]]
    refused: Mapping[str, int]

    def total(self, outcome: Outcome) -> int:
        return sum(self.numbers[outcome])

    @property
    def share(self) -> float | None:
        """Of the images that were anonymized, the share released without a person; None: there are none."""
        return share(self.total(Outcome.AT_ONCE), self.total(Outcome.TO_REVIEW))

    def shares(self) -> list[float | None]:
        """The same, a day each."""
        pairs = zip(self.numbers[Outcome.AT_ONCE], self.numbers[Outcome.TO_REVIEW], strict=True)
        return [share(at_once, asked) for at_once, asked in pairs]


def share(at_once: int, asked: int) -> float | None:
    """asked: those that were sent to a person. Between 0 and 1."""
    return at_once / (at_once + asked) if at_once + asked else None


class Overviews:
    """The figures of the officer's pages; every read is decided."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def now(self, principal: Principal) -> Overview:
        """Raises AccessDenied."""
        now = self._allowed(principal)
        with self._database.reading() as session:
            standing = tallies.standing(session)
            sums = {state: sum(counts[state] for counts in standing.values()) for state in AssetState}
            checkpoint = log.last_checkpoint(session)
            beats = vitals.heartbeats(session)
            return Overview(
                now=now,
                queue=Waiting(sums[AssetState.RECEIVED], asset_lists.oldest_in(session, AssetState.RECEIVED)),
                processing=sums[AssetState.PROCESSING],
                review=Waiting(
                    sums[AssetState.NEEDS_REVIEW], asset_lists.oldest_in(session, AssetState.NEEDS_REVIEW)
                ),
                held=asset_lists.held_by_cause(session),
                datasets=[_figures(one, standing.get(one.id, {})) for one in datasets.all_datasets(session)],
                to_approve=[
                    one
                    for one in policies.all_proposals(session)
                    if one.state is PolicyState.SUBMITTED
                    and to_vouch(session, principal.id, one.author_id) is None
                ],
                log=LogState(0 if checkpoint is None else checkpoint.size, vitals.checkpoint_at(session)),
                grants=GrantState(*grants.open_at(session, now)),
                workers=sum(now - beat <= DEAD_AFTER for beat in beats),
            )

    def days(self, principal: Principal, *, back: int) -> Days:
        """The last `back` days, today among them. Raises AccessDenied."""
        today = self._allowed(principal).astimezone(UTC).date()
        first = today - timedelta(days=back - 1)
        with self._database.reading() as session:
            return _days(first, back, tallies.days(session, since=first))

    def _allowed(self, principal: Principal) -> datetime:
        now = self._clock()
        authorize(self._database, principal, Action.OVERVIEW_READ, INSTALLATION, now=now)
        return now


def _figures(dataset: DatasetRecord, counts: Mapping[AssetState, int]) -> DatasetFigures:
    def number(*states: AssetState) -> int:
        return sum(counts.get(state, 0) for state in states)

    return DatasetFigures(
        dataset,
        released=number(AssetState.RELEASED),
        working=number(*WORKING),
        review=number(AssetState.NEEDS_REVIEW),
        held=number(AssetState.QUARANTINED),
    )


def _days(first: date, back: int, counts: Sequence[DayCount]) -> Days:
    named = [first + timedelta(days=number) for number in range(back)]
    numbers = {outcome: [0] * back for outcome in Outcome}
    refused: dict[str, int] = {}
    for count in counts:
        place = (count.day - first).days
        if place >= back:
            continue  # a clock that runs ahead wrote of tomorrow
        numbers[count.outcome][place] += count.number
        if count.outcome is Outcome.REFUSED:
            refused[count.reason] = refused.get(count.reason, 0) + count.number
    return Days(named, numbers, dict(sorted(refused.items(), key=lambda pair: (-pair[1], pair[0]))))
