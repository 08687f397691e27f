"""What another hide threshold would hide, and the one to choose under a ceiling of over-redaction. Pure.

Reckoned from the detections of one run at the lowest threshold: a region that the policy would hide counts as
changed in every pixel. So it holds for `fill`, and for choosing only; what is reported of a threshold is
measured in pixels, on the other half of the data.

The band between `hide` and `review` moves along: what lies in it is hidden as well, and a person looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from gateway.bench.annotations import LabelledImage, of_kinds
from gateway.bench.change import Bar, Mask, window
from gateway.bench.intervals import Share, share_of_boxes
from gateway.bench.run import Made
from gateway.bench.score import outside_labels
from gateway.imaging import redact
from policies.model import Detection, Kind, Plan, Verdict
from policies.plan import make_plan
from policies.policy import Policy
from policies.release import ReleaseGate

FLOOR = 0.25
"""Detectors report nothing under it."""

GRID = tuple(round(FLOOR + 0.025 * step, 3) for step in range(29))
"""Hide thresholds that are tried: 0.25 to 0.95."""


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold of one kind. over: share of the pixels outside the labels, mean over images. clear: the
    share of images without a doubtful detection."""

    hide: float
    recall: Share
    over: float
    clear: float


@dataclass(frozen=True, slots=True)
class Swept:
    """The points of one kind. own: the policy's threshold. chosen: the one to take, `own` where none stays
    under the ceiling."""

    kind: Kind
    own: float
    chosen: float
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """An image, what was seen on it, and where over-redaction is counted."""

    image: LabelledImage
    made: Made
    outside: Mask


def floored(policy: Policy) -> Policy:
    """The policy with every threshold at the floor, and no gate: what it sees at all."""
    rules = [rule.model_dump() | {"hide": FLOOR, "review": FLOOR} for rule in policy.rules]
    return Policy.model_validate(policy.model_dump() | {"rules": rules, "release": ReleaseGate()})


def with_hide(policy: Policy, hides: Mapping[Kind, float]) -> Policy:
    """The policy with other hide thresholds; the band for review below each stays as wide, to the floor."""
    rules = []
    for rule in policy.rules:
        hide = hides.get(rule.kind, rule.hide)
        review = rule.review if hide == rule.hide else max(round(hide - (rule.hide - rule.review), 4), FLOOR)
        rules.append(rule.model_dump() | {"hide": hide, "review": review})
    return Policy.model_validate(policy.model_dump() | {"rules": rules})


def sweep(
    images: Sequence[LabelledImage],
    made: Sequence[Made],
    policy: Policy,
    bars: Mapping[Kind, Bar],
    *,
    ceiling: float,
) -> list[Swept]:
    """By kind. made: under `floored(policy)`, in the order of the images; those not decoded are left out.

    ceiling: the share of the pixels outside labels that may be hidden, 0 to 1, for each kind by itself.
    """
    seen = [
        _Seen(image, one, outside_labels(image, (one.size.height, one.size.width)))
        for image, one in zip(images, made, strict=True)
        if one.size is not None
    ]
    return [
        _swept(_labelling(seen, kind), policy, kind, bars[kind], ceiling) for kind in sorted(bars) if seen
    ]


def _labelling(seen: Sequence[_Seen], kind: Kind) -> list[_Seen]:
    """Those of the sets that label the kind: elsewhere all that is rightly hidden would count against it."""
    names = {image.name for image in of_kinds([one.image for one in seen], frozenset({kind}))}
    return [one for one in seen if one.image.name in names]


def _swept(seen: Sequence[_Seen], policy: Policy, kind: Kind, bar: Bar, ceiling: float) -> Swept:
    rule = policy.rule_for(kind)
    assert rule is not None  # noqa: S101  (bars are of the policy's kinds)
    alone = policy.narrowed(kinds=[kind])
    points = tuple(_point(seen, alone, kind, bar, hide) for hide in sorted({*GRID, rule.hide}))
    return Swept(kind, rule.hide, choose(points, ceiling, rule.hide), points)


def choose(points: Iterable[Point], ceiling: float, own: float) -> float:
    """The threshold of the highest recall under the ceiling; of equals the one that asks people least, and
    of those the lowest, which hides most."""
    within = [point for point in points if point.over <= ceiling and point.recall.value is not None]
    if not within:
        return own
    return max(within, key=lambda point: (point.recall.part, point.clear, -point.hide)).hide


def _point(seen: Sequence[_Seen], alone: Policy, kind: Kind, bar: Bar, hide: float) -> Point:
    trial = with_hide(alone, {kind: hide})
    trial = trial.model_copy(update={"release": ReleaseGate()})
    found, over, clear = [], [], 0
    for one in seen:
        hidden = _plan(trial, one.made)
        changed = _covered(hidden, one.outside.shape)
        found.append(_recalled(one.image, changed, kind, bar))
        if outside := int(np.count_nonzero(one.outside)):
            over.append(int(np.count_nonzero(changed & one.outside)) / outside)
        clear += hidden.verdict is Verdict.RELEASE
    return Point(hide, share_of_boxes(found), fmean(over) if over else 0.0, clear / len(seen))


def _plan(policy: Policy, made: Made) -> Plan:
    assert made.size is not None  # noqa: S101  (see `sweep`)
    detections: tuple[Detection, ...] = made.detections
    return make_plan(policy, detections, made.size)


def _covered(plan: Plan, shape: tuple[int, ...]) -> Mask:
    changed = np.zeros(shape, dtype=np.bool_)
    for redaction in plan.redactions:
        redact.view(changed, redaction.region)[:] |= redact.mask_of(redaction)
    return changed


def _recalled(
    image: LabelledImage,
    changed: Mask,
    kind: Kind,
    bar: Bar,
) -> tuple[int, int]:
    labels = image.labels(frozenset({kind}))
    hidden = sum(
        bool(changed[window(box, changed.shape, bar.inner)].mean() >= bar.min_changed) for box in labels
    )
    return hidden, len(labels)
