"""A desk whose images have real copies, and a worker's means to prove them; for tests."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

from PIL import Image

from audit.note import CheckpointSigner
from gateway.imaging.image import EncodedImage, ImageFormat
from gateway.services.libraries import library_versions
from gateway.services.new_copies import NewCopies
from gateway.services.proof_runner import ProofRunner
from gateway.services.proofs import Proofs
from gateway.services.review_sheet import redactions_of, size_of
from gateway.services.sanitize import Sanitizer
from gateway.store.queries import assets, copies
from gateway.store.records import CopyRecord
from gateway.vault.copies import CopyReader
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from policies.model import Plan, Verdict
from tests.gateway.services.desk import Desk, no_detectors
from tests.gateway.store.rows import OFFICER

GOVERNOR = Principal(OFFICER, Role.OFFICER)
AUDITOR = Principal(OFFICER, Role.AUDITOR)

Written = Callable[[EncodedImage], bytes]
"""What stands in the vault instead of the file that was made."""


class ProvingDesk:
    """asked: the jobs that were asked for, as (workflow, id, turn)."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.database = desk.database
        self.asked: list[tuple[str, str, str]] = []
        self.prover = CheckpointSigner.generate("privgate-test.prover")
        self._copy_keys = LocalKeyring.open(desk.folder / "keys", KeyPurpose.COPIES)
        self.proofs = Proofs(desk.database, desk.clock, lambda: self.prover.verifier)

    def runner(
        self, actor: str = "worker-1", *, prover: Callable[[], CheckpointSigner] | None = None
    ) -> ProofRunner:
        return ProofRunner(
            self.database,
            self.desk.originals,
            CopyReader(self.desk.copy_blobs, self._copy_keys),
            self.desk.sandbox,
            prover or (lambda: self.prover),
            lambda workflow, subject, turn: self.asked.append((workflow, subject, turn)),
            self.desk.clock,
            actor=actor,
            code_version="1",
            libraries=library_versions(),
        )

    def released(
        self, *, written: Written = lambda made: made.data, hidden: int = 2, made_by: str = "1"
    ) -> CopyRecord:
        """The copy of asset-1, whose report names two regions. hidden: how many of them really are.

        made_by: the release of the code; the runner is of release "1".
        """
        self.desk.wait_for_people()
        asset, waiting = self.desk.asset(), self.desk.newest()
        plan = Plan(redactions_of(waiting)[:hidden], Verdict.RELEASE, ())
        original = self.desk.originals.open(asset)
        made = Sanitizer(self.desk.sandbox, no_detectors).remake(original, plan, size_of(waiting), frames=1)
        encoded = replace(made.encoded, data=written(made.encoded))
        copy = NewCopies(self.desk.copy_blobs, self._copy_keys).put(
            asset,
            encoded,
            size=size_of(waiting),
            revision=2,
            report={**waiting.report, "code_version": made_by, "libraries": library_versions()},
            now=self.desk.now,
        )
        with self.database.unit() as unit:
            copies.add(unit.session, copy)
            assets.move(unit.session, asset.id, AssetState.RELEASED, now=self.desk.now)
        return copy

    def bytes_of(self, copy: CopyRecord) -> bytes:
        return CopyReader(self.desk.copy_blobs, self._copy_keys).read(copy.id, copy.blob, copy.wrapped_key)


def by_another_encoder(made: EncodedImage) -> bytes:
    """The same pixels as another version of the library would write them."""
    assert made.format is ImageFormat.PNG
    buffer = io.BytesIO()
    Image.open(io.BytesIO(made.data)).save(buffer, "PNG", compress_level=9)
    assert buffer.getvalue() != made.data
    return buffer.getvalue()
