"""What may stay visible: only what surely names nobody. More doubt, or more text, never shows more."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.identifiers import SURE, SURE_OF_SHORT, ReadLine, classify, judge
from policies.model import Reading, Region
from policies.words import harmless_words, names
from tests.policies.strategies import regions

HARMLESS = [
    *(
        "L",
        "R",
        "PA ERECT",
        "Portable L",
        "kV 120",
        "120 kV 5.0 mAs",
        "10 cm",
        "Gain: 60%",
        "STOP",
        "Chest, AP",
    ),
    *("TOTAL:", "Thank you", "Patient name:", "Date", "SEMI-UPRIGHT", "GOODS SOLD ARE NOT RETURNABLE."),
]

IDENTIFIERS = [
    *(
        (text, Reading.DATE)
        for text in ("3/4/80", "1980-04-03", "03.04.1980", "4 MAR 1980", "MAY", "19800403")
    ),
    *(
        (text, Reading.DATE)
        for text in ("DOB 030480", "14:32", "14:32:07", "Tuesday", "AGE 91", "45 Y", "1957")
    ),
    *((text, Reading.NAME) for text in ("DAVIDSON", "Douglas, [M]", "Dr Xyzzy", "MR XYZZY", "Name: Xyzzy")),
    *(
        (text, Reading.NUMBER)
        for text in ("1234567", "MRN 12", "ID: A-7", "Tel: 03-1234 5678", "NHS 943 476 5919")
    ),
    *((text, Reading.NUMBER) for text in ("Fax +6 03 2026 6387", "GST ID : 000517095424", "943 476 5919")),
    *((text, Reading.PLATE) for text in ("KX 482 BT", "AB12 CDE", "B-XY 12", "45 CM", "8ABC123")),
    *(
        (text, Reading.ADDRESS)
        for text in ("12 Mill Lane", "19, JALAN KANCIL,", "SW1A 1AA", "Lot 7, Block 2")
    ),
    *((text, Reading.CONTACT) for text in ("jane@example.org", "www.example.org", "example.com")),
]

UNSURE = [
    "XYZZY",
    "Xyzzy Qwrt",
    "8.02",
    "4",
    "[M]",
    "X",
    "",
    " ",
    "...",
    "Müller",
    "李",
    "СТОП",
    "10cm|4",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_names_nobody_is_shown(text: str) -> None:
    assert classify(text, 1.0) is Reading.HARMLESS


@pytest.mark.parametrize(("text", "reading"), IDENTIFIERS)
def test_an_identifier_is_told_by_its_kind(text: str, reading: Reading) -> None:
    assert classify(text, 1.0) is reading


@pytest.mark.parametrize("text", UNSURE)
def test_what_is_neither_is_hidden(text: str) -> None:
    assert classify(text, 1.0) is Reading.UNSURE


def test_a_word_that_is_a_name_too_is_no_harmless_word() -> None:
    assert names().isdisjoint(harmless_words())
    assert classify("WARD", 1.0) is classify("Back", 1.0) is Reading.NAME


@pytest.mark.parametrize("text", HARMLESS)
def test_what_was_read_without_certainty_is_hidden(text: str) -> None:
    assert classify(text, SURE - 0.01) is Reading.UNSURE


@pytest.mark.parametrize("text", ["L", "R", "PA", "6%"])
def test_of_a_letter_or_two_a_reading_must_be_all_but_certain(text: str) -> None:
    assert classify(text, SURE_OF_SHORT - 0.01) is Reading.UNSURE


@pytest.mark.parametrize("text", HARMLESS)
def test_a_word_of_the_header_is_hidden_wherever_it_stands(text: str) -> None:
    for word in text.lower().replace("-", " ").strip(".:").split():
        letters = word.strip(".:,")
        if letters.isalpha():
            assert classify(text, 1.0, frozenset({letters})) is not Reading.HARMLESS


ROW = Region(100, 100, 200, 120)


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Region(220, 102, 300, 122), False),  # right of the label
        (Region(100, 125, 180, 145), False),  # below it
        (Region(220, 300, 300, 320), True),  # elsewhere
        (Region(10, 102, 80, 122), True),  # left of it
    ],
)
def test_what_stands_beside_or_below_a_label_is_hidden(place: Region, shown: bool) -> None:
    label, word = ReadLine(ROW, "Patient name:", 1.0), ReadLine(place, "STOP", 1.0)
    assert (judge([label, word])[1] is Reading.HARMLESS) is shown
    assert (judge([word, label])[0] is Reading.HARMLESS) is shown


def test_no_text_stands_in_what_is_printed_of_a_line() -> None:
    assert "DAVIDSON" not in repr(ReadLine(ROW, "DAVIDSON", 1.0))


texts = st.one_of(
    st.sampled_from([*HARMLESS, *(text for text, _ in IDENTIFIERS), *UNSURE]),
    st.lists(st.sampled_from(sorted(harmless_words())), max_size=4).map(" ".join),
    st.text(max_size=12),
)
identifiers = st.one_of(
    st.sampled_from([text for text, _ in IDENTIFIERS]),
    st.sampled_from(sorted(names())),
    st.dates().map(str),
    st.integers(10_000, 10**12).map(str),
    st.text(string.ascii_lowercase, min_size=4).filter(lambda word: word not in harmless_words()),
)
confidences = st.floats(0.0, 1.0)
lines = st.builds(ReadLine, regions(), texts, confidences)


def shown(reading: Reading) -> bool:
    return reading is Reading.HARMLESS


@given(texts, confidences, confidences)
def test_a_less_certain_reading_never_shows_more(text: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert shown(classify(text, high)) or not shown(classify(text, low))


@given(texts, identifiers, texts)
def test_a_line_with_an_identifier_in_it_is_hidden(before: str, identifier: str, after: str) -> None:
    assert not shown(classify(f"{before} {identifier} {after}", 1.0))


@given(texts, st.frozensets(st.text(string.ascii_lowercase, min_size=1), max_size=3))
def test_a_longer_header_never_shows_more(text: str, known: frozenset[str]) -> None:
    assert shown(classify(text, 1.0)) or not shown(classify(text, 1.0, known))


@given(st.lists(lines, max_size=6), lines)
def test_one_more_line_never_shows_another(there: list[ReadLine], more: ReadLine) -> None:
    before, after = judge(there), judge([*there, more])
    assert all(shown(old) or not shown(new) for old, new in zip(before, after, strict=False))


@given(st.lists(lines, max_size=6))
def test_every_line_has_its_reading(there: list[ReadLine]) -> None:
    assert len(judge(there)) == len(there)
