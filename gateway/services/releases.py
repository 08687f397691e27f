"""What the copies of one original, taken together, may show of it; see `gateway.imaging.releases`.

Copies that waited for a person were never delivered: another is made after the decision. So they do not
count; every other one does, withdrawn or not, since whoever received it may have kept it.

A copy is made with regard to those that were there when its making began, and its revision is the next one.
Of two workers the unique (asset, revision) lets one win, and the other looks again: none slips past another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.imaging.releases import Shown
from gateway.imaging.strokes import FIRST_REVISION
from gateway.services.review_sheet import redactions_of
from gateway.store.records import CopyRecord
from policies.carried import Place, place_of
from policies.model import Redaction, RedactionMethod

REVISION: Final = "redaction_revision"
"""In a report: the revision of what the methods leave of a region."""

INSTEAD_OF: Final = "instead_of"
"""In a report, of a region that is filled because of earlier copies: the method that was asked for."""

SPENT: Final = "releases.spent"
"""The code in the log of a copy with such regions."""


def shown_in(copy: CopyRecord) -> Shown:
    """What a copy shows."""
    return Shown(redactions_of(copy), copy.report.get(REVISION, FIRST_REVISION))


def shown_before(made: Iterable[CopyRecord]) -> tuple[Shown, ...]:
    """What those of an asset's copies have shown that may have left the house."""
    return tuple(shown_in(copy) for copy in made if not copy.report.get("reasons"))


def told(
    hidden: Sequence[Redaction], asked: Sequence[Redaction], before: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """A report's redactions. asked: as the policy, or a reviewer, wanted each of them.

    before: the report of the copy that these come from; what it filled for the same reason is told again.
    """
    spent = {} if before is None else _spent_in(before)
    instead = [_instead(one, wish, spent) for one, wish in zip(hidden, asked, strict=True)]
    return [
        one.to_dict() if method is None else {**one.to_dict(), INSTEAD_OF: method}
        for one, method in zip(hidden, instead, strict=True)
    ]


def number_filled(report: Mapping[str, Any]) -> int:
    """How many regions a copy fills because of earlier copies."""
    return sum(INSTEAD_OF in one for one in report.get("redactions", ()))


def details_of(report: Mapping[str, Any]) -> dict[str, str | int]:
    """What the log says of that; nothing where there is none."""
    number = number_filled(report)
    return {"filled": number, "filled_for": SPENT} if number else {}


def _instead(one: Redaction, wish: Redaction, spent: Mapping[Place, str]) -> str | None:
    if one.method is not wish.method:
        return wish.method.value
    return spent.get(place_of(one)) if one.method is RedactionMethod.FILL else None


def _spent_in(report: Mapping[str, Any]) -> dict[Place, str]:
    stored = report.get("redactions", ())
    return {place_of(Redaction.parse(one)): one[INSTEAD_OF] for one in stored if INSTEAD_OF in one}
