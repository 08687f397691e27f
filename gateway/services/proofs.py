"""Proofs of sanitized copies: asked for by an officer or an auditor, done by a worker, on the log.

Whoever asks sees neither the original nor the copy: a certificate, or that there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy.exc import IntegrityError

from audit.note import CheckpointVerifier
from gateway.errors import Conflict, KeyringError, NotFound
from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.proof_records import ProofRecord
from gateway.store.queries import assets, copies, datasets, proofs
from gateway.store.records import AssetRecord, CopyRecord
from policies.access import Action, Principal, Resource
from policies.lifecycle import AssetState

PAGE: Final = 50
"""Proofs in one answer of `list`."""

MAX_SAMPLE: Final = 50
"""Copies of one sample: some minutes of a worker's time."""


class Proofs:
    """What those who answer for the copies can ask.

    key: reads the public key of certificates.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        key: Callable[[], CheckpointVerifier],
    ) -> None:
        self._database = database
        self._clock = clock
        self._key = key

    @property
    def key_text(self) -> str:
        """The public key in C2SP signed-note form. Raises NotFound where this machine has none."""
        try:
            return self._key().to_text()
        except KeyringError as exc:
            raise NotFound(
                "the public key of certificates, prover.pub, does not lie on this machine"
            ) from exc

    def ask(self, principal: Principal, asset_id: str, *, copy_id: str | None = None) -> ProofRecord:
        """A proof of the asset's released copy, or of the one of its copies that is named, old ones too.

        One that is not finished is answered again. Raises NotFound, AccessDenied, and Conflict where no copy
        is released or the original is no more.
        """
        asset = self._authorize(principal, asset_id, Action.COPY_PROVE)
        return self._asked(principal, self._copy(asset, copy_id))

    def _asked(self, principal: Principal, copy: CopyRecord) -> ProofRecord:
        try:
            return self._add(principal, copy)
        except IntegrityError:
            # Somebody else asked in the same moment. Their proof is found now, and this question entered too.
            return self._add(principal, copy)

    def sample(self, principal: Principal, dataset_id: str, *, number: int) -> Sequence[ProofRecord]:
        """A proof of so many of the dataset's released copies, drawn by lot; of all where there are fewer.

        Raises NotFound, AccessDenied, and Conflict where none is released.
        """
        self._authorize_dataset(principal, dataset_id, Action.COPY_PROVE)
        with self._database.reading() as session:
            drawn = copies.drawn_in(session, dataset_id, number=number)
        if not drawn:
            raise Conflict(f"dataset {dataset_id} has no released copy")
        return [self._asked(principal, copy) for copy in drawn]

    def list_dataset(
        self, principal: Principal, dataset_id: str, *, after: str = ""
    ) -> Sequence[ProofRecord]:
        """A page of the proofs of a dataset's copies, the newest first, beginning behind `after`.

        Raises NotFound, AccessDenied.
        """
        self._authorize_dataset(principal, dataset_id, Action.PROOF_READ)
        with self._database.reading() as session:
            return proofs.of_dataset(session, dataset_id, after=after, limit=PAGE)

    def list(self, principal: Principal, asset_id: str, *, after: str = "") -> Sequence[ProofRecord]:
        """A page of an asset's proofs, the newest first, beginning behind `after`.

        Raises NotFound, AccessDenied.
        """
        self._authorize(principal, asset_id, Action.PROOF_READ)
        with self._database.reading() as session:
            return proofs.of_asset(session, asset_id, after=after, limit=PAGE)

    def read(self, principal: Principal, proof_id: str) -> ProofRecord:
        """Raises NotFound, AccessDenied."""
        with self._database.reading() as session:
            record = proofs.get(session, proof_id)
        self._authorize(principal, record.asset_id, Action.PROOF_READ)
        return record

    def state_of(self, principal: Principal, asset_id: str) -> AssetState:
        """Where the asset stands: `ask` needs it released. Raises NotFound, AccessDenied."""
        return self._authorize(principal, asset_id, Action.PROOF_READ).state

    def certificate(self, principal: Principal, proof_id: str) -> str:
        """The signed note. Raises NotFound where there is none, AccessDenied."""
        record = self.read(principal, proof_id)
        if record.certificate is None:
            raise NotFound(f"proof {proof_id} has no certificate")
        return record.certificate

    def _authorize(self, principal: Principal, asset_id: str, action: Action) -> AssetRecord:
        with self._database.reading() as session:
            asset = assets.get(session, asset_id)
        resource = Resource("Asset", asset.id, asset.dataset_id, asset.uploader_id)
        authorize(self._database, principal, action, resource, now=self._clock())
        return asset

    def _authorize_dataset(self, principal: Principal, dataset_id: str, action: Action) -> None:
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        resource = Resource("Dataset", dataset_id)
        authorize(self._database, principal, action, resource, now=self._clock())

    def _copy(self, asset: AssetRecord, copy_id: str | None) -> CopyRecord:
        if asset.state is AssetState.ERASED:
            raise Conflict(f"asset {asset.id} was erased: there is no original to make its copies from again")
        with self._database.reading() as session:
            if copy_id is not None:
                copy = copies.get(session, copy_id)
                if copy.asset_id != asset.id:
                    raise NotFound(f"copy {copy_id} is not one of asset {asset.id}")
                return copy
            newest = copies.newest_of(session, asset.id)
            if newest is None or not copies.is_released(session, newest):
                raise Conflict(f"asset {asset.id} has no released copy; name one of its copies")
        return newest

    def _add(self, principal: Principal, copy: CopyRecord) -> ProofRecord:
        with self._database.unit() as unit:
            record = proofs.open_for(unit.session, copy.id)
            if record is None:
                record = ProofRecord(
                    new_id("proof"),
                    copy.asset_id,
                    copy.id,
                    copy.dataset_id,
                    principal.id,
                    created_at=self._clock(),
                )
                proofs.add(unit.session, record)
            unit.ledger.record(
                actor=principal.id,
                action="proof.asked",
                subject=record.id,
                copy=copy.id,
                asset=copy.asset_id,
                dataset=copy.dataset_id,
            )
        return record
