"""Every page of the console by role, with what the large installation has to show on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Connection, text

VARIED = 20
"""Different things shown on one page in turn, so that no page is measured on what was just read."""


@dataclass(frozen=True)
class Measured:
    """A page and the addresses it is measured at, in turn."""

    role: str
    name: str
    paths: Sequence[str]


@dataclass(frozen=True)
class Things:
    """Ids out of the installation, each kind spread over all its rows."""

    assets: Sequence[str]
    batches: Sequence[str]
    datasets: Sequence[str]
    reviews: Sequence[str]
    people: Sequence[str]
    entries: int


ACTORS = {
    "uploader": "SELECT created_by FROM batch GROUP BY created_by ORDER BY count(*) DESC LIMIT 1",
    "annotator": "SELECT person_id FROM access_grant GROUP BY person_id ORDER BY count(*) DESC LIMIT 1",
}
"""Whose page is the fullest; of the other roles anybody's is."""


def person_of(connection: Connection, role: str) -> str:
    query = ACTORS.get(role, f"SELECT id FROM person WHERE role = '{role}' ORDER BY id LIMIT 1")  # noqa: S608
    return str(connection.execute(text(query)).scalar_one())


def things(connection: Connection, uploader: str) -> Things:
    def column(query: str, **values: str) -> list[str]:
        found = [str(row[0]) for row in connection.execute(text(query), values)]
        return found[:: max(1, len(found) // VARIED)][:VARIED]

    return Things(
        assets=column("SELECT id FROM asset ORDER BY id"),
        batches=column("SELECT id FROM batch WHERE created_by = :person ORDER BY id", person=uploader),
        datasets=column("SELECT id FROM dataset ORDER BY id"),
        reviews=column("SELECT id FROM review WHERE state = 'open' ORDER BY risk DESC, created_at LIMIT 1"),
        people=column("SELECT id FROM person WHERE role = 'annotator' ORDER BY id"),
        entries=int(connection.execute(text("SELECT max(leaf_index) FROM log_entry")).scalar_one()),
    )


def pages(found: Things) -> list[Measured]:
    """By role, in the order of its places."""
    by_role: Mapping[str, Mapping[str, Sequence[str]]] = {
        "officer": {
            "home": ["/home"],
            "policies": ["/policies"],
            "policy editor": ["/policies/new"],
            "a dataset's policy": [f"/policies/datasets/{one}" for one in found.datasets],
            "review figures": ["/reviews"],
            "workforce": ["/workforce"],
            "vault": ["/vault"],
            "assets": ["/assets", "/assets?state=quarantined", "/assets?state=needs_review"],
            "an asset": [f"/assets/{one}" for one in found.assets],
            "audit": ["/audit"],
        },
        "uploader": {
            "my batches": ["/batches"],
            "a batch": [f"/batches/{one}" for one in found.batches],
            "upload": ["/upload"],
            "datasets": ["/datasets"],
        },
        "reviewer": {"queue": ["/queue"], "my decisions": ["/decisions"]},
        "annotator": {"my tasks": ["/tasks"], "guidelines": ["/guidelines"]},
        "auditor": {
            "explorer": ["/audit"],
            "by person": [_search(person=one) for one in found.people],
            "by asset": [_search(about=one) for one in found.assets],
            "by dataset": [_search(about=one) for one in found.datasets],
            "by action": [_search(act=one) for one in ("copy.delivered", "access.denied", "review.decided")],
            "by time": [_search(since=f"2026-{month:02}-01") for month in range(4, 11)]
            + [_search(until=f"2026-{month:02}-01") for month in range(4, 11)],
            "person + action": [_search(person=one, act="copy.delivered") for one in found.people],
            "dataset + action": [_search(about=one, act="access.denied") for one in found.datasets],
            "nothing matches": [_search(person=one, act="asset.released") for one in found.people],
            "all four": [
                _search(person=found.people[0], about=one, act="task.claimed", since="2026-05-01")
                for one in found.datasets
            ],
            "an entry + proof": [
                f"/audit/entries/{index}"
                for index in range(0, found.entries, max(1, found.entries // VARIED))
            ],
            "an asset's life": [f"/audit/assets/{one}" for one in found.assets],
            "checkpoints": ["/audit/checkpoints", f"/audit/checkpoints?below={found.entries // 2}"],
            "consistency": [
                f"/audit/checkpoints?old={1000 * step}&new={1000 * (found.entries // 1000)}"
                for step in range(1, max(2, found.entries // 1000), max(1, found.entries // 20_000))
            ],
            "policies": ["/policies"],
        },
        "operator": {
            "health": ["/health"],
            "queues": ["/queues"],
            "workers": ["/workers"],
            "keys": ["/keys"],
            "models": ["/models"],
        },
    }
    return [Measured(role, name, paths) for role, each in by_role.items() for name, paths in each.items()]


def _search(**asked: str) -> str:
    return f"/audit?{urlencode(asked)}"
