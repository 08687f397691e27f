"""The keys: present, private, and the ones that this installation's data was sealed with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from audit.checkpoint import open_note
from audit.errors import AuditError
from audit.note import CheckpointSigner, CheckpointVerifier
from gateway.errors import KeyringError, VaultError, VaultUnavailable
from gateway.services.findings import Finding, broken, fine
from gateway.services.intake import ORIGINAL
from gateway.vault.copies import COPY_PURPOSE
from gateway.vault.envelope import EnvelopeContext
from gateway.vault.keys import KeyProvider, WrappedKey

RESTORE = "restore the keyring from its backup; new keys open nothing that was sealed before"

Sealed = tuple[str, bytes]
"""An object's id and its wrapped data key."""


def originals_key(open_keys: Callable[[], KeyProvider], sealed: Sealed | None) -> Iterator[Finding]:
    yield _key("originals", open_keys, sealed, ORIGINAL)


def copies_key(open_keys: Callable[[], KeyProvider], sealed: Sealed | None) -> Iterator[Finding]:
    yield _key("copies", open_keys, sealed, COPY_PURPOSE)


def log_key(load: Callable[[], None]) -> Iterator[Finding]:
    """load: raises KeyringError."""
    try:
        load()
    except (KeyringError, VaultUnavailable) as exc:
        what, _, remedy = str(exc).partition("; ")
        yield broken("keys.log", what, remedy)
    else:
        yield fine("keys.log", "the key that authenticates the log's entries is there and private")


def fingerprints_key(open_key: Callable[[], object]) -> Iterator[Finding]:
    """open_key: raises KeyringError. Nothing is sealed with it, so there is nothing to try it on."""
    code = "keys.fingerprints"
    try:
        open_key()
    except (KeyringError, VaultUnavailable) as exc:
        what, _, remedy = str(exc).partition("; ")
        yield broken(code, what, remedy or "restore the keyring's fingerprints.json from its backup")
    else:
        yield fine(code, "the key by which duplicates are known is there and private")


def _key(part: str, open_keys: Callable[[], KeyProvider], sealed: Sealed | None, purpose: str) -> Finding:
    """open_keys: raises KeyringError. sealed: something to try the key on, if there is anything yet."""
    code = f"keys.{part}"
    try:
        keys = open_keys()
        if sealed is None:
            return fine(code, f"the {part}' key {keys.key_id} is there and private; nothing is sealed yet")
        object_id, wrapped = sealed
        keys.unwrap(WrappedKey.parse(wrapped), EnvelopeContext(purpose, object_id).to_bytes())
    except (KeyringError, VaultUnavailable) as exc:
        what, _, remedy = str(exc).partition("; ")
        return broken(code, what, remedy or RESTORE)
    except VaultError:
        said = (
            f"the {part}' key does not open the data key of {object_id}: another installation's, or altered"
        )
        return broken(code, said, RESTORE)
    return fine(code, f"the {part}' key {keys.key_id} is there, private, and opens {object_id}")


def checkpoint_pair(
    signer: Callable[[], CheckpointSigner] | None,
    verifier: Callable[[], CheckpointVerifier],
    note: str | None,
) -> Iterator[Finding]:
    """signer: None where this machine should not have it. note: the database's last signed checkpoint."""
    code = "keys.checkpoint"
    try:
        public = verifier()
        if signer is not None and signer().verifier.to_text() != public.to_text():
            said = "checkpoint.key and checkpoint.pub are not a pair: the sequencer would sign another log"
            yield broken(code, said, "restore both files from one backup of the keyring")
            return
        if note is not None:
            open_note(note, public)
    except (KeyringError, VaultUnavailable) as exc:
        what, _, remedy = str(exc).partition("; ")
        yield broken(code, what, remedy or RESTORE)
    except AuditError:
        said = "checkpoint.pub did not sign this database's last checkpoint"
        yield broken(code, said, "restore checkpoint.key and checkpoint.pub from this installation's backup")
    else:
        yield fine(code, f"the log's key is {public.name}")


def prover_pair(
    signer: Callable[[], CheckpointSigner], verifier: Callable[[], CheckpointVerifier] | None
) -> Iterator[Finding]:
    """Of certificates of the twin test. verifier: None where the public key need not lie here."""
    code = "keys.prover"
    try:
        private = signer()
        if verifier is not None and private.verifier.to_text() != verifier().to_text():
            said = "prover.key and prover.pub are not a pair: certificates would not verify by the key told"
            yield broken(code, said, "restore both files from one backup of the keyring")
            return
    except (KeyringError, VaultUnavailable) as exc:
        what, _, remedy = str(exc).partition("; ")
        yield broken(code, what, remedy or "run: privgate keys create")
    else:
        yield fine(code, f"the key that signs certificates is {private.name}")
