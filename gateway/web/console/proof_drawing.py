"""An inclusion proof, drawn: the entry at the foot, its lowest levels, and the signed root on top. Pure.

All in user units of the drawing's viewBox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.merkle import Step

WIDTH: Final = 450
ROW: Final = 50  # from one level to the next
BOX: Final = (104, 22)
REACH: Final = (116, 60)
"""From a node to each of the two below it, level by level: so far that no two boxes touch."""

LEVELS: Final = len(REACH)
"""Levels drawn above the entry; the rest are counted: a million entries have twenty."""


@dataclass(frozen=True, slots=True)
class Node:
    """kind: "on" computed, "sib" given by the proof, "root" the signed one."""

    x: int
    y: int
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Edge:
    path: str
    on: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """hidden: levels between the highest that is drawn and the root."""

    height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    hidden: int


def draw(index: int, path: Sequence[Step], root: bytes) -> Drawing:
    """The lowest LEVELS steps of a path, and the root that it should lead to."""
    shown = list(path[:LEVELS])
    hidden = len(path) - len(shown)
    height = ROW * len(shown) + 34
    nodes: list[Node] = []
    edges: list[Edge] = []
    # From the top down: the computed node to one side, its sibling to the other, nearer with each level.
    x = WIDTH // 2
    nodes.append(Node(x, 4, f"root {_short(root)}", "root"))
    for depth, step in enumerate(reversed(shown)):
        y = 4 + ROW * (depth + 1)
        reach = REACH[depth]
        own, other = (x + reach, x - reach) if step.left_is_given else (x - reach, x + reach)
        own, other = _inside(own), _inside(other)
        top = y - ROW + BOX[1]
        edges += [Edge(f"M{x} {top} {own} {y}", True), Edge(f"M{x} {top} {other} {y}", False)]
        computed, given = (step.right, step.left) if step.left_is_given else (step.left, step.right)
        last = depth == len(shown) - 1
        nodes.append(Node(own, y, f"entry {index:,}" if last else _short(computed), "on"))
        nodes.append(Node(other, y, _short(given), "sib"))
        x = own
    return Drawing(height, tuple(nodes), tuple(edges), hidden)


def _inside(x: int) -> int:
    return min(max(x, BOX[0] // 2 + 2), WIDTH - BOX[0] // 2 - 2)


def _short(value: bytes) -> str:
    return f"{value.hex()[:4]}…{value.hex()[-4:]}"
