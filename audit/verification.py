"""One pass over an export: the records are taken in order and every check of `audit.verify` is made.

The numbers in the comments are those of the steps in the docstring of `audit.verify`. No file, no output.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import assert_never

from audit.chains import WriterChains
from audit.checkpoint import open_note
from audit.entry import Entry
from audit.errors import (
    AuditError,
    BadSignature,
    MalformedEntry,
    MalformedRecord,
    UnknownSigner,
    UnreadableExport,
    WrongOrigin,
)
from audit.export import End, Header, LoggedCheckpoint, LoggedEntry, Record, parse_line
from audit.history import History
from audit.merkle import leaf_hash
from audit.note import CheckpointVerifier
from audit.outside import load_outside
from audit.report import LOG_REFUSED, Code, Findings, Report

MAX_QUOTED = 80  # characters of hostile text in a message


def verify_export(
    lines: Iterable[str | bytes],
    key: CheckpointVerifier,
    *,
    outside: Iterable[str] | None = None,
    strict: bool = False,
) -> Report:
    """Verifies the lines of an export (see `export`), which may be made on the fly from a database.

    key: the log's public key.  outside: the lines of the file of checkpoints kept elsewhere (see `outside`).
    strict: entries that no checkpoint covers yet are a failure. Raises UnreadableExport if the first line
    belongs to no export of this format and version; everything else is a finding.
    """
    verification = _Verification(key, outside, strict=strict)
    for number, line in enumerate(lines, start=1):
        if line.strip():
            verification.line(number, line)
    return verification.report()


class _Verification:
    def __init__(self, key: CheckpointVerifier, outside: Iterable[str] | None, *, strict: bool) -> None:
        self._key = key
        self._strict = strict
        self._findings = Findings()
        self._against_outside = outside is not None
        claims = load_outside(outside, key, self._findings) if outside is not None else []
        self._history = History(self._findings, claims)
        self._chains = WriterChains(self._findings)
        self._begun = False
        self._end: End | None = None
        self._checkpoints = 0

    def line(self, number: int, line: str | bytes) -> None:
        try:
            record = parse_line(line)
        except (MalformedRecord, UnreadableExport) as exc:
            if not self._begun:
                raise UnreadableExport("the first line belongs to no export") from exc
            self._fail(Code.RECORD_MALFORMED, f"line {number}: {exc}", line=number)
            return
        self._place(number, record)
        self._take(number, record)

    def _place(self, number: int, record: Record) -> None:
        # (1) The header comes first and once, the end last and once.
        first, self._begun = not self._begun, True
        if first and not isinstance(record, Header):
            self._fail(Code.HEADER_MISSING, "the export has no header", line=number)
        if not first and isinstance(record, Header):
            self._fail(Code.RECORD_MALFORMED, f"line {number}: a second header", line=number)
        if self._end is not None:
            self._fail(Code.RECORD_MALFORMED, f"line {number}: a record after the end", line=number)

    def _take(self, number: int, record: Record) -> None:
        match record:
            case Header(origin):
                self._origin(origin, number)
            case LoggedEntry():
                self._entry(record)
            case LoggedCheckpoint(note):
                self._checkpoint(note, number)
            case End():
                self._end = record
            case _:
                assert_never(record)

    def _origin(self, origin: str, number: int) -> None:
        if origin != self._key.name:
            text = f"the header names the log {_quoted(origin)}, the key belongs to {self._key.name}"
            self._fail(Code.HEADER_ORIGIN, text, line=number)

    def _entry(self, logged: LoggedEntry) -> None:
        # (4) and (7): the place in the log, and the tree over the recorded leaves.
        self._history.entry(logged.index, logged.leaf)
        # (5) The text is what the leaf was made of, and canonical.
        data = logged.text.encode("utf-8", "surrogatepass")
        altered = leaf_hash(data) != logged.leaf
        if altered:
            text = f"entry {logged.index}: its text is not what its leaf hash was made of"
            self._fail(Code.ENTRY_LEAF, text, entry=logged.index)
        try:
            entry = Entry.parse(data)
        except MalformedEntry as exc:
            self._fail(Code.ENTRY_MALFORMED, f"entry {logged.index}: {exc}", entry=logged.index)
            return
        if entry.action == LOG_REFUSED:
            self._refused(logged.index, entry)
        # (6) The writer's chain. The bytes are canonical, so their hash is the entry's digest.
        self._chains.follow(logged.index, entry, None if altered else sha256(data).digest())

    def _refused(self, index: int, entry: Entry) -> None:
        """The log is whole, and somebody tried to write to it who may not: an auditor should know."""
        rows, reason = entry.details.get("rows", 0), entry.details.get("reason", "")
        text = (
            f"entry {index}: {rows} rows that no process of the installation wrote were kept out ({reason})"
        )
        self._findings.notice(Code.LOG_REFUSED, text, entry=index)

    def _checkpoint(self, note: str, number: int) -> None:
        # (2) Signature, then (3) sizes and (7) root.
        self._checkpoints += 1
        try:
            checkpoint = open_note(note, self._key)
        except AuditError as exc:
            self._fail(_code_of(exc), f"checkpoint on line {number}: {exc}", line=number)
            return
        self._history.checkpoint(checkpoint)

    def report(self) -> Report:
        if not self._begun:
            raise UnreadableExport("there is nothing in it")
        self._check_end()
        # (7), (8) What still waits for its entries.
        history = self._history
        history.finish()
        # (9) What is covered, and whether anything is.
        uncovered = history.entries - max(history.covered, history.signed)
        proven = history.root is not None and (history.covered > 0 or history.entries == 0)
        if not proven:
            text = f"no signed checkpoint vouches for any of the {history.entries} entries: nothing is proven"
            self._fail(Code.LOG_UNPROVEN, text, count=history.entries)
        elif uncovered > 0:
            report = self._fail if self._strict else self._findings.notice
            report(Code.LOG_UNCOVERED, f"{uncovered} entries are not yet under a checkpoint", count=uncovered)
        return self._result()

    def _check_end(self) -> None:
        counted = End(self._history.entries, self._checkpoints)
        if self._end is None:
            self._fail(Code.EXPORT_CUT, "the export has no end: it was cut short")
        elif self._end != counted:
            text = (
                f"the end counts {self._end.entries} entries and {self._end.checkpoints} checkpoints, "
                f"there are {counted.entries} and {counted.checkpoints}"
            )
            self._fail(Code.EXPORT_CUT, text)

    def _result(self) -> Report:
        history = self._history
        return Report(
            origin=self._key.name,
            entries=history.entries,
            checkpoints=self._checkpoints,
            met=history.met,
            outside_met=history.outside_met if self._against_outside else None,
            covered=history.covered,
            root=history.root,
            writers=self._chains.writers,
            verdict=self._findings.verdict(),
            failures=self._findings.failures.total(),
            findings=tuple(self._findings.kept),
            omitted=self._findings.omitted(),
        )

    def _fail(self, code: Code, message: str, **places: int | str) -> None:
        self._findings.fail(code, message, **places)


def _code_of(error: AuditError) -> Code:
    match error:
        case UnknownSigner() | BadSignature():
            return Code.CHECKPOINT_SIGNATURE
        case WrongOrigin():
            return Code.CHECKPOINT_ORIGIN
        case _:
            return Code.CHECKPOINT_MALFORMED


def _quoted(text: str) -> str:
    """Hostile text for a terminal: ASCII, escaped, short."""
    return ascii(text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…")
