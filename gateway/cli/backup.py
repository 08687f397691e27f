"""`privgate backup|restore`: an installation copied, and brought back."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated

import typer

from gateway import installation
from gateway.cli.options import Data, open_database, open_installation, settings_of
from gateway.services.backup.key_file import NAMES, restore_keys, write_keys
from gateway.services.backup.make import Backup
from gateway.services.backup.restore import Place
from gateway.services.backup.restore import restore as restore_backup
from gateway.services.backup.resume import enqueue_unsettled
from gateway.services.jobs import JobQueue
from gateway.settings import Settings
from gateway.store.ledger import utc_now
from gateway.store.queries.sealed import Store
from gateway.vault.fingerprints import Fingerprints
from gateway.vault.keyring import KeyPurpose, LocalKeyring, key_file_path
from gateway.version import VERSION


def backup(
    target: Annotated[Path, typer.Argument(metavar="FOLDER|FILE.tar", help="New; where the backup goes.")],
    with_keys: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also put the keys into this new file. Keep it elsewhere."),
    ] = None,
    data: Data = None,
) -> None:
    """Copies database, sealed blobs and checkpoints while everything runs; no key is in it."""
    os.umask(0o077)
    settings, database = open_installation(data)
    if with_keys is not None:
        write_keys(settings.keys, with_keys)
        print(f"keys written to {with_keys}: keep it apart from the backup; both open everything")
    made = Backup(
        database,
        {
            Store.ORIGINALS: installation.original_blobs(settings),
            Store.COPIES: installation.copy_blobs(settings),
        },
        settings.checkpoint_file,
        installation.checkpoint_verifier(settings).name,
        utc_now,
        code_version=VERSION,
    ).make(target)
    database.close()
    counted = ", ".join(f"{count} {store}" for store, count in made.blobs.items())
    print(f"{made.id} in {target}: the database, its checkpoints, {counted}; {made.gone} erased meanwhile")
    if with_keys is None:
        print(f"no key is in it: back up {settings.keys} apart from it, or use --with-keys FILE")


def restore(
    source: Annotated[Path, typer.Argument(metavar="FOLDER|FILE.tar", help="What `privgate backup` made.")],
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What --with-keys made, where the keyring is empty.")
    ] = None,
    data: Data = None,
) -> None:
    """Brings a backup back into an empty installation, after verifying its log and all that is sealed.

    Status 2: something is wrong, which is named; then nothing of it is left in place.
    """
    os.umask(0o077)
    settings = settings_of(data)
    with ExitStack() as undo:
        _make_folders(settings, undo)
        if keys is not None:
            restore_keys(keys, settings.keys)
            for name in NAMES:
                undo.callback((settings.keys / name).unlink, missing_ok=True)
        # Asked before keys are made: what the backup's images are known by is not a key made now.
        fingerprints = _fingerprints(settings)
        if keys is not None and not installation.keys_exist(settings):  # an earlier release had fewer
            installation.create_keys(settings)
        restored = restore_backup(source, _place(settings, fingerprints), utc_now)
        undo.pop_all()
    waiting = _go_on(settings)
    _complete_keys(settings)
    opened = ", ".join(f"{count} {what}" for what, count in sorted(restored.opened.items())) or "nothing"
    print(f"the log verifies: {restored.entries} entries, {restored.checkpoints} checkpoints met")
    print(f"opened and authenticated: {opened}; {restored.gone} erased")
    if restored.torn:
        print(f"uploads that went on meanwhile, to be sent anew: {', '.join(restored.torn)}")
    print(f"restored, as of {restored.made}; {waiting} images wait for a worker. Now: privgate doctor")


def _complete_keys(settings: Settings) -> None:
    """What an earlier release did not have, and a machine of one role need not: never the log's own key."""
    if any(not key_file_path(settings.keys, purpose).exists() for purpose in KeyPurpose):
        LocalKeyring.create(settings.keys)
    # A gateway's own keyring has the public half alone: its private one lies with the workers.
    if not (settings.keys / installation.PROVER_PUBLIC).exists():
        installation.create_prover_key(settings)


def _go_on(settings: Settings) -> int:
    """The job engine's database is made anew; every image that was waiting or at work gets its job again."""
    database, queue = open_database(settings), JobQueue(settings.jobs_database)
    try:
        return enqueue_unsettled(database, queue.enqueue)
    finally:
        queue.close()
        database.close()


def _place(settings: Settings, fingerprints: Fingerprints | None) -> Place:
    log_keys = installation.log_keys(settings)
    log_keys.load()  # before anything is put
    return Place(
        database_url=settings.database,
        stores={
            Store.ORIGINALS: installation.original_blobs(settings),
            Store.COPIES: installation.copy_blobs(settings),
        },
        keys={
            Store.ORIGINALS: installation.original_keys(settings),
            Store.COPIES: installation.copy_keys(settings),
        },
        fingerprints=fingerprints,
        verifier=installation.checkpoint_verifier(settings),
        checkpoint_file=settings.checkpoint_file,
        mac=log_keys.mac,
    )


def _fingerprints(settings: Settings) -> Fingerprints | None:
    """None where the keyring has none, as that of an installation that knew no duplicates yet."""
    there = (settings.keys / f"{KeyPurpose.FINGERPRINTS.value}.json").exists()
    return installation.fingerprints(settings) if there else None


def _make_folders(settings: Settings, undo: ExitStack) -> None:
    """The installation's folders; those that were not there go again if the restore fails."""
    folders = [settings.data, settings.keys]
    for part in ("originals", "copies"):
        folder = installation.blob_folder(settings, part)
        folders += [folder.parent, folder] if folder else []
    for folder in dict.fromkeys(folders):
        if not folder.exists():
            undo.callback(_remove, folder)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)


def _remove(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
