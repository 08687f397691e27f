"""Data keys, wrapped data keys, and what a key provider does with them. No I/O.

A data key seals one object. A key-encryption key (KEK) wraps data keys and never leaves its provider. The
wrapped key lies in the object's database row, never beside the sealed bytes: FORMAT.md says why.
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol, final

from gateway.errors import EnvelopeError

DATA_KEY_BYTES = 32  # AES-256 strength; the input key of HKDF-SHA256

WRAPPED_MAGIC = b"PGWK"
WRAPPED_VERSION = 1
MAX_CIPHERTEXT_BYTES = 4096  # far above what any provider answers for 32 bytes, far below a memory attack
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,199}")  # room for a cloud provider's resource name

RandomBytes = Callable[[int], bytes]  # n -> n unpredictable bytes; os.urandom but in tests


@final
class DataKey:
    """32 secret bytes that seal one object. Shows itself nowhere: no repr, no pickle, no copy.

    Raises ValueError where the secret is not 32 bytes.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != DATA_KEY_BYTES:
            raise ValueError(f"a data key is {DATA_KEY_BYTES} bytes, not {len(secret)}")
        self._secret = bytes(secret)

    @classmethod
    def generate(cls, random_bytes: RandomBytes = os.urandom) -> DataKey:
        return cls(random_bytes(DATA_KEY_BYTES))

    def expose(self) -> bytes:
        """The secret itself: for envelopes and key providers, and for nobody else."""
        return self._secret

    def __eq__(self, other: object) -> bool:
        """Compares in constant time."""
        return isinstance(other, DataKey) and hmac.compare_digest(self._secret, other._secret)

    __hash__ = None  # type: ignore[assignment]  # a key that can be looked up is a key that can be compared fast

    def __repr__(self) -> str:
        return "DataKey(<secret>)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a data key is never pickled or copied: hand on the wrapped key")


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key encrypted under a KEK: safe to store, useless without the provider.

    key_id: the KEK that wrapped it. algorithm: how; each provider knows its own. Both are ASCII tokens of 1
    to 200 characters. ciphertext: 1 to 4096 bytes, the provider's own affair. Raises ValueError otherwise.
    """

    key_id: str
    algorithm: str
    ciphertext: bytes

    def __post_init__(self) -> None:
        if not (_TOKEN.fullmatch(self.key_id) and _TOKEN.fullmatch(self.algorithm)):
            raise ValueError("key id and algorithm are ASCII tokens of 1 to 200 characters")
        if not 1 <= len(self.ciphertext) <= MAX_CIPHERTEXT_BYTES:
            raise ValueError(f"a wrapped key holds 1 to {MAX_CIPHERTEXT_BYTES} bytes of ciphertext")

    def to_bytes(self) -> bytes:
        """The stored form: magic, version, then three length-prefixed fields (FORMAT.md)."""
        algorithm, key_id = self.algorithm.encode("ascii"), self.key_id.encode("ascii")
        return b"".join(
            (
                WRAPPED_MAGIC,
                WRAPPED_VERSION.to_bytes(1, "big"),
                len(algorithm).to_bytes(1, "big"),
                algorithm,
                len(key_id).to_bytes(1, "big"),
                key_id,
                len(self.ciphertext).to_bytes(2, "big"),
                self.ciphertext,
            )
        )

    @classmethod
    def parse(cls, stored: bytes) -> WrappedKey:
        """The inverse of to_bytes. Raises EnvelopeError for anything that to_bytes did not write."""
        if stored[:4] != WRAPPED_MAGIC or len(stored) < 5:
            raise EnvelopeError("these bytes are not a wrapped key")
        if stored[4] != WRAPPED_VERSION:
            raise EnvelopeError(f"wrapped key of version {stored[4]}; only {WRAPPED_VERSION} is known")
        algorithm, rest = _take(stored[5:], 1)
        key_id, rest = _take(rest, 1)
        ciphertext, rest = _take(rest, 2)
        if rest:
            raise EnvelopeError("the wrapped key is followed by bytes that do not belong to it")
        try:
            return cls(key_id.decode("ascii"), algorithm.decode("ascii"), ciphertext)
        except ValueError as exc:  # UnicodeDecodeError is one
            raise EnvelopeError("the wrapped key has a malformed field") from exc


def _take(data: bytes, prefix: int) -> tuple[bytes, bytes]:
    """The field whose big-endian length the first `prefix` bytes give, and what follows it."""
    end = prefix + int.from_bytes(data[:prefix], "big")
    if len(data) < prefix or len(data) < end:
        raise EnvelopeError("the wrapped key is cut short")
    return data[prefix:end], data[end:]


class KeyProvider(Protocol):
    """Wraps and unwraps data keys under KEKs that it keeps to itself.

    context: EnvelopeContext.to_bytes() of the object that the data key seals. A provider whose service cannot
    bind it may leave it unused: the envelope binds the same context a second time.
    """

    @property
    def key_id(self) -> str:
        """The id of the KEK that new data keys are wrapped under."""
        ...

    def wrap(self, data_key: DataKey, context: bytes) -> WrappedKey:
        """Under the active KEK. Raises KeyringError where the provider cannot, VaultUnavailable where it does
        not answer now.
        """
        ...

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> DataKey:
        """Raises KeyringError for an unknown KEK, EnvelopeError for bytes that do not authenticate, and
        VaultUnavailable where the provider does not answer now.
        """
        ...

    def rewrap(self, wrapped: WrappedKey, context: bytes) -> WrappedKey:
        """The same data key under the active KEK; for rotation. Raises as wrap and unwrap do."""
        ...
