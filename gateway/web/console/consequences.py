"""What a policy does to an image, in sentences for whoever brings one in. Told from the policy itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policies.model import ALWAYS_FILLED, Effort, Kind, RedactionMethod
from policies.policy import Lines, Policy, Rule
from policies.zone_diff import place

KINDS: dict[Kind, tuple[str, str]] = {
    Kind.FACE: ("face", "faces"),
    Kind.LICENSE_PLATE: ("license plate", "license plates"),
    Kind.TEXT: ("line of text", "lines of text"),
    Kind.CODE: ("code", "codes"),
}
"""Of one, and of several."""

METHODS: dict[RedactionMethod, tuple[str, str]] = {
    RedactionMethod.FILL: ("filled", "Nothing of what was there is left."),
    RedactionMethod.BLUR: ("blurred", "A few coarse tones of what was there are left, and no more."),
    RedactionMethod.MOSAIC: ("shown as coarse cells", "A few tones of what was there are left, and no more."),
}


@dataclass(frozen=True, slots=True)
class Consequence:
    """icon: its name among the console's. strong: the words that matter most, between before and after."""

    icon: str
    before: str
    strong: str = ""
    after: str = ""


def consequences(policy: Policy) -> list[Consequence]:
    """In the order in which they befall an image."""
    return [*_hidden(policy), *_places(policy), _kept(policy), *_looks(policy), *_always()]


def kinds_hidden(policy: Policy) -> str:
    """Such as "faces and license plates"."""
    return listed([_named(rule) for rule in _in_order(policy)])


def listed(words: Sequence[str]) -> str:
    """Such as "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def counted(kind: Kind, number: int) -> str:
    """Such as "1 face" or "2 lines of text"."""
    return f"{number:,} {KINDS[kind][number != 1]}"


def _hidden(policy: Policy) -> list[Consequence]:
    by_method: dict[RedactionMethod, list[Rule]] = {}
    for rule in _in_order(policy):
        by_method.setdefault(_method(rule), []).append(rule)
    told = []
    for method, rules in by_method.items():
        words, rest = METHODS[method]
        names = listed([_named(rule) for rule in rules])
        told.append(Consequence("box", f"{names[0].upper()}{names[1:]} are ", words, f". {rest}"))
    return told


def _in_order(policy: Policy) -> list[Rule]:
    """As people name them: faces first. A stored policy has them by the alphabet."""
    return sorted(policy.rules, key=lambda rule: list(Kind).index(rule.kind))


def _method(rule: Rule) -> RedactionMethod:
    return RedactionMethod.FILL if rule.kind in ALWAYS_FILLED else rule.method


def _named(rule: Rule) -> str:
    if rule.kind is Kind.TEXT:
        return (
            "names, numbers, dates and other identifiers in text"
            if rule.lines is Lines.IDENTIFIERS
            else "all text"
        )
    return KINDS[rule.kind][1]


def _places(policy: Policy) -> list[Consequence]:
    """What is hidden, or shown, for where it is."""
    told = []
    if policy.whole_frame is not None:
        words, rest = METHODS[policy.whole_frame]
        told.append(Consequence("box", "The whole image is ", words, f". {rest}"))
    for zone in policy.zones:
        if zone.keep is None:
            told.append(Consequence("box", f"Everything {place(zone)} is hidden: {zone.name}."))
        else:
            names = listed([KINDS[kind][1] for kind in zone.kinds])
            where = f"{names[0].upper()}{names[1:]} that lie wholly {place(zone)} are "
            told.append(Consequence("eye", where, "shown", f": {zone.name}. {zone.reason.strip()}"))
    return told


def _kept(policy: Policy) -> Consequence:
    absent = [
        KINDS[kind][1] if kind is not Kind.TEXT else "text" for kind in Kind if kind not in policy.kinds
    ]
    if not absent:
        return Consequence("eye", "Everything else stays as it is.")
    return Consequence(
        "eye", "Everything else stays as it is: this policy does ", "not", f" look for {listed(absent)}."
    )


def _looks(policy: Policy) -> list[Consequence]:
    gate = policy.release
    reasons = ["a find is doubtful"]
    if gate.largest:
        reasons.append("one thing fills much of the image")
    if gate.most:
        reasons.append("there are unusually many")
    if gate.expect:
        reasons.append("something expected is not found")
    people = "Two people look, each alone," if gate.reviewers == 2 else "A reviewer looks"
    told = [Consequence("people", f"{people} before release if {_either(reasons)}.")]
    if gate.sample:
        told.append(Consequence("people", f"And at {_share(gate.sample)} of all images, drawn by lot."))
    if gate.recheck:
        told.append(
            Consequence("cycle", "The new file is searched once more; what is still found is hidden too.")
        )
    if policy.effort is Effort.FAST:
        told.append(
            Consequence("clock", "Searched once at full speed; the thorough search is not used here.")
        )
    return told


def _always() -> list[Consequence]:
    return [
        Consequence(
            "file",
            "The file is made anew from its pixels. Place, time, camera and all other metadata stay behind.",
        ),
        Consequence(
            "vault",
            "Your original is sealed and never comes back from the gateway. Only a reviewer who is given "
            "this image sees its pixels.",
        ),
    ]


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])}, or {words[-1]}"


def _share(share: float) -> str:
    return f"{share * 100:.3g} %"
