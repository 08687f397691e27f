"""Several releases of one original, hidden alike but with other margins: do they add up to more?

The product is deterministic, so a second copy under one policy shows nothing new. Another margin moves the
region, and its cells with it: each release then shows other means of the same pixels. Plates are read by the
dictionary of all releases together; for faces see `released`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from gateway.imaging.image import Pixels
from policies.model import Kind, Region, Size
from policies.plan import BLOCK
from tests.bench.attacks import dictionary
from tests.bench.attacks import methods as ways
from tests.bench.attacks.dictionary import Book, indices
from tests.bench.attacks.methods import Method, Only, copy_of, narrowed
from tests.bench.attacks.reading import ATTACKERS, CHANCE, SMALL, matches, scenes
from tests.bench.attacks.results import Row, of_clusters, of_likelihoods
from tests.bench.attacks.strings import ALPHABET, Scene, with_region

KIND: Final = Kind.LICENSE_PLATE
NAME: Final = "averaging releases: plates"
RELEASES: Final = (1, 2, 3, 4, 8, 16)
FEW: Final = (1, 4)
"""Releases of the controls, which need no more."""
CONTROLS: Final = 100
PLATES: Final = 360
LISTED: Final = 2401
"""Plates: with one guess a plate an interval is 2 points to either side at most."""
LIST: Final = 100
MOST_GROWN: Final = 0.3
"""Of a side: the largest margin of a release beyond the plate's own; the presets have 0.08 and 0.15."""


def attack(seed: int, only: Only = (), attackers: Sequence[str] = ATTACKERS) -> Iterator[Row]:
    """attackers: of those in `reading` the dictionary and the list."""
    plain = narrowed([ways.original(), ways.gaussian(6)], only)
    ours = narrowed([ways.bounded(1, 2, 2), ways.bounded(1, 2, 3), ways.bounded(2, 4, 3)], only)
    if "list" in attackers:
        yield from _lists(plain, seed + 1, FEW, CONTROLS)
        yield from _lists(ours, seed + 1, RELEASES, LISTED)
    if "dictionary" in attackers:
        yield from _characters(plain, seed, FEW, CONTROLS)
        yield from _characters(ours, seed, (1, 4, 16), PLATES)


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
    for scene, text, photo in scenes(KIND, n, seed, fills=True):
        regions = releases(scene.style.region, scene.style.size, max(counts), chance)
        for method in methods:
            books, seen = _books(scene, photo, regions, method)
            for count in counts:
                guess = dictionary.read(_together(books[:count]), np.concatenate(seen[:count]), chance)
                right.setdefault((method.name, count), []).append((matches(guess, text), len(text)))
    for method in methods:
        for count in counts:
            told = f"dictionary of {count} release{'s' * (count > 1)}"
            yield of_clusters(NAME, told, method, right[method.name, count], CHANCE)


def _lists(methods: Sequence[Method], seed: int, counts: Sequence[int], n: int) -> Iterator[Row]:
    chance = np.random.default_rng(seed + 1)
    right: dict[tuple[Method, int], list[float]] = {
        (method, count): [] for method in methods for count in counts
    }
    for scene, text, photo in scenes(KIND, n, seed, fills=True, heights=SMALL):
        others = chance.integers(0, len(ALPHABET), (LIST - 1, len(text)))
        candidates = np.vstack([indices(text)[None], others])
        regions = releases(scene.style.region, scene.style.size, max(counts), chance)
        for method in methods:
            books, seen = _books(scene, photo, regions, method)
            for count in counts:
                value = dictionary.pick(_together(books[:count]), np.concatenate(seen[:count]), candidates)
                right[method, count].append(value)
    for (method, count), values in right.items():
        told = f"list of {LIST}, {count} release{'s' * (count > 1)}"
        yield of_likelihoods(NAME, told, method, values, 1 / LIST)


def _books(
    scene: Scene, photo: Pixels, regions: Sequence[Region], method: Method
) -> tuple[list[Book], list[dictionary.Floats]]:
    """A dictionary of each release, and what it shows."""
    books = [dictionary.book_of(with_region(scene, region), method) for region in regions]
    seen = [dictionary.seen_by(copy_of(photo, region, KIND, method), method) for region in regions]
    return books, seen


def _together(books: Sequence[Book]) -> Book:
    ground = np.concatenate([book.ground for book in books])
    return Book(ground, np.concatenate([book.each for book in books], axis=2), books[0].step)
