"""An entry has one canonical form, and no room for anything but ids, codes and counts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.entry import MAX_DETAILS, MAX_NUMBER, NO_PREVIOUS, Entry
from audit.errors import MalformedEntry

SAMPLE = Entry(
    writer="w_1",
    sequence=1,
    previous=b"\x01" * 32,
    time=datetime(2031, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    actor="p_1",
    action="copy.delivered",
    subject="c_1",
    details={"reason": "grant.valid", "bytes": 7},
)
CANONICAL = (
    b'{"action":"copy.delivered","actor":"p_1","details":{"bytes":7,"reason":"grant.valid"},"previous":"'
    + b"01" * 32
    + b'","sequence":1,"subject":"c_1","time":"2031-01-02T03:04:05.000006Z","v":1,"writer":"w_1"}'
)

ids = st.from_regex(r"[A-Za-z0-9._:+/=-]{1,40}", fullmatch=True)
names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
values = st.from_regex(r"[A-Za-z0-9._:+/=-]{0,60}", fullmatch=True) | st.integers(-MAX_NUMBER, MAX_NUMBER)
times = st.datetimes(
    timezones=st.just(UTC) | st.just(timezone(timedelta(hours=5, minutes=30))), min_value=datetime(1, 1, 2)
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    sequence = draw(st.integers(0, MAX_NUMBER))
    previous = draw(st.binary(min_size=32, max_size=32).filter(any)) if sequence else NO_PREVIOUS
    action = ".".join(draw(st.lists(names, min_size=2, max_size=4)))
    details = draw(st.dictionaries(names, values, max_size=MAX_DETAILS))
    return Entry(draw(ids), sequence, previous, draw(times), draw(ids), action, draw(ids), details)


def test_the_canonical_bytes_are_the_documented_ones() -> None:
    assert SAMPLE.to_bytes() == CANONICAL


def test_the_digest_is_the_sha256_of_the_canonical_bytes() -> None:
    assert SAMPLE.digest() == hashlib.sha256(CANONICAL).digest()


@given(entries())
def test_parse_inverts_to_bytes(entry: Entry) -> None:
    parsed = Entry.parse(entry.to_bytes())
    assert parsed == entry
    assert hash(parsed) == hash(entry)


def test_times_of_another_zone_are_kept_in_utc() -> None:
    local = SAMPLE.time.astimezone(timezone(timedelta(hours=-3)))
    assert replace(SAMPLE, time=local).to_bytes() == CANONICAL


def test_details_cannot_be_changed_afterwards() -> None:
    details: dict[str, str | int] = {"bytes": 7}
    entry = replace(SAMPLE, details=details)
    details["bytes"] = 8
    assert entry.details["bytes"] == 7
    with pytest.raises(TypeError):
        entry.details["bytes"] = 9  # type: ignore[index]


OTHER_SPELLINGS = {
    "a space": CANONICAL.replace(b":7", b": 7"),
    "a final newline": CANONICAL + b"\n",
    "keys in another order": json.dumps(
        dict(reversed(json.loads(CANONICAL).items())), separators=(",", ":")
    ).encode(),
    "a key twice": CANONICAL.replace(b'"v":1', b'"v":1,"v":1'),
    "a further key": CANONICAL.replace(b'"v":1', b'"v":1,"vv":1'),
    "a missing key": CANONICAL.replace(b'"actor":"p_1",', b""),
    "an escape": CANONICAL.replace(b"p_1", b"p\\u005f1"),
    "upper-case hex": CANONICAL.replace(b"01" * 32, b"AB" * 32),
    "a float": CANONICAL.replace(b":7", b":7.0"),
    "an exponent": CANONICAL.replace(b":7", b":7e0"),
    "minus zero": CANONICAL.replace(b":7", b":-0"),
    "a boolean count": CANONICAL.replace(b":7", b":true"),
    "a boolean version": CANONICAL.replace(b'"v":1', b'"v":true'),
    "another version": CANONICAL.replace(b'"v":1', b'"v":2'),
    "a time in another zone": CANONICAL.replace(b"000006Z", b"000006+00:00"),
    "a time without fraction": CANONICAL.replace(b".000006Z", b"Z"),
    "a date that is none": CANONICAL.replace(b"2031-01-02", b"2031-13-02"),
    "not ASCII": CANONICAL.replace(b"p_1", "p_é".encode()),
    "not an object": b"[]",
    "not JSON": b"entry",
    "nothing": b"",
    "an endless nesting": b"[" * 15_000,
    "a number of many digits": CANONICAL.replace(b":7", b":" + b"7" * 5_000),
    "too long": b" " * 20_000,
}


@pytest.mark.parametrize("data", OTHER_SPELLINGS.values(), ids=OTHER_SPELLINGS.keys())
def test_any_other_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedEntry):
        Entry.parse(data)


REFUSED_VALUES: dict[str, dict[str, object]] = {
    "a sentence as detail": {"details": {"note": "the patient came late"}},
    "a name with an accent": {"details": {"note": "José"}},
    "a mail address as actor": {"actor": "someone@example.org"},
    "a line break": {"actor": "p_1\n"},
    "an empty id": {"subject": ""},
    "a long text": {"details": {"note": "x" * 201}},
    "a float": {"details": {"score": 0.5}},
    "a boolean": {"details": {"ok": True}},
    "a nested value": {"details": {"box": [1, 2]}},
    "a large number": {"details": {"bytes": MAX_NUMBER + 1}},
    "a detail's name in capitals": {"details": {"Bytes": 1}},
    "too many details": {"details": {f"d{i}": i for i in range(MAX_DETAILS + 1)}},
    "details that are no mapping": {"details": 7},
    "an action without a dot": {"action": "delivered"},
    "a long action": {"action": "a." + "b" * 100},
    "a negative sequence": {"sequence": -1},
    "a boolean sequence": {"sequence": True},
    "a first entry with a past": {"sequence": 0},
    "a later entry without a past": {"previous": NO_PREVIOUS},
    "a short previous": {"previous": b"\x01" * 31},
    "a time without zone": {"time": datetime(2031, 1, 1)},  # the missing zone is the point of this case
    "a time before year 1": {"time": datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))},
}


@pytest.mark.parametrize("change", REFUSED_VALUES.values(), ids=REFUSED_VALUES.keys())
def test_values_that_an_entry_may_not_hold_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(MalformedEntry):
        replace(SAMPLE, **change)  # type: ignore[arg-type]


def test_a_refusal_does_not_repeat_the_refused_text() -> None:
    with pytest.raises(MalformedEntry) as refusal:
        replace(SAMPLE, details={"note": "Jane Doe, born 1970"})
    assert "Jane" not in str(refusal.value)
