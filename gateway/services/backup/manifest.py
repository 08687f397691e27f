"""The manifest of a backup: JSON Lines, so that a million blobs need no memory for the writing.

    {"backup":"privgate","v":1,"made":"…","code":"…","database":"sqlite","schema":"…","origin":"…"}
    {"part":"blobs/originals/5f0c…","bytes":123,"sha256":"…"}        each part: of the sealed bytes, as stored
    {"gone":"blobs/originals/5f0c…"}                                 erased while the backup was being made
    {"end":true,"parts":1}                                           so that a cut is noticed

It tells honest damage (a flipped bit, a lost file) by name. Against somebody who alters part and manifest
together stand the log's signatures and the blobs' own authentication, which a restore checks too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.services.backup.faults import BackupFault

NAME: Final = "manifest.jsonl"
FORMAT: Final = "privgate"
VERSION: Final = 1

_PART = re.compile(r"[a-z]+(/[a-z]+)?/[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Head:
    """made: ISO 8601. code: the release. database: "sqlite" or "postgresql". origin: the log's name."""

    made: str
    code: str
    database: str
    schema: str
    origin: str

    def line(self) -> str:
        about = {"made": self.made, "code": self.code, "database": self.database}
        return _line({"backup": FORMAT, "v": VERSION, **about, "schema": self.schema, "origin": self.origin})


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    bytes: int
    sha256: str

    def line(self) -> str:
        return _line({"part": self.name, "bytes": self.bytes, "sha256": self.sha256})


def gone_line(name: str) -> str:
    return _line({"gone": name})


def end_line(parts: int) -> str:
    return _line({"end": True, "parts": parts})


@dataclass(frozen=True, slots=True)
class Manifest:
    head: Head
    parts: dict[str, Part] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


def parse(lines: Iterable[bytes]) -> Manifest:
    """Raises BackupFault for anything but a whole manifest of this version."""
    records = [_record(number, line) for number, line in enumerate(lines, start=1)]
    if not records or records[0].get("backup") != FORMAT:
        raise BackupFault(f"{NAME} is no manifest of a Privgate backup")
    if records[0].get("v") != VERSION:
        raise BackupFault(f"{NAME} is of a version that this release does not know; use a later release")
    try:
        head = Head(**{name: str(records[0][name]) for name in Head.__slots__})
        manifest = Manifest(head)
        for record in records[1:-1]:
            _add(manifest, record)
    except (KeyError, TypeError, ValueError) as exc:
        raise BackupFault(f"{NAME} is damaged: a line is not of its form") from exc
    if records[-1] != {"end": True, "parts": len(manifest.parts)}:
        raise BackupFault(f"{NAME} is cut short: its end is missing or counts other parts")
    return manifest


def _add(manifest: Manifest, record: dict[str, Any]) -> None:
    if "gone" in record:
        manifest.gone.add(_name(record["gone"]))
        return
    part = Part(_name(record["part"]), int(record["bytes"]), str(record["sha256"]))
    if not _DIGEST.fullmatch(part.sha256) or part.name in manifest.parts:
        raise ValueError("a digest or a name")
    manifest.parts[part.name] = part


def _name(name: object) -> str:
    """A part's name, which becomes a file's name: nothing that could lead elsewhere."""
    if not isinstance(name, str) or not _PART.fullmatch(name):
        raise ValueError("a part's name")
    return name


def _record(number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise BackupFault(f"{NAME} is damaged at line {number}")
    return record


def _line(fields: dict[str, object]) -> str:
    return json.dumps(fields, separators=(",", ":")) + "\n"
