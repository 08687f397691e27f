"""Reviews in words: why an image waits, who has it, and what became of a decision. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.store.queries.review_work import Own, Waiting
from policies.lifecycle import AssetState
from policies.model import Kind
from policies.review import ReviewState, ReviewVerdict

KINDS: Final = {
    Kind.FACE: ("face", "faces"),
    Kind.LICENSE_PLATE: ("licence plate", "licence plates"),
    Kind.TEXT: ("line of text", "lines of text"),
    Kind.CODE: ("code", "codes"),
}

OF_KIND: Final = {
    "doubtful": "{many} seen too faintly for this policy to hide without a person",
    "too_many": "there are more {many} than can be told apart",
    "large": "a {one} fills much of the image",
    "many": "there are more {many} than this policy lets pass without a person",
    "expected": "there are fewer {many} than this policy expects",
}

OF_IMAGE: Final = {
    "sampled": "it was drawn at random: people look at a share of all images",
    "recheck.hit": "a second look at the copy still found something",
    "requeued": "it was held before, and its copy was made anew",
    "review.verdicts": "two reviewers differed on whether it may go out",
    "review.regions": "two reviewers hid different regions",
}


def reason(code: str) -> str:
    """One reason; a code that is not known here stands for itself."""
    if code in OF_IMAGE:
        return OF_IMAGE[code]
    kind, _, what = code.partition(".")
    if what in OF_KIND and kind in Kind:
        one, many = KINDS[Kind(kind)]
        return OF_KIND[what].format(one=one, many=many)
    return code


def reasons(codes: Sequence[str]) -> str:
    """All of them as one sentence."""
    said = "; ".join(reason(code) for code in codes) or "a person was asked to look"
    return f"{said[0].upper()}{said[1:]}."


def kinds_of(row: Waiting) -> str:
    """Such as "3 faces, 1 licence plate"."""
    counted = [(row.kinds[kind], KINDS[kind]) for kind in Kind if row.kinds[kind]]
    return ", ".join(f"{number} {words[number != 1]}" for number, words in counted) or "nothing hidden"


def short(asset_id: str) -> str:
    """The head of an id's random part: enough to tell two apart on a page."""
    return asset_id.rpartition("-")[2][:6]


def name(asset_id: str) -> str:
    return f"a-{short(asset_id)}"


def round_words(number: int, reviewers: int) -> str | None:
    """What is said of other people's answers; None where one person decides alone."""
    if number > 2:
        return (
            "Two people differed on this image; you decide. Their answers stay covered until yours is given."
        )
    if reviewers == 2:
        return "Two people decide on this image, each alone. The other answer stays covered until yours is given."
    return None


def strip_words(row: Waiting, person_id: str) -> str:
    if row.holder == person_id:
        return "Yours now"
    return "Two differed" if row.round > 2 else "Waits"


def outcome(row: Own, *, now: datetime) -> tuple[str, str, str]:
    """What became of a decision: words, icon, and the ground of its chip."""
    if row.held_until is not None and row.held_until > now:
        return ("Held, can be undone", "clock", "processing")
    if row.asset_state is AssetState.ERASED:
        return ("Erased", "slash", "erased")
    if row.rounds > 2 and row.state is not ReviewState.CLOSED:
        return ("You two differ: a third decides", "people", "needs_review")
    if row.state is ReviewState.CLOSED:
        return _settled(row)
    if row.rounds > row.others + 1:
        return ("Waits for the other reviewer", "people", "received")
    return ("Its copy is being made", "cycle", "processing")


def _settled(row: Own) -> tuple[str, str, str]:
    match row.asset_state:
        case AssetState.RELEASED:
            return ("Released", "check", "released")
        case AssetState.QUARANTINED:
            return ("Quarantined", "shield", "quarantined")
        case AssetState.NEEDS_REVIEW:
            return ("Made anew, asked again", "eye", "needs_review")
        case _:
            return ("Being made anew", "cycle", "processing")


def what(row: Own) -> str:
    """The decision itself."""
    if row.verdict is ReviewVerdict.QUARANTINE:
        return "Quarantine"
    shown = f", {row.rejected} shown" if row.rejected else ""
    return f"Release, {row.hidden} hidden{shown}"
