"""Photos of people for measuring, from a folder that a person names; nothing of them is kept.

DIR/NAME/PHOTO.jpg, a folder a person, as in "Labeled Faces in the Wild" (Huang et al., 2007). The face that
lies nearest the middle is found by the product's own detector and grown as the preset `street` grows it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gateway.detection.detector import Setting
from gateway.detection.faces import CenterFace
from gateway.detection.models import ModelStore
from gateway.detection.runtime import Precision
from gateway.imaging.image import Pixels
from gateway.settings import models_folder
from policies.model import Detection, Effort, Region, Size
from policies.plan import BLOCK

GROW: Final = 0.08
"""Of a side: what the preset `street` grows a face's box by."""
FEWEST, MOST = 15, 60
"""Photos of a person: people with fewer are left out, of the others so many are taken at most."""
SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".pgm")


class NoPhotos(Exception):
    """The folder does not hold what the attack on faces needs."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo, cut to the near surroundings of its face. person: a number from 0."""

    person: int
    pixels: Pixels
    region: Region


def gather(folder: Path, *, height: int) -> list[Photo]:
    """Photos scaled so that what is hidden of them is about so many pixels high. Raises NoPhotos."""
    people = [files[:MOST] for files in _people(folder) if len(files) >= FEWEST]
    if len(people) < 2:
        raise NoPhotos(f"{folder}: a folder for each of two people or more, {FEWEST} photos in each")
    return list(_photos(people, height))


def others(folder: Path, *, height: int) -> list[Photo]:
    """Photos of the people whom `gather` leaves out, in the same way. Raises NoPhotos."""
    people = [files for files in _people(folder) if len(files) < FEWEST]
    if not people:
        raise NoPhotos(f"{folder}: no people with fewer than {FEWEST} photos to learn from")
    return list(_photos(people, height))


def people_of(photos: Sequence[Photo]) -> NDArray[np.int64]:
    """Whose photo each is, numbered from 0 without gaps."""
    people = np.array([photo.person for photo in photos], dtype=np.int64)
    return np.asarray(np.unique(people, return_inverse=True)[1], dtype=np.int64)


def _people(folder: Path) -> Iterator[list[Path]]:
    for person in sorted(path for path in folder.iterdir() if path.is_dir()):
        yield sorted(path for path in person.iterdir() if path.suffix.lower() in SUFFIXES)


def _photos(people: Sequence[Sequence[Path]], height: int) -> Iterator[Photo]:
    for person, files in enumerate(people):
        for path in files:
            with Image.open(path) as image:
                pixels = np.array(image.convert("RGB"))
            if (face := _face_of(path)) is not None:
                yield _cut(person, pixels, face, height)


@lru_cache(maxsize=8192)
def _face_of(path: Path) -> Region | None:
    """The face nearest the middle of a photo; kept, since photos are gathered at several heights."""
    with Image.open(path) as image:
        pixels = np.array(image.convert("RGB"))
    return _nearest_the_middle(_finder().detect(pixels), pixels)


@cache
def _finder() -> CenterFace:
    models = ModelStore(models_folder(os.environ))
    return CenterFace(Setting(models=models, threads=1, precision=Precision.F32, effort=Effort.FAST))


def _nearest_the_middle(found: Sequence[Detection], pixels: Pixels) -> Region | None:
    x, y = pixels.shape[1] / 2, pixels.shape[0] / 2
    sure = [one.region for one in found if one.score >= 0.5]
    return min(
        sure,
        key=lambda box: abs((box.x0 + box.x1) / 2 - x) + abs((box.y0 + box.y1) / 2 - y),
        default=None,
    )


def _cut(person: int, pixels: Pixels, face: Region, height: int) -> Photo:
    """Scaled, and cut at multiples of a block, so that the region is aligned as in the whole photo."""
    scale = height / (face.height * (1 + 2 * GROW))
    wide, tall = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    large = cv2.resize(pixels, (wide, tall), interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    size = Size(wide, tall)
    x0, y0, x1, y1 = (round(side * scale) for side in (face.x0, face.y0, face.x1, face.y1))
    region = Region(x0, y0, x1, y1).grown(GROW, size).aligned(BLOCK, size)
    left, top = max(0, region.x0 - 32) // 16 * 16, max(0, region.y0 - 32) // 16 * 16
    cut = np.ascontiguousarray(large[top : region.y1 + 32, left : region.x1 + 32], dtype=np.uint8)
    inside = Region(region.x0 - left, region.y0 - top, region.x1 - left, region.y1 - top)
    return Photo(person, cut, inside)
