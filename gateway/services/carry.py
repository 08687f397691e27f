"""What people put into a copy goes over into the next one."""

from __future__ import annotations

from gateway.errors import NotFound
from gateway.store.database import Database
from gateway.store.queries import policies
from gateway.store.records import CopyRecord
from policies.carried import put_by_people
from policies.errors import InvalidPolicy
from policies.model import Redaction, Size
from policies.policy import Policy


def carried_from(database: Database, copy: CopyRecord) -> tuple[Redaction, ...]:
    """The copy's redactions that its detections do not explain; all, where its policy cannot be read."""
    return put_by_people(_policy_of(database, copy), copy.report, Size(copy.width, copy.height))


def _policy_of(database: Database, copy: CopyRecord) -> Policy | None:
    try:
        with database.reading() as session:
            return policies.load(session, copy.report["policy_version"])
    except (NotFound, InvalidPolicy):
        return None
