"""Values for the laws of this room: sizes, regions inside them, detections, policies."""

from __future__ import annotations

from hypothesis import strategies as st

from policies.model import Detection, Kind, Reading, RedactionMethod, Region, Size
from policies.policy import Lines, Policy, Rule
from policies.release import ReleaseGate

MAX_SIDE = 400


@st.composite
def sizes(draw: st.DrawFn) -> Size:
    return Size(draw(st.integers(1, MAX_SIDE)), draw(st.integers(1, MAX_SIDE)))


@st.composite
def regions(draw: st.DrawFn, size: Size = Size(MAX_SIDE, MAX_SIDE)) -> Region:
    x0, y0 = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
    return Region(x0, y0, draw(st.integers(x0 + 1, size.width)), draw(st.integers(y0 + 1, size.height)))


@st.composite
def images(draw: st.DrawFn) -> tuple[Size, Region, Region]:
    """A size, and two regions inside it."""
    size = draw(sizes())
    return size, draw(regions(size)), draw(regions(size))


@st.composite
def rules(draw: st.DrawFn, kind: Kind) -> Rule:
    review, hide = sorted(draw(st.tuples(*[st.floats(0.25, 1.0)] * 2)))
    return Rule(
        kind=kind,
        method=draw(st.sampled_from(RedactionMethod)),
        detectors=tuple(draw(st.lists(st.sampled_from(["centerface", "clp"]), min_size=1, unique=True))),
        hide=hide,
        review=review,
        grow=draw(st.floats(0.0, 1.0)),
        lines=draw(st.sampled_from(Lines)) if kind is Kind.TEXT else Lines.ALL,
        serves=draw(st.text(max_size=20)),
    )


@st.composite
def gates(draw: st.DrawFn, kinds: list[Kind]) -> ReleaseGate:
    """Any gate that speaks of these kinds only."""
    counts = st.dictionaries(st.sampled_from(kinds), st.integers(1, 6))
    return ReleaseGate(
        largest=draw(st.dictionaries(st.sampled_from(kinds), st.floats(0.001, 1.0))),
        most=draw(counts),
        expect=draw(counts),
        sample=draw(st.floats(0.0, 1.0)),
        reviewers=draw(st.sampled_from([1, 2])),
        recheck=draw(st.booleans()),
    )


@st.composite
def policies(draw: st.DrawFn, *, gated: bool = False) -> Policy:
    """Without a gate, so that people look for doubtful detections only, or with any."""
    kinds = draw(st.lists(st.sampled_from(Kind), min_size=1, unique=True))
    return Policy(
        name="tried",
        title=draw(st.text(max_size=20)),
        rules=tuple(draw(rules(k)) for k in kinds),
        release=draw(gates(kinds)) if gated else ReleaseGate(),
    )


@st.composite
def detections(draw: st.DrawFn, size: Size) -> Detection:
    kind = draw(st.sampled_from(Kind))
    reading = draw(st.sampled_from([None, *Reading])) if kind is Kind.TEXT else None
    return Detection(
        kind, draw(regions(size)), draw(st.floats(0.0, 1.0)), "centerface+mediapipe", reading=reading
    )


@st.composite
def cases(draw: st.DrawFn, *, gated: bool = False) -> tuple[Policy, list[Detection], Size]:
    """A policy, an image's size, and what was seen there."""
    size = draw(sizes())
    return draw(policies(gated=gated)), draw(st.lists(detections(size), max_size=12)), size
