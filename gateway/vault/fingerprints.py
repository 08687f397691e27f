"""Fingerprints: keyed codes by which the same bytes are known again, and which tell nothing without the key.

A plain digest of a patient's image is still personal data: whoever has the image could look it up. An
HMAC-SHA256 under a key of this installation can be made, and looked up, by nobody else.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import final

_LABEL = b"privgate fingerprint v1\x00"


class Fingerprint:
    """One object's, as its bytes arrive."""

    def __init__(self, mac: hmac.HMAC) -> None:
        self._mac = mac

    def update(self, data: bytes) -> None:
        self._mac.update(data)

    def digest(self) -> bytes:
        """32 bytes, of what came so far."""
        return self._mac.digest()


@final
class Fingerprints:
    """Makes them. Holds a keyed state, which shows no key."""

    __slots__ = ("_keyed",)

    def __init__(self, secret: bytes) -> None:
        self._keyed = hmac.new(secret, _LABEL, hashlib.sha256)

    def begin(self, scope: str) -> Fingerprint:
        """scope: where the same bytes count as the same, such as a dataset's id; two scopes have nothing in
        common, so that nobody can follow an image from one to another."""
        mac = self._keyed.copy()
        name = scope.encode()
        mac.update(len(name).to_bytes(2, "big") + name)
        return Fingerprint(mac)

    def __repr__(self) -> str:
        return "Fingerprints(<secret>)"
