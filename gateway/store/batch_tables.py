"""The rows of what is brought in together: batches, resumable uploads, and webhooks that tell of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column, Index, Text
from sqlmodel import Field, SQLModel

from gateway.store.columns import bytes_column, time_column


class Batch(SQLModel, table=True):
    """What one sender brings in together. closed_at: the sender has sent all; refused: what was not taken."""

    __table_args__ = (Index("batch_by_sender", "created_by", "created_at", "id"),)
    id: str = Field(primary_key=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    created_by: str = Field(foreign_key="person.id")
    expected: int | None = None
    refused: int = 0
    created_at: datetime = time_column()
    closed_at: datetime | None = time_column(nullable=True)


class BatchAsset(SQLModel, table=True):
    """uploads: requests of the batch that gave this asset; duplicates: those that only repeated its bytes."""

    __tablename__ = "batch_asset"
    batch_id: str = Field(primary_key=True, foreign_key="batch.id")
    asset_id: str = Field(primary_key=True, foreign_key="asset.id", index=True)
    uploads: int
    duplicates: int


class BatchRefusal(SQLModel, table=True):
    """files: how many the sender says were not taken for this reason. Nothing else of them is here."""

    __tablename__ = "batch_refusal"
    batch_id: str = Field(primary_key=True, foreign_key="batch.id")
    code: str = Field(primary_key=True)
    files: int


class Webhook(SQLModel, table=True):
    """Who is told of assets' states. The secret is sealed, its data key wrapped by the originals' KEK."""

    id: str = Field(primary_key=True)
    url: str = Field(sa_column=Column(Text, nullable=False))
    events: list[str] = Field(sa_column=Column(JSON, nullable=False))
    sealed_secret: bytes = bytes_column()
    wrapped_key: bytes = bytes_column()
    created_by: str = Field(foreign_key="person.id")
    created_at: datetime = time_column()


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
    happened_at: datetime = time_column()
    attempts: int = 0
    due_at: datetime | None = time_column(nullable=True, index=True)
    delivered_at: datetime | None = time_column(nullable=True)
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
    wrapped_key: bytes = bytes_column()
    sealed_name: bytes | None = bytes_column(nullable=True)
    created_at: datetime = time_column()
    expires_at: datetime = time_column(index=True)


class UploadPiece(SQLModel, table=True):
    """Bytes from `start` on, sealed as a blob of their own under the upload's data key."""

    __tablename__ = "upload_piece"
    upload_id: str = Field(primary_key=True, foreign_key="upload.id")
    start: int = Field(primary_key=True)
    byte_length: int
    blob: str
