"""Which detectors a policy asks for, loaded once a worker however many policies there are."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from gateway.detection.detector import DetectorSet
from gateway.detection.models import ModelStore
from gateway.detection.registry import load_detectors
from gateway.detection.runtime import Precision, fastest_precision
from policies.model import Effort
from policies.policy import Policy


class PolicyDetectors:
    """Detector sets by the names that policies give; one compiled session a model and process.

    Any thread may call. One image is looked at at a time, whatever its policy: a look uses all the threads.
    """

    def __init__(self, models: ModelStore, *, threads: int, precision: str | None = None) -> None:
        """precision: "f32" or "bf16"; left out, the fastest that this CPU has."""
        self._models = models
        self._threads = threads
        self._precision = Precision(precision) if precision else fastest_precision()
        self._loading = threading.Lock()
        self._turn = threading.RLock()
        self._sets: dict[tuple[tuple[str, ...], tuple[str, ...], Effort, bool], DetectorSet] = {}

    def __call__(self, policy: Policy) -> DetectorSet:
        """Raises MissingDetector or MissingModel when what the policy requires cannot run here."""
        required = _unique(name for rule in policy.rules for name in rule.detectors)
        optional = tuple(
            name
            for name in _unique(name for rule in policy.rules for name in rule.second_opinion)
            if name not in required
        )
        key = required, optional, policy.effort, policy.reads
        with self._loading:
            if key not in self._sets:
                self._sets[key] = load_detectors(
                    required,
                    optional,
                    models=self._models,
                    threads=self._threads,
                    precision=self._precision,
                    effort=policy.effort,
                    reading=policy.reads,
                )
                self._sets[key].turn = self._turn
            return self._sets[key]


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
