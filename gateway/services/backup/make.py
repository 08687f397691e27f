"""Making a backup while everything runs.

The order matters: (1) the act is on the log before a byte is copied; (2) the checkpoints before the database,
so that they never vouch for more than the backup's log holds; (3) the database as of one moment; (4) the
blobs that its rows name, each of which was durable before its row. A crash leaves a hidden partial folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import BlobMissing, VaultError, VaultUnavailable
from gateway.services.backup import archive, dump, manifest
from gateway.services.backup.faults import BackupFault, raise_faults
from gateway.services.ids import new_id
from gateway.services.people import CONSOLE
from gateway.services.ports import Clock
from gateway.store import schema
from gateway.store.database import Database
from gateway.store.queries import sealed
from gateway.store.queries.sealed import SealedObject, Store
from gateway.vault.blobs import BlobStore
from policies.access import INSTALLATION

CHECKPOINTS = "log/checkpoints.txt"


@dataclass(frozen=True, slots=True)
class Made:
    """How many parts and blobs there are. gone: by erasure or an upload's end, meanwhile."""

    id: str
    parts: int
    blobs: dict[Store, int]
    gone: int


def blob_part(store: Store, blob: str) -> str:
    return f"blobs/{store.value}/{blob}"


class Backup:
    """checkpoint_file: of the checkpoints outside the database. origin: the log's name."""

    def __init__(
        self,
        database: Database,
        stores: Mapping[Store, BlobStore],
        checkpoint_file: Path,
        origin: str,
        clock: Clock,
        *,
        code_version: str,
    ) -> None:
        self._database = database
        self._stores = stores
        self._checkpoint_file = checkpoint_file
        self._origin = origin
        self._clock = clock
        self._code_version = code_version

    def make(self, target: Path) -> Made:
        """A backup at `target`: a folder, or a file if its name ends in .tar.

        Raises BackupFault, and leaves nothing there, where something cannot be read or written.
        """
        backup_id = new_id("backup")
        with archive.writing(target) as writer:
            # (1) Record: whatever comes of it, somebody set out to copy everything.
            with self._database.unit() as unit:
                unit.ledger.record(
                    actor=CONSOLE, action="backup.begun", subject=backup_id, installation=INSTALLATION.id
                )
            writer.begin(self._head())
            # (2) The checkpoints.
            file = self._checkpoint_file
            writer.add(CHECKPOINTS, file.read_bytes() if file.exists() else b"")
            # (3) The database.
            copy = writer.work / "database"
            with dump.snapshot(self._url, copy) as session:
                writer.add_file(dump.PARTS[dump.backend_of(self._url)], copy)
                # (4) The blobs.
                blobs, gone = self._add_blobs(writer, sealed.objects(session))
            copy.unlink()
            return Made(backup_id, writer.finish(), blobs, gone)

    @property
    def _url(self) -> str:
        return self._database.url.render_as_string(hide_password=False)

    def _head(self) -> manifest.Head:
        return manifest.Head(
            made=self._clock().isoformat(),
            code=self._code_version,
            database=dump.backend_of(self._url),
            schema=schema.current(self._database.engine) or "none",
            origin=self._origin,
        )

    def _add_blobs(
        self, writer: archive.ArchiveWriter, objects: Iterator[SealedObject]
    ) -> tuple[dict[Store, int], int]:
        counts, gone, faults = dict.fromkeys(Store, 0), 0, []
        for item, blob in ((found, piece.blob) for found in objects for piece in found.blobs):
            part = blob_part(item.store, blob)
            try:
                data = self._stores[item.store].get(blob)
            except BlobMissing:
                if self._still_named(item, blob):
                    faults.append(f"{item.id}: its blob is missing from the store of {item.store}")
                else:
                    writer.note_gone(part)
                    gone += 1
            except (VaultError, VaultUnavailable) as exc:
                raise BackupFault(f"{item.id}: {exc}") from exc
            else:
                writer.add(part, data)
                counts[item.store] += 1
        raise_faults(faults, "no backup was made; see `privgate doctor`, and restore what is lost")
        return counts, gone

    def _still_named(self, item: SealedObject, blob: str) -> bool:
        with self._database.reading() as session:
            return sealed.is_named(session, item, blob)
