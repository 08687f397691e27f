"""The rows. Nothing outside this room sees them: queries turn them into the records of `records`.

What identifies is kept apart so that it can be erased: names of people in `person_name`, names of files
sealed in `asset.sealed_name`. The log's entries hold ids and codes only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC times; SQLite forgets the zone, so it is taken off going in and put back coming out."""

    impl = DateTime(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone")
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def _time(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(UtcTime, nullable=nullable, index=index))


def _bytes(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, nullable=nullable))


_IN_INBOX = text("leaf_index IS NULL")


class Person(SQLModel, table=True):
    id: str = Field(primary_key=True)
    role: str
    created_at: datetime = _time()


class PersonName(SQLModel, table=True):
    """Erasable: the log knows people by id only."""

    __tablename__ = "person_name"
    person_id: str = Field(primary_key=True, foreign_key="person.id")
    name: str


class Token(SQLModel, table=True):
    """digest: SHA-256 of the token, which is 256 random bits and needs no slow hash."""

    id: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    created_at: datetime = _time()
    revoked_at: datetime | None = _time(nullable=True)


class PolicyVersion(SQLModel, table=True):
    """Immutable: the version is the SHA-256 of the canonical document."""

    __tablename__ = "policy_version"
    version: str = Field(primary_key=True)
    name: str
    document: str = Field(sa_column=Column(Text, nullable=False))


class Dataset(SQLModel, table=True):
    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    policy_version: str = Field(foreign_key="policy_version.version")
    created_by: str = Field(foreign_key="person.id")
    created_at: datetime = _time()


class Asset(SQLModel, table=True):
    """fingerprint: a keyed code of the bytes, by which a duplicate is known; erasable, never in the log."""

    __table_args__ = (
        Index("asset_by_dataset", "dataset_id", "id"),
        Index("asset_by_fingerprint", "dataset_id", "fingerprint", unique=True),
    )
    id: str = Field(primary_key=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    uploader_id: str = Field(foreign_key="person.id")
    state: str = Field(index=True)
    reason: str | None = None
    attempts: int = 0
    blob: str
    wrapped_key: bytes = _bytes()
    sealed_name: bytes | None = _bytes(nullable=True)
    fingerprint: bytes | None = _bytes(nullable=True)
    byte_length: int
    received_at: datetime = _time()
    updated_at: datetime = _time(index=True)


class Copy(SQLModel, table=True):
    """A sanitized copy; never changed. (asset, revision) is unique: of two workers one wins."""

    __table_args__ = (UniqueConstraint("asset_id", "revision"),)
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id")
    dataset_id: str = Field(foreign_key="dataset.id", index=True)
    revision: int
    blob: str
    wrapped_key: bytes = _bytes()
    media_type: str
    byte_length: int
    width: int
    height: int
    report: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = _time()


class Grant(SQLModel, table=True):
    __tablename__ = "access_grant"
    __table_args__ = (Index("grant_by_person", "person_id", "dataset_id"),)
    id: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.id")
    dataset_id: str = Field(foreign_key="dataset.id")
    purpose: str
    until: datetime = _time()
    created_by: str = Field(foreign_key="person.id")
    created_at: datetime = _time()
    revoked_at: datetime | None = _time(nullable=True)


class IdempotencyKey(SQLModel, table=True):
    """fingerprint: HMAC of the request's bytes under `salt`, so that the row tells nothing of the image."""

    __tablename__ = "idempotency_key"
    person_id: str = Field(primary_key=True, foreign_key="person.id")
    key: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id")
    salt: bytes = _bytes()
    fingerprint: bytes = _bytes()
    duplicate: bool | None = None
    created_at: datetime = _time()


class LogEntry(SQLModel, table=True):
    """An audit entry, first in the inbox (no index), then in the tree (index and leaf hash)."""

    __tablename__ = "log_entry"
    __table_args__ = (
        UniqueConstraint("writer", "sequence"),
        Index("log_inbox", "id", sqlite_where=_IN_INBOX, postgresql_where=_IN_INBOX),
    )
    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    writer: str
    sequence: int
    entry: str = Field(sa_column=Column(Text, nullable=False))
    leaf_index: int | None = Field(default=None, unique=True)
    leaf_hash: bytes | None = _bytes(nullable=True)


class LogCheckpoint(SQLModel, table=True):
    """A signed note at a tree size, with the tree's frontier, from which the sequencer goes on."""

    __tablename__ = "log_checkpoint"
    size: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    note: str = Field(sa_column=Column(Text, nullable=False))
    frontier: bytes = _bytes()
    created_at: datetime = _time()


class Worker(SQLModel, table=True):
    """A worker process that is alive as long as `seen_at` is fresh."""

    executor_id: str = Field(primary_key=True)
    started_at: datetime = _time()
    seen_at: datetime = _time(index=True)


class Counter(SQLModel, table=True):
    """Things that are counted, not entered: unauthenticated requests, say."""

    name: str = Field(primary_key=True)
    value: int = 0


class Batch(SQLModel, table=True):
    """What one sender brings in together. closed_at: the sender has sent all; refused: what was not taken."""

    id: str = Field(primary_key=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    created_by: str = Field(foreign_key="person.id")
    expected: int | None = None
    refused: int = 0
    created_at: datetime = _time()
    closed_at: datetime | None = _time(nullable=True)


class BatchAsset(SQLModel, table=True):
    """uploads: requests of the batch that gave this asset; duplicates: those that only repeated its bytes."""

    __tablename__ = "batch_asset"
    batch_id: str = Field(primary_key=True, foreign_key="batch.id")
    asset_id: str = Field(primary_key=True, foreign_key="asset.id", index=True)
    uploads: int
    duplicates: int


class Webhook(SQLModel, table=True):
    """Who is told of assets' states. The secret is sealed, its data key wrapped by the originals' KEK."""

    id: str = Field(primary_key=True)
    url: str = Field(sa_column=Column(Text, nullable=False))
    events: list[str] = Field(sa_column=Column(JSON, nullable=False))
    sealed_secret: bytes = _bytes()
    wrapped_key: bytes = _bytes()
    created_by: str = Field(foreign_key="person.id")
    created_at: datetime = _time()


class WebhookDelivery(SQLModel, table=True):
    """One message for one webhook, written in the transaction of the change that it tells of.

    due_at: when it is sent, or sent again; null once it is delivered or given up.
    """

    __tablename__ = "webhook_delivery"
    id: str = Field(primary_key=True)
    webhook_id: str = Field(foreign_key="webhook.id", index=True)
    event: str
    asset_id: str = Field(foreign_key="asset.id")
    dataset_id: str
    reason: str | None = None
    happened_at: datetime = _time()
    attempts: int = 0
    due_at: datetime | None = _time(nullable=True, index=True)
    delivered_at: datetime | None = _time(nullable=True)
    outcome: str | None = None


class Upload(SQLModel, table=True):
    """A resumable upload. received: bytes in its committed pieces; asset_id: what it became."""

    id: str = Field(primary_key=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    uploader_id: str = Field(foreign_key="person.id")
    batch_id: str | None = Field(default=None, foreign_key="batch.id")
    asset_id: str | None = Field(default=None, foreign_key="asset.id")
    duplicate: bool = False
    byte_length: int
    received: int = 0
    wrapped_key: bytes = _bytes()
    sealed_name: bytes | None = _bytes(nullable=True)
    created_at: datetime = _time()
    expires_at: datetime = _time(index=True)


class UploadPiece(SQLModel, table=True):
    """Bytes from `start` on, sealed as a blob of their own under the upload's data key."""

    __tablename__ = "upload_piece"
    upload_id: str = Field(primary_key=True, foreign_key="upload.id")
    start: int = Field(primary_key=True)
    byte_length: int
    blob: str
