"""What Prometheus is told: this process's requests, and the installation's state from the database.

Labels are routes' templates, codes, states and stages: never an id, a path, a name. What workers and the
sequencer do is in the database, so that every server tells the same of it and they need no port of their own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from gateway.services import job_counts
from gateway.services.jobs import DEAD_AFTER
from gateway.services.outage import PARTS
from gateway.services.ports import Clock
from gateway.services.sweep import FORGOTTEN_AFTER
from gateway.store.database import Database
from gateway.store.proof_records import ProofOutcome
from gateway.store.queries import counters, outages, vitals
from gateway.store.queries.proofs import COUNTER as PROOFS
from gateway.version import VERSION
from gateway.web.identity import COUNTER as UNAUTHENTICATED
from policies.lifecycle import AssetState

SECONDS: Final = (0.005, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

KEEP_SECONDS: Final = 5.0
"""The database is read at most so often, however often somebody asks."""

MAX_REASONS: Final = 50
"""Reason codes told one by one; they come from our code, and should a release invent many, not all are."""


class Metrics:
    """One server's: its own registry, so that two servers in one process do not mix."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(Installation(database, clock))
        labels = ("route", "method", "status")
        self._requests = Counter(
            "privgate_http_requests", "Requests answered.", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "privgate_http_request_seconds",
            "From a request's head to its answer's last byte.",
            ("route", "method"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._refusals = Counter(
            "privgate_refusals",
            "Problem documents sent, by code.",
            ("code",),
            registry=self.registry,
        )

    def answered(self, *, route: str, method: str, status: int, seconds: float, code: str | None) -> None:
        """route: a template. code: the problem's, if the answer was one."""
        known = method if method in METHODS else "other"
        self._requests.labels(route, known, str(status)).inc()
        self._seconds.labels(route, known).observe(seconds)
        if code is not None:
            self._refusals.labels(code).inc()


class Installation(Collector):
    """The state that lies in the database, read when it is asked for."""

    def __init__(
        self, database: Database, clock: Clock, *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._clock = clock
        self._ticks = ticks
        self._lock = threading.Lock()
        self._kept: tuple[float, list[Metric]] | None = None

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not read the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            if self._kept is None or self._ticks() - self._kept[0] >= KEEP_SECONDS:
                self._kept = (self._ticks(), self._read())
            yield from self._kept[1]

    def _read(self) -> list[Metric]:
        found: list[Metric] = [InfoMetricFamily("privgate_build", "This release.", {"version": VERSION})]
        try:
            found += self._from_database(self._clock())
        except SQLAlchemyError:
            return [*found, GaugeMetricFamily("privgate_database_up", "The database answers.", 0)]
        return [*found, GaugeMetricFamily("privgate_database_up", "The database answers.", 1)]

    def _from_database(self, now: datetime) -> list[Metric]:
        with self._database.reading() as session:
            stuck_before = now - FORGOTTEN_AFTER[AssetState.PROCESSING]
            work = vitals.work(session, stuck_before=stuck_before)
            log = vitals.log(session)
            beats = vitals.heartbeats(session)
            counted = vitals.counters(session, job_counts.PREFIX)
            proofs = vitals.counters(session, PROOFS)
            away = outages.all_of(session)
            unauthenticated = counters.value(session, UNAUTHENTICATED)
        turned_away = CounterMetricFamily(
            "privgate_requests_unauthenticated", "Requests without a valid token.", unauthenticated
        )
        return [
            *_work(work, now),
            *_workers([(now - beat).total_seconds() for beat in beats if now - beat <= DEAD_AFTER]),
            *_log(log, now),
            *_jobs(counted),
            _proofs(proofs),
            _away(away, now),
            turned_away,
        ]


def _work(work: vitals.WorkVitals, now: datetime) -> Iterator[Metric]:
    assets = GaugeMetricFamily("privgate_assets", "Assets, by state.", labels=["state"])
    for state, count in sorted(work.assets.items()):
        assets.add_metric([state], count)
    yield assets
    held = GaugeMetricFamily("privgate_assets_quarantined", "Assets held, by reason.", labels=["reason"])
    ordered = sorted(work.quarantined.items(), key=lambda item: (-item[1], item[0]))
    for reason, count in ordered[:MAX_REASONS]:
        held.add_metric([reason], count)
    if rest := sum(count for _, count in ordered[MAX_REASONS:]):
        held.add_metric(["other"], rest)
    yield held
    waiting = work.assets[AssetState.RECEIVED]
    yield GaugeMetricFamily("privgate_queue_length", "Assets that no worker has begun.", waiting)
    yield _age(
        "privgate_queue_oldest_seconds", "How long the oldest of these waits.", work.waiting_since, now
    )
    yield GaugeMetricFamily("privgate_jobs_stuck", "Jobs at work for more than 15 minutes.", work.stuck)


def _workers(ages: list[float]) -> Iterator[Metric]:
    """ages: seconds since the heartbeat of each worker that is alive; workers' ids are no label."""
    yield GaugeMetricFamily("privgate_workers_alive", "Workers with a fresh heartbeat.", len(ages))
    oldest = max(ages, default=0.0)
    yield GaugeMetricFamily("privgate_worker_heartbeat_seconds", "The oldest heartbeat of these.", oldest)


def _log(log: vitals.LogVitals, now: datetime) -> Iterator[Metric]:
    yield GaugeMetricFamily("privgate_log_entries", "Entries under a checkpoint.", log.sequenced)
    yield GaugeMetricFamily("privgate_log_unsequenced", "Entries under none yet.", log.unsequenced)
    yield _age("privgate_log_unsequenced_oldest_seconds", "The age of the oldest of these.", log.oldest, now)
    yield _age("privgate_checkpoint_age_seconds", "The age of the newest checkpoint.", log.checkpoint_at, now)


def _jobs(counted: dict[str, int]) -> Iterator[Metric]:
    """counted: the counters of `job_counts`, without their prefix."""
    begun = counted.get(_rest(job_counts.BEGUN), 0)
    yield CounterMetricFamily("privgate_job_attempts", "Times that a job was begun.", begun)
    settled = CounterMetricFamily("privgate_jobs_settled", "Jobs ended, by state.", labels=["state"])
    ended = {
        state: counted.get(_rest(job_counts.SETTLED) + state.value, 0)
        for state in (AssetState.RELEASED, AssetState.NEEDS_REVIEW, AssetState.QUARANTINED)
    }
    for state, count in ended.items():
        settled.add_metric([state.value], count)
    yield settled
    released, asked = ended[AssetState.RELEASED], ended[AssetState.NEEDS_REVIEW]
    if released + asked:
        ratio = released / (released + asked)
        said = "Share of the images anonymized that were released without a person."
        yield GaugeMetricFamily("privgate_released_without_a_person_ratio", said, ratio)
    yield _stages(counted)


def _proofs(counted: dict[str, int]) -> Metric:
    family = CounterMetricFamily(
        "privgate_proofs", "Twin tests of copies, by what came of them.", labels=["outcome"]
    )
    for outcome in ProofOutcome:
        family.add_metric([outcome.value], counted.get(outcome.value, 0))
    return family


def _away(away: dict[str, datetime], now: datetime) -> Metric:
    """away: since when, by part. A part that answers has 0, so that an alert needs no other metric."""
    said = "For how long workers have not reached a part of the vault; 0: they do."
    family = GaugeMetricFamily("privgate_vault_away_seconds", said, labels=["part"])
    for part in PARTS:
        since = away.get(part, now)
        family.add_metric([part], max(0.0, (now - since).total_seconds()))
    return family


def _stages(counted: dict[str, int]) -> Metric:
    family = HistogramMetricFamily("privgate_stage_seconds", "Anonymization, by stage.", labels=["stage"])
    for stage in job_counts.STAGES:
        prefix = f"{_rest(job_counts.STAGE)}{stage}."
        total, buckets = 0, []
        for bound in job_counts.BUCKETS_MS:
            total += counted.get(f"{prefix}{bound}", 0)
            buckets.append((str(bound / 1000), float(total)))
        total += counted.get(prefix + job_counts.BEYOND, 0)
        buckets.append(("+Inf", float(total)))
        family.add_metric([stage], buckets, counted.get(f"{prefix}sum", 0) / 1000)
    return family


def _rest(name: str) -> str:
    return name.removeprefix(job_counts.PREFIX)


def _age(name: str, what: str, since: datetime | None, now: datetime) -> Metric:
    return GaugeMetricFamily(name, what, 0.0 if since is None else max(0.0, (now - since).total_seconds()))
