"""Measures what one file costs a worker, where it is asked for (`privgate bench`).

Stages are those that `sanitize` opens spans for, so what is measured is the product's own path and not a copy
of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from copy import copy

from gateway.detection.detector import Detector, DetectorSet, LineReader
from gateway.detection.passes import Pixels
from gateway.services.detectors import PolicyDetectors
from gateway.services.tracing import Attributes, send_spans_to
from gateway.services.usage import Usage, peak_memory
from policies.identifiers import ReadLine
from policies.model import Detection, Region
from policies.policy import Policy

SPAN_PREFIX = "job."

Watch = Callable[[str], AbstractContextManager[None]]
"""Times what is inside, by name."""


class Meter:
    """One worker's watch. While it is measuring a file it takes that process's spans."""

    def __init__(self) -> None:
        self._stages: dict[str, float] = {}
        self._detectors: dict[str, float] = {}
        self._stage = ""
        self._began = 0.0

    @contextmanager
    def measuring(self) -> Iterator[None]:
        self._stages, self._detectors = {}, {}
        send_spans_to(self._span)
        self._began = time.perf_counter()
        try:
            yield
        finally:
            send_spans_to(None)

    def usage(self, decoder: int | None) -> Usage:
        """Since `measuring` began. decoder: the process id of the decoder, if there is one."""
        return Usage(
            1000 * (time.perf_counter() - self._began),
            dict(self._stages),
            dict(self._detectors),
            peak_memory("self"),
            0 if decoder is None else peak_memory(decoder),
        )

    def watched(self, detectors: DetectorSet) -> DetectorSet:
        """The same detectors, each timed."""
        same = copy(detectors)  # with all else that it is made of
        same.detectors = tuple(_Timed(one, self._look) for one in detectors.detectors)
        same.reader = None if detectors.reader is None else _TimedReader(detectors.reader, self._look)
        return same

    def _look(self, name: str) -> AbstractContextManager[None]:
        return timed(self._detectors, f"{self._stage}/{name}")

    @contextmanager
    def _span(self, name: str, _: Attributes) -> Iterator[None]:
        self._stage = name.removeprefix(SPAN_PREFIX)
        with timed(self._stages, self._stage):
            yield


class MeteredDetectors:
    """The policy's detectors, timed. Built once a policy, as they are."""

    def __init__(self, detectors: PolicyDetectors, meter: Meter) -> None:
        self._detectors, self._meter = detectors, meter
        self._sets: dict[int, tuple[DetectorSet, DetectorSet]] = {}

    def __call__(self, policy: Policy) -> DetectorSet:
        plain = self._detectors(policy)
        if id(plain) not in self._sets:
            self._sets[id(plain)] = plain, self._meter.watched(plain)  # `plain` too: its id stays its own
        return self._sets[id(plain)][1]


class _Timed:
    """A detector that is timed."""

    def __init__(self, detector: Detector, watch: Watch) -> None:
        self.name, self.kinds, self.models = detector.name, detector.kinds, detector.models
        self._detector, self._watch = detector, watch

    def detect(self, pixels: Pixels) -> list[Detection]:
        with self._watch(self.name):
            return self._detector.detect(pixels)


class _TimedReader:
    """A reader of lines that is timed."""

    def __init__(self, reader: LineReader, watch: Watch) -> None:
        self.name, self.models = reader.name, reader.models
        self._reader, self._watch = reader, watch

    def read(self, pixels: Pixels, regions: Sequence[Region]) -> list[ReadLine]:
        with self._watch(self.name):
            return self._reader.read(pixels, regions)


@contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    """Adds the milliseconds that the inside takes."""
    start = time.perf_counter()
    try:
        yield
    finally:
        into[name] = into.get(name, 0.0) + 1000 * (time.perf_counter() - start)
