"""An entry of the audit log and its canonical bytes.

An entry says who (`actor`) did what (`action`) to what (`subject`), when, with a few codes and counts
(`details`). It holds ids and codes only: no free text, no file name, no digest of an image. The log is for
ever, so what is erasable must live elsewhere. The patterns below keep sentences, addresses and anything
that is not a short ASCII token out; that an id is random and names nobody is the writer's duty.

Every process that writes has an id of its own (`writer`) and numbers its entries from 0. Each entry carries
the SHA-256 of the same writer's previous one, 32 zero bytes in the first. So a missing entry shows within
the writer's chain even before the sequencer has put the entries of all writers in one order.

Canonical form, version 1: one JSON object in ASCII, no spaces, keys sorted, numbers whole, `previous` in
lower-case hex, `time` in UTC with six decimals and a Z:

    {"action":"copy.delivered","actor":"p_1","details":{"bytes":7},"previous":"00…00","sequence":0,
     "subject":"c_1","time":"2031-01-02T03:04:05.000006Z","v":1,"writer":"w_1"}     (without the line break)

There is exactly one such text for an entry, and `Entry.parse` accepts no other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from audit.errors import MalformedEntry

VERSION = 1
DIGEST_BYTES = 32  # SHA-256
NO_PREVIOUS = bytes(DIGEST_BYTES)
MAX_DETAILS = 32  # keys; an entry is a line, not a document
MAX_ENTRY_BYTES = 16 * 1024  # above 32 details of 64 + 200 characters and five ids of 200
MAX_NUMBER = 2**53 - 1  # the largest integer every JSON reader keeps exact (RFC 8259, section 6)

_ID = re.compile(r"[A-Za-z0-9._:+/=-]{1,200}")
_ACTION = re.compile(r"(?=.{1,100}\Z)[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_DETAIL_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DETAIL_TEXT = re.compile(r"[A-Za-z0-9._:+/=-]{0,200}")
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_FIELDS = frozenset({"v", "writer", "sequence", "previous", "time", "actor", "action", "subject", "details"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded action. Valid by construction; raises MalformedEntry for anything else.

    writer: id of the writing process.  sequence: its place in that writer's chain, from 0.
    previous: 32 bytes, `digest()` of the writer's entry before this one, or NO_PREVIOUS.
    time: aware; kept in UTC, in microseconds.  actor, subject: ids.  action: a dotted code.
    details: codes, ids and counts by name; kept read-only.
    """

    writer: str
    sequence: int
    previous: bytes
    time: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, str | int]

    def __post_init__(self) -> None:
        for name in ("writer", "actor", "subject"):
            _require(_matches(_ID, getattr(self, name)), f"{name} is not an id")
        _require(_matches(_ACTION, self.action), "action is not a dotted code such as copy.delivered")
        _require(type(self.sequence) is int and 0 <= self.sequence <= MAX_NUMBER, "sequence is not a count")
        _require(_is_chain_link(self.previous, self.sequence), "previous does not fit the sequence number")
        object.__setattr__(self, "time", _in_utc(self.time))
        object.__setattr__(self, "details", _checked_details(self.details))

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The canonical bytes: what is stored, hashed into the tree and exported."""
        fields = {
            "v": VERSION,
            "writer": self.writer,
            "sequence": self.sequence,
            "previous": self.previous.hex(),
            "time": self.time.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z",
            "actor": self.actor,
            "action": self.action,
            "subject": self.subject,
            "details": dict(self.details),
        }
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii")

    def digest(self) -> bytes:
        """SHA-256 of the canonical bytes, 32 bytes: the next entry's `previous`. Not the leaf hash."""
        return hashlib.sha256(self.to_bytes()).digest()

    @classmethod
    def parse(cls, data: bytes) -> Entry:
        """The entry whose canonical bytes these are. Raises MalformedEntry unless they are exactly that."""
        entry = cls(**_fields(data))  # type: ignore[arg-type]  # __post_init__ checks every type
        # Spaces, another order of keys, a key twice, 1e0 or -0: all mean the same and are not the same bytes.
        _require(entry.to_bytes() == data, "the bytes are not in canonical form")
        return entry


def _fields(data: bytes) -> dict[str, object]:
    _require(len(data) <= MAX_ENTRY_BYTES, f"longer than {MAX_ENTRY_BYTES} bytes")
    try:
        fields = json.loads(data.decode("ascii"))
    except (ValueError, RecursionError) as exc:
        raise MalformedEntry("not JSON in ASCII") from exc
    _require(isinstance(fields, dict) and fields.keys() == _FIELDS, "not the fields of an entry")
    _require(type(fields["v"]) is int and fields["v"] == VERSION, f"not an entry of version {VERSION}")
    _require(_matches(_HEX_DIGEST, fields["previous"]), "previous is not 64 hex digits")
    _require(_matches(_TIME, fields["time"]), "time is not in the canonical form")
    del fields["v"]
    fields["previous"] = bytes.fromhex(fields["previous"])
    try:
        fields["time"] = datetime.fromisoformat(fields["time"])
    except ValueError as exc:
        raise MalformedEntry("time is not a date") from exc
    return dict(fields)


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_chain_link(previous: object, sequence: int) -> bool:
    """32 bytes: zeros in a writer's first entry, and only there."""
    if not isinstance(previous, bytes) or len(previous) != DIGEST_BYTES:
        return False
    return (previous == NO_PREVIOUS) == (sequence == 0)


def _in_utc(time: object) -> datetime:
    if not isinstance(time, datetime) or time.utcoffset() is None:
        raise MalformedEntry("time has no zone")
    try:
        return time.astimezone(UTC)
    except OverflowError as exc:
        raise MalformedEntry("time is outside the years 1 to 9999 in UTC") from exc


def _checked_details(details: object) -> Mapping[str, str | int]:
    if not isinstance(details, Mapping) or len(details) > MAX_DETAILS:
        raise MalformedEntry(f"details are not a mapping of up to {MAX_DETAILS} names")
    for name, value in details.items():
        _require(_matches(_DETAIL_NAME, name), "a detail's name is not a lower-case word")
        if type(value) is int:
            _require(abs(value) <= MAX_NUMBER, f"detail {name} is too large a number")
        else:
            _require(_matches(_DETAIL_TEXT, value), f"detail {name} is neither a short token nor a number")
    return MappingProxyType(dict(details))


def _require(holds: bool, otherwise: str) -> None:
    """The message never repeats the value: what was refused may be the very text that must not be kept."""
    if not holds:
        raise MalformedEntry(otherwise)
