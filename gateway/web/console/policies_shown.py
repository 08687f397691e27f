"""Policies as pages show them: coloured lines, what changed, where an approval stands, words for codes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from gateway.services.policy_overview import Version
from gateway.store.records import PreviewRecord
from policies.approval import APPLICABLE, PolicyState
from policies.changes import LAXER, STRICTER, Effect
from policies.diff import PolicyDiff, compare
from policies.model import Kind
from policies.policy import Policy
from policies.writing import normal

CONTEXT: Final = 2
"""Unchanged lines around each changed one."""

KINDS: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.FACE: ("Faces", "person"),
    Kind.LICENSE_PLATE: ("Plates", "box"),
    Kind.TEXT: ("Text", "file"),
    Kind.CODE: ("Codes", "review"),
}
"""Each kind's name and icon."""

STATES: Final[Mapping[PolicyState, tuple[str, str, str]]] = {
    PolicyState.DRAFT: ("Draft", "edit", ""),
    PolicyState.SUBMITTED: ("Waits for approval", "clock", "needs_review"),
    PolicyState.APPROVED: ("Approved", "check", "released"),
    PolicyState.EFFECTIVE: ("In effect", "check", "released"),
    PolicyState.REJECTED: ("Rejected", "shield", "quarantined"),
    PolicyState.RETIRED: ("Retired", "slash", "erased"),
}
"""Word, icon and ground of a chip."""

REJECTIONS: Final[Mapping[str, str]] = {
    "margin-too-narrow": "The margin is too narrow",
    "threshold-too-high": "It hides from too high a score",
    "method-too-weak": "The method leaves too much",
    "kind-missing": "A kind is missing",
    "too-little-review": "Too few images go to a person",
    "clause-missing": "A clause is missing or does not fit",
    "preview-too-small": "It was not tried on enough images",
    "talked-over": "As we talked over",
}
"""The log takes no prose: a rejection carries one of these codes."""

ROLLBACK_REASONS: Final[Mapping[str, str]] = {
    "hides-too-little": "The present version hides too little",
    "hides-too-much": "The present version hides too much",
    "too-much-review": "Too many images wait for a person",
    "put-by-mistake": "It was put in effect by mistake",
}

EFFECTS: Final[Mapping[Effect, tuple[str, str]]] = {
    Effect.HIDES_MORE: ("+", "Hides more"),
    Effect.ASKS_MORE: ("+", "Asks a person more"),
    Effect.HIDES_LESS: ("−", "Hides less"),
    Effect.ASKS_LESS: ("−", "Asks a person less"),
    Effect.UNKNOWN: ("?", "Counted as stricter"),
    Effect.NONE: ("=", "Hides the same"),
}
"""The sign and the words of a change's effect."""

_TOKENS: Final = re.compile(
    r"(?P<c>(?:^|(?<=\s))#.*$)|(?P<k>[\w-]+(?=:(?:\s|$)))|(?P<v>[^\s:,\[\]{}#-][^,\[\]{}#]*)"
)


@dataclass(frozen=True, slots=True)
class Step:
    words: str
    done: bool


def coloured(text: str) -> list[list[tuple[str, str]]]:
    """Each line as pieces: a class ("y-k", "y-v", "y-c" or "") and what it colours."""
    return [_pieces(line) for line in text.splitlines()]


def _pieces(line: str) -> list[tuple[str, str]]:
    pieces, at = list[tuple[str, str]](), 0
    for found in _TOKENS.finditer(line):
        if found.start() > at:
            pieces.append(("", line[at : found.start()]))
        pieces.append((f"y-{found.lastgroup}", found.group()))
        at = found.end()
    return [*pieces, ("", line[at:])] if at < len(line) or not pieces else pieces


def changed_lines(old: Policy, new: Policy) -> list[tuple[str, str]]:
    """What changed, line by line, of both policies' normal forms: comments and order make no difference."""
    before, after = normal(old).splitlines(), normal(new).splitlines()
    lines: list[tuple[str, str]] = []
    for tag, a0, a1, b0, b1 in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += _context(before[a0:a1], first=a0 == 0, last=a1 == len(before))
        else:
            lines += [("-", line) for line in before[a0:a1]] + [("+", line) for line in after[b0:b1]]
    return lines if any(sign != " " for sign, _ in lines) else []


def _context(lines: Sequence[str], *, first: bool, last: bool) -> list[tuple[str, str]]:
    head = 0 if first else CONTEXT
    tail = 0 if last else CONTEXT
    if len(lines) <= head + tail + 1:
        return [(" ", line) for line in lines]
    ending = lines[len(lines) - tail :] if tail else []
    return [(" ", line) for line in [*lines[:head], "…", *ending]]


def told(diff: PolicyDiff) -> list[dict[str, str]]:
    """Each change with its sign, its effect in words, and the edge that it gets."""
    return [
        {
            "sign": EFFECTS[change.effect][0],
            "effect": EFFECTS[change.effect][1],
            "edge": "more" if change.effect in STRICTER else "less" if change.effect in LAXER else "same",
            "words": change.words,
        }
        for change in diff.changes
    ]


def base_of(version: Version, versions: Sequence[Version]) -> Version | None:
    """What a version is compared with unless somebody says otherwise: the newest approved one of its name
    that was written before it, else the preset of its name, else the preset that is most like it."""
    same = [one for one in versions if one.view.policy.name == version.view.policy.name]
    earlier = [
        one
        for one in same
        if one.number is not None
        and version.number is not None
        and one.number < version.number
        and one.view.state in APPLICABLE
    ]
    if version.number is None:
        return None
    if earlier:
        return max(earlier, key=lambda one: one.number or 0)
    presets = [one for one in versions if one.view.preset]
    return next((one for one in same if one.view.preset), None) or _nearest(version, presets)


def _nearest(version: Version, presets: Sequence[Version]) -> Version | None:
    """The preset from which it differs least: most begin as a copy of one."""
    policy = version.view.policy
    return min(presets, key=lambda one: len(compare(one.view.policy, policy).changes), default=None)


def steps(version: Version, previews: Sequence[PreviewRecord], *, mine: bool) -> list[Step]:
    """The way of an uploaded policy, from its draft to its effect."""
    state, proposal = version.view.state, version.view.proposal
    if proposal is None or version.ended:
        return []
    tried = max((counts_of(one)["images"] for one in previews if one.result is not None), default=None)
    decided = state in APPLICABLE
    second = f"Approved by {version.decided_by}" if decided else "Second officer: not its author"
    if state is PolicyState.SUBMITTED and not mine:
        second = "Second officer: you, as its author may not"
    return [
        Step(f"Draft, {version.author}", True),
        Step("Not previewed yet" if tried is None else f"Previewed on {tried} images", tried is not None),
        Step("Submitted", proposal.submitted_at is not None),
        Step(second, decided),
        Step("In effect", state is PolicyState.EFFECTIVE),
    ]


def counts_of(record: PreviewRecord) -> Mapping[str, Any]:
    """What a finished preview counted."""
    counts: Mapping[str, Any] = {} if record.result is None else record.result["counts"]
    return counts


FIELDS: Final[Mapping[str, str]] = {
    "method": "hidden by",
    "hide": "hide from score",
    "review": "ask a person from",
    "grow": "margin",
    "serves": "clause",
    "detectors": "detectors that must run",
    "second_opinion": "detectors asked too",
    "shape": "shape",
    "lines": "lines",
    "sample": "share of all images",
    "reviewers": "reviewers",
    "recheck": "second look",
    "largest": "one fills more than",
    "most": "more than",
    "expect": "fewer than",
    "name": "name",
    "title": "title",
    "effort": "detection",
    "whole_frame": "whole frame",
    "zones": "zones",
}
"""What the form calls a field."""


def in_words(fault: Mapping[str, int | str]) -> dict[str, int | str]:
    """A fault whose place is named as the form names it."""
    place, message = str(fault["place"]), str(fault["message"])
    parts = [
        KINDS[Kind(part)][0] if part in list(Kind) else FIELDS.get(part, "") for part in place.split(".")
    ]
    named = ", ".join(part for part in parts if part)
    what = message.partition(": ")[2]
    told = f"{named[0].upper()}{named[1:]}: {what}" if named and what else message
    return {**fault, "message": told}


def things(counts: Mapping[str, int]) -> str:
    """Such as "3 faces, 1 plate"; "nothing" for none."""
    told = []
    for kind, number in counts.items():
        word = KINDS[Kind(kind)][0].lower()
        word = word.removesuffix("s") if number == 1 and word.endswith("s") else word
        told.append(f"{number} {word}")
    return ", ".join(told) or "nothing"
