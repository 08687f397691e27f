"""Rows that count assets, written in the transaction that changes what they count.

So the figures of a page cost the same with a thousand assets as with a million, and are never a guess.
"""

from __future__ import annotations

from datetime import date

from sqlmodel import Field, SQLModel


class AssetCount(SQLModel, table=True):
    """How many assets of a dataset stand in a state."""

    __tablename__ = "asset_count"
    dataset_id: str = Field(primary_key=True, foreign_key="dataset.id")
    state: str = Field(primary_key=True)
    number: int = 0


class AssetDay(SQLModel, table=True):
    """What happened to a dataset's images on a day (UTC).

    outcome: one of `queries.tallies.Outcome`. reason: of a refusal, its code; "" otherwise.
    """

    __tablename__ = "asset_day"
    day: date = Field(primary_key=True)
    dataset_id: str = Field(primary_key=True, foreign_key="dataset.id")
    outcome: str = Field(primary_key=True)
    reason: str = Field(primary_key=True, default="")
    number: int = 0
