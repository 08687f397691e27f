"""Attacks on plates and text: the dictionary, lists of candidates, and a network trained on our outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.imaging.image import Pixels
from policies.model import Kind
from tests.bench.attacks import dictionary
from tests.bench.attacks.dictionary import indices
from tests.bench.attacks.methods import Method, copy_of
from tests.bench.attacks.networks import Reader
from tests.bench.attacks.results import Row, of_clusters, of_likelihoods
from tests.bench.attacks.strings import ALPHABET, Scene, random_scene, random_style, random_text

ATTACKERS: Final = ("dictionary", "list", "network", "ocr")
CHANCE: Final = 1 / len(ALPHABET)
TALL: Final = (40, 48)
"""Pixels of a character. Large ones are the worst case: a region of ours gets no more cells beyond that."""
SMALL: Final = (28, 32)
"""The same for lists, where only cells are compared: they do not depend on the size."""
FEWEST, AT_ONCE = 240, 25
"""Pictures before the intervals are looked at, and between two looks."""
FEWEST_LISTED: Final = 1200
"""The same for lists, with one guess a picture."""
SIZE: Final = (24, 96)
"""Height and width at which the network sees a region."""
EPOCHS: Final = 8
LISTS: Final = (100, 10_000)

Floats = NDArray[np.float32]
Picture = tuple[Scene, str, Pixels]
"""A scene, what it says, and a photo of it."""


def scenes(
    kind: Kind, n: int, seed: int, *, fills: bool, heights: tuple[int, int] = TALL
) -> Iterator[Picture]:
    """Scenes, what they say, and a photo of each."""
    chance = np.random.default_rng(seed)
    for _ in range(n):
        style = random_style(chance, kind, fills=fills, heights=heights)
        scene = random_scene(style, chance)
        text = random_text(chance, style.length)
        yield scene, text, scene.photo_of(text, chance)


def by_dictionary(
    attack: str, kind: Kind, methods: Sequence[Method], n: int, seed: int, *, fills: bool
) -> list[Row]:
    """Characters right, by an attacker who knows all but the string. n: pictures at most."""
    chance = np.random.default_rng(seed + 1)
    right: dict[str, list[tuple[int, int]]] = {method.name: [] for method in methods}

    def row(method: Method) -> Row:
        return of_clusters(attack, "dictionary", method, right[method.name], CHANCE)

    for (scene, text, photo), wanted in until_settled(scenes(kind, n, seed, fills=fills), methods, row):
        for method in wanted:
            seen = dictionary.seen_by(copy_of(photo, scene.style.region, kind, method), method)
            guess = dictionary.read(dictionary.book_of(scene, method), seen, chance)
            right[method.name].append((matches(guess, text), len(text)))
    return [row(method) for method in methods]


def by_list(
    attack: str, kind: Kind, methods: Sequence[Method], n: int, seed: int, *, fills: bool
) -> list[Row]:
    """Which of a list of strings it is, by the same attacker. n: pictures at most."""
    chance = np.random.default_rng(seed + 1)
    right: dict[tuple[str, int], list[float]] = {(each.name, size): [] for each in methods for size in LISTS}

    def row(method: Method, size: int = LISTS[0]) -> Row:
        return of_likelihoods(attack, f"list of {size:,}", method, right[method.name, size], 1 / size)

    pictures = scenes(kind, n, seed, fills=fills, heights=SMALL)
    for (scene, text, photo), wanted in until_settled(pictures, methods, row, FEWEST_LISTED):
        others = chance.integers(0, len(ALPHABET), (max(LISTS) - 1, len(text)))
        candidates = np.vstack([indices(text)[None], others])
        for method in wanted:
            seen = dictionary.seen_by(copy_of(photo, scene.style.region, kind, method), method)
            book = dictionary.book_of(scene, method)
            for size in LISTS:
                right[method.name, size].append(dictionary.pick(book, seen, candidates[:size]))
    return [row(method, size) for size in LISTS for method in methods]


def until_settled(
    pictures: Iterable[Picture],
    methods: Sequence[Method],
    row: Callable[[Method], Row],
    fewest: int = FEWEST,
) -> Iterator[tuple[Picture, list[Method]]]:
    """Each picture with the methods that still want one; ends when every interval is narrow enough."""
    wanted = list(methods)
    for index, picture in enumerate(pictures):
        if index >= fewest and index % AT_ONCE == 0:
            wanted = [method for method in wanted if not row(method).settled]
        if not wanted:
            return
        yield picture, wanted


def by_network(
    attack: str, kind: Kind, methods: Sequence[Method], n: tuple[int, int], seed: int, *, fills: bool
) -> list[Row]:
    """Characters right, by a network that learnt from n[0] outputs and is asked about n[1] others."""
    seen = {method.name: np.empty((sum(n), *SIZE), dtype=np.float32) for method in methods}
    texts = []
    for index, (scene, text, photo) in enumerate(scenes(kind, sum(n), seed, fills=fills)):
        texts.append(indices(text))
        for method in methods:
            seen[method.name][index] = small(copy_of(photo, scene.style.region, kind, method))
    told = np.array(texts)
    return [network_row(attack, "network", method, seen[method.name], told, n[0], seed) for method in methods]


def network_row(
    attack: str, attacker: str, method: Method, seen: Floats, told: NDArray[np.int64], cut: int, seed: int
) -> Row:
    """A reader trained on the first `cut` pictures (n, height, width), and asked about the others."""
    reader = Reader(told.shape[1], len(ALPHABET), SIZE, seed)
    reader.train(seen[:cut], told[:cut], EPOCHS)
    good = (reader.read(seen[cut:]) == told[cut:]).sum(axis=1)
    return of_clusters(attack, attacker, method, [(int(one), told.shape[1]) for one in good], CHANCE)


def small(shown: Pixels) -> Floats:
    """Grey, SIZE, mean 0 and spread 1; a flat picture is 0."""
    grey = cv2.resize(shown.astype(np.float32).mean(axis=2), SIZE[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray((grey - grey.mean()) / (grey.std() + 1), dtype=np.float32)


def matches(guess: str, text: str) -> int:
    return sum(one == other for one, other in zip(guess, text, strict=False))
