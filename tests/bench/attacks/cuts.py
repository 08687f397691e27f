"""Several releases whose regions somebody chose for the attacker: each cuts the plate in two elsewhere.

    python -m tests.bench.attacks.cuts [--plates N] [--seed N]

Margins that are drawn by lot (`average`) move the edge between two cells by little. Who grows a region to
one side moves it as far as they like: of two releases it lies at a third and at two thirds of the plate, of
three at its quarters. All else is as in `average`: the attacker knows all but the string, one of 100.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Final
from unittest.mock import patch

import cv2
import numpy as np

from policies.model import Kind, Region, Size
from policies.plan import BLOCK
from tests.bench.attacks import dictionary, strings
from tests.bench.attacks import methods as ways
from tests.bench.attacks.average import LIST, _books, _together
from tests.bench.attacks.dictionary import indices
from tests.bench.attacks.methods import Method
from tests.bench.attacks.reading import SMALL, scenes
from tests.bench.attacks.results import Row, of_likelihoods, tables
from tests.bench.attacks.strings import ALPHABET

COUNTS: Final = (1, 2, 3, 4)
PLATES: Final = 900
AROUND: Final = 7.0
"""Of a character's height: the surroundings of a plate, about as wide as the plate is."""


def attack(methods: Sequence[Method], seed: int, n: int) -> Iterator[Row]:
    chance = np.random.default_rng(seed + 1)
    right: dict[tuple[str, int], list[float]] = {(one.name, count): [] for one in methods for count in COUNTS}
    with patch.object(strings, "AROUND", AROUND):
        for scene, text, photo in scenes(Kind.LICENSE_PLATE, n, seed, fills=True, heights=SMALL):
            others = chance.integers(0, len(ALPHABET), (LIST - 1, len(text)))
            candidates = np.vstack([indices(text)[None], others])
            for method in methods:
                for count in COUNTS:
                    regions = cut(scene.style.region, scene.style.size, count)
                    books, seen = _books(scene, photo, regions, method)
                    value = dictionary.pick(_together(books), np.concatenate(seen), candidates)
                    right[method.name, count].append(value)
    for method in methods:
        for count in COUNTS:
            told = f"list of {LIST}, {count} release{'s' * (count > 1)}"
            yield of_likelihoods("chosen releases: plates", told, method, right[method.name, count], 1 / LIST)


def cut(region: Region, size: Size, count: int) -> list[Region]:
    """So many regions that hold this one; the middles of them divide it into equal parts."""
    found = []
    for number in range(1, count + 1):
        off = region.width * (2 * number / (count + 1) - 1)
        left, right = max(0, round(-off)), max(0, round(off))
        grown = Region(region.x0 - left, region.y0, region.x1 + right, region.y1)
        found.append(grown.aligned(BLOCK, size))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--plates", type=int, default=PLATES)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print(tables(list(attack([ways.bounded(1, 2, 2)], options.seed, options.plates))))


if __name__ == "__main__":
    main()
