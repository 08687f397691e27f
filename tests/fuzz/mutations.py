"""Damage that formats are laid out for: not bits alone, but lengths, chunks and the seams between files.

Pure: the same `random` gives the same file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

# Numbers at which sizes, offsets and signs break.
_EDGES: Final = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_MOST: Final = 256 * 1024
"""Bytes of a mutated file: what is duplicated again and again stops growing here."""

Mutation = Callable[[bytearray, Random], None]


def mutated(seeds: Sequence[bytes], random: Random) -> bytes:
    """One of the seeds with one to eight kinds of damage, or two of them spliced first."""
    data = bytearray(random.choice(seeds))
    if random.random() < 0.15:
        splice(data, random.choice(seeds), random)
    for _ in range(random.choice((1, 1, 2, 3, 5, 8))):
        if data:
            random.choice(MUTATIONS)(data, random)
    return bytes(data[:_MOST])


def splice(data: bytearray, other: bytes, random: Random) -> None:
    """The head of one file on the tail of another."""
    data[random.randrange(len(data)) :] = other[random.randrange(len(other)) :]


def flip_bits(data: bytearray, random: Random) -> None:
    for _ in range(random.choice((1, 2, 8))):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def overwrite(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data))
    data[at : at + random.choice((1, 4, 16))] = random.randbytes(random.choice((1, 4, 16)))


def set_number(data: bytearray, random: Random) -> None:
    """An edge where a length, offset or count may stand, in either byte order; more often near the front."""
    size = random.choice((1, 2, 4))
    at = min(int(random.expovariate(1 / 60)), len(data) - 1)
    at = random.choice((at, random.randrange(len(data))))
    number = random.choice(_EDGES) & ((1 << 8 * size) - 1)
    data[at : at + size] = number.to_bytes(size, random.choice(("big", "little")))


def nudge_number(data: bytearray, random: Random) -> None:
    """A length that is wrong by little."""
    at, size = random.randrange(len(data)), random.choice((1, 2, 4))
    order = random.choice(("big", "little"))
    number = int.from_bytes(data[at : at + size], order) + random.choice((-8, -2, -1, 1, 2, 8))  # type: ignore[arg-type]
    data[at : at + size] = (number & ((1 << 8 * size) - 1)).to_bytes(size, order)  # type: ignore[arg-type]


def cut_short(data: bytearray, random: Random) -> None:
    del data[random.randrange(1, len(data) + 1) :]


def leave_out(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data))
    del data[at : at + random.choice((1, 2, 4, 12, 64))]


def put_in(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data) + 1)
    data[at:at] = random.randbytes(random.choice((1, 2, 4, 12, 64)))


def repeat(data: bytearray, random: Random) -> None:
    """A piece again, right behind itself: a chunk, a segment, a directory, many times over."""
    start, end = _piece(data, random)
    data[end:end] = bytes(data[start:end]) * random.choice((1, 1, 3, 50))


def move(data: bytearray, random: Random) -> None:
    """A piece elsewhere: chunks out of order, a directory that points at itself."""
    start, end = _piece(data, random)
    piece = bytes(data[start:end])
    del data[start:end]
    at = random.randrange(len(data) + 1)
    data[at:at] = piece


def _piece(data: bytearray, random: Random) -> tuple[int, int]:
    """A chunk of PNG or RIFF or a box or segment where one begins, else any piece."""
    starts = _boundaries(data)
    if len(starts) > 2 and random.random() < 0.7:
        at = random.randrange(len(starts) - 1)
        return starts[at], starts[at + 1]
    start = random.randrange(len(data))
    return start, min(len(data), start + random.choice((1, 4, 12, 100, 1000)))


def _boundaries(data: bytearray) -> list[int]:
    if data[:4] == b"\x89PNG":
        return _walk(data, 8, lambda at: 12 + int.from_bytes(data[at : at + 4], "big"))
    if data[:4] == b"RIFF":
        return _walk(data, 12, lambda at: 8 + -(-int.from_bytes(data[at + 4 : at + 8], "little") // 2) * 2)
    if data[4:8] == b"ftyp":
        return _walk(data, 0, lambda at: max(8, int.from_bytes(data[at : at + 4], "big")))
    if data[:2] == b"\xff\xd8":
        return _walk(data, 2, lambda at: 2 + int.from_bytes(data[at + 2 : at + 4], "big"))
    return []


def _walk(data: bytearray, at: int, length: Callable[[int], int]) -> list[int]:
    starts = [at]
    while at + 8 <= len(data) and len(starts) < 1000:
        at += length(at)
        starts.append(min(at, len(data)))
    return starts


MUTATIONS: Final[tuple[Mutation, ...]] = (
    flip_bits, overwrite, set_number, set_number, nudge_number, cut_short, leave_out, put_in, repeat, move,
)  # fmt: skip
