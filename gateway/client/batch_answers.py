"""What the gateway answers about uploads, batches and webhooks, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from gateway.client.answers import Asset, Json, each, text, time, time_or_none


@dataclass(frozen=True, slots=True)
class Received:
    """What an upload became. duplicate: the dataset had these bytes before, as this asset.

    Another sender may have brought it in: then its state is told by the batch, not by `api.read_asset`.
    """

    id: str
    state: str
    duplicate: bool

    @classmethod
    def parse(cls, found: Json) -> Self:
        asset = Asset.parse(found)
        return cls(asset.id, asset.state, bool(found.get("duplicate", False)))


@dataclass(frozen=True, slots=True)
class Standing:
    """A resumable upload. offset: bytes that have arrived for good; asset: what it became, once whole."""

    offset: int
    asset: str | None
    duplicate: bool

    @classmethod
    def parse(cls, headers: Mapping[str, str]) -> Self:
        """headers: names in lower case."""
        return cls(
            int(headers["upload-offset"]),
            headers.get("privgate-asset"),
            headers.get("privgate-duplicate") == "true",
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """uploads, duplicates: so far; refused: as the sender said. unsettled: uploads still at work.

    done: all was sent, and nothing more happens to any of it by itself.
    """

    id: str
    dataset: str
    expected: int | None
    uploads: int
    duplicates: int
    refused: int
    unsettled: int
    done: bool
    created_at: datetime
    closed_at: datetime | None

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(
            id=str(found["id"]),
            dataset=str(found["dataset"]),
            expected=None if found["expected"] is None else int(found["expected"]),
            uploads=int(found["uploads"]),
            duplicates=int(found["duplicates"]),
            refused=int(found["refused"]),
            unsettled=int(found["unsettled"]),
            done=bool(found["done"]),
            created_at=time(found["created_at"]),
            closed_at=time_or_none(found["closed_at"]),
        )


@dataclass(frozen=True, slots=True)
class BatchAsset:
    """An asset of a batch. uploads: of the batch, that gave it; duplicates: those that repeated its bytes."""

    id: str
    state: str
    reason: str | None
    uploads: int
    duplicates: int

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(
            id=str(found["id"]),
            state=str(found["state"]),
            reason=text(found["reason"]),
            uploads=int(found["uploads"]),
            duplicates=int(found["duplicates"]),
        )


@dataclass(frozen=True, slots=True)
class BatchAssetPage:
    assets: tuple[BatchAsset, ...]
    next: str | None

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(each(BatchAsset.parse)(found["assets"]), text(found["next"]))


class Event(StrEnum):
    """States of an asset whose beginning a webhook is told."""

    RELEASED = "released"
    NEEDS_REVIEW = "needs_review"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Webhook:
    """delivered, pending, given_up: its messages. secret: only in the answer to its creation."""

    id: str
    url: str
    events: tuple[Event, ...]
    delivered: int
    pending: int
    given_up: int
    secret: str | None

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(
            id=str(found["id"]),
            url=str(found["url"]),
            events=tuple(Event(event) for event in found["events"]),
            delivered=int(found["delivered"]),
            pending=int(found["pending"]),
            given_up=int(found["given_up"]),
            secret=text(found.get("secret")),
        )

    def __repr__(self) -> str:
        return f"Webhook({self.id!r}, {self.url!r})"
