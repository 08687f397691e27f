"""What stops a backup or a restore."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import GatewayError

MAX_NAMED = 20
"""Faults told one by one; more do not help a reader."""


class BackupFault(GatewayError):
    """The backup cannot be made, or what it holds is not whole. The message names every fault."""


def raise_faults(faults: Sequence[str], what: str) -> None:
    """Raises BackupFault if there is a fault."""
    if not faults:
        return
    told = list(faults[:MAX_NAMED])
    if len(faults) > MAX_NAMED:
        told.append(f"and {len(faults) - MAX_NAMED} more")
    raise BackupFault("\n  ".join([f"{what}:", *told]))
