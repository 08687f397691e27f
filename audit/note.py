"""Signed notes and their keys, as C2SP signed-note and Go's sumdb/note define them, with Ed25519 only.

A note is a text that ends in a newline, an empty line, and one line for each signature:

    <text>

    — <key name> <base64(4-byte key id || 64-byte signature)>

The key id is the start of SHA-256(name || 0x0A || 0x01 || public key). Keys have text forms that carry the
name: `name+<key id in hex>+<base64(0x01 || public key)>` to verify, and the same with `PRIVATE+KEY+` before
it and the 32-byte seed in place of the public key to sign. A note may carry further signatures, of witnesses;
they are passed over here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import BadSignature, MalformedKey, MalformedNote, UnknownSigner

MAX_NOTE = 64 * 1024  # characters; a checkpoint with its signatures has a few hundred
MAX_SIGNATURES = 100  # lines; the log's own and its witnesses'
KEY_ID_BYTES = 4  # C2SP signed-note
KEY_BYTES = 32  # Ed25519, RFC 8032: both the seed and the public key

_ED25519 = b"\x01"  # C2SP signed-note, signature type identifier
_DASH = "\u2014 "
_PRIVATE = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class CheckpointVerifier:
    """The public key of a log. name: the log's origin. public: 32 bytes."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise MalformedKey(f"an Ed25519 public key has {KEY_BYTES} bytes")

    @property
    def key_id(self) -> bytes:
        """4 bytes that tell keys of one name apart."""
        named = self.name.encode() + b"\n" + _ED25519 + self.public
        return hashlib.sha256(named).digest()[:KEY_ID_BYTES]

    def to_text(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_encode(_ED25519 + self.public)}"

    @classmethod
    def parse(cls, text: str) -> CheckpointVerifier:
        """From its text form; surrounding white space is allowed. Raises MalformedKey."""
        name, key_id, public = _parse_key(text.strip())
        verifier = cls(name, public)
        if verifier.key_id != key_id:
            raise MalformedKey("the key's hash does not belong to its name and bytes")
        return verifier

    def verify(self, message: bytes, signature: bytes) -> None:
        """Returns if the signature is this key's. Raises BadSignature."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError) as exc:
            raise BadSignature(f"the signature by {self.name} does not verify") from exc


class CheckpointSigner:
    """The private key of a log; only the sequencer holds it. It shows its name, never its bytes."""

    __slots__ = ("_key", "_verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        if len(seed) != KEY_BYTES:
            raise MalformedKey(f"an Ed25519 private key has {KEY_BYTES} bytes")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._verifier = CheckpointVerifier(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> CheckpointSigner:
        """A fresh key for the log of this name (origin). Raises MalformedKey for a name with + or spaces."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> CheckpointSigner:
        """From its text form. Raises MalformedKey; the message shows nothing of the text."""
        text = text.strip()
        if not text.startswith(_PRIVATE):
            raise MalformedKey("not a private key for signed notes")
        name, key_id, seed = _parse_key(text.removeprefix(_PRIVATE))
        signer = cls(name, seed)
        if signer.verifier.key_id != key_id:
            raise MalformedKey("the key's hash does not belong to its name and bytes")
        return signer

    def to_secret_text(self) -> str:
        """The text form, which is the secret: for a file of mode 0600 and nowhere else."""
        seed = self._key.private_bytes_raw()
        return f"{_PRIVATE}{self.name}+{self._verifier.key_id.hex()}+{_encode(_ED25519 + seed)}"

    @property
    def name(self) -> str:
        return self._verifier.name

    @property
    def verifier(self) -> CheckpointVerifier:
        return self._verifier

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"<CheckpointSigner {self.name}+{self._verifier.key_id.hex()}>"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """A signature line. key_id: 4 bytes. signature: what follows, 64 bytes for Ed25519."""

    name: str
    key_id: bytes
    signature: bytes


def sign_note(text: str, signer: CheckpointSigner) -> str:
    """The note of this text with one signature. Raises MalformedNote unless the text ends in a newline."""
    if not text.endswith("\n"):
        raise MalformedNote("the text of a note ends in a newline")
    _check_characters(text)
    signature = _encode(signer.verifier.key_id + signer.sign(text.encode()))
    return f"{text}\n{_DASH}{signer.name} {signature}\n"


def split_note(note: str) -> tuple[str, list[NoteSignature]]:
    """The text, with its last newline, and the signatures, unverified. Raises MalformedNote."""
    if len(note) > MAX_NOTE:
        raise MalformedNote(f"longer than {MAX_NOTE} characters")
    _check_characters(note)
    text, gap, tail = note.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise MalformedNote("no text, empty line and signature")
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise MalformedNote(f"more than {MAX_SIGNATURES} signatures")
    return text + "\n", [_parse_signature(line) for line in lines]


def verify_note(note: str, verifier: CheckpointVerifier) -> str:
    """The text of a note that this key has signed.

    Raises MalformedNote, UnknownSigner if no signature is by this key, BadSignature if one claims to be and
    is not.
    """
    text, signatures = split_note(note)
    own = [s for s in signatures if (s.name, s.key_id) == (verifier.name, verifier.key_id)]
    if not own:
        raise UnknownSigner(f"no signature by {verifier.name}+{verifier.key_id.hex()}")
    for signature in own:
        verifier.verify(text.encode(), signature.signature)
    return text


def decode_base64(text: str) -> bytes:
    """Standard base64 in its one canonical spelling. Raises ValueError for any other."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as exc:
        raise ValueError("not base64") from exc
    if _encode(data) != text:
        raise ValueError("not canonical base64")
    return data


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _parse_signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        data = decode_base64(encoded)
    except ValueError as exc:
        raise MalformedNote("a signature is not base64") from exc
    if not line.startswith(_DASH) or not space or not _is_name(name) or len(data) <= KEY_ID_BYTES:
        raise MalformedNote("a line below the empty line is not a signature")
    return NoteSignature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def _parse_key(text: str) -> tuple[str, bytes, bytes]:
    """name+hex+base64 -> name, key id, 32 key bytes."""
    parts = text.split("+", 2)  # base64 may hold a plus itself
    if len(parts) != 3:
        raise MalformedKey("not a key of the form name+hash+base64")
    name, key_id, encoded = parts
    try:
        data = decode_base64(encoded)
        identifier = bytes.fromhex(key_id)
    except ValueError as exc:
        raise MalformedKey("the key's hash is not hex, or its bytes are not base64") from exc
    if len(identifier) != KEY_ID_BYTES or identifier.hex() != key_id:
        raise MalformedKey("the key's hash is not 8 lower-case hex digits")
    if len(data) != 1 + KEY_BYTES or data[:1] != _ED25519:
        raise MalformedKey("not an Ed25519 key")
    _check_name(name)
    return name, identifier, data[1:]


def _is_name(name: str) -> bool:
    return bool(name) and name.isprintable() and not any(c == "+" or c.isspace() for c in name)


def _check_name(name: str) -> None:
    if not _is_name(name):
        raise MalformedKey("a key's name is not empty and has no spaces, plus or control characters")


def _check_characters(text: str) -> None:
    """Signed notes are UTF-8 without control characters, newlines apart."""
    if any(c < " " and c != "\n" for c in text) or "\x7f" in text:
        raise MalformedNote("a control character")
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise MalformedNote("not UTF-8") from exc
