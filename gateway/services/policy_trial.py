"""A policy tried on originals: what it newly hides and newly shows against the one in force.

Pixels stay in this process's memory, and nothing of an image but ids and rectangles comes out. Each detector
looks at an image once, however many policies ask for it: what it sees depends on no threshold of a policy.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import InputRefused, VaultError
from gateway.imaging.image import DecodedImage
from gateway.imaging.sandbox import Sandbox
from gateway.services.looking import seen_in
from gateway.services.sanitize import LoadDetectors
from gateway.store.records import AssetRecord
from policies.model import Detection, Plan, Size, Verdict
from policies.plan import make_plan
from policies.plan_difference import Difference, PlanDifference, difference
from policies.policy import Policy
from policies.release import draw_of
from policies.shapes import Outline

OpenOriginal = Callable[[AssetRecord], bytes]


class FrameLooks(defaultdict[int, dict[str, list[Detection]]]):
    """By frame: what detectors, by name, saw of it."""

    def __init__(self) -> None:
        super().__init__(dict)


@dataclass(frozen=True, slots=True)
class Tried:
    """One image. failure: a code where the original cannot be read; then nothing else is said.

    readings: how many lines the new policy has read, by what they were read as.
    """

    asset_id: str
    size: Size | None = None
    old: Plan | None = None
    new: Plan | None = None
    difference: PlanDifference | None = None
    failure: str | None = None
    readings: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        if self.failure is not None or self.difference is None or self.size is None:
            return {"asset": self.asset_id, "failure": self.failure}
        return {
            "asset": self.asset_id,
            "failure": None,
            "width": self.size.width,
            "height": self.size.height,
            "released_before": _released(self.old),
            "released_after": _released(self.new),
            "reasons_after": [] if self.new is None else list(self.new.reasons),
            "readings_after": dict(sorted(self.readings.items())),
            **{name: _listed(getattr(self.difference, name)) for name in PARTS},
        }


PARTS = ("newly_hidden", "newly_shown", "harder", "softer")


class PolicyTrial:
    """One worker's means. open_original: the bytes of an asset's original; raises VaultError."""

    def __init__(self, open_original: OpenOriginal, sandbox: Sandbox, load_detectors: LoadDetectors) -> None:
        self._open = open_original
        self._sandbox = sandbox
        self._load_detectors = load_detectors

    def check(self, *policies: Policy) -> None:
        """Raises Misconfigured when one of them cannot run here."""
        for policy in policies:
            self._load_detectors(policy)

    def run(
        self,
        assets: Iterable[AssetRecord],
        old: Policy,
        new: Policy,
        *,
        looked_at: Callable[[int], None] = lambda number: None,
    ) -> list[Tried]:
        """Image by image; one that cannot be read does not end it. Raises Misconfigured, VaultUnavailable.

        looked_at: told after each image how many there were.
        """
        tried = []
        for asset in assets:
            tried.append(self._one(asset, old, new))
            looked_at(len(tried))
        return tried

    def _one(self, asset: AssetRecord, old: Policy, new: Policy) -> Tried:
        try:
            data = self._open(asset)
            image = self._sandbox.decode(data)
        except InputRefused as exc:
            return Tried(asset.id, failure=exc.code)
        except VaultError:
            return Tried(asset.id, failure="vault.unreadable")
        looks = FrameLooks()
        size = Size(width=image.pixels.shape[1], height=image.pixels.shape[0])
        seen = [self._seen(policy, image, looks) for policy in (old, new)]
        # As the copies' would be, but for what a recheck of the finished copy may add.
        before, after = (
            make_plan(policy, found, size, draw=draw_of(policy.version, data))
            for policy, found in zip((old, new), seen, strict=True)
        )
        readings = Counter(one.reading.value for one in seen[1] if one.reading is not None)
        return Tried(asset.id, size, before, after, difference(before, after), readings=readings)

    def _seen(self, policy: Policy, image: DecodedImage, looks: FrameLooks) -> tuple[Detection, ...]:
        detectors = self._load_detectors(policy)
        # A frame is known by where its pixels lie: they stay until this image is done with.
        return seen_in(
            image.frames,
            lambda frame: detectors.detect(
                frame, policy.kinds, looks=looks[frame.ctypes.data], known=image.words
            ),
        )


def summary(tried: Sequence[Tried]) -> dict[str, Any]:
    """Counts over all images that could be read; things by kind."""
    read = [one for one in tried if one.failure is None]
    counts: dict[str, Any] = {
        "images": len(read),
        "failed": len(tried) - len(read),
        "released_before": sum(_released(one.old) for one in read),
        "released_after": sum(_released(one.new) for one in read),
        "changed": sum(_changes(one.difference) for one in read),
    }
    if kept := sum(len(one.new.kept) for one in read if one.new is not None):
        counts["kept_after"] = kept
    if readings := sum((Counter(one.readings) for one in read), Counter[str]()):
        counts["readings_after"] = dict(sorted(readings.items()))
    for name in PARTS:
        parts = [part for one in read for part in getattr(one.difference, name)]
        counts[name] = dict(sorted(Counter(part.kind.value for part in parts if part.whole).items()))
        counts[f"{name}_margins"] = sum(not part.whole for part in parts)
        counts[f"{name}_pixels"] = sum(part.pixels for part in parts)
    return counts


def _released(plan: Plan | None) -> bool:
    return plan is not None and plan.verdict is Verdict.RELEASE


def _changes(found: PlanDifference | None) -> bool:
    return found is not None and any(getattr(found, name) for name in PARTS)


def _listed(parts: Iterable[Difference]) -> list[dict[str, Any]]:
    return [
        {
            "kind": part.kind.value,
            "region": part.region.to_dict(),
            "pixels": part.pixels,
            "whole": part.whole,
            **({} if part.outline is None else {"outline": _drawn(part.outline)}),
        }
        for part in parts
    ]


def _drawn(outline: Outline) -> list[list[float]]:
    """Points x, y by which a page draws it."""
    return [[round(x, 2), round(y, 2)] for x, y in outline.corners]
