"""Several releases of one face, hidden alike but with other margins: do they add up to a person?

Two attackers, who both know every margin. To one each photo comes with margins of its own: he solves for the
pixels beneath by least squares. To the other all photos come with the same margins, as of policies that
changed: he learns from the cells of all releases side by side. Beside them what a Gaussian blur shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from gateway.imaging import cells
from gateway.imaging.image import Pixels
from policies.model import Kind, Region, Size
from policies.plan import BLOCK
from tests.bench.attacks import methods as ways
from tests.bench.attacks.average import MOST_GROWN, releases
from tests.bench.attacks.classifiers import Floats, Labels
from tests.bench.attacks.faces import HEIGHT, best, fitted, turned
from tests.bench.attacks.methods import Method, Only, cells_of, copy_of, narrowed
from tests.bench.attacks.photos import Photo, gather, people_of
from tests.bench.attacks.recogniser import Recogniser
from tests.bench.attacks.results import Row

NAME: Final = "averaging releases: faces"
RELEASES: Final = (1, 2, 3, 4, 8)
CELLS_HEIGHT: Final = 96
"""Pixels of a region of which only cells are looked at: they do not depend on it."""
SIGMA: Final = 6
"""Of the Gaussian blur that is the control, in pixels."""
SOLVED: Final = 12
"""Rows and columns of pixels that are solved for, of a face's region with its largest margin."""
SMOOTH: Final = 0.02
"""How much a difference of neighbours weighs beside a cell that is not met."""


def attack(seed: int, folder: Path, weights: Path | None, only: Only = ()) -> Iterator[Row]:
    """weights: of the recogniser, which the controls need. Raises NoPhotos."""
    photos = gather(folder, height=CELLS_HEIGHT)
    people = people_of(photos)
    ours = [ways.bounded(1, 2, 2), ways.bounded(1, 2, 2, flat=True), ways.bounded(4, 4, 3)]
    for method in narrowed(ours, only):
        for told, features in _features(photos, method, seed):
            yield from best(NAME, told, method, features, people, seed)
    if weights is not None and (plain := narrowed([ways.original(), ways.gaussian(SIGMA)], only)):
        yield from _controls(gather(folder, height=HEIGHT), people, Recogniser(weights), plain, seed)


def _features(photos: Sequence[Photo], method: Method, seed: int) -> Iterator[tuple[str, Floats]]:
    """Of both attackers, by so many releases; each photo is released once for all counts."""
    most = max(RELEASES)
    chance = np.random.default_rng(seed)
    own = [releases(photo.region, _size(photo), most, chance) for photo in photos]
    shown = [shown_of(photo, regions, method) for photo, regions in zip(photos, own, strict=True)]
    for count in RELEASES:
        beneath = [
            solved(photo.region, regions[:count], seen[:count], method)
            for photo, regions, seen in zip(photos, own, shown, strict=True)
        ]
        yield f"{_told(count)}, least squares", np.array(beneath)
    margins = np.vstack([np.zeros(4), chance.uniform(0, MOST_GROWN, (most - 1, 4))])
    alike = np.array([shown_of(photo, _grown(photo, margins), method) for photo in photos])
    for count in RELEASES:
        yield f"{_told(count)}, cells", alike[:, :count].reshape(len(photos), -1).astype(np.float64)


def _told(count: int) -> str:
    return f"{count} release{'s' * (count > 1)}"


def _size(photo: Photo) -> Size:
    return Size(photo.pixels.shape[1], photo.pixels.shape[0])


def _grown(photo: Photo, margins: Floats) -> list[Region]:
    """The region with each of the margins, shape (releases, 4): shares of its sides."""
    region, size = photo.region, _size(photo)
    found = []
    for left, top, right, bottom in margins:
        wider = Region(
            max(0, region.x0 - int(left * region.width)), max(0, region.y0 - int(top * region.height)),
            min(size.width, region.x1 + int(right * region.width)),
            min(size.height, region.y1 + int(bottom * region.height)),
        )  # fmt: skip
        found.append(wider.aligned(BLOCK, size))
    return found


def shown_of(photo: Photo, regions: Sequence[Region], method: Method) -> list[Floats]:
    """The cells that each release shows, each of shape (cells, 3)."""
    assert method.bound is not None
    copies = (copy_of(photo.pixels, region, Kind.FACE, method) for region in regions)
    return [cells_of(shown, method.bound).reshape(-1, 3).astype(np.float64) for shown in copies]


def _controls(
    photos: Sequence[Photo], people: Labels, recogniser: Recogniser, methods: Sequence[Method], seed: int
) -> Iterator[Row]:
    """The mean of what releases show of the region proper, and a Gaussian turned round, by the network."""
    for method in methods:
        count = 1 if method.name == "original" else 4
        chance = np.random.default_rng(seed)
        means = [_mean(photo, method, count, chance) for photo in photos]
        seen = [means, *([map(turned(SIGMA), means)] if method.name.startswith("Gaussian") else [])]
        described = [recogniser.describe(map(fitted, each)).astype(np.float64) for each in seen]
        features = np.concatenate(described, axis=1)
        yield from best(NAME, f"{_told(count)}, mean, recogniser", method, features, people, seed)


def _mean(photo: Photo, method: Method, count: int, chance: np.random.Generator) -> Pixels:
    region, total = photo.region, np.zeros((photo.region.height, photo.region.width, 3))
    for wider in releases(region, _size(photo), count, chance):
        down, across = region.y0 - wider.y0, region.x0 - wider.x0
        shown = copy_of(photo.pixels, wider, Kind.FACE, method)
        total += shown[down : down + region.height, across : across + region.width]
    return np.asarray(np.rint(total / count), dtype=np.uint8)


def solved(ground: Region, regions: Sequence[Region], seen: Sequence[Floats], method: Method) -> Floats:
    """The pixels beneath that fit all releases best, shape (SOLVED * SOLVED * 3,)."""
    assert method.bound is not None
    rows, columns = method.bound.grid
    parts = []
    for region in regions:
        down = _overlaps(region.y0, region.height, rows, ground.y0, ground.height)
        across = _overlaps(region.x0, region.width, columns, ground.x0, ground.width)
        parts.append(np.einsum("ri,cj->rcij", down, across).reshape(-1, SOLVED * SOLVED))
    matrix, values = np.concatenate(parts), np.concatenate(seen)
    middle = values.mean(axis=0)
    inner = matrix.T @ matrix + _ROUGH
    return np.asarray(np.linalg.solve(inner, matrix.T @ (values - middle)) + middle).reshape(-1)


def _overlaps(start: int, length: int, parts: int, ground: int, room: int) -> Floats:
    """How much of each cell lies over each solved row or column, shape (parts, SOLVED), each row sums to 1.

    The solved ones cover the first release's side with a margin of a quarter around it.
    """
    edges = (np.array(cells.edges(length, parts)) + start - ground) / room * SOLVED / 1.5 + SOLVED / 6
    places = np.arange(SOLVED)
    cover = np.minimum(edges[1:, None], places + 1) - np.maximum(edges[:-1, None], places)
    cover = np.maximum(cover, 0)
    return np.asarray(cover / np.maximum(cover.sum(axis=1, keepdims=True), 1e-9), dtype=np.float64)


def _roughness() -> Floats:
    """Squared differences of neighbours, as a matrix: of pictures that fit, the smoothest is solved for."""
    line = np.diff(np.eye(SOLVED), axis=0)
    rough = np.kron(line.T @ line, np.eye(SOLVED)) + np.kron(np.eye(SOLVED), line.T @ line)
    return np.asarray(SMOOTH * rough + 1e-6 * np.eye(SOLVED * SOLVED), dtype=np.float64)


_ROUGH: Final = _roughness()
