"""Synthetic plates and lines of text: random characters in several fonts, sizes, colours, tilts and noise.

Everything but the characters is a `Style`; `Scene` lays them out, so that the attacker who knows the style
can draw any other string in the same place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gateway.imaging.image import Pixels
from policies.model import Kind, Region, Size
from policies.plan import BLOCK

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
"""Without I, O and Q, which many countries keep off their plates: 33 characters."""

FONTS: Final = Path("/usr/share/fonts/truetype")
"""Where Debian's packages fonts-dejavu-core, fonts-dejavu-extra and fonts-liberation put theirs."""

PLATE_FONTS: Final = (
    "dejavu/DejaVuSans-Bold.ttf", "dejavu/DejaVuSansCondensed-Bold.ttf", "dejavu/DejaVuSansMono-Bold.ttf",
    "liberation/LiberationSans-Bold.ttf", "liberation/LiberationSansNarrow-Bold.ttf",
)  # fmt: skip
TEXT_FONTS: Final = (
    "dejavu/DejaVuSans.ttf", "dejavu/DejaVuSerif.ttf", "liberation/LiberationSans-Regular.ttf",
    "liberation/LiberationSerif-Regular.ttf", "liberation/LiberationMono-Regular.ttf",
)  # fmt: skip

Mask = NDArray[np.uint8]
"""uint8 (…, height, width): how much of a pixel is ink, of 255."""

# Shares of a character's height. A plate of 520 mm by 110 with characters 75 mm high has about these.
SLOT, ABOVE, BESIDE, AROUND = 0.84, 0.24, 0.3, 0.6
GROW: Final = 0.15
"""Of a side: what the preset `street` grows a plate's box by."""


@dataclass(frozen=True, slots=True)
class Style:
    """All of a picture but its characters. height: of a character in pixels; ink, ground: RGB.

    fills: the region is the plate itself. hidden: the region, where it is another one.
    """

    kind: Kind
    font: str
    height: int
    tilt: float
    ink: tuple[int, int, int]
    ground: tuple[int, int, int]
    noise: float
    shift: tuple[int, int]
    length: int
    fills: bool
    hidden: Region | None = None

    @property
    def size(self) -> Size:
        inner_width, inner_height = self._inner
        around = round(AROUND * self.height)
        return Size(inner_width + 2 * around, inner_height + 2 * around)

    @property
    def region(self) -> Region:
        """What is hidden: the plate itself, or (not fills) what the product would hide of a box around it."""
        if self.hidden is not None:
            return self.hidden
        around = round(AROUND * self.height)
        width, height = self._inner
        tight = Region(around, around, around + width, around + height)
        if self.fills:
            return tight
        dx, dy = self.shift
        found = Region.covering(tight.x0 + dx, tight.y0 + dy, tight.x1 + dx, tight.y1 + dy, self.size)
        assert found is not None
        return found.grown(GROW, self.size).aligned(BLOCK, self.size)

    @property
    def _inner(self) -> tuple[int, int]:
        slots = self.length * SLOT + 2 * BESIDE
        return round(slots * self.height), round((1 + 2 * ABOVE) * self.height)

    def slot(self, place: int) -> tuple[float, float]:
        """The middle of a character's place in pixels."""
        across = AROUND + BESIDE + (place + 0.5) * SLOT
        return across * self.height, (AROUND + ABOVE + 0.5) * self.height


@dataclass(frozen=True)
class Scene:
    """A style on its surroundings."""

    style: Style
    surroundings: Pixels

    @cached_property
    def blank(self) -> Pixels:
        """The plate without characters."""
        return self.draw(np.zeros(self.surroundings.shape[:2], dtype=np.uint8))

    @cached_property
    def windows(self) -> Mask:
        """Each character alone at each place, in a window around it: shape (length, characters, h, w)."""
        return np.array([self._drawn_at(place) for place in range(self.style.length)], dtype=np.uint8)

    @cached_property
    def corners(self) -> list[tuple[int, int]]:
        """Where the window of each place begins: x, y."""
        turn = _turn(self.style)
        turned = [turn @ np.array([*self.style.slot(place), 1]) for place in range(self.style.length)]
        return [self._corner(x, y) for x, y in turned]

    @property
    def glyphs(self) -> Mask:
        """Each character alone at each place, shape (length, characters, height, width)."""
        found = np.zeros((*self.windows.shape[:2], *self.surroundings.shape[:2]), dtype=np.uint8)
        height, width = self.windows.shape[2:]
        for whole, window, (x, y) in zip(found, self.windows, self.corners, strict=True):
            whole[:, y : y + height, x : x + width] = window
        return found

    @cached_property
    def sums(self) -> NDArray[np.int32]:
        """Of each window the ink above and left of every pixel's corner, shape (length, characters, h + 1,
        w + 1): what a cell holds is a sum of four of them, whatever the cells of a region.
        """
        across = np.cumsum(self.windows, axis=3, dtype=np.int32)
        return np.pad(np.cumsum(across, axis=2, dtype=np.int32), ((0, 0), (0, 0), (1, 0), (1, 0)))

    def _drawn_at(self, place: int) -> list[Mask]:
        """Drawn upright in a window of the same size, and turned from there."""
        width, height = _window(self.style)
        x, y = self._corner(*self.style.slot(place))
        turn = _turn(self.style)
        turn[:, 2] += turn[:, :2] @ (x, y) - self.corners[place]
        drawn = []
        for character in ALPHABET:
            upright = np.zeros((height, width), dtype=np.uint8)
            glyph, left, top = _glyph(self.style, character, place)
            upright[top - y : top - y + glyph.shape[0], left - x : left - x + glyph.shape[1]] = glyph
            drawn.append(np.asarray(cv2.warpAffine(upright, turn, (width, height)), dtype=np.uint8))
        return drawn

    def _corner(self, x: float, y: float) -> tuple[int, int]:
        """Of the window around a point."""
        width, height = _window(self.style)
        return round(x - width / 2), round(y - height / 2)

    def ink_of(self, text: str) -> Mask:
        """The ink of a whole string; characters do not overlap."""
        height, width = self.surroundings.shape[:2]
        upright = np.zeros((height, width), dtype=np.uint8)
        for place, character in enumerate(text):
            glyph, left, top = _glyph(self.style, character, place)
            upright[top : top + glyph.shape[0], left : left + glyph.shape[1]] = glyph
        ink = cv2.warpAffine(upright, _turn(self.style), (width, height))
        return np.asarray(ink, dtype=np.uint8)

    def draw(self, ink: Mask) -> Pixels:
        """The picture with this ink, without noise."""
        share = ink[:, :, None].astype(np.float32) / 255
        plate = self._plate[:, :, None]
        ground = np.array(self.style.ground) * plate + self.surroundings * (1 - plate)
        return np.asarray(np.rint(ground + (np.array(self.style.ink) - ground) * share), dtype=np.uint8)

    def photo_of(self, text: str, chance: np.random.Generator) -> Pixels:
        """The picture as a camera took it."""
        drawn = self.draw(self.ink_of(text))
        noisy = drawn + chance.normal(0, self.style.noise, drawn.shape)
        return np.asarray(np.clip(np.rint(noisy), 0, 255), dtype=np.uint8)

    @cached_property
    def _plate(self) -> NDArray[np.float32]:
        height, width = self.surroundings.shape[:2]
        around = round(AROUND * self.style.height)
        plate = np.zeros((height, width), dtype=np.float32)
        plate[around : height - around, around : width - around] = 1
        return np.asarray(cv2.warpAffine(plate, _turn(self.style), (width, height)), dtype=np.float32)


def random_style(
    chance: np.random.Generator, kind: Kind, *, fills: bool, heights: tuple[int, int], plain: bool = False
) -> Style:
    """heights: of a character, from and to. plain: upright, without noise, in place."""
    plate = kind is Kind.LICENSE_PLATE
    grounds = (
        ((245, 245, 240), (250, 205, 60), (200, 220, 250)) if plate else ((250, 250, 250), (235, 230, 215))
    )
    ground = np.array(grounds[chance.integers(len(grounds))]) * chance.uniform(0.65, 1.0)
    ink = ground * chance.uniform(0.05, 0.3)
    names = available_fonts(PLATE_FONTS if plate else TEXT_FONTS)
    height = int(chance.integers(heights[0], heights[1] + 1))
    within = max(1, round(height * 0.06))
    return Style(
        kind=kind,
        font=names[chance.integers(len(names))],
        height=height,
        tilt=0.0 if plain else float(chance.uniform(-3, 3)),
        ink=_colour(ink),
        ground=_colour(ground),
        noise=0.0 if plain else float(chance.uniform(0, 4)),
        shift=(0, 0) if plain else _pair(chance.integers(-within, within + 1, 2)),
        length=7 if plate else 8,
        fills=fills,
    )


def random_scene(style: Style, chance: np.random.Generator) -> Scene:
    """On soft, shaded surroundings, as paint and bumpers are."""
    coarse = chance.uniform(20, 230, (3, 5, 3)).astype(np.float32)
    soft = cv2.resize(coarse, (style.size.width, style.size.height), interpolation=cv2.INTER_CUBIC)
    return Scene(style, np.asarray(np.clip(soft, 0, 255), dtype=np.uint8))


def with_region(scene: Scene, region: Region) -> Scene:
    """The same picture, of which another region is hidden. What was drawn once is kept."""
    other = Scene(replace(scene.style, hidden=region), scene.surroundings)
    vars(other).update({name: getattr(scene, name) for name in ("blank", "windows", "corners", "sums")})
    return other


def random_text(chance: np.random.Generator, length: int) -> str:
    return "".join(ALPHABET[index] for index in chance.integers(0, len(ALPHABET), length))


def available_fonts(names: tuple[str, ...]) -> list[str]:
    """Those of the fonts that are installed; Pillow's own ("") goes with them, and may stand alone."""
    return [name for name in names if (FONTS / name).is_file()] + [""]


@lru_cache(maxsize=64)
def _font(name: str, height: int) -> ImageFont.FreeTypeFont:
    """A font whose capitals are so many pixels high."""
    size = height
    for _ in range(2):
        font = _load(name, size)
        box = font.getbbox("H")
        size = max(4, round(size * height / max(1, box[3] - box[1])))
    return _load(name, size)


def _load(name: str, size: int) -> ImageFont.FreeTypeFont:
    if name:
        return ImageFont.truetype(str(FONTS / name), size)
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _glyph(style: Style, character: str, place: int) -> tuple[Mask, int, int]:
    """One upright character in the middle of its place: the mask, and where it begins from left and top."""
    glyph = _fitted(style.font, style.height, character)
    x, y = style.slot(place)
    return glyph, round(x - glyph.shape[1] / 2), round(y - glyph.shape[0] / 2)


def _window(style: Style) -> tuple[int, int]:
    """Width and height in which a character of a place lies wholly, tilted as far as plates are."""
    return round(1.1 * style.height) + 4, round(1.6 * style.height) + 4


@lru_cache(maxsize=4096)
def _fitted(name: str, height: int, character: str) -> Mask:
    """A character alone; a wide one is squeezed into its place, as plates do."""
    font = _font(name, height)
    left, top, right, bottom = font.getbbox(character, anchor="ls")
    alone = Image.new("L", (max(1, round(right - left)), max(1, round(bottom - top))), 0)
    ImageDraw.Draw(alone).text((-left, -top), character, 255, font=font, anchor="ls")
    room = max(2, int(0.92 * SLOT * height))
    return np.asarray(alone if alone.width <= room else alone.resize((room, alone.height)), dtype=np.uint8)


def _turn(style: Style) -> NDArray[np.float64]:
    middle = style.size.width / 2, style.size.height / 2
    return np.asarray(cv2.getRotationMatrix2D(middle, style.tilt, 1.0), dtype=np.float64)


def _colour(values: NDArray[np.float64]) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in np.clip(values, 0, 255))
    return red, green, blue


def _pair(values: NDArray[np.int64]) -> tuple[int, int]:
    return int(values[0]), int(values[1])
