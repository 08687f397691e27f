"""How an image stands, in words for whoever brought it in: what happened, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.imaging.refusals import REFUSALS
from gateway.store.records import BatchImageRecord
from gateway.web.console.consequences import KINDS, counted, listed
from policies.lifecycle import AssetState
from policies.model import Kind

HERE = "already_here"
REFUSED = "refused"

HELD = "Held for your compliance office."
AGAIN = "Bring it in again, or ask your operator to have it put through again."

PUT_THROUGH = "Ask your operator to have it put through again."

FAULTS: dict[str, tuple[str, str]] = {
    "format.jpeg_precision": (
        "A JPEG of more than 8 bits a sample is not taken",
        REFUSALS["format.jpeg_precision"].advice,
    ),
    "format.tiff_compression": (
        "This TIFF is compressed by a method that is not taken",
        REFUSALS["format.tiff_compression"].advice,
    ),
    **dict.fromkeys(
        ("format.avif", "format.bmp", "format.gif", "format.tiff"),
        ("It was brought in when its format was not taken yet", PUT_THROUGH),
    ),
    "input.empty": ("The file is empty", "Look at where it was copied from."),
    "file.empty": ("The file is empty", "Look at where it was copied from."),
    "file.unreadable": (
        "This computer could not read it",
        "Look whether it was moved, or lies on a drive that was taken out.",
    ),
    "limit.bytes": ("It is larger than 100 MB", "Save it smaller, or cut it into parts."),
    "limit.pixels": ("It has more pixels than are taken", "Scale it down, or cut it into parts."),
    "limit.side": ("It is wider or taller than is taken", "Scale it down, or cut it into parts."),
    "limit.frames": (
        "It has more frames or pages, or larger ones, than are taken",
        REFUSALS["limit.frames"].advice,
    ),
    "limit.aspect": ("It is too long and narrow", REFUSALS["limit.aspect"].advice),
    "limit.ratio": ("It unfolds to far more than its file holds", REFUSALS["limit.ratio"].advice),
    "limit.parts": ("It is made of too many parts", REFUSALS["limit.parts"].advice),
    "limit.nesting": ("Its parts lie too deep in each other", REFUSALS["limit.nesting"].advice),
    "limit.scans": ("It is stored in too many passes", REFUSALS["limit.scans"].advice),
    "limit.memory": ("It is too large to open", "Scale it down, or cut it into parts."),
    "decode.timeout": ("It took too long to open", REFUSALS["decode.timeout"].advice),
    "name.long": ("Its name is longer than 1,024 bytes", "Shorten the name."),
    "job.deadline": ("It took longer than any image may", HELD),
    "job.attempts": ("It could not be finished, through no fault of the image", AGAIN),
    "vault.unreadable": ("The sealed original could not be opened", AGAIN),
    "worker.misconfigured": (
        "The gateway lacks something that this policy needs",
        "Your operator mends that; then it goes on.",
    ),
    "check.region": ("Something was still visible after it was hidden", HELD),
    "check.outside": ("The new file differed where nothing was to be hidden", HELD),
    "check.metadata": ("The new file was not free of metadata", HELD),
    "check.geometry": ("The new file did not keep its shape", HELD),
    "prove.twin": ("Its copy was taken back: it depended on what it hides", HELD),
    "prove.content": ("Its copy was taken back: it showed something else than planned", HELD),
    "review.quarantine": ("A reviewer decided that it does not go out", HELD),
}
"""By reason: what happened, and what to do about it. What a file is, `REFUSALS` tells."""

OTHER_FAULT = ("It does not go out", HELD)

DOUBTS: dict[str, str] = {
    "doubtful": "{kinds} found with too little certainty",
    "large": "{kind} fills much of the image",
    "many": "unusually many {kinds}",
    "expected": "{kinds} were expected, and too few were found",
    "too_many": "too many {kinds} to tell apart",
}
"""Reasons of the release gate, by their last word."""

LOOKS: dict[str, str] = {
    "sampled": "drawn by lot",
    "recheck.hit": "something was found once more in the new file",
    "zone.frame": "of another shape than the frame that a zone was drawn in",
    "requeued": "it was put through again",
    "overtaken": "it was made anew after somebody had looked",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """state: an asset's, HERE or REFUSED; the chip's. happened: one line. advice: what to do, if anything."""

    state: str
    happened: str
    advice: str = ""

    @property
    def needs_attention(self) -> bool:
        return self.state in (AssetState.QUARANTINED, REFUSED)


def outcome_of(image: BatchImageRecord) -> Outcome:
    """As the batch sees it: bytes that were there before are told as such once they are settled well."""
    told = _of_state(image)
    if image.uploads != image.duplicates or told.needs_attention:
        return told
    return Outcome(HERE, f"Brought in before. {told.happened}")


def refusal_of(code: str) -> tuple[str, str]:
    """What was wrong with a file that was not taken in, and what to do."""
    return _fault(code)


def refusals() -> dict[str, tuple[str, str]]:
    """`refusal_of` every reason that this table knows, for a page that refuses by itself."""
    return {code: _fault(code) for code in (*REFUSALS, *FAULTS)}


def hidden_in(report: Mapping[str, Any]) -> str:
    """Such as "2 faces and 1 license plate hidden", from a copy's report."""
    kinds = [Kind(one["kind"]) for one in report["redactions"]]
    if not kinds:
        return "Nothing was found to hide"
    return f"{listed([counted(kind, kinds.count(kind)) for kind in Kind if kind in kinds])} hidden"


def outcome_of_state(state: AssetState, reason: str | None) -> str:
    """What happened to images that stand in `state` for one reason, as far as the reason tells."""
    if state is AssetState.NEEDS_REVIEW:
        return f"A reviewer looks first: {_doubts(reason)}"
    return _fault(reason or "")[0]


def _of_state(image: BatchImageRecord) -> Outcome:
    asset = image.asset
    match asset.state:
        case AssetState.RECEIVED:
            return Outcome(asset.state, "Arrived and sealed. Waits for its turn")
        case AssetState.PROCESSING:
            return Outcome(asset.state, "Being searched")
        case AssetState.RELEASED:
            return Outcome(asset.state, hidden_in(image.copy.report) if image.copy else "Released")
        case AssetState.NEEDS_REVIEW:
            return Outcome(asset.state, outcome_of_state(asset.state, asset.reason))
        case AssetState.QUARANTINED:
            return Outcome(asset.state, *_fault(asset.reason or ""))
        case AssetState.ERASED:
            return Outcome(asset.state, "Its keys are destroyed. Nobody can open it again")


def _fault(code: str) -> tuple[str, str]:
    if code in FAULTS:
        return FAULTS[code]
    if code in REFUSALS:
        refusal = REFUSALS[code]
        return f"{refusal.message[0].upper()}{refusal.message[1:]}", refusal.advice
    return OTHER_FAULT


def _doubts(reason: str | None) -> str:
    told = [_doubt(code) for code in (reason or "").split(",") if code]
    return "; ".join(told) or "it was sent to one"


def _doubt(code: str) -> str:
    if code in LOOKS:
        return LOOKS[code]
    kind, _, word = code.rpartition(".")
    named = {each.value: words for each, words in KINDS.items()}
    if kind not in named or word not in DOUBTS:
        return "a person must look"
    one, several = named[kind]
    return DOUBTS[word].format(kind=f"one {one}", kinds=several)
