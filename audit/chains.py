"""The writers' chains: numbered without a gap, each entry carrying the hash of the last.

The check runs in the order of the log and keeps one link a writer (about 0.3 kB). It finds an entry that was
left out before the sequencer ever saw it, which the tree alone cannot show.
"""

from __future__ import annotations

from dataclasses import dataclass

from audit.entry import Entry
from audit.report import Code, Findings


@dataclass(frozen=True, slots=True)
class _Link:
    """The last entry of a writer. digest: None where its bytes are known not to be the recorded ones."""

    index: int
    sequence: int
    digest: bytes | None


class WriterChains:
    """Feed every readable entry in the log's order; what does not fit becomes a finding."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._links: dict[str, _Link] = {}

    @property
    def writers(self) -> int:
        return len(self._links)

    def follow(self, index: int, entry: Entry, digest: bytes | None) -> None:
        """digest: the entry's own, or None if its text is altered, so that the next is not blamed too."""
        last = self._links.get(entry.writer)
        expected = 0 if last is None else last.sequence + 1
        if entry.sequence < expected:
            self._out_of_order(index, entry, expected)
            return
        if entry.sequence > expected:
            self._gap(index, entry, expected)
        elif last is not None and last.digest is not None and entry.previous != last.digest:
            self._broken(index, entry, last)
        self._links[entry.writer] = _Link(index, entry.sequence, digest)

    def _out_of_order(self, index: int, entry: Entry, expected: int) -> None:
        self._findings.fail(
            Code.WRITER_ORDER,
            f"entry {index}: writer {entry.writer} has sequence {entry.sequence} where {expected} is due",
            entry=index,
            writer=entry.writer,
            sequence=entry.sequence,
        )

    def _gap(self, index: int, entry: Entry, expected: int) -> None:
        last = entry.sequence - 1
        missing = f"sequence {expected}" if last == expected else f"sequences {expected} to {last}"
        self._findings.fail(
            Code.WRITER_GAP,
            f"writer {entry.writer}: {missing} missing before entry {index}",
            entry=index,
            writer=entry.writer,
            first=expected,
            last=last,
        )

    def _broken(self, index: int, entry: Entry, last: _Link) -> None:
        self._findings.fail(
            Code.WRITER_PREVIOUS,
            f"entry {index}: its `previous` is not the hash of entry {last.index}, the last one of writer "
            f"{entry.writer}: one of the two was altered",
            entry=index,
            writer=entry.writer,
            after=last.index,
        )
