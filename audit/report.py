"""What a verification found: findings, and the verdict they add up to.

A finding has a stable machine code, a sentence, and the places it names (an entry's index, a writer, an
interval). Most findings are failures; a notice is something an auditor should know that proves no tampering.
A report keeps at most MAX_KEPT findings of one code and counts the rest, so that a hostile export cannot
fill the memory.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

LOG_REFUSED = "log.refused"
"""The action of an entry by which the sequencer tells of rows that no process of the installation wrote."""

MAX_KEPT = 1000  # findings of one code; more do not help a reader


class Code(StrEnum):
    """What can be found. The name before the dot says what it is about."""

    HEADER_MISSING = "header.missing"
    HEADER_ORIGIN = "header.origin"
    RECORD_MALFORMED = "record.malformed"  # a line that is no record, or a header or an end out of place
    EXPORT_CUT = "export.cut"  # the end record is missing, or counts other records than there are
    CHECKPOINT_SIGNATURE = "checkpoint.signature"
    CHECKPOINT_MALFORMED = "checkpoint.malformed"
    CHECKPOINT_ORIGIN = "checkpoint.origin"
    CHECKPOINT_ORDER = "checkpoint.order"
    CHECKPOINT_REPEATED = "checkpoint.repeated"
    CHECKPOINT_ROOT = "checkpoint.root"
    CHECKPOINT_ABSENT = "checkpoint.absent"
    SPLIT_VIEW = "log.split_view"
    INDEX_MISSING = "index.missing"
    INDEX_ORDER = "index.order"
    ENTRY_MALFORMED = "entry.malformed"
    ENTRY_LEAF = "entry.leaf"
    WRITER_GAP = "writer.gap"
    WRITER_ORDER = "writer.order"
    WRITER_PREVIOUS = "writer.previous"
    LOG_TRUNCATED = "log.truncated"
    LOG_ROLLED_BACK = "log.rolled_back"
    LOG_UNCOVERED = "log.uncovered"
    LOG_UNPROVEN = "log.unproven"
    LOG_REFUSED = "log.refused"  # the log itself says that rows of somebody else were set aside
    OUTSIDE_SIGNATURE = "outside.signature"
    OUTSIDE_MALFORMED = "outside.malformed"
    OUTSIDE_ORIGIN = "outside.origin"
    OUTSIDE_FRAGMENT = "outside.fragment"
    OUTSIDE_ORDER = "outside.order"
    OUTSIDE_EMPTY = "outside.empty"
    OUTSIDE_ROOT = "outside.root"


class Verdict(StrEnum):
    """VERIFIED: nothing failed, and a signed checkpoint covers the part that is named.

    UNPROVEN: nothing contradicts what was signed, and what was asked for is not proven by it either.
    """

    VERIFIED = "verified"
    TAMPERED = "tampered"
    UNPROVEN = "unproven"


# What fails a verification without contradicting anything that was signed.
_NOTHING_PROVEN = frozenset({Code.LOG_UNPROVEN, Code.OUTSIDE_EMPTY, Code.LOG_UNCOVERED})


@dataclass(frozen=True, slots=True)
class Finding:
    """places: what the sentence names, for machines: entry, line, writer, first, last, size …"""

    code: Code
    message: str
    failure: bool
    places: dict[str, int | str]

    def to_text(self) -> str:
        return f"{'' if self.failure else 'notice '}{self.code}: {self.message}"

    def to_dict(self) -> dict[str, object]:
        severity = "failure" if self.failure else "notice"
        return {"code": self.code.value, "severity": severity, "message": self.message, **self.places}


@dataclass(slots=True)
class Findings:
    """Collects findings in the order in which they are met."""

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[Code] = field(default_factory=Counter)
    failures: Counter[Code] = field(default_factory=Counter)

    def fail(self, code: Code, message: str, **places: int | str) -> None:
        self.failures[code] += 1
        self._keep(Finding(code, message, True, places))

    def notice(self, code: Code, message: str, **places: int | str) -> None:
        self._keep(Finding(code, message, False, places))

    def _keep(self, finding: Finding) -> None:
        self.counts[finding.code] += 1
        if self.counts[finding.code] <= MAX_KEPT:
            self.kept.append(finding)

    def verdict(self) -> Verdict:
        if not self.failures:
            return Verdict.VERIFIED
        return Verdict.UNPROVEN if self.failures.keys() <= _NOTHING_PROVEN else Verdict.TAMPERED

    def omitted(self) -> dict[Code, int]:
        return {code: count - MAX_KEPT for code, count in self.counts.items() if count > MAX_KEPT}


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a verification.

    entries, checkpoints: how many the export holds.
    met: checkpoints of the export whose root the entries give.
    outside_met: the same for the file kept outside the database; None where none was given.
    covered: entries 0 … covered-1 are under the last checkpoint met.
    root: that checkpoint's root; None where none was met.
    writers: how many wrote.
    failures: how many findings fail, those counted in `omitted` too.
    omitted: findings by code that were counted and not kept.
    """

    origin: str
    entries: int
    checkpoints: int
    met: int
    outside_met: int | None
    covered: int
    root: bytes | None
    writers: int
    verdict: Verdict
    failures: int
    findings: tuple[Finding, ...]
    omitted: dict[Code, int]

    @property
    def verified(self) -> bool:
        return self.verdict is Verdict.VERIFIED

    def lines(self) -> Iterator[str]:
        """For people: the findings, one a line, and the verdict last."""
        yield from (finding.to_text() for finding in self.findings)
        yield from (f"{code}: and {count} more of this kind" for code, count in self.omitted.items())
        yield f"{self.verdict.upper()}: {self._summary()}"

    def _summary(self) -> str:
        held = f"{self.entries} entries and {self.checkpoints} checkpoints of {self.origin}"
        if self.root is None:
            return f"{held}; no signed checkpoint is met, so nothing is proven"
        if self.verdict is Verdict.TAMPERED:
            return (
                f"{held}; {self.failures} failures; the last checkpoint met is that of {self.covered} entries"
            )
        proven = f"{held}; the first {self.covered} entries are as signed, root {self.root.hex()}"
        return proven if self.outside_met is None else f"{proven}; {self.outside_met} outside checkpoints met"

    def to_json(self) -> str:
        """For machines: one JSON object on one line."""
        return json.dumps(
            {
                "verdict": self.verdict.value,
                "origin": self.origin,
                "entries": self.entries,
                "checkpoints": self.checkpoints,
                "checkpoints_met": self.met,
                "outside_met": self.outside_met,
                "covered": self.covered,
                "root": None if self.root is None else self.root.hex(),
                "writers": self.writers,
                "failures": self.failures,
                "findings": [finding.to_dict() for finding in self.findings],
                "omitted": {code.value: count for code, count in self.omitted.items()},
            }
        )
