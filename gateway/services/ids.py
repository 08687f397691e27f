"""Random ids: they name without telling anything."""

from __future__ import annotations

import secrets

ID_BYTES = 12
"""96 random bits: not to be guessed, and no two alike in any installation's life."""


def new_id(kind: str) -> str:
    """Such as "asset-5f0c…"; kind: a lower-case word."""
    return f"{kind}-{secrets.token_hex(ID_BYTES)}"
