"""The verifier keeps no entries: the peak of its memory is the same for ten times as many."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

from audit.export import LoggedEntry, export_lines
from audit.merkle import leaf_hash
from audit.verification import verify_export
from tests.audit.logs import KEY, ORIGIN, make_entries

SLACK = 64 * 1024  # bytes; below 3,000 entries of any form, above what the allocator varies by


def entries(count: int) -> Iterator[LoggedEntry]:
    """Entries of one writer, made as they are asked for."""
    (entry,) = make_entries(1)
    for index in range(count):
        text = entry.to_bytes()
        yield LoggedEntry(index, text.decode(), leaf_hash(text))
        entry = replace(entry, sequence=index + 1, previous=entry.digest())


def peak_of(count: int) -> int:
    """The most bytes held while an export of so many entries is made up and verified."""
    tracemalloc.start()
    try:
        report = verify_export(export_lines(ORIGIN, entries(count), []), KEY)
        assert (report.entries, report.writers) == (count, 1)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_entries() -> None:
    peak_of(50)  # fills the caches of the interpreter once
    assert peak_of(3000) < peak_of(300) + SLACK
