"""The blob stores: reachable, writable, readable, and never overwriting."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress

from gateway.errors import Conflict, GatewayError, Misconfigured
from gateway.services.findings import Finding, broken, fine
from gateway.vault.blobs import BlobStore

PROBE_BYTES = 64


def blob_store(part: str, open_store: Callable[[], BlobStore]) -> Iterator[Finding]:
    """Puts a blob of random bytes, reads it back, tries to put another over it, and takes it away."""
    code = f"blobs.{part}"
    probe, data = f"doctor-{secrets.token_hex(12)}", secrets.token_bytes(PROBE_BYTES)
    try:
        store = open_store()
    except Misconfigured as exc:
        yield broken(code, str(exc), "set PRIVGATE_BLOBS to a folder or an object store's URL that exists")
        return
    try:
        store.put(probe, data)
        yield _tried(code, part, store, probe, data)
    except GatewayError as exc:
        yield _unusable(code, part, type(exc.__cause__ or exc).__name__)
    finally:
        with suppress(GatewayError):
            store.delete(probe)


def missing_store(part: str, where: str) -> Finding:
    remedy = "restore the blobs from their backup, or point PRIVGATE_BLOBS to where they are"
    return broken(f"blobs.{part}", f"there is no folder {where} for the {part}", remedy)


def _tried(code: str, part: str, store: BlobStore, probe: str, data: bytes) -> Finding:
    if store.get(probe) != data:
        return broken(code, f"the store of {part} gives back other bytes than it was given", "do not use it")
    with suppress(Conflict):
        store.put(probe, data[::-1])
        said = f"the store of {part} let one blob overwrite another"
        return broken(code, said, "use a store that honours conditional puts (If-None-Match)")
    return fine(code, f"the store of {part} takes, keeps and gives, and overwrites nothing")


def _unusable(code: str, part: str, cause: str) -> Finding:
    remedy = (
        "see that the folder or bucket exists, that this user may read and write it, and that its disk is up"
    )
    return broken(code, f"the store of {part} cannot be used: {cause}", remedy)
