"""Certificates of the twin test: what a worker signs about one sanitized copy, and what the log holds of it.

A certificate is a signed note (see `note`) whose text is one line of JSON, by a key that serves for nothing
else. The log holds HMAC-SHA256 over a label and the whole note, under the salt that stands in the note: it
tells nothing to whoever lacks the note, and cannot be made to fit another one.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from audit.entry import Entry
from audit.errors import MalformedCertificate, MalformedEntry, MalformedRecord, UnreadableExport
from audit.export import LoggedEntry, parse_line
from audit.note import CheckpointSigner, CheckpointVerifier, sign_note, verify_note

FORMAT: Final = "privgate-twin-test"
VERSION: Final = 1
SALT_BYTES: Final = 32

PROVEN: Final = "copy.proven"
"""The action of the entry that holds the commitment."""

_LABEL: Final = b"privgate twin test v1\x00"


@dataclass(frozen=True, slots=True)
class Certificate:
    """note: as it was handed over. facts: what it says, by name; salt: 32 bytes, None where it has none."""

    note: str
    facts: Mapping[str, Any]
    salt: bytes | None

    @property
    def sha256(self) -> str:
        """Of the sanitized copy, in hex."""
        return str(self.facts["sha256"])

    def commitment(self) -> str | None:
        """What the log holds of it, 64 hex digits; None for one that was made without a gateway."""
        return None if self.salt is None else commitment(self.note, self.salt)


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that holds the commitment. index: its place in the log."""

    index: int
    entry: Entry


def write_certificate(facts: Mapping[str, Any], salt: bytes, signer: CheckpointSigner) -> str:
    """The signed note; the same facts give the same text. Raises ValueError for a salt of another length."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    told = {**facts, "certificate": FORMAT, "v": VERSION, "salt": salt.hex()}
    return sign_note(json.dumps(told, sort_keys=True, ensure_ascii=True) + "\n", signer)


def open_certificate(note: str, key: CheckpointVerifier) -> Certificate:
    """Raises NoteError where the key has not signed it, MalformedCertificate where it is none."""
    text = verify_note(note, key)
    try:
        facts = json.loads(text)
        salt = bytes.fromhex(facts["salt"]) if "salt" in facts else None
        known = facts.get("certificate", FORMAT) == FORMAT and facts.get("v", VERSION) == VERSION
        whole = isinstance(facts["sha256"], str) and (salt is None or len(salt) == SALT_BYTES)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise MalformedCertificate("the note holds no certificate of the twin test") from exc
    if not known or not whole:
        raise MalformedCertificate("a certificate of another kind, or of a later version")
    return Certificate(note, facts, salt)


def commitment(note: str, salt: bytes) -> str:
    """64 hex digits."""
    return hmac.digest(salt, _LABEL + note.encode(), "sha256").hex()


class Search:
    """Looks for a certificate's entries in an export while something else reads it."""

    def __init__(self, certificate: Certificate) -> None:
        self._certificate = certificate
        self._wanted = certificate.commitment() or ""
        self.found: list[Found] = []

    def through(self, lines: Iterable[str | bytes]) -> Iterator[str | bytes]:
        """The lines, unchanged."""
        needle = self._wanted.encode()
        for line in lines:
            if self._wanted and needle in (line.encode() if isinstance(line, str) else line):
                self._look(line)
            yield line

    def _look(self, line: str | bytes) -> None:
        try:
            record = parse_line(line)
            if isinstance(record, LoggedEntry):
                self._take(record.index, Entry.parse(record.text.encode("utf-8", "surrogatepass")))
        except (MalformedRecord, UnreadableExport, MalformedEntry):
            return  # whoever verifies the export says so

    def _take(self, index: int, entry: Entry) -> None:
        """Only what says of the same copy that it is proven."""
        same = entry.details.get("commitment") == self._wanted
        if same and entry.action == PROVEN and entry.subject == self._certificate.facts.get("copy"):
            self.found.append(Found(index, entry))
