"""What the gateway answers about proofs, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from gateway.client.answers import Json, each, text, time, time_or_none


@dataclass(frozen=True, slots=True)
class Proof:
    """The twin test of one copy. state: queued, running, proven, not_proven or failed; reason: a code.

    certificate: the signed note, of one that is proven. made_with, proved_with: of one that is not proven,
    the versions of the libraries that wrote the copy, where they are known, and that wrote it again.
    """

    id: str
    asset: str
    copy_id: str
    state: str
    reason: str | None
    certificate: str | None
    made_with: dict[str, str] | None
    proved_with: dict[str, str] | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def proven(self) -> bool:
        return self.state == "proven"

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(
            id=str(found["id"]),
            asset=str(found["asset"]),
            copy_id=str(found["copy_id"]),
            state=str(found["state"]),
            reason=text(found["reason"]),
            certificate=text(found["certificate"]),
            made_with=_versions(found["made_with"]),
            proved_with=_versions(found["proved_with"]),
            created_at=time(found["created_at"]),
            finished_at=time_or_none(found["finished_at"]),
        )


@dataclass(frozen=True, slots=True)
class ProofPage:
    """The newest first."""

    proofs: tuple[Proof, ...]
    next: str | None

    @classmethod
    def parse(cls, found: Json) -> Self:
        return cls(each(Proof.parse)(found["proofs"]), text(found["next"]))


def _versions(found: Json | None) -> dict[str, str] | None:
    return None if found is None else {str(name): str(version) for name, version in found.items()}
