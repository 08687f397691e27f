"""What each choice of a policy does, in a sentence for whoever makes it. Pure.

The keys are the places that `policies.editing` changes: "rules.face.hide", "release.sample", "effort".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.diff import things
from policies.model import ALWAYS_FILLED, Effort, Kind, RedactionMethod
from policies.policy import Policy, Rule
from policies.shapes import Shape
from policies.zone_diff import said

EXAMPLE: Final = 100
"""Pixels of the box by which a margin is told."""

BITS: Final = {Kind.FACE: 12, Kind.LICENSE_PLATE: 12}
"""That a blur or a mosaic leaves of one thing, at most; held to `gateway.imaging.redact` as CELLS is."""

CELLS: Final = {Kind.FACE: "2 by 1", Kind.LICENSE_PLATE: "2 by 1"}
"""Of a blur or a mosaic, at most; `gateway.imaging.redact` holds the bound, and a test compares."""


_SHAPES: Final = {
    Shape.RECTANGLE: "The whole box is hidden, with its margin.",
    Shape.ELLIPSE: "An ellipse around all of the box: it reaches a fifth of the box or more beyond each "
    "side, and hides less at the corners of the margin.",
    Shape.POLYGON: "What is tilted is hidden along its own sides; where a detector gives no outline, the "
    "whole box is.",
}


def consequences(policy: Policy) -> dict[str, str]:
    """A sentence for each place of the policy."""
    told = {"effort": _effort(policy.effort), "whole_frame": _whole_frame(policy), "zones": _zones(policy)}
    for rule in policy.rules:
        told |= {f"rules.{rule.kind.value}.{field}": words for field, words in _of_rule(rule)}
    return told | _of_gate(policy)


def _effort(effort: Effort) -> str:
    if effort is Effort.FAST:
        return (
            "Each detector looks at the image at fewer sizes: several times faster, small things missed more."
        )
    return "Every detector looks at the image at all its sizes: slower, and small things are missed less."


def _whole_frame(policy: Policy) -> str:
    match policy.whole_frame:
        case None:
            return "What is found is hidden, and the rest of the image is shown."
        case RedactionMethod.FILL:
            return "Every image is one flat colour, whatever is in it."
        case RedactionMethod.BLUR | RedactionMethod.MOSAIC:
            return f"Of every image at most {_left(Kind.FACE)} are left."


def _zones(policy: Policy) -> str:
    """One sentence a zone; what is kept visible comes first."""
    if not policy.zones:
        return "No place of the frame is hidden always, and none is kept visible."
    in_order = sorted(policy.zones, key=lambda zone: zone.keep is None)
    return " ".join(f"{said(zone)[0].upper()}{said(zone)[1:].rstrip('.')}." for zone in in_order)


def _of_rule(rule: Rule) -> Iterator[tuple[str, str]]:
    what = things(rule.kind)
    yield "method", _method(rule)
    yield "hide", f"{what.capitalize()} that score {rule.hide} or more are hidden, and nobody need look."
    if rule.review < rule.hide:
        yield (
            "review",
            (
                f"From {rule.review} to {rule.hide} they are hidden and a person looks first. "
                f"Under {rule.review} they stay visible."
            ),
        )
    else:
        yield "review", f"Nobody looks at doubtful {what}. Under {rule.review} they stay visible."
    wider = round(EXAMPLE * (1 + 2 * rule.grow))
    yield (
        "grow",
        (
            f"A box of {EXAMPLE} pixels is hidden {wider} pixels wide."
            if rule.grow
            else "Hidden to the edge of the box and no further: a rim may stay visible."
        ),
    )
    yield "shape", _SHAPES[rule.shape]
    yield "detectors", f"Where {_all(rule.detectors)} cannot run, no image is taken further."
    if rule.second_opinion:
        yield "second_opinion", f"{_all(rule.second_opinion)} is asked too where it can run."
    else:
        yield "second_opinion", "No further detector is asked."
    if rule.kind is Kind.TEXT:
        yield (
            "lines",
            (
                "Each line is read. What is surely no identifier stays visible; what is not read is hidden."
                if rule.reads
                else "Every line that is found is hidden; none is read."
            ),
        )
    yield "serves", "For the record: it changes nothing that is done to images."


def _method(rule: Rule) -> str:
    if rule.kind in ALWAYS_FILLED:
        return f"{things(rule.kind).capitalize()} are always filled, whatever is chosen here."
    match rule.method:
        case RedactionMethod.FILL:
            return "One flat colour. Nothing of what lies beneath is left."
        case RedactionMethod.BLUR:
            return f"Looks like a blur; at most {_left(rule.kind)} are left in it."
        case RedactionMethod.MOSAIC:
            return f"At most {_left(rule.kind)} are left, drawn as squares."


def _left(kind: Kind) -> str:
    return f"{CELLS[kind]} cells of coarse colour ({BITS[kind]} bits)"


def _of_gate(policy: Policy) -> dict[str, str]:
    gate, told = policy.release, dict[str, str]()
    told["release.sample"] = (
        f"A person looks at about {_share(gate.sample)} of all images, whatever was found."
        if gate.sample
        else "No image is drawn for a look when nothing asks for one."
    )
    told["release.reviewers"] = (
        "Two people decide without seeing each other's answer; where they differ, a third decides."
        if gate.reviewers == 2
        else "One person decides on an image that waits."
    )
    told["release.recheck"] = (
        "Each finished copy is looked at once more. What shows is hidden too; if more shows, a person looks."
        if gate.recheck
        else "The finished copy is not looked at again."
    )
    for kind in sorted(policy.kinds):
        what = things(kind)
        if (share := gate.largest.get(kind)) is not None:
            told[f"release.largest.{kind.value}"] = (
                f"A person looks when one of the {what} fills more than {_share(share)} of the image."
            )
        if (most := gate.most.get(kind)) is not None:
            told[f"release.most.{kind.value}"] = f"A person looks at an image with more than {most} {what}."
        if (least := gate.expect.get(kind)) is not None:
            told[f"release.expect.{kind.value}"] = (
                f"A person looks at an image with fewer than {least} {what}."
            )
    return told


def _share(part: float) -> str:
    return f"{100 * part:.3g} %"


def _all(names: tuple[str, ...]) -> str:
    return " or ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} or {names[-1]}"
