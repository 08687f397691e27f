"""What people put into a copy, or have decided to put into the next one, goes over into the next one."""

from __future__ import annotations

from gateway.errors import NotFound
from gateway.store.database import Database
from gateway.store.queries import policies, reviews
from gateway.store.records import CopyRecord
from policies.carried import put_by_people
from policies.errors import InvalidPolicy
from policies.model import Redaction, Size
from policies.policy import Policy
from policies.review import Origin


def carried_from(database: Database, copy: CopyRecord) -> tuple[Redaction, ...]:
    """The copy's redactions that its detections do not explain; all, where its policy cannot be read.

    And what each reviewer of it has added or moved, though another of them is still to decide: a face that
    somebody has seen is hidden in whatever copy comes next.
    """
    there = put_by_people(_policy_of(database, copy), copy.report, Size(copy.width, copy.height))
    return tuple(dict.fromkeys([*there, *_decided(database, copy)]))


def _decided(database: Database, copy: CopyRecord) -> list[Redaction]:
    with database.reading() as session:
        decisions = [one.decision for one in reviews.decisions(session, copy.id)]
    return [each.redaction for one in decisions for each in one.regions if each.origin is not Origin.DETECTOR]


def _policy_of(database: Database, copy: CopyRecord) -> Policy | None:
    try:
        with database.reading() as session:
            return policies.load(session, copy.report["policy_version"])
    except (NotFound, InvalidPolicy):
        return None
