"""A policy's document as a form's values, also while it is still faulty: what the fields show.

Places are named as `policies.editing` changes them. What stands nowhere shows its default.
"""

from __future__ import annotations

from typing import Any, Final

from policies import document
from policies.errors import Fault, InvalidPolicy
from policies.model import Effort, Kind
from policies.policy import Rule
from policies.release import ReleaseGate

Shown = str | bool | list[str]

FIELDS: Final = (
    "method",
    "detectors",
    "second_opinion",
    "hide",
    "review",
    "grow",
    "shape",
    "lines",
    "serves",
)
LIMITS: Final = ("largest", "most", "expect")
NUMBERS: Final = frozenset({"hide", "review", "grow", "sample", "reviewers", *LIMITS})
"""Fields whose value is a number; of the limits, each kind's."""


def values(text: str) -> dict[str, Shown]:
    """What each field shows: text, whether it is on, or names. Raises NotYaml."""
    loaded, _ = document.load(text)
    fields: dict[str, Any] = loaded if isinstance(loaded, dict) else {}
    shown: dict[str, Shown] = {
        "name": _text(fields.get("name", "")),
        "title": _text(fields.get("title", "")),
        "effort": _text(fields.get("effort", Effort.THOROUGH.value)),
        "whole_frame": _text(fields.get("whole_frame", "")),
    }
    for kind in Kind:
        shown |= _of_rule(kind, _rule(fields, kind))
    return shown | _of_gate(fields.get("release"))


def place_of(fault: Fault, text: str) -> str:
    """The form's field that a fault speaks of; "" where there is none."""
    place, colon, _ = fault.message.partition(": ")
    parts = place.split(".")
    if not colon or not all(part.isidentifier() or part.isdigit() for part in parts):
        return ""
    if parts[0] != "rules" or len(parts) < 2:
        return ".".join(parts[:3])
    rules = _rules(document.load(text)[0])
    index = int(parts[1]) if parts[1].isdigit() else len(rules)
    kind = rules[index].get("kind") if index < len(rules) and isinstance(rules[index], dict) else None
    return ".".join(["rules", str(kind), *parts[2:3]]) if kind in list(Kind) else ""


def faults_of(problem: InvalidPolicy, text: str) -> list[dict[str, int | str]]:
    """Each fault with its line, its field and its words."""
    found = problem.faults or (Fault(1, str(problem)),)
    told: list[dict[str, int | str]] = []
    for fault in found:
        try:
            place = place_of(fault, text)
        except document.NotYaml:
            place = ""
        told.append({"line": fault.line, "place": place, "message": fault.message})
    return told


def _of_rule(kind: Kind, rule: dict[str, Any] | None) -> dict[str, Shown]:
    start = f"rules.{kind.value}"
    shown: dict[str, Shown] = {start: rule is not None}
    for field in FIELDS:
        default = Rule.model_fields[field].get_default()
        given = (rule or {}).get(field, "" if field == "method" or default is None else default)
        if field in ("detectors", "second_opinion"):
            shown[f"{start}.{field}"] = [str(name) for name in given] if isinstance(given, list) else []
        else:
            shown[f"{start}.{field}"] = _text(given)
    return shown


def _of_gate(release: object) -> dict[str, Shown]:
    gate: dict[str, Any] = release if isinstance(release, dict) else {}
    defaults = ReleaseGate()
    shown: dict[str, Shown] = {
        "release.sample": _text(gate.get("sample", defaults.sample)),
        "release.reviewers": _text(gate.get("reviewers", defaults.reviewers)),
        "release.recheck": gate.get("recheck", defaults.recheck) is True,
    }
    for limit in LIMITS:
        given = gate.get(limit)
        for kind in Kind:
            value = given.get(kind.value, "") if isinstance(given, dict) else ""
            shown[f"release.{limit}.{kind.value}"] = _text(value)
    return shown


def _rules(loaded: object) -> list[Any]:
    rules = loaded.get("rules") if isinstance(loaded, dict) else None
    return rules if isinstance(rules, list) else []


def _rule(fields: dict[str, Any], kind: Kind) -> dict[str, Any] | None:
    return next(
        (rule for rule in _rules(fields) if isinstance(rule, dict) and rule.get("kind") == kind.value), None
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)
