"""The vault as it may be told: its keys by id and age, whether keys and blobs answer, how much it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import KeyringError
from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.services.readiness import Readiness, Unready
from gateway.store.database import Database
from gateway.store.queries import tallies
from gateway.vault.key_file import KeyInfo
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from policies.access import INSTALLATION, Action, Principal
from policies.lifecycle import AssetState


@dataclass(frozen=True, slots=True)
class Ring:
    """One purpose's key-encryption keys, the oldest first; None where this machine has not got them."""

    purpose: KeyPurpose
    keys: Sequence[KeyInfo] | None

    @property
    def active(self) -> KeyInfo | None:
        return next((key for key in self.keys or () if key.active), None)


@dataclass(frozen=True, slots=True)
class VaultState:
    """originals: sealed, and not erased. copies: made so far. parts: keys and blobs, with what failed."""

    rings: Sequence[Ring]
    parts: Sequence[tuple[str, Unready | None]]
    originals: int
    erased: int
    copies: int

    @property
    def is_open(self) -> bool:
        return all(failed is None for _, failed in self.parts)


class Vault:
    """folder: the keyring. log_key: the log's public key in C2SP form."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        folder: Path,
        readiness: Readiness,
        log_key: Callable[[], str],
    ) -> None:
        self._database = database
        self._clock = clock
        self._folder = folder
        self._readiness = readiness
        self._log_key = log_key

    def read(self, principal: Principal) -> VaultState:
        """Raises AccessDenied."""
        self._authorize(principal, Action.VAULT_READ)
        failing = {unready.part: unready for unready in self._readiness.failing()}
        parts = [part for part in self._readiness.parts if part.startswith(("keys.", "blobs."))]
        with self._database.reading() as session:
            standing = tallies.standing(session)
            copies = tallies.copies_made(session)
        erased = sum(counts[AssetState.ERASED] for counts in standing.values())
        everything = sum(sum(counts.values()) for counts in standing.values())
        return VaultState(
            self._rings(), [(part, failing.get(part)) for part in parts], everything - erased, erased, copies
        )

    def rings(self, principal: Principal) -> Sequence[Ring]:
        """The keys alone, for whoever runs the installation. Raises AccessDenied."""
        self._authorize(principal, Action.INSTALLATION_READ)
        return self._rings()

    def log_key(self) -> str:
        """Everybody may know it: by it the log is verified."""
        return self._log_key()

    def _rings(self) -> list[Ring]:
        return [Ring(purpose, self._keys(purpose)) for purpose in KeyPurpose]

    def _keys(self, purpose: KeyPurpose) -> Sequence[KeyInfo] | None:
        try:
            return LocalKeyring.describe(self._folder, purpose)
        except KeyringError:
            return None

    def _authorize(self, principal: Principal, action: Action) -> None:
        authorize(self._database, principal, action, INSTALLATION, now=self._clock())
