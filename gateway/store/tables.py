"""The rows. Nothing outside this room sees them: queries turn them into the records of `records`.

What identifies is kept apart so that it can be erased: names of people in `person_name`, names of files
sealed in `asset.sealed_name`. The log's entries hold ids and codes only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from gateway.store.columns import bytes_column as _bytes
from gateway.store.columns import time_column as _time

_Big = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere: SQLite's own integers have them, and number rows by themselves only as INTEGER."""

_IN_INBOX = text("leaf_index IS NULL AND refused IS NULL")
_REFUSED = text("refused IS NOT NULL")


class Person(SQLModel, table=True):
    """suspended_at: since when nothing of theirs works, neither token nor session nor grant. invited_by: by
    whose invitation in the console they have their account; None where the operator made it, or vouched.
    """

    __table_args__ = (Index("person_by_time", "created_at", "id"),)
    id: str = Field(primary_key=True)
    role: str
    created_at: datetime = _time()
    suspended_at: datetime | None = _time(nullable=True)
    invited_by: str | None = None


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


_OPEN_PROPOSAL = text("state NOT IN ('rejected', 'retired')")
_OPEN = text("finished_at IS NULL")


class PolicyProposal(SQLModel, table=True):
    """An uploaded policy on its way: who wrote it, who decided. The version that it proposes never changes.

    Nobody decides on their own: the rules say so before, and this table whatever comes.
    """

    __tablename__ = "policy_proposal"
    __table_args__ = (
        CheckConstraint("decided_by IS NULL OR decided_by <> author_id", name="nobody_decides_on_their_own"),
        CheckConstraint(
            "state NOT IN ('approved', 'effective', 'rejected') OR decided_by IS NOT NULL",
            name="decided_by_somebody",
        ),
        Index(
            "one_open_proposal_a_version",
            "version",
            unique=True,
            sqlite_where=_OPEN_PROPOSAL,
            postgresql_where=_OPEN_PROPOSAL,
        ),
    )
    id: str = Field(primary_key=True)
    version: str = Field(foreign_key="policy_version.version")
    source: str = Field(sa_column=Column(Text, nullable=False))
    state: str
    author_id: str = Field(foreign_key="person.id")
    created_at: datetime = _time()
    submitted_at: datetime | None = _time(nullable=True)
    decided_by: str | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = _time(nullable=True)
    reason: str | None = None


class PolicyPreview(SQLModel, table=True):
    """What a policy would do to a dataset's newest originals. result: counts, ids and rectangles only.

    looked_at: images so far, while it runs.
    """

    __tablename__ = "policy_preview"
    __table_args__ = (
        Index("unfinished_previews", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("preview_by_dataset", "dataset_id", "version"),
    )
    id: str = Field(primary_key=True)
    policy_id: str
    version: str = Field(foreign_key="policy_version.version")
    dataset_id: str = Field(foreign_key="dataset.id")
    asked_by: str = Field(foreign_key="person.id")
    last: int
    attempts: int = 0
    created_at: datetime = _time()
    begun_at: datetime | None = _time(nullable=True)
    finished_at: datetime | None = _time(nullable=True)
    failure: str | None = None
    looked_at: int | None = None
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


class Rederivation(SQLModel, table=True):
    """A dataset's copies being made anew under its policy. One at a time: another supersedes it."""

    __table_args__ = (
        Index(
            "one_rederivation_a_dataset",
            "dataset_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )
    id: str = Field(primary_key=True)
    dataset_id: str = Field(foreign_key="dataset.id", index=True)
    asked_by: str = Field(foreign_key="person.id")
    created_at: datetime = _time()
    finished_at: datetime | None = _time(nullable=True)
    superseded: bool = False


class RederivationItem(SQLModel, table=True):
    """One asset's turn. outcome: None while it waits or is worked on."""

    __tablename__ = "rederivation_item"
    __table_args__ = (Index("rederivation_progress", "rederivation_id", "outcome"),)
    rederivation_id: str = Field(primary_key=True, foreign_key="rederivation.id")
    asset_id: str = Field(primary_key=True, foreign_key="asset.id")
    attempts: int = 0
    begun_at: datetime | None = _time(nullable=True)
    outcome: str | None = None


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
        Index("asset_by_dataset_and_state", "dataset_id", "state", "id"),
        Index("asset_by_fingerprint", "dataset_id", "fingerprint", unique=True),
        # The newest first: all, in a state, for a reason, in a dataset, and in a state there.
        Index("asset_newest", "updated_at", "id"),
        Index("asset_newest_in_state", "state", "updated_at", "id"),
        Index("asset_newest_for_reason", "state", "reason", "updated_at", "id"),
        Index("asset_newest_in_dataset", "dataset_id", "updated_at", "id"),
        Index("asset_newest_in_dataset_and_state", "dataset_id", "state", "updated_at", "id"),
    )
    id: str = Field(primary_key=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    uploader_id: str = Field(foreign_key="person.id")
    state: str
    reason: str | None = None
    attempts: int = 0
    blob: str
    wrapped_key: bytes = _bytes()
    sealed_name: bytes | None = _bytes(nullable=True)
    fingerprint: bytes | None = _bytes(nullable=True)
    byte_length: int
    received_at: datetime = _time()
    updated_at: datetime = _time()


class Copy(SQLModel, table=True):
    """A sanitized copy; never changed. (asset, revision) is unique: of two workers one wins.

    withdrawn_at: from then on it is delivered to nobody, and nothing brings it back.
    """

    __table_args__ = (
        UniqueConstraint("asset_id", "revision"),
        Index("copy_by_dataset", "dataset_id", "id"),
    )
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id")
    dataset_id: str = Field(foreign_key="dataset.id")
    revision: int
    blob: str
    wrapped_key: bytes = _bytes()
    media_type: str
    byte_length: int
    width: int
    height: int
    report: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = _time()
    withdrawn_at: datetime | None = _time(nullable=True)


class Grant(SQLModel, table=True):
    __tablename__ = "access_grant"
    __table_args__ = (
        Index("grant_by_person", "person_id", "dataset_id"),
        Index("grant_by_time", "created_at", "id"),
        Index("grant_by_dataset", "dataset_id", "created_at", "id"),
    )
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
    """An audit entry, first in the inbox (no index), then in the tree (index and leaf hash).

    mac: proves that a process of ours wrote it. refused: why the sequencer set the row aside, if it did;
    such a row stays as it was found and is part of no tree.
    """

    __tablename__ = "log_entry"
    __table_args__ = (
        UniqueConstraint("writer", "sequence"),
        Index("log_inbox", "id", sqlite_where=_IN_INBOX, postgresql_where=_IN_INBOX),
        Index("log_refused", "id", sqlite_where=_REFUSED, postgresql_where=_REFUSED),
    )
    id: int | None = Field(default=None, sa_column=Column(_Big, primary_key=True, autoincrement=True))
    writer: str
    sequence: int = Field(sa_column=Column(_Big, nullable=False))
    entry: str = Field(sa_column=Column(Text, nullable=False))
    mac: bytes | None = _bytes(nullable=True)
    refused: str | None = None
    leaf_index: int | None = Field(default=None, sa_column=Column(_Big, nullable=True, unique=True))
    leaf_hash: bytes | None = _bytes(nullable=True)


class LogCheckpoint(SQLModel, table=True):
    """A signed note at a tree size, with the tree's frontier, from which the sequencer goes on."""

    __tablename__ = "log_checkpoint"
    size: int = Field(sa_column=Column(_Big, primary_key=True, autoincrement=False))
    note: str = Field(sa_column=Column(Text, nullable=False))
    frontier: bytes = _bytes()
    created_at: datetime = _time()
