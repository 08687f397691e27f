"""Faces: who is it, of the people whom the attacker has other photos of (closed-set identification).

The cells of a copy go to three classifiers that learnt from our outputs of the other photos; pictures that
are not reduced to cells are described by a recognition network first; a Gaussian blur is turned round too.
Chance is what somebody has right who sees nothing and names whom there are most photos of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.imaging.image import Pixels
from policies.model import Kind
from tests.bench.attacks import methods as ways
from tests.bench.attacks import sharpen
from tests.bench.attacks.classifiers import (
    ATTACKERS,
    Floats,
    Labels,
    crossed,
    discriminant,
    folds,
    standardised,
)
from tests.bench.attacks.methods import Method, Only, cells_of, copy_of, narrowed
from tests.bench.attacks.photos import Photo, gather, people_of
from tests.bench.attacks.recogniser import SIDE, Recogniser
from tests.bench.attacks.results import Row, of_likelihoods

KIND: Final = Kind.FACE
NAME: Final = "faces"
HEIGHT: Final = 192
"""Pixels of the hidden region; larger ones get no more cells, so leave no more."""
FOLDS: Final = 5
SHORT: Final = 10
"""People on the short list."""
TURNED_NOISE: Final = 3e-4
"""Wiener's constant: a recogniser takes ringing worse than softness. Of 3e-6, 3e-5, 3e-4 the best."""

BOUNDS: Final = (
    (1, 1, 2), (1, 1, 3), (1, 1, 8), (1, 2, 2), (2, 1, 1), (2, 1, 2), (2, 1, 3), (2, 2, 1), (2, 2, 2),
    (2, 2, 3), (2, 2, 8), (3, 3, 2), (3, 3, 3), (4, 4, 1), (4, 4, 2), (4, 4, 3), (4, 4, 8), (8, 8, 3),
)  # fmt: skip

Describe = Callable[[Pixels], Iterable[Pixels]]


def attack(seed: int, folder: Path, weights: Path | None, only: Only = ()) -> Iterator[Row]:
    """weights: of the recogniser; without it only cells are attacked. Raises NoPhotos."""
    photos = gather(folder, height=HEIGHT)
    people = people_of(photos)
    if weights is not None:
        yield from _recognised(photos, people, Recogniser(weights), seed, only)
    bounds = [*(ways.bounded(*bound) for bound in BOUNDS), ways.bounded(1, 2, 2, flat=True)]
    for method in narrowed(bounds, only):
        yield from _by_cells(method, shown_cells(photos, method), people, seed)


def shown_cells(photos: Sequence[Photo], method: Method) -> Floats:
    """What the copies show, shape (photos, cells and channels)."""
    assert method.bound is not None
    copies = (copy_of(photo.pixels, photo.region, KIND, method) for photo in photos)
    return np.array([cells_of(shown, method.bound).reshape(-1) for shown in copies], dtype=np.float64)


def _by_cells(method: Method, features: Floats, people: Labels, seed: int) -> Iterator[Row]:
    yield from best(NAME, "cells", method, features, people, seed)


def best(
    name: str, attacker: str, method: Method, features: Floats, people: Labels, seed: int
) -> Iterator[Row]:
    """The classifier that does best, of all people and of a short list: the worst for us."""
    parts = folds(people, FOLDS, seed)
    scores = {told: crossed(features, people, parts, one) for told, one in ATTACKERS.items()}
    rows = [row(name, f"{attacker}, {told}", method, each, people) for told, each in scores.items()]
    yield max(rows, key=lambda one: one.right)
    lists = [
        short_row(name, f"{attacker}, {told}", method, each, people, seed) for told, each in scores.items()
    ]
    yield max(lists, key=lambda one: one.right)


def short_row(name: str, attacker: str, method: Method, scores: Floats, people: Labels, seed: int) -> Row:
    """Each photo's person among SHORT, the others drawn by chance."""
    chance = np.random.default_rng(seed)
    known, right, guessed = np.bincount(people).astype(np.float64), [], []
    for score, person in zip(scores, people, strict=True):
        others = chance.permutation(scores.shape[1])
        listed = [person, *others[others != person][: SHORT - 1]]
        right.append(_likelihood(score[listed], 0))
        guessed.append(_likelihood(known[listed], 0))
    size = min(SHORT, scores.shape[1])
    return of_likelihoods(f"{name}: a list of {size}", attacker, method, right, float(np.mean(guessed)))


def row(name: str, attacker: str, method: Method, scores: Floats, people: Labels) -> Row:
    count = scores.shape[1]
    right = [_likelihood(score, person) for score, person in zip(scores, people, strict=True)]
    guessed = float(np.bincount(people).max()) / len(people)
    return of_likelihoods(f"{name}: one of {count} people", attacker, method, right, guessed)


def _likelihood(score: Floats, person: int) -> float:
    """How likely the best score is this person's: 1 over those that share it, or 0."""
    first = score == score.max()
    return float(first[person]) / int(first.sum())


def _recognised(
    photos: Sequence[Photo], people: Labels, recogniser: Recogniser, seed: int, only: Only
) -> Iterator[Row]:
    """By the network's numbers: learnt from originals (naive), and learnt from the same outputs."""
    parts = folds(people, FOLDS, seed)
    known = describe(photos, ways.original(), recogniser)
    for method in narrowed(_pictures(), only):
        seen = known if method.name == "original" else describe(photos, method, recogniser)
        if method.name != "original":
            yield row(
                NAME, "recogniser, learnt from originals", method, naive(known, seen, people, parts), people
            )
        if method.name.startswith("Gaussian"):
            again = describe(photos, method, recogniser, turned(float(method.name.split("=")[1])))
            seen = np.concatenate([seen, again], axis=1)
        yield from best(NAME, "recogniser, learnt from copies", method, seen, people, seed)


def _pictures() -> list[Method]:
    gaussians = [ways.gaussian(sigma) for sigma in (2, 4, 6, 10)]
    ours = [ways.fill(), ways.bounded(1, 2, 2), ways.bounded(4, 4, 3)]
    return [ways.original(), *gaussians, ways.deface_mosaic(), ways.deface_blur(), *ours]


def naive(known: Floats, seen: Floats, people: Labels, parts: NDArray[np.int64]) -> Floats:
    """Scores of what is seen, by an attacker who learnt from what is known of the other parts' photos."""
    scores = np.empty((len(people), len(np.unique(people))))
    for part in np.unique(parts):
        tested = parts == part
        train, test = standardised(known[~tested], seen[tested])
        scores[tested] = discriminant(train, people[~tested], test)
    return scores


def describe(
    photos: Sequence[Photo],
    method: Method,
    recogniser: Recogniser,
    change: Callable[[Pixels], Pixels] = np.copy,
) -> Floats:
    """The network's numbers of what copies show, after a change if any. Shape (photos, 128)."""
    copies = (change(copy_of(photo.pixels, photo.region, KIND, method)) for photo in photos)
    return np.asarray(recogniser.describe(fitted(shown) for shown in copies), dtype=np.float64)


def fitted(shown: Pixels) -> Pixels:
    return np.asarray(cv2.resize(shown, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def turned(sigma: float) -> Callable[[Pixels], Pixels]:
    """What turns a Gaussian blur of so many pixels round."""
    row = sharpen.gaussian_kernel(sigma)
    return lambda shown: sharpen.wiener(shown, row, row, TURNED_NOISE)
