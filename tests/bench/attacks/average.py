"""Several releases of one original, hidden alike but with other margins: do they add up to more?

The product is deterministic, so a second copy under one policy shows nothing new. Another margin moves the
region, and its cells with it: each release then shows other means of the same pixels. Plates are read by the
dictionary of all releases together; of faces the pixels beneath are solved for by least squares.
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
from tests.bench.attacks import dictionary
from tests.bench.attacks import methods as ways
from tests.bench.attacks.classifiers import Floats
from tests.bench.attacks.dictionary import Book, indices
from tests.bench.attacks.faces import best
from tests.bench.attacks.methods import Method, Only, cells_of, copy_of, narrowed
from tests.bench.attacks.photos import Photo, gather
from tests.bench.attacks.reading import CHANCE, SMALL, matches, scenes
from tests.bench.attacks.results import Row, of_clusters, of_likelihoods
from tests.bench.attacks.strings import ALPHABET, Scene, with_region

RELEASES: Final = (1, 2, 4, 8, 16)
PLATES: Final = 200
LISTED: Final = 900
LIST: Final = 100
MOST_GROWN: Final = 0.3
"""Of a side: the largest margin of a release beyond the plate's own; the presets have 0.08 and 0.15."""
FACE_HEIGHT: Final = 128
SOLVED: Final = 12
"""Rows and columns of pixels that are solved for, of a face's region with its largest margin."""
SMOOTH: Final = 0.02
"""How much a difference of neighbours weighs beside a cell that is not met."""


def attack(seed: int, folder: Path | None, only: Only = ()) -> Iterator[Row]:
    """folder: with photos of faces, see `photos`; without one only plates are attacked."""
    plain = narrowed([ways.original(), ways.gaussian(6)], only)
    ours = narrowed([ways.bounded(1, 2, 2), ways.bounded(2, 4, 3)], only)
    yield from _characters(plain, seed, (1, 4), 100)
    yield from _characters(ours, seed, (1, 4, 16), PLATES)
    yield from _lists(ours, seed + 1)
    if folder is not None:
        yield from _faces(narrowed([ways.bounded(1, 2, 2), ways.bounded(4, 4, 3)], only), folder, seed)


def releases(region: Region, size: Size, count: int, chance: np.random.Generator) -> list[Region]:
    """The region as it is, then with so many other margins and places; each holds the first one."""
    found = [region]
    while len(found) < count:
        left, top, right, bottom = (
            int(chance.uniform(0, MOST_GROWN) * side)
            for side in (region.width, region.height, region.width, region.height)
        )
        wider = Region(
            max(0, region.x0 - left), max(0, region.y0 - top),
            min(size.width, region.x1 + right), min(size.height, region.y1 + bottom),
        )  # fmt: skip
        found.append(wider.aligned(BLOCK, size))
    return found


def _characters(methods: Sequence[Method], seed: int, counts: Sequence[int], n: int) -> Iterator[Row]:
    chance = np.random.default_rng(seed + 1)
    right: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for scene, text, photo in scenes(Kind.LICENSE_PLATE, n, seed, fills=True):
        regions = releases(scene.style.region, scene.style.size, max(counts), chance)
        for method in methods:
            books, seen = _books(scene, photo, regions, method)
            for count in counts:
                guess = dictionary.read(_together(books[:count]), np.concatenate(seen[:count]), chance)
                right.setdefault((method.name, count), []).append((matches(guess, text), len(text)))
    for method in methods:
        for count in counts:
            told = f"dictionary of {count} release{'s' * (count > 1)}"
            yield of_clusters("averaging releases: plates", told, method, right[method.name, count], CHANCE)


def _lists(methods: Sequence[Method], seed: int) -> Iterator[Row]:
    chance = np.random.default_rng(seed + 1)
    right: dict[tuple[str, int], list[float]] = {}
    for scene, text, photo in scenes(Kind.LICENSE_PLATE, LISTED, seed, fills=True, heights=SMALL):
        others = chance.integers(0, len(ALPHABET), (LIST - 1, len(text)))
        candidates = np.vstack([indices(text)[None], others])
        regions = releases(scene.style.region, scene.style.size, max(RELEASES), chance)
        for method in methods:
            books, seen = _books(scene, photo, regions, method)
            for count in RELEASES:
                value = dictionary.pick(_together(books[:count]), np.concatenate(seen[:count]), candidates)
                right.setdefault((method.name, count), []).append(value)
    for method in methods:
        for count in RELEASES:
            told = f"list of {LIST}, {count} release{'s' * (count > 1)}"
            yield of_likelihoods(
                "averaging releases: plates", told, method, right[method.name, count], 1 / LIST
            )


def _books(
    scene: Scene, photo: Pixels, regions: Sequence[Region], method: Method
) -> tuple[list[Book], list[dictionary.Floats]]:
    """A dictionary of each release, and what it shows."""
    books = [dictionary.book_of(with_region(scene, region), method) for region in regions]
    seen = [
        dictionary.seen_by(copy_of(photo, region, Kind.LICENSE_PLATE, method), method) for region in regions
    ]
    return books, seen


def _together(books: Sequence[Book]) -> Book:
    ground = np.concatenate([book.ground for book in books])
    return Book(ground, np.concatenate([book.each for book in books], axis=2), books[0].step)


def _faces(methods: Sequence[Method], folder: Path, seed: int) -> Iterator[Row]:
    photos = gather(folder, height=FACE_HEIGHT)
    people = np.unique([photo.person for photo in photos], return_inverse=True)[1].astype(np.int64)
    for method in methods:
        for count in (1, 4, 16):
            chance = np.random.default_rng(seed)
            solved = np.array([_solved(photo, method, count, chance) for photo in photos])
            told = f"{count} release{'s' * (count > 1)}, least squares"
            yield from best("averaging releases: faces", told, method, solved, people, seed)


def _solved(photo: Photo, method: Method, count: int, chance: np.random.Generator) -> Floats:
    """The pixels beneath that fit all releases best, shape (SOLVED * SOLVED * 3,)."""
    size = Size(photo.pixels.shape[1], photo.pixels.shape[0])
    assert method.bound is not None
    parts, seen = [], []
    for region in releases(photo.region, size, count, chance):
        shown = cells_of(copy_of(photo.pixels, region, Kind.FACE, method), method.bound)
        seen.append(shown.reshape(-1, 3))
        down = _overlaps(
            region.y0, region.height, method.bound.grid.rows, photo.region.y0, photo.region.height
        )
        across = _overlaps(
            region.x0, region.width, method.bound.grid.columns, photo.region.x0, photo.region.width
        )
        parts.append(np.einsum("ri,cj->rcij", down, across).reshape(-1, SOLVED * SOLVED))
    matrix, values = np.concatenate(parts), np.concatenate(seen).astype(np.float64)
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
