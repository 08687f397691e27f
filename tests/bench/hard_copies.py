"""Copies of labelled photos under conditions that make faces hard to find. Pure.

A copy's boxes are carried along. Where something is painted over a face the label stays: half a face is a
face. Chance is seeded by the caller, so the same photo gives the same copy.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gateway.bench.annotations import LabelledBox, LabelledImage
from gateway.bench.pixels import Pixels

Copy = tuple[Pixels, tuple[LabelledBox, ...]]
Change = Callable[[Pixels, tuple[LabelledBox, ...], np.random.Generator], Copy]

# Light blue of a surgical mask; the brown of a sleeve or a post.
MASK: Final = (150, 190, 215)
POST: Final = (92, 70, 52)
# Shares of a face's box: a mask covers it from the bridge of the nose down, a post its left side.
MASKED, COVERED = 0.45, 0.4
# A dark photo: values to the power of GAMMA, then noise of so many levels of 255.
GAMMA, NOISE = 3.0, 5.0
# Of blur, pixels: the length of a motion, the radius of a lens out of focus.
MOTION, DEFOCUS = 9, 3
QUALITY = 30


def turned(pixels: Pixels, boxes: tuple[LabelledBox, ...], _: np.random.Generator, *, degrees: float) -> Copy:
    """Turned to the left about the middle, on a black ground that holds all of it.

    A face is taken for the ellipse in its box, so that the turned box does not grow beyond it.
    """
    height, width = pixels.shape[:2]
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    new = round(width * abs(cos) + height * abs(sin)), round(width * abs(sin) + height * abs(cos))
    turn = np.array([[cos, sin, 0], [-sin, cos, 0]])
    turn[:, 2] = np.array(new) / 2 - turn[:, :2] @ (width / 2, height / 2)
    moved = []
    for box in boxes:
        half = box.width / 2, box.height / 2
        x, y = turn @ (box.x + half[0], box.y + half[1], 1)
        across = math.hypot(half[0] * cos, half[1] * sin)
        along = math.hypot(half[0] * sin, half[1] * cos)
        moved.append(replace(box, x=x - across, y=y - along, width=2 * across, height=2 * along))
    return _array(cv2.warpAffine(pixels, turn, new, flags=cv2.INTER_LINEAR)), tuple(moved)


def darkened(pixels: Pixels, boxes: tuple[LabelledBox, ...], chance: np.random.Generator) -> Copy:
    """As by night: little light, and the noise of a sensor that has to do with it."""
    dark = 255 * (pixels / 255.0) ** GAMMA
    return _array(dark + chance.normal(0, NOISE, pixels.shape)), boxes


def moving(pixels: Pixels, boxes: tuple[LabelledBox, ...], _: np.random.Generator) -> Copy:
    """Blurred by a camera that moved sideways."""
    return _array(cv2.filter2D(pixels, -1, np.full((1, MOTION), 1 / MOTION))), boxes


def out_of_focus(pixels: Pixels, boxes: tuple[LabelledBox, ...], _: np.random.Generator) -> Copy:
    """Blurred by a lens: each point a disc."""
    y, x = np.mgrid[-DEFOCUS : DEFOCUS + 1, -DEFOCUS : DEFOCUS + 1]
    disc = (x**2 + y**2 <= DEFOCUS**2).astype(np.float64)
    return _array(cv2.filter2D(pixels, -1, disc / disc.sum())), boxes


def masked(pixels: Pixels, boxes: tuple[LabelledBox, ...], _: np.random.Generator) -> Copy:
    """Mouth and nose of each face behind cloth."""
    result = pixels.copy()
    for x, y, width, height in _places(boxes):
        top, middle, bottom = y + height * MASKED, y + height * 0.8, y + height
        outline = [
            (x, top), (x + width, top), (x + width, middle), (x + width * 0.7, bottom),
            (x + width * 0.3, bottom), (x, middle),
        ]  # fmt: skip
        cv2.fillPoly(result, [np.round(outline).astype(np.int32)], MASK)
    return result, boxes


def half_covered(pixels: Pixels, boxes: tuple[LabelledBox, ...], _: np.random.Generator) -> Copy:
    """The left side of each face behind something."""
    result = pixels.copy()
    for x, y, width, height in _places(boxes):
        corners = np.round((x, y, x + width * COVERED, y + height)).astype(int).tolist()
        cv2.rectangle(result, corners[:2], corners[2:], POST, cv2.FILLED)
    return result, boxes


def compressed(pixels: Pixels, boxes: tuple[LabelledBox, ...], _: np.random.Generator) -> Copy:
    """As it comes out of a messenger: JPEG of quality QUALITY."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY)
    with Image.open(file) as again:
        return np.asarray(again), boxes


def untouched(pixels: Pixels, boxes: tuple[LabelledBox, ...], _: np.random.Generator) -> Copy:
    return pixels, boxes


CHANGES: Final[Mapping[str, Change]] = {
    "as it is": untouched,
    "turned by 15°": partial(turned, degrees=15),
    "turned by 30°": partial(turned, degrees=30),
    "turned by 90°": partial(turned, degrees=90),
    "upside down": partial(turned, degrees=180),
    "dark": darkened,
    "moving": moving,
    "out of focus": out_of_focus,
    "masked": masked,
    "half covered": half_covered,
    "JPEG 30": compressed,
}


def copy_of(image: LabelledImage, pixels: Pixels, name: str, seed: int) -> tuple[LabelledImage, Pixels]:
    """The named copy of an image, and it as a labelled image of its own."""
    changed, boxes = CHANGES[name](pixels, image.boxes, np.random.default_rng(seed))
    size = changed.shape[1], changed.shape[0]
    return replace(image, size=size, boxes=boxes), np.ascontiguousarray(changed)


def _places(boxes: tuple[LabelledBox, ...]) -> list[tuple[float, float, float, float]]:
    """Largest last, so that what stands in front is covered as a whole."""
    ordered = sorted(boxes, key=lambda box: box.height)
    return [(box.x, box.y, box.width, box.height) for box in ordered]


def _array(values: NDArray[np.generic] | cv2.typing.MatLike) -> Pixels:
    return np.asarray(np.clip(values, 0, 255), dtype=np.uint8)
