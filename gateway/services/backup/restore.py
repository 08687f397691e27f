"""Restoring a backup into an empty installation: everything is verified before anything is in place.

(1) The place is empty. (2) The manifest is whole, and of a release that this one follows. (3) The database
is staged. (4) The log verifies, against the backed-up checkpoints too. (5) Every sealed object opens under
its key, and every original is known by its fingerprint. Only then (6) blobs and checkpoints are put, (7) the
database gets its name, and (8) the log says so. Whatever fails takes back what was put, so that nothing half
restored is left; a kill between (6) and (7) leaves blobs without a database, which no installation takes for
its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url
from sqlmodel import Session

from audit.note import CheckpointVerifier
from audit.report import Report
from gateway.errors import EnvelopeError, GatewayError, KeyringError
from gateway.services.audit_log import AuditLog
from gateway.services.backup import archive, dump
from gateway.services.backup.faults import BackupFault, raise_faults
from gateway.services.backup.make import CHECKPOINTS, blob_part
from gateway.services.backup.opening import open_all
from gateway.services.people import CONSOLE
from gateway.services.ports import Clock
from gateway.store import schema
from gateway.store.database import Database
from gateway.store.ledger import Mac
from gateway.store.queries import sealed, uploads
from gateway.store.queries.sealed import Kind, SealedObject, Store
from gateway.vault.blobs import BlobStore
from gateway.vault.durable import replace_file, sync_folder
from gateway.vault.fingerprints import Fingerprints
from gateway.vault.keys import KeyProvider
from policies.access import INSTALLATION


@dataclass(frozen=True, slots=True)
class Restored:
    """opened: what authenticated, by kind. gone: blobs that were erased, as the backup says.

    torn: uploads that went on while the backup was made, and whose senders begin anew.
    """

    made: str
    entries: int
    checkpoints: int
    opened: dict[str, int]
    gone: int
    torn: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a backup is restored to: an installation that has its keys and nothing else.

    mac: authenticates what is written to the log.
    fingerprints: None where the keyring has none, as that of an installation that knew no duplicates yet.
    """

    database_url: str
    stores: Mapping[Store, BlobStore]
    keys: Mapping[Store, KeyProvider]
    fingerprints: Fingerprints | None
    verifier: CheckpointVerifier
    checkpoint_file: Path
    mac: Mac


def restore(source: Path, place: Place, clock: Clock) -> Restored:
    """Raises BackupFault that names what is wrong; then the place is as empty as it was."""
    # (1) Empty.
    check_empty(place)
    with (
        archive.reading(source) as reader,
        ExitStack() as undo,
        TemporaryDirectory(prefix="privgate-") as work,
    ):
        # (2) Whole, and ours.
        _check_head(reader, place)
        # (3) Staged, and in the shape that this release reads.
        staged = _stage(reader, place, undo)
        database = Database(staged, mac=place.mac)
        undo.callback(database.close)
        with database.alone():
            database.migrate()
        # (4) The log first: it says what the rows should be.
        report = _verify_log(reader, database, place, Path(work) / "checkpoints.txt", clock)
        # (5) Every blob, every name, every secret.
        opened = Counter(_opened(reader, database, place))
        torn = _end_torn_uploads(reader, database)
        # (6) Now into place; (7) the database last, since rows without blobs would be a broken promise.
        _put(reader, database, place, undo)
        database.close()
        _name_database(staged, place)
        undo.pop_all()
    restored = Restored(
        made=reader.manifest.head.made,
        entries=report.entries,
        checkpoints=report.met,
        opened=dict(opened),
        gone=len(reader.manifest.gone),
        torn=torn,
    )
    _record(place, restored)
    return restored


def check_empty(place: Place) -> None:
    """Raises BackupFault where anything is that a restore could mix with or write over."""
    faults = []
    if not dump.is_empty(place.database_url):
        faults.append("the database is there already")
    if place.checkpoint_file.exists():
        faults.append(f"{place.checkpoint_file} is there already")
    faults += [f"the store of {store} holds blobs" for store in Store if any(place.stores[store].names())]
    raise_faults(faults, "restore takes an empty installation; name another with --data, PRIVGATE_DATABASE …")


def _check_head(reader: archive.ArchiveReader, place: Place) -> None:
    head, wanted = reader.manifest.head, dump.backend_of(place.database_url)
    if head.database != wanted:
        raise BackupFault(f"the backup is of a {head.database} database, PRIVGATE_DATABASE names {wanted}")
    if not schema.is_known(head.schema):
        raise BackupFault(
            f"the backup's schema {head.schema} was made by the later release {head.code}: install that"
        )
    if head.origin != place.verifier.name:
        raise BackupFault(
            f"wrong keys: the backup is of the log {head.origin}, checkpoint.pub is of {place.verifier.name}"
        )


def _stage(reader: archive.ArchiveReader, place: Place, undo: ExitStack) -> str:
    """The database, under another name or, on PostgreSQL, in the empty database; answers its URL."""
    where = make_url(place.database_url)
    part = dump.PARTS[dump.backend_of(place.database_url)]
    if dump.backend_of(place.database_url) == dump.SQLITE:
        assert where.database is not None  # noqa: S101  (check_empty saw it)
        staged = Path(f"{where.database}.restoring")
        for suffix in ("", "-wal", "-shm", ".lock"):
            Path(f"{staged}{suffix}").unlink(missing_ok=True)  # of a restore that was killed
            undo.callback(Path(f"{staged}{suffix}").unlink, missing_ok=True)
        reader.copy(part, staged)
        dump.check_sqlite(staged)
        return f"sqlite:///{staged}"
    with TemporaryDirectory(prefix="privgate-") as work:
        copy = Path(work) / "dump"
        reader.copy(part, copy)
        undo.callback(dump.clear, place.database_url)
        dump.load(place.database_url, copy)
    return place.database_url


def _name_database(staged: str, place: Place) -> None:
    """SQLite's file gets its name; its own log was merged into it when the last connection closed."""
    if staged == place.database_url:
        return
    file, name = Path(str(make_url(staged).database)), Path(str(make_url(place.database_url).database))
    if Path(f"{file}-wal").exists():
        raise BackupFault("the restored database is still in use; end what has it open")
    file.replace(name)
    Path(f"{file}.lock").unlink(missing_ok=True)
    sync_folder(name.absolute().parent)


def _verify_log(
    reader: archive.ArchiveReader, database: Database, place: Place, outside: Path, clock: Clock
) -> Report:
    outside.write_bytes(reader.read(CHECKPOINTS))
    report = AuditLog(database, place.verifier, outside, clock).verify_here()
    if not report.verified:
        raise_faults(list(report.lines()), "the backup's log does not verify")
    return report


def _opened(reader: archive.ArchiveReader, database: Database, place: Place) -> Iterator[str]:
    """Opens everything sealed; yields what kind each was. Raises BackupFault that names all that do not."""
    faults = []
    with database.reading() as session:
        for item in sealed.objects(session):
            try:
                yield from open_all(reader, item, place.keys[item.store], place.fingerprints)
            except EnvelopeError as exc:
                faults.append(f"{item.id}: does not open: {exc}")
            except KeyringError:
                faults.append(f"{item.id}: wrong keys: the keyring has not the {item.store}' key for it")
            except BackupFault as exc:
                faults.append(f"{item.id}: {exc}")
    raise_faults(faults, "not everything sealed can be opened")


def _end_torn_uploads(reader: archive.ArchiveReader, database: Database) -> tuple[str, ...]:
    """Uploads that lack a piece: they went on while the backup was made. Their other pieces are not put."""
    with database.reading() as session:
        torn = tuple(item.id for item in sealed.objects(session) if _is_torn(reader, item))
    with database.unit() as unit:
        for upload_id in torn:
            uploads.remove(unit.session, upload_id)
            unit.ledger.record(actor=CONSOLE, action="upload.ended", subject=upload_id)
    return torn


def _is_torn(reader: archive.ArchiveReader, item: SealedObject) -> bool:
    gone = reader.manifest.gone
    return item.kind is Kind.UPLOAD and any(blob_part(item.store, piece.blob) in gone for piece in item.blobs)


def _put(reader: archive.ArchiveReader, database: Database, place: Place, undo: ExitStack) -> None:
    with database.reading() as session:
        for store, blob in _blobs(session):
            part = blob_part(store, blob)
            if part not in reader.manifest.gone:
                place.stores[store].put(blob, reader.read(part))
                undo.callback(_take_back, place.stores[store], blob)
    if checkpoints := reader.read(CHECKPOINTS):
        undo.callback(place.checkpoint_file.unlink, missing_ok=True)
        replace_file(place.checkpoint_file, checkpoints)


def _blobs(session: Session) -> Iterator[tuple[Store, str]]:
    return ((item.store, piece.blob) for item in sealed.objects(session) for piece in item.blobs)


def _take_back(store: BlobStore, blob: str) -> None:
    with suppress(GatewayError):  # the first error is the one to tell
        store.delete(blob)


def _record(place: Place, restored: Restored) -> None:
    """(8) The log goes on where the backup's ended, and says what it is."""
    database = Database(place.database_url, mac=place.mac)
    try:
        with database.unit() as unit:
            unit.ledger.record(
                actor=CONSOLE,
                action="installation.restored",
                subject=INSTALLATION.id,
                made=restored.made,
                entries=restored.entries,
                **{store.value: restored.opened.get(store.value, 0) for store in Store},
            )
    finally:
        database.close()
