"""What one policy does differently from another, rule by rule and field by field, in words an officer reads.

Each change says in which direction it goes. What this module does not know counts as stricter: whoever asks
does so to find out whether copies made under the old policy may still be shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from policies.changes import LAXER, STRICTER, Change, Effect
from policies.model import ALWAYS_FILLED, Kind, RedactionMethod
from policies.policy import Policy, Rule
from policies.shapes import Shape
from policies.zone_diff import of_zones


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """changes: the policy's own fields first, then rule by rule in the order of the kinds' names."""

    changes: tuple[Change, ...]

    @property
    def stricter(self) -> bool:
        """True unless the new policy surely hides nothing more and asks nobody more often."""
        return any(change.effect in STRICTER for change in self.changes)

    @property
    def laxer(self) -> bool:
        """True when the new policy may hide less or ask less often."""
        return any(change.effect in LAXER | {Effect.UNKNOWN} for change in self.changes)

    def sentences(self) -> list[str]:
        return [change.words for change in self.changes]


def compare(old: Policy, new: Policy) -> PolicyDiff:
    """What `new` does differently."""
    changes = [*_of_policy(old, new), *of_zones(old.zones, new.zones)]
    for kind in sorted(old.kinds | new.kinds):
        before, after = old.rule_for(kind), new.rule_for(kind)
        if before is None and after is not None:
            changes.append(_added(after))
        elif before is not None and after is None:
            changes.append(_removed(before))
        elif before is not None and after is not None:
            changes += (_rechecked(change, new) for change in _of_rule(before, after))
    return PolicyDiff(tuple(changes))


def _rechecked(change: Change, new: Policy) -> Change:
    """The look at the finished copy hides what is clearly above `hide`: lowered, it may hide more."""
    if change.field == "hide" and change.effect is Effect.ASKS_LESS and new.release.recheck:
        return replace(change, effect=Effect.UNKNOWN, words=f"{change.words}; the recheck may hide more")
    return change


def things(kind: Kind) -> str:
    """The kind in the plural, as a sentence has it."""
    return f"{kind.value.replace('_', ' ')}s" if kind is not Kind.TEXT else "text lines"


def _of_policy(old: Policy, new: Policy) -> Iterable[Change]:
    before, after = _fields(old), _fields(new)
    for field in sorted(before.keys() | after.keys()):
        was, now = before.get(field), after.get(field)
        if was == now:
            continue
        if field in ("name", "title"):
            words = f"{field}: {_quoted(was)} becomes {_quoted(now)}; only words change"
            yield Change(None, field, _text(was), _text(now), Effect.NONE, words)
        elif field.startswith(_GATE):
            yield _of_gate(field, was, now)
        elif field == "whole_frame":
            yield _of_whole_frame(old, new)
        else:
            yield _unknown(None, field, was, now)


def _of_whole_frame(old: Policy, new: Policy) -> Change:
    was, now = (_text(policy.whole_frame and policy.whole_frame.value) for policy in (old, new))
    if new.whole_frame is None:
        effect, told = Effect.HIDES_LESS, "only what is found, and the zones, are hidden"
    elif old.whole_frame is None or new.whole_frame is RedactionMethod.FILL:
        effect, told = Effect.HIDES_MORE, "the whole frame is hidden"
    elif old.whole_frame is RedactionMethod.FILL:
        effect, told = Effect.HIDES_LESS, "a coarse rest shows where nothing did"
    else:
        effect, told = Effect.NONE, "the same coarse rest, drawn in another way"
    return Change(None, "whole_frame", was, now, effect, f"whole frame: {was} becomes {now}; {told}")


def _fields(policy: Policy) -> dict[str, Any]:
    """All that is not a rule, flat: "gate.share" for a field within a field."""
    flat: dict[str, Any] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(f"{prefix}.{name}" if prefix else name, inner)
        else:
            flat[prefix] = value

    walk("", policy.model_dump(mode="json", exclude={"rules", "zones"}))
    return flat


_GATE: Final = "release."

# Fields of the release gate, by whether a greater number makes a person look more often. What is not there
# asks for nobody, so it stands beyond the end of the scale.
_GATE_SCALES: Final = {"largest": -1, "most": -1, "expect": 1, "sample": 1, "reviewers": 1, "recheck": 1}


def _of_gate(field: str, was: Any, now: Any) -> Change:
    name = field.removeprefix(_GATE).partition(".")[0]
    direction = _GATE_SCALES.get(name)
    if direction is None:
        return _unknown(None, field, was, now)
    nobody = float("inf") if direction < 0 else 0.0
    before, after = (nobody if value is None else float(value) for value in (was, now))
    more = (after - before) * direction > 0
    if name == "recheck":
        effect = Effect.HIDES_MORE if more else Effect.HIDES_LESS
        told = "the finished copy is looked at once more" if more else "no second look at the finished copy"
    else:
        effect = Effect.ASKS_MORE if more else Effect.ASKS_LESS
        told = "a person looks more often" if more else "a person looks less often"
    words = f"{field}: {_text(was)} becomes {_text(now)}; {told}"
    return Change(None, field, _text(was), _text(now), effect, words)


def _added(rule: Rule) -> Change:
    how = _method(rule)
    which = "; identifiers only" if rule.reads else ""
    which += "" if rule.shape is Shape.RECTANGLE else f"; shape {rule.shape}"
    words = (
        f"{things(rule.kind)}: newly looked for and hidden ({how}{which}; detectors {_list(rule.detectors)})"
    )
    return Change(rule.kind, "rule", None, how, Effect.HIDES_MORE, words)


def _removed(rule: Rule) -> Change:
    words = f"{things(rule.kind)}: no longer looked for; they are shown"
    return Change(rule.kind, "rule", _method(rule), None, Effect.HIDES_LESS, words)


def _of_rule(old: Rule, new: Rule) -> Iterable[Change]:
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    for field in sorted(before.keys() | after.keys()):
        was, now = before.get(field), after.get(field)
        if was == now:
            continue
        known = _KNOWN.get(field)
        if known is None:
            yield _unknown(new.kind, field, was, now)
            continue
        effect, words = known(old, new)
        yield Change(new.kind, field, _text(was), _text(now), effect, f"{things(new.kind)}, {field}: {words}")


def _unknown(kind: Kind | None, field: str, was: Any, now: Any) -> Change:
    place = field if kind is None else f"{things(kind)}, {field}"
    words = f"{place}: {_text(was)} becomes {_text(now)}; counted as stricter"
    return Change(kind, field, _text(was), _text(now), Effect.UNKNOWN, words)


def _of_method(old: Rule, new: Rule) -> tuple[Effect, str]:
    change = f"{old.method} becomes {new.method}"
    if new.kind in ALWAYS_FILLED:
        return Effect.NONE, f"{change}; {things(new.kind)} are filled whatever is written"
    if new.method is RedactionMethod.FILL:
        return Effect.HIDES_MORE, f"{change}; nothing of what lies beneath is left"
    if old.method is RedactionMethod.FILL:
        return Effect.HIDES_LESS, f"{change}; a coarse rest shows where nothing did"
    return Effect.NONE, f"{change}; the same coarse rest, drawn in another way"


def _of_review(old: Rule, new: Rule) -> tuple[Effect, str]:
    change = f"from {old.review} to {new.review}"
    if new.review < old.review:
        return Effect.HIDES_MORE, f"{change}; fainter ones are hidden too"
    return Effect.HIDES_LESS, f"{change}; fainter ones are shown"


def _of_hide(old: Rule, new: Rule) -> tuple[Effect, str]:
    change = f"from {old.hide} to {new.hide}"
    if new.hide > old.hide:
        return Effect.ASKS_MORE, f"{change}; a person looks at more of them before release"
    return Effect.ASKS_LESS, f"{change}; fewer are seen by a person before release"


def _of_grow(old: Rule, new: Rule) -> tuple[Effect, str]:
    change = f"from {old.grow} to {new.grow} of the box on each side"
    if new.grow > old.grow:
        return Effect.HIDES_MORE, f"{change}; a wider margin is hidden"
    return Effect.HIDES_LESS, f"{change}; a narrower margin is hidden"


def _of_detectors(old: Rule, new: Rule) -> tuple[Effect, str]:
    before, after = set(old.detectors), set(new.detectors)
    if not (after - before) and not (before - after):
        return Effect.NONE, "the same in another order"
    if not before - after:
        return Effect.HIDES_MORE, f"{_list(after - before)} must run too"
    if not after - before:
        rest = ", but may still run as a second opinion" if before - after <= set(new.second_opinion) else ""
        return Effect.HIDES_LESS, f"{_list(before - after)} need not run any more{rest}"
    words = f"{_list(after - before)} must run, {_list(before - after)} no longer; counted as stricter"
    return Effect.UNKNOWN, words


def _of_second_opinion(old: Rule, new: Rule) -> tuple[Effect, str]:
    before, after = set(old.second_opinion), set(new.second_opinion)
    if before == after:
        return Effect.NONE, "the same in another order"
    if not before - after:
        return Effect.HIDES_MORE, f"{_list(after - before)} is asked too, where it can run"
    if not after - before:
        return Effect.HIDES_LESS, f"{_list(before - after)} is not asked any more"
    words = f"{_list(after - before)} is asked, {_list(before - after)} no longer; counted as stricter"
    return Effect.UNKNOWN, words


def _of_lines(old: Rule, new: Rule) -> tuple[Effect, str]:
    change = f"{old.lines} becomes {new.lines}"
    if new.reads:
        return Effect.HIDES_LESS, f"{change}; each line is read, and what is surely no identifier is shown"
    return Effect.HIDES_MORE, f"{change}; no line is read, every one is hidden"


def _of_shape(old: Rule, new: Rule) -> tuple[Effect, str]:
    change = f"{old.shape} becomes {new.shape}"
    match old.shape, new.shape:
        case Shape.RECTANGLE, Shape.POLYGON:
            return Effect.HIDES_LESS, f"{change}; around tilted things the corners of the box are shown"
        case Shape.POLYGON, Shape.RECTANGLE:
            return Effect.HIDES_MORE, f"{change}; around tilted things the whole box is hidden"
        case _:
            # An ellipse reaches beyond the sides of the rectangle and leaves its corners.
            return Effect.UNKNOWN, f"{change}; more is hidden here and less there, counted as stricter"


def _of_clause(old: Rule, new: Rule) -> tuple[Effect, str]:
    return Effect.NONE, f"{_quoted(old.serves)} becomes {_quoted(new.serves)}; only words change"


_KNOWN: Final[dict[str, Callable[[Rule, Rule], tuple[Effect, str]]]] = {
    "method": _of_method,
    "review": _of_review,
    "hide": _of_hide,
    "grow": _of_grow,
    "shape": _of_shape,
    "lines": _of_lines,
    "detectors": _of_detectors,
    "second_opinion": _of_second_opinion,
    "serves": _of_clause,
}


def _method(rule: Rule) -> str:
    return RedactionMethod.FILL.value if rule.kind in ALWAYS_FILLED else rule.method.value


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _quoted(words: Any) -> str:
    return f'"{words}"' if words else "nothing"


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "nothing"
    return str(value) or "nothing"
