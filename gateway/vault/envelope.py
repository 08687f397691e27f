"""The sealed format: one object's bytes, encrypted so that nothing but the right key and object opens them.

FORMAT.md describes every byte and the threats. In short: a fresh salt and the object's context turn the data
key into an AES key and a key commitment; the plaintext follows in 1 MiB AES-256-GCM chunks, each with its
number and the last one with a flag. There is no streaming opener: whoever is handed plaintext has the whole.
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import EnvelopeError
from gateway.vault.keys import DataKey, RandomBytes

MAGIC = b"PGSEALED"
VERSION = 1
SALT_BYTES = 32  # the full SHA-256 block of entropy: two sealings under one data key never meet
KEY_BYTES = 32
COMMITMENT_BYTES = 32  # 256 bits: finding two keys with one commitment costs about 2**128
TAG_BYTES = 16
CHUNK_BYTES = 1 << 20  # plaintext bytes a chunk; part of the format, so changing it needs a new version
MAX_CHUNKS = 1 << 32  # the nonce's counter has four bytes
HEADER_BYTES = len(MAGIC) + 1 + SALT_BYTES + COMMITMENT_BYTES

_INFO_LABEL = b"privgate sealed v1"
_PURPOSE = re.compile(r"[a-z][a-z0-9._-]{0,62}")
_OBJECT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")


class OpenFailure(StrEnum):
    """Why sealed bytes did not open. The vectors name these; they say nothing about the plaintext."""

    NOT_SEALED = "envelope.not_sealed"  # too short for a header, or no magic
    VERSION = "envelope.version"
    COMMITMENT = "envelope.commitment"  # another key, another object, or an altered header
    LENGTH = "envelope.length"  # no sealing produces this many bytes
    CHUNK = "envelope.chunk"  # altered, moved, missing or added bytes


class NotOpened(EnvelopeError):
    """Sealed bytes that do not open; `failure` says which check stopped it."""

    def __init__(self, failure: OpenFailure, message: str) -> None:
        super().__init__(message)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class EnvelopeContext:
    """What the sealed bytes are: bound into the key, so that a moved blob does not open.

    purpose: "original", "name", "copy", …: lower-case ASCII, at most 63 characters.
    object_id: the asset's or copy's id: ASCII, at most 200 characters. Raises ValueError otherwise.
    """

    purpose: str
    object_id: str

    def __post_init__(self) -> None:
        if not _PURPOSE.fullmatch(self.purpose):
            raise ValueError("a purpose is a lower-case ASCII word of at most 63 characters")
        if not _OBJECT_ID.fullmatch(self.object_id):
            raise ValueError("an object id is an ASCII token of at most 200 characters")

    def to_bytes(self) -> bytes:
        """Each part behind its length, so that no two contexts have one encoding."""
        parts = (self.purpose.encode("ascii"), self.object_id.encode("ascii"))
        return b"".join(len(part).to_bytes(1, "big") + part for part in parts)


class Sealer:
    """Seals one object as its bytes arrive: `update` as often as you like, then `finish` once.

    The outputs, joined, are the sealed bytes; they do not depend on how the plaintext was cut. At most one
    chunk of plaintext is held at a time. Without `finish` the output is a partial object that never opens.
    random_bytes: where the salt comes from; only tests pass anything but the default.
    """

    def __init__(
        self, data_key: DataKey, context: EnvelopeContext, *, random_bytes: RandomBytes = os.urandom
    ) -> None:
        salt = random_bytes(SALT_BYTES)
        self._cipher, commitment = _derive(data_key, salt, context)
        self._unsent = b"".join((MAGIC, VERSION.to_bytes(1, "big"), salt, commitment))
        self._held = bytearray()
        self._sealed_chunks = 0
        self._finished = False

    def update(self, plaintext: bytes) -> bytes:
        """Takes the next plaintext bytes; answers the sealed bytes that are ready, possibly none."""
        return b"".join(self._ready(plaintext))

    def _ready(self, plaintext: bytes) -> list[bytes]:
        """update's answer in pieces."""
        self._refuse_after_finish()
        rest = memoryview(plaintext)
        out = [self._take_unsent()]
        # A chunk goes out only when a byte beyond it exists: until then it may be the last one, and the last
        # one is sealed under another nonce.
        if self._held:
            missing = CHUNK_BYTES - len(self._held)
            self._held += rest[:missing]
            rest = rest[missing:]
            if rest:
                out.append(self._seal_chunk(self._held, last=False))
                self._held.clear()
        while len(rest) > CHUNK_BYTES:
            out.append(self._seal_chunk(rest[:CHUNK_BYTES], last=False))
            rest = rest[CHUNK_BYTES:]
        self._held += rest
        return out

    def finish(self) -> bytes:
        """Seals what is left as the last chunk. The sealer is of no use afterwards."""
        self._refuse_after_finish()
        self._finished = True
        sealed = self._take_unsent() + self._seal_chunk(self._held, last=True)
        self._held.clear()
        return sealed

    def _refuse_after_finish(self) -> None:
        if self._finished:
            raise ValueError("this sealer has finished; every object has its own")

    def _take_unsent(self) -> bytes:
        unsent, self._unsent = self._unsent, b""
        return unsent

    def _seal_chunk(self, chunk: bytearray | memoryview, *, last: bool) -> bytes:
        nonce = _nonce(self._sealed_chunks, last=last)
        self._sealed_chunks += 1
        return self._cipher.encrypt(nonce, chunk, None)


def seal_stream(
    chunks: Iterable[bytes],
    data_key: DataKey,
    context: EnvelopeContext,
    *,
    random_bytes: RandomBytes = os.urandom,
) -> Iterator[bytes]:
    """The sealed bytes of a stream, piece by piece. If `chunks` raises, what came out never opens."""
    sealer = Sealer(data_key, context, random_bytes=random_bytes)
    for chunk in chunks:
        if sealed := sealer.update(chunk):
            yield sealed
    yield sealer.finish()


def seal(
    plaintext: bytes,
    data_key: DataKey,
    context: EnvelopeContext,
    *,
    random_bytes: RandomBytes = os.urandom,
) -> bytes:
    """The sealed bytes of an object that is in memory already."""
    sealer = Sealer(data_key, context, random_bytes=random_bytes)
    # Joined once: update() would join all but the last chunk a first time, which takes half the speed.
    return b"".join([*sealer._ready(plaintext), sealer.finish()])


def open_sealed(sealed: bytes, data_key: DataKey, context: EnvelopeContext) -> bytes:
    """The plaintext, once its last byte has authenticated; until then nothing comes out.

    Raises NotOpened (an EnvelopeError) with the OpenFailure of the first check that fails, in this order.
    """
    # (1) Is it ours, and of a version we read?
    if len(sealed) < HEADER_BYTES or sealed[: len(MAGIC)] != MAGIC:
        raise NotOpened(OpenFailure.NOT_SEALED, "these bytes are no sealed object")
    version = sealed[len(MAGIC)]
    if version != VERSION:
        raise NotOpened(
            OpenFailure.VERSION, f"sealed in version {version} of the format; only {VERSION} is known"
        )
    # (2) Right key and right object? Decided by the commitment, before anything is decrypted.
    salt_at = len(MAGIC) + 1
    commitment_at = salt_at + SALT_BYTES
    cipher, commitment = _derive(data_key, sealed[salt_at:commitment_at], context)
    if not hmac.compare_digest(commitment, sealed[commitment_at:HEADER_BYTES]):
        raise NotOpened(OpenFailure.COMMITMENT, "sealed under another key or for another object")
    # (3) Every chunk in its place, the last one marked as the last.
    return b"".join(_open_chunks(cipher, memoryview(sealed)[HEADER_BYTES:]))


def _open_chunks(cipher: AESGCM, body: memoryview) -> list[bytes]:
    """All plaintext chunks; raises at the first that does not authenticate, and then none is returned."""
    size = CHUNK_BYTES + TAG_BYTES
    count = -(-len(body) // size)
    # The last chunk is empty only where the whole plaintext is: one plaintext has one length of sealing.
    least = TAG_BYTES if count <= 1 else TAG_BYTES + 1
    if len(body) - max(count - 1, 0) * size < least:
        raise NotOpened(OpenFailure.LENGTH, "the sealed object is cut short or has bytes added to it")
    return [
        _open_chunk(cipher, index, body[index * size : (index + 1) * size], last=index == count - 1)
        for index in range(count)
    ]


def _open_chunk(cipher: AESGCM, index: int, sealed: memoryview, *, last: bool) -> bytes:
    try:
        return cipher.decrypt(_nonce(index, last=last), sealed, None)
    except InvalidTag as exc:
        message = f"chunk {index} does not authenticate: altered, moved, cut short or added to"
        raise NotOpened(OpenFailure.CHUNK, message) from exc


def _derive(data_key: DataKey, salt: bytes, context: EnvelopeContext) -> tuple[AESGCM, bytes]:
    """AES key and key commitment, both from HKDF-SHA256 (RFC 5869) over data key, salt and context."""
    hkdf = HKDF(
        algorithm=SHA256(),
        length=KEY_BYTES + COMMITMENT_BYTES,
        salt=salt,
        info=_INFO_LABEL + context.to_bytes(),
    )
    material = hkdf.derive(data_key.expose())
    return AESGCM(material[:KEY_BYTES]), material[KEY_BYTES:]


def _nonce(index: int, *, last: bool) -> bytes:
    """7 zero bytes, the chunk's number in 4 big-endian bytes, 1 for the last chunk and else 0."""
    if index >= MAX_CHUNKS:
        raise ValueError("an object of more than 4 PiB cannot be sealed")
    return bytes(7) + index.to_bytes(4, "big") + (b"\x01" if last else b"\x00")
