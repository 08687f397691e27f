"""The verifier keeps no entries: its memory stays below what their hashes alone would take."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

from audit.export import LoggedEntry, export_lines
from audit.merkle import leaf_hash
from audit.verification import verify_export
from tests.audit.logs import KEY, ORIGIN, make_entries

MANY = 5_000


def entries(count: int) -> Iterator[LoggedEntry]:
    """Entries of one writer, made as they are asked for."""
    (entry,) = make_entries(1)
    for index in range(count):
        text = entry.to_bytes()
        yield LoggedEntry(index, text.decode(), leaf_hash(text))
        entry = replace(entry, sequence=index + 1, previous=entry.digest())


def peak_of_verifying() -> int:
    """The most bytes held while an export of MANY entries is made up and verified."""
    tracemalloc.start()
    try:
        report = verify_export(export_lines(ORIGIN, entries(MANY), []), KEY)
        assert (report.entries, report.writers) == (MANY, 1)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def bytes_of_their_hashes() -> int:
    """What the least that could be kept of MANY entries takes: the 32 bytes of each leaf's hash."""
    tracemalloc.start()
    try:
        kept = [entry.leaf for entry in entries(MANY)]
        assert len(kept) == MANY
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_entries() -> None:
    """Threads of the test runner are traced as well: some 100 kB, a third of what the hashes alone take."""
    assert peak_of_verifying() < bytes_of_their_hashes()
