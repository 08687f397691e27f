"""The dictionary: every character is drawn at every place and sent through the very same redaction.

This attacker knows all but the string: font, size, colours, tilt, place, surroundings. What a copy shows is
then, but for rounding, a sum of what the single characters would add; a Gibbs sampler finds the strings that
fit, and each place's likeliest character. With a list of candidates it asks which of them fits best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.imaging import cells
from gateway.imaging.image import Pixels
from tests.bench.attacks.methods import Bound, Change, Method, cells_of
from tests.bench.attacks.strings import ALPHABET, Mask, Scene

Floats = NDArray[np.float32]

CHAINS: Final = 24
SWEEPS: Final = 10
COUNTED: Final = 4
"""Of the sweeps, the last so many are counted."""
SPREAD: Final = 1.5
"""Levels of 255 by which noise and rounding move what is seen."""
SIDES: Final = (64, 24)
"""Pixels at most, across and down, to which a picture without cells is reduced before it is compared."""


@dataclass(frozen=True)
class Book:
    """What a copy of a scene would show. ground: of no character, shape (features,); each: what a character
    at a place adds, shape (places, characters, features); step: of the quantisation, 0 where there is none.
    """

    ground: Floats
    each: Floats
    step: int

    def misfit(self, expected: Floats, seen: Floats) -> Floats:
        """Squared distance in spreads, over the last axis. A quantised value fits its whole step."""
        off = np.abs(expected - seen)
        if self.step:
            off = np.maximum(off - self.step / 2, 0)
        return np.asarray(((off / SPREAD) ** 2).sum(axis=-1), dtype=np.float32)

    def misfits_at(self, place: int, without: Floats, seen: Floats) -> Floats:
        """For every chain and character at a place: shape (chains, characters). without: what the chain's
        other places show together, shape (chains, features).
        """
        each = self.each[place]
        if self.step:
            return self.misfit(without[:, None, :] + each[None], seen)
        off = seen - without
        squares = (off**2).sum(axis=1)[:, None] - 2 * off @ each.T + (each**2).sum(axis=1)[None]
        return np.asarray(squares / SPREAD**2, dtype=np.float32)


def book_of(scene: Scene, method: Method) -> Book:
    """The dictionary of one scene under one method."""
    region = scene.style.region
    inside = (slice(region.y0, region.y1), slice(region.x0, region.x1))
    blank = scene.blank[inside]
    contrast = np.array(scene.style.ink, dtype=np.float32) - np.array(scene.style.ground, dtype=np.float32)
    if method.bound is not None:
        ground = _cell_means(blank.transpose(2, 0, 1), method.bound).transpose(1, 2, 0)
        step = 256 >> method.bound.bits
        each = np.asarray(_covers(scene, method.bound)[..., None] * contrast, dtype=np.float32)
        return Book(ground.reshape(-1), each.reshape(*each.shape[:2], -1), step)
    if method.change is None:  # a fill: nothing adds anything
        ground = _small(np.zeros_like(blank))
        nothing = np.zeros((scene.style.length, len(ALPHABET), len(ground)), dtype=np.float32)
        return Book(ground, nothing, 0)
    glyphs = scene.glyphs[(..., *inside)]
    grey = blank.astype(np.float32).mean(axis=2)
    ground = _by_threes(grey[None], method.change)[0]
    drawn = grey + glyphs.reshape(-1, *grey.shape) * (contrast.mean() / 255)
    each = np.asarray(_by_threes(drawn, method.change) - ground, dtype=np.float32)
    return Book(ground, each.reshape(*glyphs.shape[:2], -1), 0)


def seen_by(shown: Pixels, method: Method) -> Floats:
    """What an attacker compares: the cells, or the picture made small. Shape (features,)."""
    if method.bound is not None:
        return cells_of(shown, method.bound).reshape(-1)
    return _small(shown)


def read(book: Book, seen: Floats, chance: np.random.Generator) -> str:
    """The string whose characters are each the likeliest at its place."""
    places, characters = book.each.shape[:2]
    states = chance.integers(0, characters, (CHAINS, places))
    rows = np.arange(CHAINS)
    expected = book.ground + sum(book.each[place, states[:, place]] for place in range(places))
    counts = np.zeros((places, characters), dtype=np.int64)
    for sweep in range(SWEEPS):
        heat = max(1.0, 300.0 * 0.3**sweep)
        for place in chance.permutation(places):
            without = expected - book.each[place, states[:, place]]
            misfits = book.misfits_at(int(place), without, seen)
            states[:, place] = np.argmax(-misfits / (2 * heat) + chance.gumbel(size=misfits.shape), axis=1)
            expected = without + book.each[place, states[:, place]]
            if sweep >= SWEEPS - COUNTED:
                best = book.misfit(expected, seen)
                good = rows[best <= best.min() + 20]  # chains that are stuck elsewhere have no say
                np.add.at(counts[place], states[good, place], 1)
    noisy = counts + chance.random(counts.shape) * 0.5
    return "".join(ALPHABET[index] for index in noisy.argmax(axis=1))


def pick(book: Book, seen: Floats, candidates: NDArray[np.int64]) -> float:
    """How likely the attacker names the first of the candidates: 0, or 1 over those that fit as well as it.

    candidates: shape (n, places), indices of characters.
    """
    expected = np.repeat(book.ground[None], len(candidates), axis=0)
    for place in range(candidates.shape[1]):
        expected += book.each[place, candidates[:, place]]
    misfits = book.misfit(expected, seen)
    if misfits[0] > misfits.min():
        return 0.0
    return 1.0 / float((misfits == misfits[0]).sum())


def indices(text: str) -> NDArray[np.int64]:
    return np.array([ALPHABET.index(character) for character in text], dtype=np.int64)


def _by_threes(greys: Floats, change: Change) -> Floats:
    """Features of grey pictures (n, height, width); three go through as one, for no tool mixes channels."""
    found = []
    for first in range(0, len(greys), 3):
        three = greys[np.minimum(np.arange(first, first + 3), len(greys) - 1)]
        pixels = np.clip(three + 0.5, 0, 255).astype(np.uint8).transpose(1, 2, 0)
        small = _fewer(change(np.ascontiguousarray(pixels)))
        found.append(small.transpose(2, 0, 1).reshape(3, -1))
    return np.asarray(np.concatenate(found)[: len(greys)], dtype=np.float32)


def _small(pixels: Pixels) -> Floats:
    return np.asarray(_fewer(pixels).mean(axis=2).reshape(-1), dtype=np.float32)


def _fewer(pixels: Pixels) -> Floats:
    """Reduced to SIDES, shape (height, width, 3)."""
    size = min(SIDES[0], pixels.shape[1]), min(SIDES[1], pixels.shape[0])
    return np.asarray(cv2.resize(pixels.astype(np.float32), size, interpolation=cv2.INTER_AREA))


def _covers(scene: Scene, bound: Bound) -> Floats:
    """How much of each cell a character covers, exact: shape (places, characters, rows, columns)."""
    region = scene.style.region
    down = np.array(cells.edges(region.height, bound.grid.rows)) + region.y0
    across = np.array(cells.edges(region.width, bound.grid.columns)) + region.x0
    height, width = scene.windows.shape[2:]
    ink = []
    for sums, (x, y) in zip(scene.sums, scene.corners, strict=True):
        rows, columns = np.clip(down - y, 0, height), np.clip(across - x, 0, width)
        ink.append(np.diff(np.diff(sums[:, rows[:, None], columns], axis=1), axis=2))
    areas = np.outer(np.diff(down), np.diff(across))
    return np.asarray(np.array(ink) / (255 * areas), dtype=np.float32)


def _cell_means(masks: Mask, bound: Bound) -> Floats:
    """Means of cells, exact, of masks (…, height, width): shape (…, rows, columns)."""
    rows, columns = bound.grid
    down = _averaging(masks.shape[-2], rows)
    across = _averaging(masks.shape[-1], columns)
    return np.asarray(down @ (masks.astype(np.float32) @ across.T), dtype=np.float32)


def _averaging(length: int, parts: int) -> Floats:
    """Shape (parts, length): each row takes the mean of one part, cut as `cells.edges` cuts."""
    edges = cells.edges(length, parts)
    matrix = np.zeros((parts, length), dtype=np.float32)
    for part in range(parts):
        matrix[part, edges[part] : edges[part + 1]] = 1 / (edges[part + 1] - edges[part])
    return matrix
