"""Faces restored by a network before they are recognised: it learnt from pairs of other people.

What it gives back goes to the recognition network, once with an attacker who knows the people from their
originals, since a restorer is to give those back, and once with one who learnt from restored photos of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from gateway.imaging.image import Pixels
from policies.model import Kind, Region
from policies.plan import BLOCK
from tests.bench.attacks import methods as ways
from tests.bench.attacks.classifiers import Floats as Numbers
from tests.bench.attacks.classifiers import folds
from tests.bench.attacks.faces import FOLDS, HEIGHT, best, naive, row
from tests.bench.attacks.methods import Method, Only, copy_of, narrowed
from tests.bench.attacks.networks import FaceRestorer, Floats, torch_of_one_thread
from tests.bench.attacks.photos import Photo, gather, others, people_of
from tests.bench.attacks.recogniser import SIDE, Recogniser
from tests.bench.attacks.results import Row

NAME: Final = "faces restored by a network"
WORKED: Final = 64
"""Pixels a side at which it restores; the control shows how little an original loses by that."""
EPOCHS: Final = 8


def attack(seed: int, folder: Path, weights: Path, only: Only = ()) -> Iterator[Row]:
    """weights: of the recogniser. The originals are always looked at. Raises NoPhotos and NoTorch."""
    torch_of_one_thread()
    hidden = [
        ways.gaussian(6), ways.bounded(1, 2, 2), ways.fill(), ways.bounded(4, 4, 3), ways.deface_mosaic(),
        ways.bounded(1, 2, 2, flat=True), ways.deface_blur(), ways.gaussian(10),
    ]  # fmt: skip
    recogniser = Recogniser(weights)
    photos = gather(folder, height=HEIGHT)
    taught = _more(others(folder, height=HEIGHT), np.random.default_rng(seed))
    people = people_of(photos)
    parts = folds(people, FOLDS, seed)
    original = ways.original()
    known = _described(_pictures(photos, original), recogniser)
    yield from best(NAME, "recogniser", original, known, people, seed)
    wanted = _pictures(taught, original)
    for method in narrowed(hidden, only):
        restorer = FaceRestorer(seed)
        restorer.train(_pictures(taught, method), wanted, EPOCHS)
        restored = _described(restorer.restore(_pictures(photos, method)), recogniser)
        yield row(
            NAME, "restored, learnt from originals", method, naive(known, restored, people, parts), people
        )
        yield from best(NAME, "restored, learnt from restored", method, restored, people, seed)


def _more(photos: Sequence[Photo], chance: np.random.Generator) -> list[Photo]:
    """Each photo as it is, and mirrored with the face found a little elsewhere."""
    moved = (replace(photo, region=_moved(photo, chance)) for photo in photos)
    return [*photos, *(_mirrored(one) for one in moved)]


def _moved(photo: Photo, chance: np.random.Generator) -> Region:
    region = photo.region
    height, width = photo.pixels.shape[:2]
    down, across = (int(step) * BLOCK for step in chance.integers(-2, 3, 2))
    down = min(max(down, -region.y0), height - region.y1)
    across = min(max(across, -region.x0), width - region.x1)
    return Region(region.x0 + across, region.y0 + down, region.x1 + across, region.y1 + down)


def _mirrored(photo: Photo) -> Photo:
    width, region = photo.pixels.shape[1], photo.region
    turned = Region(width - region.x1, region.y0, width - region.x0, region.y1)
    return Photo(photo.person, np.ascontiguousarray(photo.pixels[:, ::-1]), turned)


def _pictures(photos: Sequence[Photo], method: Method) -> Floats:
    """What copies show, shape (photos, 3, WORKED, WORKED), from -1 to 1."""
    shown = (copy_of(photo.pixels, photo.region, Kind.FACE, method) for photo in photos)
    small = [_resized(each, WORKED).transpose(2, 0, 1) for each in shown]
    return np.array(small, dtype=np.float32) / np.float32(127.5) - 1


def _described(pictures: Floats, recogniser: Recogniser) -> Numbers:
    levels = np.clip(np.rint((pictures + 1) * 127.5), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    return np.asarray(recogniser.describe(_resized(each, SIDE) for each in levels), dtype=np.float64)


def _resized(shown: Pixels, side: int) -> Pixels:
    smaller = side < shown.shape[0]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(
        cv2.resize(np.ascontiguousarray(shown), (side, side), interpolation=way), dtype=np.uint8
    )
