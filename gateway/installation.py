"""An installation's parts, as the composition roots (cli, web) put them together from the settings.

Each function opens one part, so that a process opens only what its role may have.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import AuditError
from audit.note import CheckpointSigner, CheckpointVerifier
from gateway.errors import KeyringError, Misconfigured
from gateway.services.destinations import Destinations, parse_networks
from gateway.settings import Settings
from gateway.vault.blobs import BlobStore
from gateway.vault.durable import make_private_folder, new_file
from gateway.vault.fingerprints import Fingerprints
from gateway.vault.keyring import CREATE_COMMAND, KeyPurpose, LocalKeyProvider, LocalKeyring
from gateway.vault.log_keys import LogKeys

if TYPE_CHECKING:
    from gateway.store.database import Database

SECRET_NAME = "checkpoint.key"  # noqa: S105  (a file's name)
PUBLIC_NAME = "checkpoint.pub"
PROVER_SECRET = "prover.key"  # noqa: S105  (a file's name)
PROVER_PUBLIC = "prover.pub"
_NAMES = (
    *(f"{purpose.value}.json" for purpose in KeyPurpose),
    *(SECRET_NAME, PUBLIC_NAME, PROVER_SECRET, PROVER_PUBLIC),
)


def original_blobs(settings: Settings) -> BlobStore:
    return _blobs(settings.blobs, "originals")


def copy_blobs(settings: Settings) -> BlobStore:
    return _blobs(settings.blobs, "copies")


def blob_folder(settings: Settings, part: str) -> Path | None:
    """Where a part's blobs are files, if they are: "originals" or "copies"."""
    return None if "://" in settings.blobs else Path(settings.blobs) / part


def refuse_lost_blobs(settings: Settings, database: Database, *parts: str) -> None:
    """Before a process opens its stores, which makes folders that are missing.

    Raises Misconfigured where the database knows of sealed objects and there is not even the folder that they
    lie in: an empty one in its place would have every image taken for lost.
    """
    from gateway.store.queries import vitals

    with database.reading() as session:
        sealed = dict(zip(("originals", "copies"), vitals.newest_sealed(session), strict=True))
    for part in parts:
        folder = blob_folder(settings, part)
        if folder is not None and sealed[part] is not None and not folder.is_dir():
            raise Misconfigured(
                f"there is no folder {folder}, and the database knows of {part} that lie in it: mount it, or "
                "set PRIVGATE_BLOBS to the folder or the object store's URL that the other processes use"
            )


def original_keys(settings: Settings) -> LocalKeyProvider:
    return LocalKeyring.open(settings.keys, KeyPurpose.ORIGINALS)


def copy_keys(settings: Settings) -> LocalKeyProvider:
    return LocalKeyring.open(settings.keys, KeyPurpose.COPIES)


def log_keys(settings: Settings) -> LogKeys:
    """By which entries of the log are authenticated; the file is read when it is first needed."""
    return LogKeys(settings.keys)


def open_database(settings: Settings) -> Database:
    """The database as it is; entries that are recorded through it are authenticated."""
    from gateway.store.database import (
        Database,
    )  # a second's import, which most commands about keys do without

    return Database(settings.database, mac=log_keys(settings).mac)


def fingerprints(settings: Settings) -> Fingerprints:
    """By which the intake knows duplicates. Raises KeyringError."""
    return LocalKeyring.fingerprints(settings.keys)


def destinations(settings: Settings) -> Destinations:
    """Where webhooks may go. Raises Misconfigured."""
    try:
        return Destinations(parse_networks(settings.webhook_networks))
    except ValueError as exc:
        raise Misconfigured(f"PRIVGATE_WEBHOOK_NETWORKS: {exc}; write 10.1.0.0/16,127.0.0.0/8, say") from exc


def create_keys(settings: Settings) -> None:
    """Makes the keyring and the keys that sign where they are missing; never overwrites one.

    Raises KeyringError when there is nothing to make, and on a machine that has a part of the keys only.
    """
    _refuse_part(settings)
    made = not keys_exist(settings)
    # First, so that a keyring without it is never a creation that was cut short.
    _create_log_key(settings)
    try:
        LocalKeyring.create(settings.keys)
    except KeyringError:
        if not made:
            raise
    create_prover_key(settings)


def _create_log_key(settings: Settings) -> None:
    secret, public = settings.keys / SECRET_NAME, settings.keys / PUBLIC_NAME
    try:
        make_private_folder(settings.keys)
    except OSError as exc:
        raise KeyringError(f"the keyring folder {settings.keys} cannot be made: {exc.strerror}") from exc
    if not secret.exists():
        # The origin names this log and no other: a checkpoint cannot be passed off as another log's.
        signer = CheckpointSigner.generate(f"privgate-{secrets.token_hex(8)}")
        _write_new(secret, signer.to_secret_text() + "\n")
    if not public.exists():
        _write_new(public, checkpoint_signer(settings).verifier.to_text() + "\n")


def _refuse_part(settings: Settings) -> None:
    """A server's or a worker's own machine: keys that are made there would be another installation's."""
    there = [name for name in _NAMES if (settings.keys / name).exists()]
    if there and SECRET_NAME not in there:
        missing = ", ".join(name for name in _NAMES if name not in there)
        raise KeyringError(
            f"{settings.keys} holds {', '.join(there)} and no {SECRET_NAME}: a part of an installation's "
            f"keys; nothing was made. Of {missing}, copy what this machine needs from the one that has "
            f"{SECRET_NAME}, after running there: {CREATE_COMMAND} --if-missing"
        )


def create_prover_key(settings: Settings) -> None:
    """The key that signs certificates of the twin test, where there is none; named for the log.

    Raises KeyringError where the private key of a pair is gone: its certificates would become another's.
    """
    if _prover_exists(settings):
        return
    secret, public = settings.keys / PROVER_SECRET, settings.keys / PROVER_PUBLIC
    if not secret.exists():
        if public.exists():
            raise KeyringError(
                f"{secret} is gone, and {public} is there; restore it from its backup, or move {public.name} "
                f"away, keep it for the certificates that there are, and run: {CREATE_COMMAND}"
            )
        made = CheckpointSigner.generate(f"{checkpoint_verifier(settings).name}.prover")
        _write_new(secret, made.to_secret_text() + "\n")
    _write_new(public, prover_signer(settings).verifier.to_text() + "\n")


def _prover_exists(settings: Settings) -> bool:
    return all((settings.keys / name).exists() for name in (PROVER_SECRET, PROVER_PUBLIC))


def keys_exist(settings: Settings) -> bool:
    """Whether every file that create_keys makes is there."""
    return all((settings.keys / name).is_file() for name in _NAMES)


def checkpoint_signer(settings: Settings) -> CheckpointSigner:
    """The log's private key: for the sequencer alone. Raises KeyringError."""
    return CheckpointSigner.parse(_read(settings.keys / SECRET_NAME, private=True))


def checkpoint_verifier(settings: Settings) -> CheckpointVerifier:
    """The log's public key. Raises KeyringError."""
    return CheckpointVerifier.parse(_read(settings.keys / PUBLIC_NAME, private=False))


def prover_signer(settings: Settings) -> CheckpointSigner:
    """What workers sign certificates of the twin test with. Raises KeyringError."""
    secret = settings.keys / PROVER_SECRET
    if not secret.exists():  # one made on a worker's own machine would not go with the gateway's prover.pub
        raise KeyringError(
            f"there is no key file {secret}, by which certificates are signed; copy it from the machine "
            f"where checkpoint.key lies; where it is missing there too, run there: {CREATE_COMMAND}"
        )
    return CheckpointSigner.parse(_read(settings.keys / PROVER_SECRET, private=True))


def prover_verifier(settings: Settings) -> CheckpointVerifier:
    """By which certificates are verified. Raises KeyringError."""
    return CheckpointVerifier.parse(_read(settings.keys / PROVER_PUBLIC, private=False))


def public_key_file(settings: Settings) -> Path:
    return settings.keys / PUBLIC_NAME


def _blobs(blobs: str, part: str) -> BlobStore:
    if "://" in blobs:
        return BlobStore.from_url(f"{blobs.rstrip('/')}/{part}")
    return BlobStore.local(Path(blobs) / part)


def _read(path: Path, *, private: bool) -> str:
    try:
        if private and path.stat().st_mode & 0o077:
            raise KeyringError(f"{path} can be read by others than its owner; run: chmod 600 {path}")
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as exc:
        raise KeyringError(
            f"there is no readable key file {path}; restore it from its backup, "
            f"or for a new installation, or one of an earlier release, run: {CREATE_COMMAND}"
        ) from exc
    try:
        (CheckpointSigner if private else CheckpointVerifier).parse(text)
    except AuditError as exc:
        raise KeyringError(f"the key file {path} is damaged; restore it from its backup") from exc
    return text


def _write_new(path: Path, text: str) -> None:
    new_file(path, text.encode("ascii"))
