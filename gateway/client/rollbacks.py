"""Going back to a policy version that a dataset was under before: asked for by one officer, done by another.

As in `api`, each function is a flow for `Client.do` or `AsyncClient.do` and raises the errors that are told
there: `client.do(rollbacks.ask("dataset-1", policy="street", reason="hides-too-much"))`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from gateway.client.answers import Json, each, text, time, time_or_none
from gateway.client.flow import Flow, as_json, part
from gateway.client.flow import ask as asked


@dataclass(frozen=True, slots=True)
class Rollback:
    """state: asked, done, refused or withdrawn. leaves: the version in force when it was asked for."""

    id: str
    dataset: str
    policy: str
    version: str
    leaves: str
    reason: str
    state: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(
            id=str(found["id"]),
            dataset=str(found["dataset"]),
            policy=str(found["policy"]),
            version=str(found["version"]),
            leaves=str(found["leaves"]),
            reason=str(found["reason"]),
            state=str(found["state"]),
            asked_by=str(found["asked_by"]),
            asked_at=time(found["asked_at"]),
            decided_by=text(found["decided_by"]),
            decided_at=time_or_none(found["decided_at"]),
        )


@dataclass(frozen=True, slots=True)
class Applied:
    """withdrawn: copies that nobody gets any more. stale: assets whose copies are to be made anew."""

    dataset: str
    policy: str
    old_version: str
    version: str
    stricter: bool
    withdrawn: int
    stale: int

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(
            dataset=str(found["dataset"]),
            policy=str(found["policy"]),
            old_version=str(found["old_version"]),
            version=str(found["version"]),
            stricter=bool(found["stricter"]),
            withdrawn=int(found["withdrawn"]),
            stale=int(found["stale"]),
        )


def ask(dataset: str, *, policy: str, reason: str) -> Flow[Rollback]:
    """policy: an id or a preset's name that the dataset was under. reason: a short code, for the log."""
    form = {"policy": policy, "reason": reason}
    return asked(as_json("POST", f"/v1/datasets/{part(dataset)}/rollbacks", form), Rollback.parse)


def of_dataset(dataset: str) -> Flow[tuple[Rollback, ...]]:
    """The newest first, decided on or not."""
    return asked(as_json("GET", f"/v1/datasets/{part(dataset)}/rollbacks"), each(Rollback.parse))


def read(rollback: str) -> Flow[Rollback]:
    return asked(as_json("GET", _path(rollback)), Rollback.parse)


def approve(rollback: str, *, withdraw: bool = False) -> Flow[Applied]:
    """By another officer than asked. withdraw: old copies also where they hide enough."""
    return asked(as_json("POST", f"{_path(rollback)}/approve", {"withdraw": withdraw}), Applied.parse)


def refuse(rollback: str) -> Flow[Rollback]:
    """By another officer than asked."""
    return asked(as_json("POST", f"{_path(rollback)}/refuse"), Rollback.parse)


def withdraw(rollback: str) -> Flow[Rollback]:
    """By whoever asked."""
    return asked(as_json("POST", f"{_path(rollback)}/withdraw"), Rollback.parse)


def _path(rollback: str) -> str:
    return f"/v1/rollbacks/{part(rollback)}"
