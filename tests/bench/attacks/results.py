"""What an attack found, as rows of a table: how often right, its interval, beside chance."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from gateway.bench.intervals import Share, mean_of_images, share_of_boxes
from tests.bench.attacks.methods import Method

ORIGINALS, GAUSSIAN = 0.90, 0.80
"""What an attacker must reach on originals and on a Gaussian blur of sigma 6, or the attack shows nothing."""
HALF_WIDTH: Final = 0.02
"""Of an interval, at most: each method is attacked until its own is as narrow."""
ALLOWED: Final = 0.05
"""Above chance: the product's aim for an attacker who knows the code."""


@dataclass(frozen=True, slots=True)
class Row:
    """One attacker against one method. bits: left at most; None where there is no bound. n: guesses."""

    attack: str
    attacker: str
    method: str
    bits: int | None
    right: float
    low: float
    high: float
    chance: float
    n: int

    @property
    def held(self) -> str:
        """Whether a control reached what it must, or a method of ours is near chance; "" for the rest."""
        if self.method == "original":
            return "control" if self.right >= ORIGINALS else "CONTROL FAILED"
        if self.method == "Gaussian σ=6":
            return "control" if self.right >= GAUSSIAN else "control not reached"
        if self.bits is None:
            return ""
        return "within" if self.right <= self.chance + ALLOWED else "above"

    @property
    def settled(self) -> bool:
        """Whether the interval is narrow enough."""
        return self.high - self.low <= 2 * HALF_WIDTH

    def line(self) -> str:
        bits = "" if self.bits is None else str(self.bits)
        interval = f"{100 * self.low:.1f}–{100 * self.high:.1f}"
        chance = f"{100 * self.chance:.2g}"
        right = f"{100 * self.right:.1f}" if self.right >= 0.001 else f"{100 * self.right:.2g}"
        told = (self.attacker, self.method, bits, right, interval, chance, str(self.n), self.held)
        return "| " + " | ".join(told) + " |"


HEAD: Final = "| attacker | method | bits | right, % | 95 % | chance | n | |\n" + "| --- " * 8 + "|"


def of_clusters(
    attack: str, attacker: str, method: Method, right: Sequence[tuple[int, int]], chance: float
) -> Row:
    """right: (right, guesses) of each picture; the characters of one are not independent."""
    return _row(attack, attacker, method, share_of_boxes(right), chance)


def of_likelihoods(attack: str, attacker: str, method: Method, values: Sequence[float], chance: float) -> Row:
    """values: of each picture how likely the attacker is right, between 0 and 1 where several fit alike."""
    mean = mean_of_images(values)
    return Row(
        attack,
        attacker,
        method.name,
        _bits(method),
        mean.value or 0.0,
        mean.low,
        mean.high,
        chance,
        mean.count,
    )


def tables(rows: Iterable[Row]) -> str:
    """Markdown, a table an attack."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.attack, []).append(row)
    parts = [
        "\n".join([f"### {attack}", "", HEAD, *(row.line() for row in of)]) for attack, of in found.items()
    ]
    return "\n\n".join(parts) + "\n"


def as_json(rows: Sequence[Row]) -> str:
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1) + "\n"


def _row(attack: str, attacker: str, method: Method, share: Share, chance: float) -> Row:
    right = share.value or 0.0
    return Row(
        attack, attacker, method.name, _bits(method), right, share.low, share.high, chance, share.whole
    )


def _bits(method: Method) -> int | None:
    if not method.ours:
        return None
    return method.bound.total if method.bound else 0
