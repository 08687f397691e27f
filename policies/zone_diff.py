"""What changes between the zones of two policies. A zone is known by its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from policies.changes import Change, Effect
from policies.model import ALWAYS_FILLED, RedactionMethod
from policies.zones import Zone


def of_zones(old: Sequence[Zone], new: Sequence[Zone]) -> Iterator[Change]:
    """By name. A zone that changes from hidden to kept, or back, has gone and another has come."""
    before, after = ({(zone.name, zone.keep is None): zone for zone in zones} for zones in (old, new))
    for name, hides in sorted(before.keys() | after.keys()):
        was, now = before.get((name, hides)), after.get((name, hides))
        if was == now:
            continue
        if was is None and now is not None:
            yield _change(now, None, now, Effect.HIDES_MORE if hides else Effect.HIDES_LESS, said(now))
        elif was is not None and now is None:
            effect = Effect.HIDES_LESS if hides else Effect.HIDES_MORE
            words = f"not any more: {said(was)}"
            yield _change(was, was, None, effect, words)
        elif was is not None and now is not None:
            yield _changed(was, now)


def said(zone: Zone) -> str:
    """What a zone does, in a sentence's words."""
    where = f"in zone {zone.name}, {place(zone)}"
    if zone.keep is None:
        kind, method = zone.hidden_as
        how = RedactionMethod.FILL if kind in ALWAYS_FILLED else method
        return f"everything is hidden ({how}) {where}, whatever is found"
    kinds = " or ".join(kind.value for kind in zone.kinds)
    return f"nothing of kind {kinds} is hidden where it lies wholly {where}: {zone.reason.strip()}"


def place(zone: Zone) -> str:
    """Such as "from 0 % to 100 % across and 0 % to 6 % down"."""
    x0, y0, x1, y1 = _shares(zone)
    return f"from {_percent(x0)} to {_percent(x1)} across and {_percent(y0)} to {_percent(y1)} down"


def _changed(was: Zone, now: Zone) -> Change:
    words = f"{said(was)}; becomes: {said(now)}"
    if _acts(was) == _acts(now):
        return _change(now, was, now, Effect.NONE, f"{words}; only words change")
    larger, smaller = _holds(now, was), _holds(was, now)
    if was.hide is not None and was.hidden_as == now.hidden_as and (larger or smaller):
        return _change(now, was, now, Effect.HIDES_MORE if larger else Effect.HIDES_LESS, words)
    more, fewer = set(now.kinds) >= set(was.kinds), set(now.kinds) <= set(was.kinds)
    if was.keep is not None and ((larger and more) or (smaller and fewer)):
        return _change(now, was, now, Effect.HIDES_LESS if larger and more else Effect.HIDES_MORE, words)
    return _change(now, was, now, Effect.UNKNOWN, f"{words}; counted as stricter")


def _acts(zone: Zone) -> object:
    """All of a zone that changes what is done."""
    return _shares(zone), zone.hidden_as, frozenset(zone.kinds)


def _holds(one: Zone, other: Zone) -> bool:
    x0, y0, x1, y1 = _shares(one)
    ox0, oy0, ox1, oy1 = _shares(other)
    return x0 <= ox0 and y0 <= oy0 and ox1 <= x1 and oy1 <= y1


def _shares(zone: Zone) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """The box in shares of the frame."""
    width, height = zone.frame or (1, 1)
    x0, y0, x1, y1 = (Fraction(str(value)) for value in zone.box)
    return x0 / width, y0 / height, x1 / width, y1 / height


def _percent(share: Fraction) -> str:
    return f"{float(100 * share):.3g} %"


def _change(zone: Zone, was: Zone | None, now: Zone | None, effect: Effect, words: str) -> Change:
    old, new = (None if one is None else place(one) for one in (was, now))
    return Change(None, f"zones.{zone.name}", old, new, effect, f"zones: {words}")
