"""The content of one keyring file: its key-encryption keys, as JSON. No I/O.

    {"version": 1, "purpose": "originals", "keys": [
      {"id": "originals-5f2c…", "key": "<base64>", "created": "2026-03-01T09:30:00+00:00", "active": true}]}

No message here repeats anything of the file: it is made of secrets.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime

FILE_VERSION = 1
KEK_BYTES = 32  # AES-256
_KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
_FIELDS = {"id", "key", "created", "active"}


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be told about a KEK. created: aware, UTC."""

    id: str
    created: datetime
    active: bool


class Kek:
    """One key-encryption key. secret: 32 bytes, shown by no repr."""

    __slots__ = ("info", "secret")

    def __init__(self, info: KeyInfo, secret: bytes) -> None:
        self.info = info
        self.secret = secret

    @property
    def id(self) -> str:
        return self.info.id

    def __repr__(self) -> str:
        return f"Kek({self.info!r}, <secret>)"

    def retired(self) -> Kek:
        return Kek(replace(self.info, active=False), self.secret)

    @classmethod
    def fresh(cls, purpose: str, now: datetime) -> Kek:
        """An active key with a random secret and a random id."""
        info = KeyInfo(f"{purpose}-{secrets.token_hex(8)}", now.astimezone(UTC), active=True)
        return cls(info, secrets.token_bytes(KEK_BYTES))

    def to_dict(self) -> dict[str, object]:
        return {
            "id": self.id,
            "key": base64.b64encode(self.secret).decode("ascii"),
            "created": self.info.created.isoformat(),
            "active": self.info.active,
        }

    @classmethod
    def parse(cls, item: object) -> Kek:
        """Raises ValueError for anything but an object with exactly the four fields."""
        if not isinstance(item, dict) or set(item) != _FIELDS:
            raise ValueError("a key has exactly the fields id, key, created and active")
        ident, encoded, created, active = item["id"], item["key"], item["created"], item["active"]
        if not (isinstance(ident, str) and _KEY_ID.fullmatch(ident)):
            raise ValueError("a key id is malformed")
        if not isinstance(active, bool):
            raise ValueError("active is true or false")
        return cls(KeyInfo(ident, _parse_time(created), active), _parse_secret(encoded))


@dataclass(frozen=True, slots=True)
class KeySet:
    """All keys of one purpose, oldest first; ids differ and exactly one is active. Raises ValueError."""

    purpose: str
    keys: tuple[Kek, ...]

    def __post_init__(self) -> None:
        if len({key.id for key in self.keys}) != len(self.keys):
            raise ValueError("two keys have one id")
        if sum(key.info.active for key in self.keys) != 1:
            raise ValueError("not exactly one key is active")

    @classmethod
    def fresh(cls, purpose: str, now: datetime) -> KeySet:
        return cls(purpose, (Kek.fresh(purpose, now),))

    @property
    def active(self) -> Kek:
        return next(key for key in self.keys if key.info.active)

    def with_new_key(self, now: datetime) -> KeySet:
        """These keys, retired, and a fresh active one."""
        retired = tuple(key.retired() for key in self.keys)
        return KeySet(self.purpose, (*retired, Kek.fresh(self.purpose, now)))

    def to_bytes(self) -> bytes:
        document = {
            "version": FILE_VERSION,
            "purpose": self.purpose,
            "keys": [key.to_dict() for key in self.keys],
        }
        return json.dumps(document, indent=2).encode("ascii") + b"\n"

    @classmethod
    def parse(cls, data: bytes, *, purpose: str) -> KeySet:
        """Raises ValueError, with a message free of the file's content."""
        document = _parse_json(data)
        if not isinstance(document, dict) or set(document) != {"version", "purpose", "keys"}:
            raise ValueError("not an object of version, purpose and keys")
        if document["version"] != FILE_VERSION:
            raise ValueError("of a version that is not known here")
        if document["purpose"] != purpose:
            raise ValueError("made for another purpose")
        if not isinstance(document["keys"], list):
            raise ValueError("keys is not a list")
        return cls(purpose, tuple(Kek.parse(item) for item in document["keys"]))


def _parse_json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        pass
    raise ValueError("not JSON")  # outside the handler: the parser's exception keeps the document


def _parse_secret(encoded: object) -> bytes:
    try:
        secret = base64.b64decode(encoded, validate=True) if isinstance(encoded, str) else b""
    except ValueError:
        secret = b""
    if len(secret) != KEK_BYTES:
        raise ValueError(f"a key is not the base64 of {KEK_BYTES} bytes")
    return secret


def _parse_time(text: object) -> datetime:
    try:
        created = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        created = None
    if created is None or created.tzinfo is None:
        raise ValueError("created is not a time with a zone")
    return created.astimezone(UTC)
