"""A small real log for the tests, and the ways in which a forger rewrites it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from audit.checkpoint import Checkpoint, CheckpointSigner, sign
from audit.entry import NO_PREVIOUS, Entry
from audit.export import LoggedCheckpoint, LoggedEntry, export_lines
from audit.merkle import leaf_hash, root
from audit.report import Code, Report
from audit.verification import verify_export

ORIGIN = "privgate.test/log"
SIGNER = CheckpointSigner(ORIGIN, bytes(range(32)))
KEY = SIGNER.verifier
START = datetime(2031, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
WRITERS = ("w_a", "w_b", "w_c")
SIZES = (5, 10, 15, 20)  # where the usual log has its checkpoints


def make_entries(count: int) -> list[Entry]:
    """Entries of three writers in turn, each with its proper chain."""
    blank = [
        Entry(
            WRITERS[i % 3],
            0,
            NO_PREVIOUS,
            START + timedelta(seconds=i),
            f"p_{i}",
            "copy.delivered",
            f"c_{i}",
            {},
        )
        for i in range(count)
    ]
    return rechained(blank)


def rechained(entries: Sequence[Entry]) -> list[Entry]:
    """What a careful forger does: sequence numbers and `previous` made to fit, for every writer."""
    last: dict[str, Entry] = {}
    result = []
    for entry in entries:
        before = last.get(entry.writer)
        sequence, previous = (0, NO_PREVIOUS) if before is None else (before.sequence + 1, before.digest())
        fitted = replace(entry, sequence=sequence, previous=previous)
        last[entry.writer] = fitted
        result.append(fitted)
    return result


def logged(entries: Sequence[Entry]) -> list[LoggedEntry]:
    """The entries as the log holds them, indices and leaf hashes fitting."""
    data = [entry.to_bytes() for entry in entries]
    return [LoggedEntry(i, text.decode(), leaf_hash(text)) for i, text in enumerate(data)]


def note_at(
    entries: Sequence[LoggedEntry], size: int, signer: CheckpointSigner = SIGNER
) -> tuple[int, LoggedCheckpoint]:
    """The signed checkpoint over the first `size` entries, with its size as the log stores it."""
    over = root([entry.leaf for entry in entries[:size]])
    return size, LoggedCheckpoint(sign(Checkpoint(signer.name, size, over), signer))


class Log:
    """Entries and checkpoints that tests alter before they are exported."""

    def __init__(self, count: int = 20, sizes: Sequence[int] = SIZES) -> None:
        self.source = make_entries(count)
        self.entries = logged(self.source)
        self.notes = [note_at(self.entries, size) for size in sizes]

    def lines(self) -> list[str]:
        return list(export_lines(ORIGIN, self.entries, self.notes))

    def outside(self) -> list[str]:
        """The lines of the file kept outside the database, as it stands now."""
        return "".join(f"{note.note}\n" for _, note in self.notes).splitlines(keepends=True)

    def report(self, outside: Sequence[str] | None = None, *, strict: bool = False) -> Report:
        return verify_export(self.lines(), KEY, outside=outside, strict=strict)


def edited(entry: LoggedEntry, **changes: object) -> LoggedEntry:
    """The text changed, the leaf hash left as it was."""
    fields = json.loads(entry.text) | changes
    return replace(entry, text=json.dumps(fields, sort_keys=True, separators=(",", ":")))


def found(report: Report, code: Code) -> list[dict[str, int | str]]:
    """The places of all findings with this code."""
    return [finding.places for finding in report.findings if finding.code is code]


def codes(report: Report) -> list[Code]:
    return [finding.code for finding in report.findings]


def altered_lines(
    lines: Sequence[str], place: int, change: Callable[[dict[str, object]], object]
) -> list[str]:
    """The lines with the record on one of them changed in place."""
    record = json.loads(lines[place])
    change(record)
    return [*lines[:place], json.dumps(record) + "\n", *lines[place + 1 :]]


def other_history(log: Log, place: int = 3) -> Log:
    """Another log of the same length, well formed throughout and signed with the true key."""
    forged = Log(len(log.source), [size for size, _ in log.notes])
    forged.source[place] = replace(forged.source[place], actor="p_999")
    forged.entries = logged(rechained(forged.source))
    forged.notes = [note_at(forged.entries, size) for size, _ in log.notes]
    return forged
