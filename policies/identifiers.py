"""What a line of text is, after it was read: an identifier, surely none, or nobody knows. Pure.

A line is harmless only where every word of it is known to name nobody, or is a measurement, and the reading
was sure. Everything else is hidden; the patterns below say why, they do not decide whether. So a kind of
identifier that nobody thought of is hidden too, as "unsure".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from policies.model import Reading, Region
from policies.words import harmless_words, labels, markers, names

LONGEST: Final = 200
"""Characters. A longer line is no label, and nobody needs to see it."""

SHORT: Final = 3
"""Letters and digits in all up to which a reading must be all but certain: L may be half of a character."""

SURE: Final = 0.6
SURE_OF_SHORT: Final = 0.95
"""Of the reader's confidence, 0 to 1: how sure it must be of a line, and of a short one. Measured on
shared/bench/text: see the README."""

UNITS: Final = frozenset(
    {"cm", "mm", "kV", "kVp", "mA", "mAs", "ms", "Hz", "kHz", "MHz", "dB", "mGy", "uGy", "%"}
)
"""Spelled as here: in capitals a number with CM might be a plate."""

_NUMBER = r"\d{1,3}(?:[.,]\d{1,2})?"
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_MEASURED = re.compile(rf"(?<![\w.,])(?:{_NUMBER} ?(?:{_UNIT})|(?:{_UNIT}) ?[:=]? ?{_NUMBER})(?![\w.,])")
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_BETWEEN = re.compile(r"[\s:;,.!?()\[\]/=*-]*")

_MONTHS = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|january|february|march|april|june|july|august|"
    "september|october|november|december"
)
_DAYS = "mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_DATE = re.compile(
    rf"\d{{1,4}}\s?[./-]\s?\d{{1,2}}\s?[./-]\s?\d{{1,4}}"  # 3/4/1980, 1980-04-03, 03.04.80
    rf"|(?<![a-z])(?:{_MONTHS}|{_DAYS})(?![a-z])"
    r"|(?<!\d)\d{1,2}\s?:\s?\d{2}(?!\d)"  # a time of day
    r"|(?<!\d)(?:18|19|20)\d\d(?:(?:0\d|1[0-2])(?:[0-2]\d|3[01]))?(?!\d)"  # a year, 19800403
    r"|(?<![a-z])(?:dob|born|birth|date|age|aged)(?![a-z]).*\d|\d+\s?(?:y|yr|yrs|years?)(?![a-z])"
)
_CONTACT = re.compile(
    r"@|(?<![a-z])www(?![a-z])|https?|\.(?:com|org|net|edu|gov|info|co|de|uk|eu|my)(?![a-z])"
)
_ADDRESS = re.compile(
    r"(?<![a-z])(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|square|sq|court|ct|place|pl|way|"
    r"jalan|jln|lorong|taman|strasse|str|rue|via|calle|plaza|suite|apt|apartment|floor|block|lot|box|bandar|city)"
    r"(?![a-z]).*\d|\d.*(?<![a-z])(?:street|st|road|rd|avenue|ave|lane|drive|boulevard|blvd|jalan|jln|taman|way)"
    r"(?![a-z])|(?<![a-z])(?:address|zip|postcode|jalan|jln|taman|strasse)(?![a-z])"
    r"|(?<![a-z0-9])[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}(?![a-z0-9])"  # a British postcode
)
_NUMBERED = re.compile(
    r"(?<![a-z])(?:mrn|id|no|nr|ref|tel|telephone|phone|mobile|fax|ssn|nhs|acc|accession|insurance|policy|passport|"
    r"gst|invoice|receipt|card|account)(?![a-z]).*\d"
)
_PLATE = re.compile(r"(?=[^a-z]*[a-z])(?=[^\d]*\d)[a-z\d]{1,4}(?:[ .-]?[a-z\d]{1,4}){1,2}")
_TITLE = re.compile(r"(?<![a-z])(?:mr|mrs|ms|miss|dr|prof|sir|name|patient|surname|forename)(?![a-z])")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line as it was read. confidence: the reader's, 0 to 1. The text is kept out of every `repr`."""

    region: Region
    text: str = field(repr=False)
    confidence: float


def judge(lines: Sequence[ReadLine], known: Collection[str] = ()) -> tuple[Reading, ...]:
    """What each line is, in the order given; a harmless word beside or below a label is UNSURE.

    known: words of the image's header, lower case: whoever is named there is named by the pixels too.
    """
    alone = [classify(line.text, line.confidence, known) for line in lines]
    labels = [line.region for line in lines if _is_label(line.text)]
    return tuple(
        Reading.UNSURE
        if reading is Reading.HARMLESS and any(_labelled(label, line.region) for label in labels)
        else reading
        for line, reading in zip(lines, alone, strict=True)
    )


def classify(text: str, confidence: float, known: Collection[str] = ()) -> Reading:
    """What one line is by itself."""
    shown = unicodedata.normalize("NFKC", text).strip()
    reason = _reason(shown.lower(), known)
    if reason is not None:
        return reason
    if _harmless(shown):
        return Reading.HARMLESS if _sure(shown, confidence) else Reading.UNSURE
    return _of_digits(shown.lower()) or Reading.UNSURE


def _sure(text: str, confidence: float) -> bool:
    """False for no number as well."""
    letters = sum(character.isalnum() for character in text)
    return (
        letters > 0 and len(text) <= LONGEST and confidence >= (SURE_OF_SHORT if letters <= SHORT else SURE)
    )


def _harmless(text: str) -> bool:
    """Whether every word names nobody or is a measurement, and nothing else is there."""
    rest = _MEASURED.sub(" ", text)
    found = _WORD.findall(rest)
    words = [part for word in found for part in word.lower().split("-")]
    if _BETWEEN.fullmatch(_WORD.sub(" ", rest)) is None or not harmless_words().issuperset(words):
        return False
    # Small words alone are rather the first letters of a name than a line; L and PA do stand alone on images.
    return rest != text or any(len(word) > SHORT for word in words) or markers().issuperset(found)


def _reason(text: str, known: Collection[str]) -> Reading | None:
    """Why a line is an identifier, or None where no pattern says so. text: lower case."""
    words = {part for word in _WORD.findall(text) for part in word.split("-")}
    if _CONTACT.search(text):
        return Reading.CONTACT
    if not words.isdisjoint(known) or any(one in known for one in text.split()):
        return Reading.NAME
    if _NUMBERED.search(text):
        return Reading.NUMBER
    if _DATE.search(text):
        return Reading.DATE
    if _ADDRESS.search(text):
        return Reading.ADDRESS
    if words & names() or (_TITLE.search(text) and not harmless_words().issuperset(words)):
        return Reading.NAME
    return None


def _of_digits(text: str) -> Reading | None:
    """What the digits of a line that is not harmless may be. text: lower case."""
    if _PLATE.fullmatch(text):
        return Reading.PLATE
    return Reading.NUMBER if sum(character.isdigit() for character in text) >= 4 else None


def _is_label(text: str) -> bool:
    words = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    return not labels().isdisjoint(words)


def _labelled(label: Region, line: Region) -> bool:
    """Whether a line lies right of a label on the same row, or directly below it."""
    rows = min(label.y1, line.y1) - max(label.y0, line.y0)
    if line.x0 >= label.x0 and line != label and 2 * rows >= min(label.height, line.height):
        return True
    columns = min(label.x1, line.x1) - max(label.x0, line.x0)
    gap = line.y0 - label.y1
    return columns > 0 and -label.height < gap < 2 * label.height and line.y0 > label.y0
