"""Where the time of a run went: milliseconds an image by stage, and by detector within those. Pure.

What the stages leave over is, for files, reading the input and writing the copy durably (fsync). Within a
stage the rest is fusing what the detectors saw. Where detectors run side by side, their times come to more
than the stage took.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.bench.run import Made

ORDER = (
    *("intake.seal", "intake.blob", "intake.row", "intake.enqueue", "open"),
    *("decode", "detect", "plan", "redact", "encode", "check", "recheck"),
    *("put", "settle"),
)
"""Of the stages; the first and the last line only where the image goes through the whole gateway."""

REST = "between"
READ_AND_WRITE = "read and write"


@dataclass(frozen=True, slots=True)
class Step:
    """milliseconds: an image, on average. share: of the whole. part_of: the stage it lies in, if not one."""

    name: str
    milliseconds: float
    share: float
    part_of: str | None = None


def profile(made: Sequence[Made], rest: str = READ_AND_WRITE) -> list[Step]:
    """Of the images that were written; empty where none tells its stages. rest: what is left over."""
    told = [one for one in made if one.stages and one.output is not None]
    whole = sum(one.seconds for one in told) * 1000
    if not told or whole <= 0:
        return []

    def step(name: str, total: float, part_of: str | None = None) -> Step:
        return Step(name, total / len(told), total / whole, part_of)

    totals = _totals([one.stages for one in told])
    names = sorted(totals, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    by_detector = sorted(_totals([one.detectors for one in told]).items(), key=lambda one: -one[1])
    steps = []
    for name in names:
        steps.append(step(name, totals[name]))
        inside = [one for one in by_detector if one[0].startswith(f"{name}/")]
        steps += [step(asked.removeprefix(f"{name}/"), total, name) for asked, total in inside]
    steps.append(step(rest, max(whole - sum(totals.values()), 0.0)))
    return steps


def of_detection(steps: Sequence[Step]) -> float | None:
    """The share of bare detection: how much of its throughput is left to all the rest together."""
    return next((step.share for step in steps if step.name == "detect"), None)


def _totals(times: Sequence[Mapping[str, float]]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for one in times:
        for name, milliseconds in one.items():
            totals[name] = totals.get(name, 0.0) + milliseconds
    return totals
