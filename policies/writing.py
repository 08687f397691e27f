"""Policies written out as YAML: values in one line, a rule to begin with, and a whole document in order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import yaml

from policies.model import ALWAYS_FILLED, Kind
from policies.policy import Policy, load_policy

RULE_FIELDS: Final = (
    "kind", "method", "detectors", "second_opinion", "hide", "review", "grow", "shape", "lines", "serves",
)  # fmt: skip

ZONE_FIELDS: Final = (
    "name", "hide", "keep", "frame", "kind", "method", "kinds", "reason", "serves",
)  # fmt: skip

TOP_FIELDS: Final = ("name", "title", "effort", "rules", "whole_frame", "zones", "release")

NUMBER: Final = re.compile(r"-?(\d{1,12}(\.\d{0,12})?|\.\d{1,12})")
"""What a person types for a number; nothing of YAML's octal, sexagesimal or exponent forms."""

_WIDE: Final = 1_000_000
"""Characters: wider than any document, so that nothing is folded."""


def flow(value: object) -> str:
    """A value in one line, as YAML. Raises TypeError for what no policy holds."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return repr(value)
        case float():
            # Never with an exponent: YAML 1.1 reads 1e-05 as words.
            return format(Decimal(repr(value)), "f") if "e" in repr(value) else repr(value)
        case str():
            # Within brackets, so that a comma is quoted: the value may come to stand between some. What is
            # not printable (a line break by another name, U+0085, say) is written as an escape.
            shown = value.isprintable()
            dumped = yaml.safe_dump([value], width=_WIDE, allow_unicode=shown, default_flow_style=True)
            return dumped.removesuffix("]\n").removeprefix("[")
        case list() | tuple():
            return f"[{', '.join(flow(item) for item in value)}]"
        case Mapping():
            return "{" + ", ".join(f"{flow(str(k))}: {flow(v)}" for k, v in value.items()) + "}"
        case None:
            return "null"
        case _:
            raise TypeError(f"a policy holds no {type(value).__name__}")


def number(typed: str) -> int | float | str:
    """What was typed for a number: a number, or the words themselves, which are told as a fault."""
    plain = typed.strip()
    if not NUMBER.fullmatch(plain):
        return plain
    return float(plain) if "." in plain else int(plain)


def fresh_rule(kind: Kind) -> dict[str, Any]:
    """A rule for a kind that had none: as the strict preset has it, without a clause, which is the site's."""
    strict = load_policy("strict").rule_for(kind)
    if strict is None:
        raise ValueError(f"the strict preset has no rule for {kind}")
    rule = strict.model_dump(mode="json", exclude={"serves", "lines", "shape"})
    if kind in ALWAYS_FILLED or not rule["second_opinion"]:
        del rule["second_opinion"]
    return {field: rule[field] for field in RULE_FIELDS if field in rule}


def written(values: Mapping[str, Any]) -> str:
    """A whole document in the usual order: one line a value, a blank-free list of rules."""
    lines = [f"{key}: {flow(value)}" for key, value in _ordered(values, ("name", "title", "effort"))]
    lines += _listed("rules", values, RULE_FIELDS)
    lines += [f"{key}: {flow(value)}" for key, value in _ordered(values, ("whole_frame",))]
    lines += _listed("zones", values, ZONE_FIELDS)
    release = values.get("release")
    if isinstance(release, Mapping) and release:
        lines += ["release:", *(f"  {key}: {flow(value)}" for key, value in release.items())]
    elif release is not None:
        lines.append(f"release: {flow(release)}")
    lines += [f"{flow(str(key))}: {flow(value)}" for key, value in values.items() if key not in TOP_FIELDS]
    return "\n".join(lines) + "\n"


def _listed(key: str, values: Mapping[str, Any], order: tuple[str, ...]) -> list[str]:
    """A list of mappings, a line for each of their values; anything else in one line."""
    if key not in values:
        return []
    entries = values[key] or []
    if not (isinstance(entries, list) and entries and all(isinstance(e, Mapping) and e for e in entries)):
        return [f"{key}: {flow(entries)}"]
    lines = [f"{key}:"]
    for entry in entries:
        told = [f"{name}: {flow(value)}" for name, value in _ordered(entry, order, all_of_it=True)]
        lines += [f"  - {told[0]}", *(f"    {line}" for line in told[1:])]
    return lines


def normal(policy: Policy) -> str:
    """The policy's meaning as a document: what two versions are compared by, line by line."""
    values = policy.model_dump(mode="json", exclude_defaults=True)
    values["rules"] = [
        {**_named(rule), **{k: v for k, v in rule.items() if k not in ("kind", "method", "detectors")}}
        for rule in sorted(
            (rule.model_dump(mode="json") for rule in policy.rules), key=lambda rule: str(rule["kind"])
        )
    ]
    for rule in values["rules"]:
        for field, nothing in (
            ("second_opinion", []),
            ("shape", "rectangle"),
            ("lines", "all"),
            ("serves", ""),
        ):
            if rule.get(field) == nothing:
                del rule[field]
    values["effort"] = policy.effort.value
    return written(values)


def _named(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {field: rule[field] for field in ("kind", "method", "detectors")}


def _ordered(
    values: Mapping[str, Any], order: tuple[str, ...], *, all_of_it: bool = False
) -> list[tuple[str, Any]]:
    """The known keys in their order; all_of_it: the unknown ones too, last, since they are told as faults."""
    known = [(key, values[key]) for key in order if key in values]
    if not all_of_it:
        return known
    return known + [(flow(str(key)), value) for key, value in values.items() if key not in order]
