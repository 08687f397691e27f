"""What whoever runs the installation looks at: work, workers, models by digest. No image, no file name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.detection.models import ModelState, ModelStore
from gateway.services.authorize import authorize
from gateway.services.findings import Check, Finding, examine
from gateway.services.intake import OUR_FAULT
from gateway.services.jobs import DEAD_AFTER
from gateway.services.ports import Clock
from gateway.services.readiness import Readiness, Unready
from gateway.services.sweep import FORGOTTEN_AFTER
from gateway.store.database import Database
from gateway.store.queries import asset_lists, outages, queues, tallies, vitals, workers
from gateway.store.queries.workers import WorkerRecord
from policies.access import INSTALLATION, Action, Principal
from policies.lifecycle import AssetState

SHOWN_AT_WORK: Final = 50


@dataclass(frozen=True, slots=True)
class Queue:
    """One kind of work. since: when the one that waits longest began to."""

    name: str
    waiting: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Queues:
    """at_work: images by id, since when, which attempt. stuck: how many of them for too long.

    away: parts of the vault that workers cannot reach, and since when.
    failed: images that are held through our own fault, by reason code. held: how many are held in all.
    """

    now: datetime
    lines: Sequence[Queue]
    at_work: Sequence[tuple[str, datetime, int]]
    processing: int
    stuck: int
    away: Mapping[str, datetime]
    failed: Sequence[tuple[str, int]]
    held: int


@dataclass(frozen=True, slots=True)
class ModelLine:
    """digest: the SHA-256 that the manifest asks for. origin: the package, or the operator's own."""

    name: str
    licence: str
    digest: str
    origin: str
    state: ModelState


class Estate:
    """readiness: this server's parts. checks: the doctor's that cost little. models: this machine's."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        readiness: Readiness,
        checks: Callable[[], Iterable[tuple[str, Check]]],
        models: ModelStore,
    ) -> None:
        self._database = database
        self._clock = clock
        self._readiness = readiness
        self._checks = checks
        self._models = models
        self._listed: tuple[object, Sequence[ModelLine]] | None = None

    def parts(self, principal: Principal) -> list[tuple[str, Unready | None]]:
        """Each part of this server, and what it failed with where it does not work. Raises AccessDenied."""
        self._allowed(principal)
        failing = {unready.part: unready for unready in self._readiness.failing()}
        return [(part, failing.get(part)) for part in self._readiness.parts]

    def findings(self, principal: Principal) -> list[Finding]:
        """What the doctor says of what costs little to look at. Raises AccessDenied."""
        self._allowed(principal)
        return list(examine(self._checks()))

    def away(self, principal: Principal) -> Mapping[str, datetime]:
        """Parts of the vault that workers cannot reach, and since when. Raises AccessDenied."""
        self._allowed(principal)
        with self._database.reading() as session:
            return outages.all_of(session)

    def queues(self, principal: Principal) -> Queues:
        """Raises AccessDenied."""
        now = self._allowed(principal)
        with self._database.reading() as session:
            standing = tallies.standing(session)
            sums = {state: sum(counts[state] for counts in standing.values()) for state in AssetState}
            stuck = vitals.stuck(session, before=now - FORGOTTEN_AFTER[AssetState.PROCESSING])
            held = asset_lists.held_by_cause(session)
            images = (sums[AssetState.RECEIVED], asset_lists.oldest_in(session, AssetState.RECEIVED))
            lines = [
                Queue("Images to anonymize", *images),
                Queue("Copies to make anew", *queues.rederived(session)),
                Queue("Previews of policies", *queues.previews(session)),
                Queue("Messages to webhooks", *queues.messages(session)),
            ]
            away = outages.all_of(session)
            at_work = queues.at_work(session, limit=SHOWN_AT_WORK)
        return Queues(
            now=now,
            lines=lines,
            at_work=at_work,
            processing=sums[AssetState.PROCESSING],
            stuck=stuck,
            away=away,
            failed=[(reason, number) for reason, number in held if reason in OUR_FAULT],
            held=sum(number for _, number in held),
        )

    def workers(self, principal: Principal) -> list[tuple[WorkerRecord, bool]]:
        """Every worker, and whether it is alive. Raises AccessDenied."""
        now = self._allowed(principal)
        with self._database.reading() as session:
            return [(one, now - one.seen_at <= DEAD_AFTER) for one in workers.known(session)]

    def models(self, principal: Principal) -> Sequence[ModelLine]:
        """Every model that the manifest names, or the operator. Raises AccessDenied."""
        self._allowed(principal)
        # Hashing takes a while: it is done again only when a file of the folder has changed.
        seen = _marks(self._models)
        if self._listed is None or self._listed[0] != seen:
            lines = [
                ModelLine(
                    one.entry.name, one.entry.licence, one.entry.file_sha256, one.entry.origin, one.state
                )
                for one in self._models.list()
            ]
            self._listed = (seen, lines)
        return self._listed[1]

    def _allowed(self, principal: Principal) -> datetime:
        now = self._clock()
        authorize(self._database, principal, Action.INSTALLATION_READ, INSTALLATION, now=now)
        return now


def _marks(store: ModelStore) -> list[tuple[str, int, int]]:
    if not store.folder.is_dir():
        return []
    found = [(path, path.stat()) for path in sorted(store.folder.rglob("*")) if path.is_file()]
    return [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found]
