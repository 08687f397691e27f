"""The manifest entry of a model that an operator adds: what it finds, how it is run, what its licence is.

A YAML document, read as strictly as a policy: every fault is told by its line and its remedy.
"""

from __future__ import annotations

import hashlib
import json
import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from gateway.errors import Misconfigured
from gateway.own_models import licences
from gateway.own_models.licences import CommercialUse
from policies import document
from policies.detectors import KINDS
from policies.model import TOO_MANY, Kind

RESERVED: Final = frozenset(KINDS) | {TOO_MANY, "recheck"}
"""Names that reports use already."""

MOST_CLASSES: Final = 10_000
SMALLEST_SIDE: Final = 32
LARGEST_SIDE: Final = 2048
"""Of a network's input, pixels: at 2048 squared the activations of a common network take a gigabyte."""
MOST_PASSES: Final = 4
DEEPEST: Final = 8
"""How many times the network's input a pass may be long: at 8, up to some eighty tiles an image."""

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Side = Annotated[int, Field(strict=True, ge=SMALLEST_SIDE, le=LARGEST_SIDE)]
ClassId = Annotated[int, Field(strict=True, ge=0, lt=MOST_CLASSES)]
Longer = Annotated[int, Field(strict=True, ge=SMALLEST_SIDE, le=LARGEST_SIDE * DEEPEST)]


class OutputFormat(StrEnum):
    """What the network's first output is. N boxes, C classes; places in pixels of the network's input.

    YOLO_V5: (1, N, 5 + C): centre x, y, width, height, objectness, then a score for each class.
    YOLO_V8: (1, 4 + C, N): the same by columns, without the objectness.
    BOXES: (N, 6) or (1, N, 6): x0, y0, x1, y1, score, class. So do exports with built-in suppression, too.
    """

    YOLO_V5 = "yolo-v5"
    YOLO_V8 = "yolo-v8"
    BOXES = "boxes"


class Channels(StrEnum):
    RGB = "rgb"
    BGR = "bgr"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Licence(_Part):
    """name: an SPDX id, or what the licence is called; then url says where it stands."""

    name: str = Field(pattern=r"^[!-~]([ -~]{0,98}[!-~])?$")
    url: str = Field(default="", max_length=300, pattern=r"^(https?://[!-~]+)?$")
    commercial_use: CommercialUse

    @field_validator("commercial_use", mode="before")
    @classmethod
    def _as_written(cls, value: object) -> object:
        # YAML reads a bare yes or no as true or false.
        return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if not self.url and not licences.known(self.name):
            raise ValueError(
                f"{self.name!r} is no licence known here; add url, where its words stand, or write an SPDX "
                "id such as Apache-2.0 or AGPL-3.0-only"
            )
        return self

    @property
    def objection(self) -> str | None:
        """Why it must be accepted by name; None where it permits any use."""
        return licences.objection(self.name, self.commercial_use)

    @property
    def in_full(self) -> str:
        title = licences.full_name(self.name)
        return f"{self.name} ({title if title != self.name else self.url})"

    @property
    def page(self) -> str:
        return self.url or licences.page(self.name)


class Input(_Part):
    """What the network takes: (1, 3, height, width), (value - mean) / scale of each channel, 0 to 255.

    size: [height, width], or one number for both; pad: the grey around an image of another shape.
    """

    size: tuple[Side, Side]
    channels: Channels = Channels.RGB
    mean: tuple[Number, Number, Number] = (0.0, 0.0, 0.0)
    scale: tuple[Number, Number, Number] = (255.0, 255.0, 255.0)
    pad: int = Field(default=114, strict=True, ge=0, le=255)

    @field_validator("size", mode="before")
    @classmethod
    def _square(cls, value: object) -> object:
        return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("mean", "scale", mode="before")
    @classmethod
    def _for_all_channels(cls, value: object) -> object:
        return (value,) * 3 if isinstance(value, int | float) and not isinstance(value, bool) else value

    @field_validator("scale")
    @classmethod
    def _above_zero(cls, scale: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(scale) <= 0:
            raise ValueError("pixels are divided by scale; write a number above 0, most often 255 or 1")
        return scale


class Output(_Part):
    """classes: how many the network tells apart; of_kind: the ids, from 0, of those that are meant."""

    format: OutputFormat
    classes: int = Field(default=1, strict=True, ge=1, le=MOST_CLASSES)
    of_kind: tuple[ClassId, ...] = Field(default=(0,), min_length=1)

    @model_validator(mode="after")
    def _ids_exist(self) -> Self:
        if beyond := sorted(one for one in self.of_kind if one >= self.classes):
            raise ValueError(
                f"of_kind names {', '.join(map(str, beyond))}, and with classes: {self.classes} the ids end "
                f"at {self.classes - 1}; mend one of the two"
            )
        return self


class OwnModel(_Part):
    """An entry. operating_point: the raw score that becomes a normalised 0.5.

    passes: the longer sides, pixels, at which an image is looked at; what is longer than the network's input
    is looked at in tiles. A fast policy looks once, at the first. overlap: IoU from which two boxes are one.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")
    kind: Kind
    what: str = Field(default="", max_length=200)
    file: str = Field(min_length=1, max_length=1000)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    licence: Licence
    input: Input
    output: Output
    operating_point: float = Field(strict=True, ge=0.001, le=0.999)
    passes: tuple[Longer, ...] = Field(default=(), max_length=MOST_PASSES)
    overlap: float = Field(default=0.5, strict=True, ge=0.1, le=0.9)

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name in RESERVED:
            raise ValueError(f"{name} is the name of a detector of the product; choose another one")
        return name

    @field_validator("sha256", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        if isinstance(value, int | float):
            raise ValueError("YAML read a number; put the SHA-256 in quotes")
        return value

    @field_validator("passes")
    @classmethod
    def _within_reach(cls, passes: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        given: Input | None = info.data.get("input")
        if given is not None and passes and max(passes) > DEEPEST * max(given.size):
            longer = max(given.size)
            raise ValueError(
                f"{max(passes)} is more than {DEEPEST} times the network's input of {longer}; write at most "
                f"{DEEPEST * longer}"
            )
        return passes

    @property
    def sides(self) -> tuple[int, ...]:
        """The longer sides of the passes; by default once, as long as the network's input."""
        return self.passes or (max(self.input.size),)

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides what is found: the same file otherwise run is another detector."""
        fields = self.model_dump(mode="json", exclude={"what", "file", "licence"})
        return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_entry(path: Path) -> OwnModel:
    """The entry in a YAML file. Raises Misconfigured, whose message names each fault's line and remedy."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(
            f"{path}: not readable as UTF-8 text ({type(exc).__name__}); name a model entry's YAML file"
        ) from exc
    return parse_entry(text, origin=path.name)


def parse_entry(text: str, *, origin: str) -> OwnModel:
    """Raises Misconfigured. origin: the file's name, for the messages."""
    try:
        loaded, lines = document.load(text, what="model entry")
    except document.NotYaml as exc:
        raise Misconfigured(f"{origin}:{exc.line}: not a model entry's YAML: {exc}") from exc
    try:
        return OwnModel.model_validate(loaded)
    except ValidationError as exc:
        faults = [
            document.explain(error, lines, what="model entry") for error in document.roots(exc.errors())
        ]
        raise Misconfigured("\n".join(f"{origin}:{line}: {said}" for line, said in faults)) from exc


def jsonable(entry: OwnModel) -> dict[str, Any]:
    return entry.model_dump(mode="json")


def bands(entry: OwnModel) -> tuple[tuple[float, float], ...]:
    """The operating point, the same for boxes of every size (see detection.looks.Pass)."""
    return ((math.inf, entry.operating_point),)
