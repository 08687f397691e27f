"""What is being served right now, by id: a request or a job. Log lines and problem documents carry it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

correlation: Final[ContextVar[str | None]] = ContextVar("correlation", default=None)
"""Such as "req-5f0c…" or "asset-5f0c…": an id that we made, never one that came from outside."""
