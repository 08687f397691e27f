"""Which detectors a policy asks for, loaded once a worker however many policies there are."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.detection.detector import DetectorSet
from gateway.detection.models import ModelStore
from gateway.detection.registry import load_detectors
from gateway.detection.runtime import Precision
from policies.policy import Policy


class PolicyDetectors:
    """Detector sets by the names that policies give; one compiled session a model and process."""

    def __init__(self, models: ModelStore, *, threads: int, precision: Precision = Precision.F32) -> None:
        self._models = models
        self._threads = threads
        self._precision = precision
        self._sets: dict[tuple[tuple[str, ...], tuple[str, ...], bool], DetectorSet] = {}

    def __call__(self, policy: Policy) -> DetectorSet:
        """Raises MissingDetector or MissingModel when what the policy requires cannot run here."""
        required = _unique(name for rule in policy.rules for name in rule.detectors)
        optional = tuple(
            name
            for name in _unique(name for rule in policy.rules for name in rule.second_opinion)
            if name not in required
        )
        key = required, optional, policy.reads
        if key not in self._sets:
            self._sets[key] = load_detectors(
                required,
                optional,
                models=self._models,
                threads=self._threads,
                precision=self._precision,
                reading=policy.reads,
            )
        return self._sets[key]


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
