"""What the gateway answers, as frozen values. Members that this client does not know are passed over, so
that an older client goes on working with a newer gateway; one that is missing is an UnexpectedAnswer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self, TypeVar

Parsed = TypeVar("Parsed")
Json = Mapping[str, Any]


class LabelFormat(StrEnum):
    COCO = "coco"
    YOLO = "yolo"


@dataclass(frozen=True, slots=True)
class Category:
    """A class of a dataset's label set. keypoints: the names of its landmarks, in their order."""

    id: int
    name: str
    supercategory: str | None = None
    keypoints: tuple[str, ...] = ()

    @classmethod
    def parse(cls, found: Json) -> Self:
        points = tuple(str(name) for name in found.get("keypoints") or ())
        return cls(int(found["id"]), str(found["name"]), text(found.get("supercategory")), points)

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"id": self.id, "name": self.name, "supercategory": self.supercategory}
        # A gateway that knows no landmarks refuses a member that it does not know.
        return found | ({"keypoints": list(self.keypoints)} if self.keypoints else {})


@dataclass(frozen=True, slots=True)
class Dataset:
    id: str
    name: str
    policy: str
    policy_version: str
    created_at: datetime

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(
            id=str(found["id"]),
            name=str(found["name"]),
            policy=str(found["policy"]),
            policy_version=str(found["policy_version"]),
            created_at=time(found["created_at"]),
        )


@dataclass(frozen=True, slots=True)
class Grant:
    id: str
    person: str
    dataset: str
    purpose: str
    until: datetime
    revoked_at: datetime | None

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(
            id=str(found["id"]),
            person=str(found["person"]),
            dataset=str(found["dataset"]),
            purpose=str(found["purpose"]),
            until=time(found["until"]),
            revoked_at=time_or_none(found["revoked_at"]),
        )


@dataclass(frozen=True, slots=True)
class Asset:
    """copy_id: the newest sanitized copy; hidden: how many regions are redacted in it."""

    id: str
    dataset: str
    state: str
    reason: str | None
    bytes: int
    copy_id: str | None
    hidden: int | None

    @property
    def settled(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state not in ("received", "processing")

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(
            id=str(found["id"]),
            dataset=str(found["dataset"]),
            state=str(found["state"]),
            reason=text(found["reason"]),
            bytes=int(found["bytes"]),
            copy_id=text(found["copy_id"]),
            hidden=None if found["hidden"] is None else int(found["hidden"]),
        )


@dataclass(frozen=True, slots=True)
class Copy:
    """A sanitized copy; `api.copy_content` and `api.download_copy` fetch it."""

    id: str
    asset: str
    revision: int
    media_type: str
    bytes: int
    width: int
    height: int
    policy_version: str
    frames: int = 1

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(
            id=str(found["id"]),
            asset=str(found["asset"]),
            revision=int(found["revision"]),
            media_type=str(found["media_type"]),
            bytes=int(found["bytes"]),
            width=int(found["width"]),
            height=int(found["height"]),
            policy_version=str(found["policy_version"]),
            frames=int(found.get("frames", 1)),
        )


@dataclass(frozen=True, slots=True)
class CopyPage:
    copies: tuple[Copy, ...]
    next: str | None

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(each(Copy.parse)(found["copies"]), text(found["next"]))


@dataclass(frozen=True, slots=True)
class Task:
    """An image to be labelled. lease_until: only for whoever has it (`yours`). frames: or pages; of several
    `api.copy_content` gives one alone, and annotations say theirs.
    """

    id: str
    dataset: str
    asset: str
    copy_id: str
    media_type: str
    width: int
    height: int
    state: str
    yours: bool
    lease_until: datetime | None
    submissions: int
    frames: int = 1

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(
            id=str(found["id"]),
            dataset=str(found["dataset"]),
            asset=str(found["asset"]),
            copy_id=str(found["copy_id"]),
            media_type=str(found["media_type"]),
            width=int(found["width"]),
            height=int(found["height"]),
            state=str(found["state"]),
            yours=bool(found["yours"]),
            lease_until=time_or_none(found["lease_until"]),
            submissions=int(found["submissions"]),
            frames=int(found.get("frames", 1)),
        )


@dataclass(frozen=True, slots=True)
class TaskPage:
    """open, claimed, submitted: of the whole dataset. tasks: your own."""

    open: int
    claimed: int
    submitted: int
    categories: tuple[Category, ...]
    tasks: tuple[Task, ...]
    next: str | None

    @classmethod
    def parse(cls, found: Json) -> Self:
        counts = found["counts"]
        return cls(
            open=int(counts["open"]),
            claimed=int(counts["claimed"]),
            submitted=int(counts["submitted"]),
            categories=each(Category.parse)(found["categories"]),
            tasks=each(Task.parse)(found["tasks"]),
            next=text(found["next"]),
        )


@dataclass(frozen=True, slots=True)
class Submission:
    """labels: how many were kept. ignored: members of the document that were not."""

    id: str
    task: str
    number: int
    labels: int
    submitted_at: datetime
    ignored: tuple[str, ...]

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(
            id=str(found["id"]),
            task=str(found["task"]),
            number=int(found["number"]),
            labels=int(found["labels"]),
            submitted_at=time(found["submitted_at"]),
            ignored=tuple(str(name) for name in found["ignored"]),
        )


def each(parse: Callable[[Json], Parsed]) -> Callable[[Sequence[Json]], tuple[Parsed, ...]]:
    """The parser of a list."""
    return lambda found: tuple(parse(item) for item in found)


def categories_of(found: Json) -> tuple[Category, ...]:
    return each(Category.parse)(found["categories"])


def text(value: Any) -> str | None:
    return None if value is None else str(value)


def time(value: Any) -> datetime:
    return datetime.fromisoformat(str(value))


def time_or_none(value: Any) -> datetime | None:
    return None if value is None else time(value)
