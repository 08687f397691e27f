"""Plates: every attack on what a copy shows of them, at bounds around the product's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from policies.model import Kind
from tests.bench.attacks import methods as ways
from tests.bench.attacks.methods import Method, Only, narrowed
from tests.bench.attacks.ocr import EasyOcr, by_ocr
from tests.bench.attacks.reading import ATTACKERS, by_dictionary, by_list, by_network
from tests.bench.attacks.results import Row

KIND: Final = Kind.LICENSE_PLATE
PLATES: Final = 1200
"""At most, of 7 characters, since those of one plate are read or missed together: near a half it takes this
many for an interval of 2 points to either side. A method whose interval is as narrow gets no more of them."""
LISTED: Final = 2401
"""At most, with one guess a plate, for the same reason."""
CONTROLS: Final = 100
"""Plates with a control, of which every one is found."""
LEARNT: Final = (3200, 360)
"""Plates of which the network learns, and about which it is asked."""

BOUNDS: Final = (
    (1, 1, 1), (1, 1, 2), (1, 1, 3), (1, 1, 8), (1, 2, 1), (1, 2, 2), (1, 2, 3), (1, 2, 4), (1, 4, 1),
    (1, 4, 2), (1, 4, 3), (2, 4, 1), (2, 4, 2), (2, 4, 3), (2, 4, 4), (2, 4, 8), (2, 8, 3), (4, 8, 3),
)  # fmt: skip


def attack(
    seed: int, weights: Path | None, only: Only = (), attackers: Sequence[str] = ATTACKERS
) -> Iterator[Row]:
    """weights: where EasyOCR's recogniser lies; without it that attacker is left out."""
    whole, grown = "plates: the region is the plate", "plates: the region as the product makes it"
    ours = [*(ways.bounded(*bound) for bound in BOUNDS), ways.bounded(1, 2, 2, flat=True)]
    controls = [ways.original(), ways.gaussian(6)]
    others = [ways.gaussian(10), ways.deface_mosaic(), ways.deface_blur()]
    narrow = _ours(1, 2, 2)
    learnt = [*controls, *others, ways.fill(), *narrow]
    if "dictionary" in attackers:
        every = narrowed([*controls, *others, ways.fill(), *ours], only)
        yield from by_dictionary(whole, KIND, every, PLATES, seed, fills=True)
        few = narrowed([*controls, ways.fill(), *narrow], only)
        yield from by_dictionary(grown, KIND, few, PLATES, seed + 10, fills=False)
    if "list" in attackers:
        yield from by_list(whole, KIND, narrowed(controls, only), CONTROLS, seed + 20, fills=True)
        yield from by_list(whole, KIND, narrowed(ours, only), LISTED, seed + 20, fills=True)
        yield from by_list(grown, KIND, narrowed(narrow, only), LISTED, seed + 30, fills=False)
    if "network" in attackers:
        yield from by_network(whole, KIND, narrowed(learnt, only), LEARNT, seed + 40, fills=True)
    if "ocr" in attackers and weights is not None:
        read = narrowed([ways.gaussian(4), *learnt], only)
        yield from by_ocr(whole, KIND, read, PLATES, seed + 50, EasyOcr(weights))


def _ours(rows: int, columns: int, bits: int) -> list[Method]:
    """What is chosen, smooth and flat, and what it was before there was this bench."""
    return [
        ways.bounded(rows, columns, bits),
        ways.bounded(rows, columns, bits, flat=True),
        ways.bounded(2, 4, 3),
    ]  # fmt: skip
