"""The export of a log: JSON Lines that an auditor can verify without the database.

    {"export":"privgate-audit","origin":"…","v":1}                      the header
    {"entry":"<canonical text>","index":0,"leaf":"<64 hex digits>"}     entries, by index from 0
    {"note":"<signed note>"}                                            a checkpoint, after its entries
    {"checkpoints":1,"end":true,"entries":1}                            the end, so that a cut is noticed

A checkpoint of size n stands between entry n-1 and entry n. Nothing in the file is trusted but the notes'
signatures; header and end are there for honest mistakes. The writer repairs nothing: it hands on what the
database holds, altered or not, and the verifier judges it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, assert_never

from audit.errors import MalformedRecord, UnreadableExport

FORMAT = "privgate-audit"
VERSION = 1
MAX_LINE = 128 * 1024  # bytes; an entry of 16 KiB whose every character is escaped sixfold, and its frame
MAX_COUNT = 2**63 - 1  # entries; what a database's integer key can number

_LEAF = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Header:
    origin: str


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry as the log holds it. text: meant to be canonical.  leaf: its recorded leaf hash, 32 bytes."""

    index: int
    text: str
    leaf: bytes


@dataclass(frozen=True, slots=True)
class LoggedCheckpoint:
    """A signed note as the log holds it."""

    note: str


@dataclass(frozen=True, slots=True)
class End:
    entries: int
    checkpoints: int


Record = Header | LoggedEntry | LoggedCheckpoint | End


def export_lines(
    origin: str, entries: Iterable[LoggedEntry], checkpoints: Iterable[tuple[int, LoggedCheckpoint]]
) -> Iterator[str]:
    """The lines of an export, each with its newline, in the memory of one entry.

    entries: by ascending index.  checkpoints: with the size they are stored under, by ascending size.
    """
    yield record_line(Header(origin))
    waiting = iter(checkpoints)
    following = next(waiting, None)
    counted = noted = 0
    for entry in entries:
        while following is not None and following[0] <= entry.index:
            yield record_line(following[1])
            following, noted = next(waiting, None), noted + 1
        yield record_line(entry)
        counted += 1
    while following is not None:
        yield record_line(following[1])
        following, noted = next(waiting, None), noted + 1
    yield record_line(End(counted, noted))


def record_line(record: Record) -> str:
    """The line of one record, with its newline."""
    fields: dict[str, object]
    match record:
        case Header(origin):
            fields = {"export": FORMAT, "v": VERSION, "origin": origin}
        case LoggedEntry(index, text, leaf):
            fields = {"index": index, "entry": text, "leaf": leaf.hex()}
        case LoggedCheckpoint(note):
            fields = {"note": note}
        case End(entries, checkpoints):
            fields = {"end": True, "entries": entries, "checkpoints": checkpoints}
        case _:
            assert_never(record)
    return json.dumps(fields, sort_keys=True, separators=(",", ":")) + "\n"


def parse_line(line: str | bytes) -> Record:
    """The record on a line.

    Raises UnreadableExport for a header of another format or version, MalformedRecord for anything that is no
    record. A key that occurs twice is malformed: two readers might take different values.
    """
    if len(line) > MAX_LINE:
        raise MalformedRecord(f"longer than {MAX_LINE} bytes")
    try:
        text = line.decode() if isinstance(line, bytes) else line
        fields = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as exc:
        raise MalformedRecord("not a JSON object with each key once") from exc
    if not isinstance(fields, dict):
        raise MalformedRecord("not a JSON object")
    match fields:
        case {"index": int(index), "entry": str(text), "leaf": str(leaf), **rest} if not rest:
            return _entry(index, text, leaf)
        case {"note": str(note), **rest} if not rest:
            return LoggedCheckpoint(note)
        case {"export": _}:
            return _header(fields)
        case {"end": True, "entries": int(entries), "checkpoints": int(checkpoints), **rest} if not rest:
            return End(entries, checkpoints)
    raise MalformedRecord("neither header, entry, checkpoint nor end")


def read_lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file. Of a line longer than MAX_LINE the start only, which parse_line then refuses."""
    while line := file.readline(MAX_LINE + 1):
        yield line
        while len(line) > MAX_LINE and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE + 1)


def _entry(index: int, text: str, leaf: str) -> LoggedEntry:
    if isinstance(index, bool) or not 0 <= index <= MAX_COUNT:
        raise MalformedRecord("the index is not a place in the log")
    if not _LEAF.fullmatch(leaf):
        raise MalformedRecord(f"entry {index}: the leaf hash is not 64 hex digits")
    return LoggedEntry(index, text, bytes.fromhex(leaf))


def _header(fields: dict[str, object]) -> Header:
    match fields:
        case {"export": "privgate-audit", "v": 1, "origin": str(origin), **rest} if not rest:
            return Header(origin)
        case {"export": "privgate-audit", "v": 1}:
            raise MalformedRecord("the header has not the fields of version 1")
    raise UnreadableExport(f"not an export of the format {FORMAT}, version {VERSION}")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key twice")
    return fields
