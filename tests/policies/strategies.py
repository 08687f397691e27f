"""Values for the laws of this room: sizes, regions inside them, detections, policies."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from policies.model import Detection, Kind, Reading, Redaction, RedactionMethod, Region, Size
from policies.policy import Lines, Policy, Rule
from policies.release import ReleaseGate
from policies.shapes import Ellipse, Polygon, Shape
from policies.zones import Zone

MAX_SIDE = 400


@st.composite
def sizes(draw: st.DrawFn) -> Size:
    return Size(draw(st.integers(1, MAX_SIDE)), draw(st.integers(1, MAX_SIDE)))


@st.composite
def regions(draw: st.DrawFn, size: Size = Size(MAX_SIDE, MAX_SIDE)) -> Region:
    x0, y0 = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
    return Region(x0, y0, draw(st.integers(x0 + 1, size.width)), draw(st.integers(y0 + 1, size.height)))


@st.composite
def polygons(draw: st.DrawFn, size: Size = Size(MAX_SIDE, MAX_SIDE), margin: int = 0) -> Polygon:
    """The hull of a few points of an image, or of up to `margin` pixels around it; thin ones too."""
    x, y = st.integers(-margin, size.width + margin), st.integers(-margin, size.height + margin)
    corner, dx, dy = draw(st.tuples(x, y)), draw(st.sampled_from((1, 2, 7))), draw(st.sampled_from((1, 5)))
    others = draw(st.lists(st.tuples(x, y), max_size=6))
    # Never all in one line: two neighbours of the first, so that an image of one pixel holds them too.
    near = [(min(corner[0], size.width - 1), min(corner[1], size.height - 1))]
    near += [(near[0][0] + min(dx, size.width - near[0][0]), near[0][1])]
    near += [(near[0][0], near[0][1] + min(dy, size.height - near[0][1]))]
    return Polygon.hull([*near, *others])


@st.composite
def grown_polygons(draw: st.DrawFn, size: Size, margin: int = 0) -> Polygon:
    return replace(draw(polygons(size, margin)), grow=draw(st.sampled_from((0.0, 0.15, 1.0))))


@st.composite
def ellipses(draw: st.DrawFn, size: Size = Size(MAX_SIDE, MAX_SIDE), margin: int = 0) -> Ellipse:
    """One that lies at least partly in an image, and at most `margin` pixels beyond it."""
    region = draw(regions(size))
    more = st.integers(0, margin)
    return Ellipse(
        region.x0 - draw(more), region.y0 - draw(more), region.x1 + draw(more), region.y1 + draw(more)
    )


@st.composite
def redactions(draw: st.DrawFn, size: Size = Size(MAX_SIDE, MAX_SIDE)) -> Redaction:
    """Any: a rectangle, an ellipse or a polygon, by any method."""
    kind, method = draw(st.sampled_from(Kind)), draw(st.sampled_from(RedactionMethod))
    outline = draw(st.one_of(st.none(), ellipses(size, margin=9), grown_polygons(size)))
    region = None if outline is None else Region.covering(*outline.box, size)
    return Redaction(region or draw(regions(size)), kind, method, outline if region else None)


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
        shape=draw(st.sampled_from(Shape)),
        lines=draw(st.sampled_from(Lines)) if kind is Kind.TEXT else Lines.ALL,
        serves=draw(st.text(max_size=20)),
    )


@st.composite
def zones(draw: st.DrawFn) -> Zone:
    """Any of a few names and places, hidden or kept."""
    x0, y0 = draw(st.sampled_from((0.0, 0.1, 0.5))), draw(st.sampled_from((0.0, 0.25, 0.7)))
    box = [x0, y0, x0 + draw(st.sampled_from((0.2, 0.5))), y0 + draw(st.sampled_from((0.1, 0.3)))]
    name = {"name": draw(st.sampled_from("abc"))}
    if draw(st.booleans()):
        kinds = draw(st.lists(st.sampled_from(Kind), min_size=1))
        return Zone.model_validate(name | {"keep": box, "kinds": kinds, "reason": "nobody"})
    how = {"kind": draw(st.sampled_from(Kind)), "method": draw(st.sampled_from(RedactionMethod))}
    return Zone.model_validate(name | {"hide": box} | how)


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
    region, polygon = draw(regions(size)), None
    if draw(st.booleans()):  # a tilted one
        polygon = draw(polygons(size))
        region = Region(*polygon.box)
    score, source = draw(st.floats(0.0, 1.0)), "centerface+mediapipe"
    return Detection(kind, region, score, source, reading=reading, polygon=polygon)


@st.composite
def cases(draw: st.DrawFn, *, gated: bool = False) -> tuple[Policy, list[Detection], Size]:
    """A policy, an image's size, and what was seen there."""
    size = draw(sizes())
    return draw(policies(gated=gated)), draw(st.lists(detections(size), max_size=12)), size
