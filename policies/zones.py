"""Places of the frame about which a policy decides whatever is seen there: always hidden, or kept visible.

A camera writes the site's name into each frame, an ultrasound machine the patient's above the picture: such
a place is hidden whether anything is found there or not. A poster or a statue in front of a fixed camera is
found each time and is nobody: there the officer says so once, with a reason, instead of a reviewer each time.

What is kept never uncovers what is hidden: a zone to hide is hidden in full, and a detection that reaches out
of the zone to keep it in, even by a pixel, is hidden as anywhere else. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_serializer, model_validator
from pydantic import SerializerFunctionWrapHandler as Handler

from policies.model import TOO_MANY, Detection, Kind, Redaction, RedactionMethod, Region, Size

MOST: Final = 50
"""Zones of one policy. A frame with more of them is better hidden whole."""

LARGEST_KEPT: Final = 0.25
"""Share of the frame that one zone may keep visible: beyond it the rule itself is what is not wanted."""

BLOCK: Final = 4
"""Pixels to a multiple of which a hidden zone grows, as `plan.BLOCK`."""

OTHER_FRAME: Final = "zone.frame"
"""The reason for a person to look where an image has another shape than the frame a zone was drawn in."""

SHAPE: Final = Fraction(1, 100)
"""By how much an image's aspect may differ from the frame's: no more than rounding makes of its sides."""

Place = Annotated[float, Field(strict=True, ge=0.0, le=100_000.0)]
Box = tuple[Place, Place, Place, Place]
Side = Annotated[int, Field(strict=True, ge=1, le=100_000)]


class Zone(BaseModel):
    """One place, hidden always or kept visible: exactly one of `hide` and `keep` is there.

    hide, keep: [x0, y0, x1, y1], left, top, right and bottom, as shares of the frame's width and height; or,
    where `frame` is given, in pixels of a frame of that [width, height]: images of another size are scaled;
    of those of another shape (turned, cropped) nothing is kept, since nobody knows what stands there.
    kind, method: of what is hidden; text, which is always filled, unless another kind is named.
    kinds: whose detections are kept, those that lie wholly in the zone. reason: why they are nobody's.
    serves: the clause that the zone serves.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$")
    hide: Box | None = None
    keep: Box | None = None
    frame: tuple[Side, Side] | None = None
    kind: Kind | None = None
    method: RedactionMethod | None = None
    kinds: tuple[Kind, ...] = ()
    reason: str = Field(default="", max_length=200)
    serves: str = Field(default="", max_length=200)

    @field_validator("kinds")
    @classmethod
    def _in_order(cls, kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
        return tuple(sorted(set(kinds)))

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.hide is None) == (self.keep is None):
            raise ValueError("write either hide or keep, with a box [x0, y0, x1, y1]")
        if self.keep is None:
            self._check_hidden()
        else:
            self._check_kept()
        return self

    @model_validator(mode="after")
    def _in_the_frame(self) -> Self:
        width, height = self.frame or (1, 1)
        x0, y0, x1, y1 = self.box
        if not (x0 < x1 and y0 < y1):
            raise ValueError(f"the box {_told(self.box)} is empty; write [left, top, right, bottom]")
        if x1 > width or y1 > height:
            limit = "1, shares of the frame" if self.frame is None else f"the frame {width} x {height}"
            more = "" if self.frame else "; for pixels, add frame: [width, height]"
            raise ValueError(f"the box {_told(self.box)} leaves {limit}{more}")
        if self.keep is not None and (x1 - x0) * (y1 - y0) > LARGEST_KEPT * width * height:
            raise ValueError(
                f"keeps more than {LARGEST_KEPT:.0%} of the frame visible; draw it closer to what is there"
            )
        return self

    @model_serializer(mode="wrap")
    def _without_what_is_not_there(self, handler: Handler) -> dict[str, Any]:
        """A zone to hide says nothing of what is kept, nor the other way round; how it hides stands there."""
        said = {name: value for name, value in handler(self).items() if value not in (None, (), [], "")}
        if self.keep is None:
            kind, method = self.hidden_as
            said |= {"kind": kind.value, "method": method.value}
        return said

    @property
    def box(self) -> tuple[float, float, float, float]:
        box = self.keep if self.hide is None else self.hide
        if box is None:
            raise ValueError("a zone has a box")
        return box

    @property
    def hidden_as(self) -> tuple[Kind, RedactionMethod]:
        return self.kind or Kind.TEXT, self.method or RedactionMethod.FILL

    def hidden(self, size: Size) -> Redaction | None:
        """What is hidden of an image of this size, rounded outwards; None of a zone that is kept."""
        if self.hide is None:
            return None
        x0, y0, x1, y1 = self._scaled(size)
        region = Region.covering(math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1), size)
        if region is None:
            raise ValueError("a box within the frame covers a pixel")
        kind, method = self.hidden_as
        return Redaction(region.aligned(BLOCK, size), kind, method)

    def keeps(self, detection: Detection, size: Size) -> bool:
        """Whether the detection stays visible: it is of a kept kind, and wholly in the zone.

        So is every box that it stands for: of two faces that overlap, only the surer one is told.
        """
        if self.keep is None or not self.fits(size):
            return False
        if detection.kind not in self.kinds or TOO_MANY in detection.source.split("+"):
            return False
        reach, (x0, y0, x1, y1) = detection.reach, self._scaled(size)
        return x0 <= reach.x0 and y0 <= reach.y0 and reach.x1 <= x1 and reach.y1 <= y1

    def fits(self, size: Size) -> bool:
        """Whether an image of this size has the shape of the frame that the zone was drawn in."""
        if self.frame is None:
            return True
        one, other = size.width * self.frame[1], size.height * self.frame[0]
        return abs(one - other) <= SHAPE * max(one, other)

    def narrowed(self, kinds: frozenset[Kind], method: RedactionMethod | None = None) -> Zone | None:
        """This zone without the kept kinds that are not among these; None where nothing is left of it.

        method: how it hides instead; what is filled stays filled, so that no zone shows more than it did.
        """
        if self.keep is None:
            stays = method is None or self.hidden_as[1] is RedactionMethod.FILL
            return self if stays else self.model_copy(update={"method": method})
        kept = tuple(kind for kind in self.kinds if kind in kinds)
        return self.model_copy(update={"kinds": kept}) if kept else None

    def _scaled(self, size: Size) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        """The box in pixels of an image, exactly as it was written: 0.07 of 100 pixels are 7."""
        width, height = self.frame or (1, 1)
        across, down = Fraction(size.width, width), Fraction(size.height, height)
        x0, y0, x1, y1 = (Fraction(str(value)) for value in self.box)
        return x0 * across, y0 * down, x1 * across, y1 * down

    def _check_hidden(self) -> None:
        if self.kinds or self.reason:
            raise ValueError("kinds and reason belong to a zone that is kept; for what is hidden write kind")

    def _check_kept(self) -> None:
        if self.kind is not None or self.method is not None:
            raise ValueError("kind and method belong to a zone that is hidden; for what is kept write kinds")
        if not self.kinds:
            raise ValueError("says not what it keeps; write kinds, such as [face]")
        if not self.reason.strip():
            raise ValueError("gives no reason; write who or what is there, and why it may be seen")


def always_hidden(
    zones: Iterable[Zone], whole_frame: RedactionMethod | None, size: Size
) -> tuple[Redaction, ...]:
    """What is hidden of an image of this size whatever is seen in it, in reading order."""
    found = {hidden for zone in zones if (hidden := zone.hidden(size)) is not None}
    if whole_frame is not None:
        found.add(Redaction(Region(0, 0, size.width, size.height), Kind.FACE, whole_frame))
    return tuple(sorted(found, key=lambda one: one.order))


def is_kept(zones: Sequence[Zone], detection: Detection, size: Size) -> bool:
    """Whether one zone, not several together, keeps a detection visible."""
    return any(zone.keeps(detection, size) for zone in zones)


def _told(box: Sequence[float]) -> str:
    return f"[{', '.join(f'{value:g}' for value in box)}]"
