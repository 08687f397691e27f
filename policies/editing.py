"""One change to a policy's document that leaves the rest of it as it was written: comments, order, spacing.

Only the characters of the changed value are replaced. What does not survive: comments inside a list that was
written line by line when that list changes, and comments inside a rule that is taken out. Where the text
cannot be changed in place without a change of meaning elsewhere, the whole document is written anew from its
values; `Edited.kept` then says no, so that whoever asked can be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import yaml

from policies import document
from policies.model import Kind
from policies.writing import RULE_FIELDS, TOP_FIELDS, flow, fresh_rule, written

Value: TypeAlias = "str | int | float | bool | list[str]"

ORDER: Final = {
    "": TOP_FIELDS,
    "rules": RULE_FIELDS,
    "release": ("recheck", "largest", "most", "expect", "sample", "reviewers"),
}
"""Where a key that was not there is put: behind the last of those that stand before it here."""


class NoSuchPlace(Exception):
    """The path leads to nothing that a policy has, or to a kind that no rule is for."""


@dataclass(frozen=True, slots=True)
class Edited:
    """text: the document after the change. kept: False where all of it had to be written anew."""

    text: str
    kept: bool


def edited(text: str, path: Sequence[str], value: Value | None) -> Edited:
    """The document with one value changed; None takes it out, so that its default counts.

    path: ("title",), ("rules", KIND) with True or False for a whole rule, ("rules", KIND, FIELD),
    ("release", FIELD) or ("release", FIELD, KIND). Raises NotYaml, NoSuchPlace.
    """
    loaded, _ = document.load(text)
    wanted = _changed(loaded, list(path), value)
    try:
        candidate = _in_place(text, list(path), value)
        if document.load(candidate)[0] == wanted:
            return Edited(candidate, kept=True)
    except (NoSuchPlace, document.NotYaml):
        pass
    return Edited(written(wanted), kept=False)


def _changed(loaded: object, path: list[str], value: Value | None) -> dict[str, Any]:
    """The values after the change; the measure of what the change of the text must come to."""
    if not isinstance(loaded, dict):
        raise NoSuchPlace("the document is no mapping")
    wanted: dict[str, Any] = dict(loaded)
    match path:
        case ["rules", kind]:
            rules = _rules(wanted)
            if value and not any(_kind(rule) == kind for rule in rules):
                rules.append(fresh_rule(_known(kind)))
            elif not value:
                rules = [rule for rule in rules if _kind(rule) != kind]
            wanted["rules"] = rules
        case ["rules", kind, field]:
            rules = _rules(wanted)
            place = _position(rules, kind)
            rules[place] = _with(rules[place], field, value)
            wanted["rules"] = rules
        case ["release", *rest] if rest:
            release = wanted.get("release") or {}
            if not isinstance(release, dict):
                raise NoSuchPlace("release is no mapping")
            wanted = _with(wanted, "release", _deep(release, rest, value) or None)
        case [field]:
            wanted = _with(wanted, field, value)
        case _:
            raise NoSuchPlace(".".join(path))
    return wanted


def _deep(mapping: dict[str, Any], path: list[str], value: Value | None) -> dict[str, Any]:
    match path:
        case [field]:
            return _with(mapping, field, value)
        case [field, kind]:
            inner = mapping.get(field) or {}
            if not isinstance(inner, dict):
                raise NoSuchPlace(f"release.{field} is no mapping")
            return _with(mapping, field, _with(inner, kind, value) or None)
        case _:
            raise NoSuchPlace(".".join(path))


def _with(mapping: dict[str, Any], key: str, value: object) -> dict[str, Any]:
    if value is None:
        return {name: old for name, old in mapping.items() if name != key}
    return {**mapping, key: value}


def _rules(loaded: dict[str, Any]) -> list[Any]:
    rules = loaded.get("rules") or []
    if not isinstance(rules, list):
        raise NoSuchPlace("rules is no list")
    return list(rules)


def _kind(rule: object) -> object:
    return rule.get("kind") if isinstance(rule, dict) else None


def _known(kind: str) -> Kind:
    try:
        return Kind(kind)
    except ValueError as exc:
        raise NoSuchPlace(f"there is no kind {kind}") from exc


def _position(rules: list[Any], kind: str) -> int:
    for place, rule in enumerate(rules):
        if _kind(rule) == kind:
            return place
    raise NoSuchPlace(f"no rule is for {kind}")


def _in_place(text: str, path: list[str], value: Value | None) -> str:
    root = _mapping(document.compose(text))
    match path:
        case ["rules", kind]:
            return _toggle(text, root, kind, bool(value))
        case ["rules", kind, field]:
            return _put(text, _rule(root, kind), field, value, ORDER["rules"])
        case ["release", field]:
            return _in_release(text, root, field, value)
        case ["release", field, kind]:
            release = _value(root, "release")
            inner = None if release is None else _value(_mapping(release), field)
            if inner is None:
                return text if value is None else _in_release(text, root, field, {kind: value})
            last = value is None and len(inner.value) == 1
            if last:
                return _in_release(text, root, field, None)
            return _put(text, _mapping(inner), kind, value, [kind.value for kind in Kind])
        case [field]:
            return _put(text, root, field, value, ORDER[""])
        case _:
            raise NoSuchPlace(".".join(path))


def _in_release(text: str, root: yaml.MappingNode, field: str, value: object) -> str:
    release = _value(root, "release")
    if release is None or not release.value:
        given = None if value is None else {field: value}
        return text if given is None else _put(text, root, "release", given, ORDER[""])
    if value is None and [key.value for key, _ in release.value] == [field]:
        return _put(text, root, "release", None, ORDER[""])
    return _put(text, _mapping(release), field, value, ORDER["release"])


def _put(text: str, node: yaml.MappingNode, key: str, value: object, order: Sequence[str]) -> str:
    """Replaces, adds or takes out one key of a mapping."""
    keys = [str(name.value) for name, _ in node.value]
    if key not in keys:
        return text if value is None else _insert(text, node, key, value, order)
    place = keys.index(key)
    name, old = node.value[place]
    return _cut(text, node, place) if value is None else _replace(text, name, old, value)


def _replace(text: str, key: yaml.Node, old: yaml.Node, value: object) -> str:
    start, end = old.start_mark.index, _end(text, old)
    if isinstance(old, yaml.CollectionNode) and not old.flow_style:
        # It stood on lines of its own; a comment behind the key stays behind the value.
        colon = text.index(":", key.end_mark.index) + 1
        return f"{text[:colon]} {flow(value)}{text[colon:start].partition(chr(10))[0].rstrip()}{text[end:]}"
    gap = " " if text[start - 1 : start] == ":" else ""
    return f"{text[:start]}{gap}{flow(value)}{text[end:]}"


def _insert(text: str, node: yaml.MappingNode, key: str, value: object, order: Sequence[str]) -> str:
    line = f"{key}: {flow(value)}"
    if node.flow_style:
        close = node.end_mark.index - 1
        return f"{text[:close].rstrip()}{', ' if node.value else ''}{line}{text[close:]}"
    before = set(order[: order.index(key)]) if key in order else set()
    known = [pair for pair in node.value if pair[0].value in before]
    _, anchor = (known or node.value)[-1]
    end = _line_end(text, _end(text, anchor))
    return f"{text[:end]}\n{' ' * node.start_mark.column}{line}{text[end:]}"


def _cut(text: str, node: yaml.MappingNode, place: int) -> str:
    key, value = node.value[place]
    start, end = key.start_mark.index, _end(text, value)
    follows = node.value[place + 1][0].start_mark.index if place + 1 < len(node.value) else None
    if node.flow_style:
        if follows is not None:
            return text[:start] + text[follows:]
        behind = _end(text, node.value[place - 1][1]) if place else start
        return text[:behind] + text[end:]
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip():  # it shares its line with the dash of the rule
        if follows is None:
            raise NoSuchPlace("the only key of a rule")
        return text[:start] + text[follows:]
    return text[:line] + text[_line_end(text, end) + 1 :]


def _toggle(text: str, root: yaml.MappingNode, kind: str, on: bool) -> str:
    rules = _value(root, "rules")
    if not isinstance(rules, yaml.SequenceNode):
        raise NoSuchPlace("rules is no list")
    places = [place for place, rule in enumerate(rules.value) if _kind_of(rule) == kind]
    if on:
        return text if places else _append(text, rules, fresh_rule(_known(kind)))
    for place in reversed(places):
        text = _drop(text, rules, place)
    return text


def _append(text: str, rules: yaml.SequenceNode, rule: dict[str, Any]) -> str:
    if rules.flow_style or not rules.value:
        raise NoSuchPlace("a list in brackets is written anew")
    end = _line_end(text, _end(text, rules))
    indent = " " * rules.start_mark.column
    lines = [
        f"{indent}{'- ' if first else '  '}{key}: {flow(value)}"
        for first, (key, value) in zip([True] + [False] * len(rule), rule.items(), strict=False)
    ]
    return text[:end] + "\n" + "\n".join(lines) + text[end:]


def _drop(text: str, rules: yaml.SequenceNode, place: int) -> str:
    if rules.flow_style or len(rules.value) == 1:
        raise NoSuchPlace("a list in brackets, or the last rule, is written anew")
    rule = rules.value[place]
    start = text.rfind("\n", 0, rule.start_mark.index) + 1
    return text[:start] + text[_line_end(text, _end(text, rule)) + 1 :]


def _rule(root: yaml.MappingNode, kind: str) -> yaml.MappingNode:
    rules = _value(root, "rules")
    for rule in rules.value if isinstance(rules, yaml.SequenceNode) else ():
        if _kind_of(rule) == kind:
            return _mapping(rule)
    raise NoSuchPlace(f"no rule is for {kind}")


def _kind_of(rule: yaml.Node) -> object:
    if not isinstance(rule, yaml.MappingNode):
        return None
    found = _value(rule, "kind")
    return None if found is None else found.value


def _value(node: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for name, value in node.value if name.value == key), None)


def _mapping(node: yaml.Node | None) -> yaml.MappingNode:
    if not isinstance(node, yaml.MappingNode):
        raise NoSuchPlace("no mapping stands there")
    return node


def _end(text: str, node: yaml.Node) -> int:
    """Where the node's last character stands; YAML's own end of a block lies at the next token."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    start: int = node.start_mark.index
    while end > start and text[end - 1] in " \r\n":
        end -= 1
    return end


def _line_end(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found
