"""Reviews in words: why an image waits, who has it, and what became of a decision. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    "too_many": "there are more {many} than can be told apart",
    "large": "a {one} fills much of the image",
    "many": "there are more {many} than this policy lets pass without a person",
    "expected": "there are fewer {many} than this policy expects",
}

OF_IMAGE: Final = {
    "sampled": "it was drawn at random, as a share of all images is",
    "recheck.hit": "a second look at the copy still found something",
    "zone.frame": "it has another shape than the frame that a zone of this policy was drawn in",
    "requeued": "it was held before, and its copy was made anew",
    "overtaken": "its copy was made anew after a reviewer had decided on the one before",
    "review.verdicts": "two reviewers differed on whether it may go out",
    "review.regions": "two reviewers hid different regions",
}


def reason(code: str) -> str:
    """One reason; a code that is not known here stands for itself."""
    if code in OF_IMAGE:
        return OF_IMAGE[code]
    kind, _, what = code.partition(".")
    if what in OF_KIND and kind in set(Kind):
        one, many = KINDS[Kind(kind)]
        return OF_KIND[what].format(one=one, many=many)
    return code


def reasons(codes: Sequence[str]) -> str:
    """All of them as one sentence."""
    doubtful = [KINDS[kind][1] for kind in Kind if f"{kind.value}.doubtful" in codes]
    rest = [reason(code) for code in codes if not code.endswith(".doubtful")]
    first = [f"{', '.join(doubtful)} below what this policy hides without a person"] if doubtful else []
    said = "; ".join([*first, *rest]) or "a person was asked to look"
    return f"{said[0].upper()}{said[1:]}."


def why(codes: Sequence[str], asked: Mapping[Kind, int]) -> str:
    """The same for whoever holds the image. asked: the regions that a person is asked about, by kind."""
    number = sum(asked.values())
    if number == 0:
        return reasons(codes)
    rest = [code for code in codes if not code.endswith(".doubtful")]
    scores = "scores" if number == 1 else "score"
    found = f"{counted(asked)} {scores} below what this policy hides without a person"
    return "; ".join([found, *(reason(code) for code in rest)]) + "."


def kinds_of(row: Waiting) -> str:
    return counted(row.kinds) or "nothing hidden"


def counted(kinds: Mapping[Kind, int]) -> str:
    """Such as "3 faces, 1 licence plate"."""
    numbers = [(kinds.get(kind, 0), KINDS[kind]) for kind in Kind]
    return ", ".join(f"{number} {words[number != 1]}" for number, words in numbers if number)


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
        return "Two people decide here, each alone. The other answer stays covered until yours is given."
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
