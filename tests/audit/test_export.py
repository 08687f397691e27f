"""The export's lines are written and read back alike, and nothing ambiguous passes for a record."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import MalformedRecord, UnreadableExport
from audit.export import (
    MAX_COUNT,
    MAX_LINE,
    End,
    Header,
    LoggedCheckpoint,
    LoggedEntry,
    Record,
    export_lines,
    parse_line,
    read_lines,
    record_line,
)

LEAF = b"\x01" * 32
counts = st.integers(0, MAX_COUNT)
records = (
    st.builds(Header, st.text())
    | st.builds(LoggedEntry, counts, st.text(), st.binary(min_size=32, max_size=32))
    | st.builds(LoggedCheckpoint, st.text())
    | st.builds(End, counts, counts)
)


@given(records)
def test_reading_inverts_writing(record: Record) -> None:
    line = record_line(record)
    assert parse_line(line) == parse_line(line.encode()) == record
    assert line.count("\n") == 1


def test_the_lines_are_the_documented_ones() -> None:
    lines = export_lines("a.test", [LoggedEntry(0, "{}", LEAF)], [(1, LoggedCheckpoint("n\n"))])
    assert list(lines) == [
        '{"export":"privgate-audit","origin":"a.test","v":1}\n',
        '{"entry":"{}","index":0,"leaf":"' + "01" * 32 + '"}\n',
        '{"note":"n\\n"}\n',
        '{"checkpoints":1,"end":true,"entries":1}\n',
    ]


def test_each_checkpoint_stands_after_the_entries_it_signs() -> None:
    entries = [LoggedEntry(i, "", LEAF) for i in range(4)]
    notes = [(size, LoggedCheckpoint(str(size))) for size in (0, 1, 3, 4, 9)]
    records = [parse_line(line) for line in export_lines("a.test", entries, notes)]
    order = [
        record.note if isinstance(record, LoggedCheckpoint) else record.index
        for record in records
        if isinstance(record, LoggedEntry | LoggedCheckpoint)
    ]
    assert order == ["0", 0, "1", 1, 2, "3", 3, "4", "9"]


def test_the_writer_takes_one_entry_at_a_time() -> None:
    taken: list[int] = []

    def stream() -> Iterator[LoggedEntry]:
        for i in range(10):
            taken.append(i)
            yield LoggedEntry(i, "", LEAF)

    lines = export_lines("a.test", stream(), [])
    next(lines)
    next(lines)
    assert taken == [0]


ENTRY = record_line(LoggedEntry(3, "x", LEAF)).strip()
MALFORMED = {
    "not JSON": "{",
    "a list": "[]",
    "an empty object": "{}",
    "a key twice": ENTRY.replace('"index":3', '"index":3,"index":4'),
    "a further key": ENTRY.replace('"index":3', '"index":3,"more":4'),
    "a negative index": ENTRY.replace(":3", ":-3"),
    "a boolean index": ENTRY.replace(":3", ":true"),
    "an index that is text": ENTRY.replace(":3", ':"3"'),
    "an index that is a fraction": ENTRY.replace(":3", ":3.0"),
    "a monstrous index": ENTRY.replace(":3", ":" + "9" * 5000),
    "an index beyond 63 bits": ENTRY.replace(":3", f":{MAX_COUNT + 1}"),
    "a leaf in capitals": ENTRY.replace("01" * 32, "AB" * 32),
    "a short leaf": ENTRY.replace("01" * 32, "01" * 31),
    "a note that is none": '{"note":1}',
    "an end that is not": '{"checkpoints":1,"end":false,"entries":1}',
    "a header with more in it": '{"export":"privgate-audit","origin":"a","v":1,"size":9}',
    "a header without origin": '{"export":"privgate-audit","v":1}',
    "an endless nesting": "[" * 100_000,
    "a line that is too long": json.dumps({"note": "n" * MAX_LINE}),
}


@pytest.mark.parametrize("line", MALFORMED.values(), ids=MALFORMED.keys())
def test_lines_that_are_no_record_are_refused(line: str) -> None:
    with pytest.raises(MalformedRecord):
        parse_line(line)


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(MalformedRecord):
        parse_line(b'{"note":"\xff"}')


@pytest.mark.parametrize(
    "line", ['{"export":"privgate-audit","origin":"a","v":2}', '{"export":"other","v":1}']
)
def test_another_format_or_version_is_not_read_as_this_one(line: str) -> None:
    with pytest.raises(UnreadableExport):
        parse_line(line)


def test_an_endless_line_is_read_in_bounded_memory_and_refused_once() -> None:
    file = io.BytesIO(b"x" * (3 * MAX_LINE) + b"\n" + ENTRY.encode() + b"\n")
    first, second = read_lines(file)
    assert len(first) == MAX_LINE + 1
    with pytest.raises(MalformedRecord):
        parse_line(first)
    assert parse_line(second) == LoggedEntry(3, "x", LEAF)
