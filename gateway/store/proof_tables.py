"""Rows about proofs: the twin test of a sanitized copy, asked for by somebody and done by a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from gateway.store.columns import time_column

_OPEN = text("finished_at IS NULL")


class CopyProof(SQLModel, table=True):
    """outcome, reason: codes, once it is finished. detail: where two files differ, and versions of libraries.

    certificate: the signed note, with the salt of what the log holds of it. It names the copy's SHA-256, so
    it goes when the asset is erased, and the log's commitment then tells nothing any more.
    """

    __tablename__ = "copy_proof"
    __table_args__ = (
        Index("proof_by_asset", "asset_id", "created_at", "id"),
        Index("proof_by_dataset", "dataset_id", "created_at", "id"),
        Index("proof_by_reason", "reason", "copy_id"),
        Index("one_open_proof_a_copy", "copy_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id")
    copy_id: str = Field(foreign_key="copy.id")
    dataset_id: str = Field(foreign_key="dataset.id")
    asked_by: str = Field(foreign_key="person.id")
    attempts: int = 0
    created_at: datetime = time_column()
    begun_at: datetime | None = time_column(nullable=True)
    finished_at: datetime | None = time_column(nullable=True)
    outcome: str | None = None
    reason: str | None = None
    detail: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    certificate: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
