"""An installation for one measurement: real keys, blobs and database, one uploader, one dataset."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.detection.models import ModelStore
from gateway.imaging.image import Limits
from gateway.imaging.sandbox import Sandbox
from gateway.services.anonymize import Anonymizer
from gateway.services.detectors import PolicyDetectors
from gateway.services.ids import new_id
from gateway.services.intake import Intake, Request
from gateway.services.meter import Meter, MeteredDetectors
from gateway.services.sanitize import Sanitizer
from gateway.services.tracing import span
from gateway.services.usage import Usage
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.store.queries import datasets, people
from gateway.vault.blobs import BlobStore
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.version import VERSION
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from policies.policy import Policy

CHUNK = 1 << 16
"""Bytes: about what a server hands on at a time."""


class Installation:
    """In `folder`, which the caller removes. A context manager. Raises Misconfigured, see Sanitizer."""

    def __init__(
        self, folder: Path, policy: Policy, models: Path, *, threads: int, precision: str | None
    ) -> None:
        self._folder, self._policy, self._models, self._threads = folder, policy, models, threads
        self._precision = precision
        self._meter = Meter()
        self._sandbox = Sandbox(Limits())
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        keys = self._folder / "keys"
        LocalKeyring.create(keys)
        originals = BlobStore.local(self._folder / "originals")
        original_keys = LocalKeyring.open(keys, KeyPurpose.ORIGINALS)
        database = Database(f"sqlite:///{self._folder / 'privgate.db'}")
        self._stack.callback(database.close)
        self._stack.enter_context(self._sandbox)
        database.migrate()
        self._uploader, self._dataset = self._settled_in(database)
        self._intake = Intake(
            database,
            originals,
            original_keys,
            lambda *_: None,  # the job follows at once, see `take`
            utc_now,
            fingerprints=LocalKeyring.fingerprints(keys),
            max_bytes=self._sandbox.limits.max_bytes,
        )
        self._anonymizer = Anonymizer(
            database,
            originals=originals,
            original_keys=original_keys,
            copy_blobs=BlobStore.local(self._folder / "copies"),
            copy_keys=LocalKeyring.open(keys, KeyPurpose.COPIES),
            sanitizer=self._sanitizer(),
            clock=utc_now,
            actor=new_id("worker"),
            code_version=VERSION,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def take(self, data: bytes) -> tuple[AssetState, Usage]:
        """Brings an image in, makes its copy, and says what both cost. Raises InputRefused."""
        with self._meter.measuring():
            with self._intake.begin(self._uploader, Request(self._dataset)) as reception:
                with span("intake.seal"):
                    for start in range(0, len(data), CHUNK):
                        reception.write(data[start : start + CHUNK])
                asset = reception.finish().asset
            state = self._anonymizer.run(asset.id)
            return state, self._meter.usage(self._sandbox.pid)

    def _sanitizer(self) -> Sanitizer:
        """Loaded and warm: starting up is no image's cost."""
        detectors = PolicyDetectors(
            ModelStore(self._models), threads=self._threads, precision=self._precision
        )
        detectors(self._policy)
        self._sandbox.warm()
        return Sanitizer(self._sandbox, MeteredDetectors(detectors, self._meter))

    def _settled_in(self, database: Database) -> tuple[Principal, str]:
        """The uploader, and the id of the dataset, which is under the policy."""
        uploader, dataset, now = new_id("person"), new_id("dataset"), utc_now()
        with database.unit() as unit:
            people.add_person(unit.session, person_id=uploader, role=Role.UPLOADER, name=None, now=now)
            datasets.add(
                unit.session,
                dataset_id=dataset,
                name="bench",
                policy=self._policy,
                created_by=uploader,
                now=now,
            )
        return Principal(uploader, Role.UPLOADER), dataset
