"""What workers count of their jobs: how they ended, and how long each stage took, as a histogram.

The totals lie in the database's counters, so that any server can tell them, whichever worker counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.services.tally import Tally

STAGES: Final = ("decode", "detect", "redact", "encode", "check")

BUCKETS_MS: Final = (10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000)
"""Upper bounds. Detection takes 0.1 to 2 s an image on two cores, the other stages 5 to 300 ms."""

BEYOND: Final = "inf"

BEGUN: Final = "job.begun"
SETTLED: Final = "job.settled."
STAGE: Final = "job.stage."
PREFIX: Final = "job."


class JobCounts:
    """One worker's; `begun` and `settled` from any thread."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def begun(self) -> None:
        self._tally.add(BEGUN)

    def settled(self, state: str, milliseconds: Mapping[str, int]) -> None:
        """state: the asset's. milliseconds: by stage; empty where the image was not taken."""
        self._tally.add(SETTLED + state)
        for stage in STAGES:
            if stage in milliseconds:
                self._tally.add(f"{STAGE}{stage}.{_bucket(milliseconds[stage])}")
                self._tally.add(f"{STAGE}{stage}.sum", milliseconds[stage])


def _bucket(milliseconds: int) -> str:
    return next((str(bound) for bound in BUCKETS_MS if milliseconds <= bound), BEYOND)
