"""Small classifiers in closed form: from numbers that a copy shows to who or what it was. Pure.

All give a score for every test example and class, shape (test, classes), classes by ascending label. They
give the same scores on every run, and have no settings that were tuned on what they are tested on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

Attacker = Callable[[Floats, Labels, Floats], Floats]

SHRINK: Final = 0.1
"""Share of the mean variance in the covariance, so that it can be inverted."""
RIDGE: Final = 1.0


def nearest(train: Floats, labels: Labels, test: Floats) -> Floats:
    """How near the nearest example of each class is."""
    far = _squares(test, train)
    return np.array([-far[:, labels == label].min(axis=1) for label in np.unique(labels)]).T


def discriminant(train: Floats, labels: Labels, test: Floats) -> Floats:
    """Linear discriminant analysis (Fisher, 1936), covariance within classes shrunk to its mean variance."""
    known, members = np.unique(labels, return_inverse=True)
    middles = np.array([train[labels == label].mean(axis=0) for label in known])
    within = train - middles[members]
    covariance = within.T @ within / max(1, len(train) - len(known))
    features = len(covariance)
    shrunk = (1 - SHRINK) * covariance + SHRINK * np.trace(covariance) / features * np.eye(features)
    shrunk += 1e-9 * np.eye(features)
    weights = np.linalg.solve(shrunk, middles.T)
    return np.asarray(test @ weights - 0.5 * (middles.T * weights).sum(axis=0), dtype=np.float64)


def kernel(train: Floats, labels: Labels, test: Floats) -> Floats:
    """Ridge regression on a radial kernel, one output a class; its width is the median distance."""
    known, members = np.unique(labels, return_inverse=True)
    wanted = np.eye(len(known))[members]
    wanted -= wanted.mean(axis=0)
    far = _squares(train, train)
    width = max(float(np.median(far)), 1e-9)
    inner = np.exp(-far / width)
    inner[np.diag_indices_from(inner)] += RIDGE
    weights = np.linalg.solve(inner, wanted)
    return np.asarray(np.exp(-_squares(test, train) / width) @ weights, dtype=np.float64)


ATTACKERS: Final[dict[str, Attacker]] = {"nearest": nearest, "discriminant": discriminant, "kernel": kernel}


def standardised(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Both by the mean and spread of the first; features that never vary become 0."""
    middle, spread = train.mean(axis=0), train.std(axis=0)
    spread = np.where(spread < 1e-6, np.inf, spread)
    return (train - middle) / spread, (test - middle) / spread


def crossed(features: Floats, labels: Labels, parts: NDArray[np.int64], attacker: Attacker) -> Floats:
    """Every example scored by an attacker who learnt from the other parts. Shape (examples, classes)."""
    scores = np.empty((len(labels), len(np.unique(labels))))
    for part in np.unique(parts):
        tested = parts == part
        train, test = standardised(features[~tested], features[tested])
        scores[tested] = attacker(train, labels[~tested], test)
    return scores


def folds(labels: Labels, parts: int, seed: int) -> NDArray[np.int64]:
    """For each example its part, each class spread evenly over all of them."""
    chance = np.random.default_rng(seed)
    found = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        found[members] = (chance.permutation(len(members)) + chance.integers(parts)) % parts
    return found


def _squares(these: Floats, those: Floats) -> Floats:
    far = (these**2).sum(axis=1)[:, None] + (those**2).sum(axis=1)[None] - 2 * these @ those.T
    return np.asarray(np.maximum(far, 0.0), dtype=np.float64)
