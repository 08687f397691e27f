"""Makes envelope-*.json again: `python -m tests.vectors.make_envelope_vectors`.

Written from gateway/vault/FORMAT.md alone, with HMAC and AES-GCM and none of our own code, so that the
vectors are a second opinion and not an echo. A sealed object of more than one chunk is megabytes, so a vector
gives the recipe (key, salt, context, plaintext, then edits to the sealed bytes) and the outcome's SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FOLDER = Path(__file__).parent
MIB = 1_048_576
HEADER = 73
SHOWN_WHOLE = 512  # bytes; a longer sealed object is given by its digest

DATA_KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
SALT = bytes(range(64, 96))
KEK = bytes(range(128, 160))
OTHER_KEK = bytes(range(160, 192))
NONCE = bytes(range(12))
KEY_ID = "originals-00112233445566ff"
PURPOSE, OBJECT_ID = "original", "asset-000102030405060708"

Edit = Mapping[str, Any]


def context(purpose: str, object_id: str) -> bytes:
    return bytes([len(purpose)]) + purpose.encode() + bytes([len(object_id)]) + object_id.encode()


def derive(data_key: bytes, salt: bytes, bound: bytes) -> tuple[bytes, bytes]:
    """HKDF-SHA256 by hand: AES key and commitment are its first and second block."""
    pseudo_random_key = hmac.digest(salt, data_key, "sha256")
    info = b"privgate sealed v1" + bound
    first = hmac.digest(pseudo_random_key, info + b"\x01", "sha256")
    return first, hmac.digest(pseudo_random_key, first + info + b"\x02", "sha256")


def seal_chunk(aes_key: bytes, number: int, chunk: bytes, *, last: bool) -> bytes:
    return AESGCM(aes_key).encrypt(bytes(7) + number.to_bytes(4, "big") + bytes([last]), chunk, None)


def seal(data_key: bytes, salt: bytes, bound: bytes, plaintext: bytes) -> bytes:
    aes_key, commitment = derive(data_key, salt, bound)
    chunks = [plaintext[at : at + MIB] for at in range(0, len(plaintext), MIB)] or [b""]
    sealed = [seal_chunk(aes_key, n, chunk, last=n == len(chunks) - 1) for n, chunk in enumerate(chunks)]
    return b"PGSEALED\x01" + salt + commitment + b"".join(sealed)


def fill(pattern: bytes, length: int) -> bytes:
    """`pattern` over and over, cut at `length` bytes."""
    return (pattern * (length // len(pattern) + 1))[:length]


def apply_edit(sealed: bytes, edit: Edit) -> bytes:
    match edit["edit"]:
        case "xor":
            at = edit["offset"]
            return sealed[:at] + bytes([sealed[at] ^ edit["value"]]) + sealed[at + 1 :]
        case "swap":  # two pieces of one length, the first before the second
            first, second, size = edit["first"], edit["second"], edit["bytes"]
            one, two = sealed[first : first + size], sealed[second : second + size]
            return sealed[:first] + two + sealed[first + size : second] + one + sealed[second + size :]
        case "remove":
            return sealed[: edit["offset"]] + sealed[edit["offset"] + edit["bytes"] :]
        case "append":
            return sealed + bytes.fromhex(edit["hex"])
        case unknown:
            raise ValueError(f"no such edit: {unknown}")


def sealed_vector(
    what: str,
    length: int,
    *,
    edits: Sequence[Edit] = (),
    expected: str = "opens",
    **open_with: str,
) -> dict[str, object]:
    """open_with: data_key, purpose or object_id, where the reader holds another than the writer."""
    pattern = bytes.fromhex("89504e470d0a1a0a00")
    sealed = seal(DATA_KEY, SALT, context(PURPOSE, OBJECT_ID), fill(pattern, length))
    for edit in edits:
        sealed = apply_edit(sealed, edit)
    right = {"data_key": DATA_KEY.hex(), "purpose": PURPOSE, "object_id": OBJECT_ID}
    vector: dict[str, object] = {
        "format": "sealed object 1",
        "what": what,
        "seal_with": right | {"salt": SALT.hex()},
        "plaintext": {"repeated_hex": pattern.hex(), "bytes": length},
        "edits": list(edits),
        "sealed": {"bytes": len(sealed), "sha256": hashlib.sha256(sealed).hexdigest()},
        "open_with": right | open_with,
        "expected": expected,
    }
    if len(sealed) <= SHOWN_WHOLE:
        vector["sealed_hex"] = sealed.hex()
    return vector


def wrapped_vector(
    what: str, *, flip: int | None = None, purpose: str = PURPOSE, kek: bytes = KEK, expected: str = "opens"
) -> dict[str, object]:
    """flip: offset of a byte to change in the stored form, from its end where negative."""
    key_id, algorithm, bound = KEY_ID.encode(), b"local-aes-256-gcm-1", context(PURPOSE, OBJECT_ID)
    aad = b"privgate wrapped key v1" + bytes([len(key_id)]) + key_id + bound
    inner = NONCE + AESGCM(KEK).encrypt(NONCE, DATA_KEY, aad)
    stored = bytearray(b"PGWK\x01" + bytes([len(algorithm)]) + algorithm + bytes([len(key_id)]) + key_id)
    stored += len(inner).to_bytes(2, "big") + inner
    if flip is not None:
        stored[flip] ^= 1
    return {
        "format": "wrapped key 1",
        "what": what,
        "data_key": DATA_KEY.hex(),
        "keyring": {"id": KEY_ID, "key": kek.hex()},
        "open_with": {"purpose": purpose, "object_id": OBJECT_ID},
        "wrapped_hex": stored.hex(),
        "expected": expected,
    }


def _xor(offset: int, value: int = 1) -> list[Edit]:
    return [{"edit": "xor", "offset": offset, "value": value}]


def vectors() -> dict[str, dict[str, object]]:
    """Every vector by its file's name, without the prefix and the suffix."""
    size, three = MIB + 16, 2 * MIB + 5  # a whole sealed chunk; a plaintext of three chunks
    commitment, chunk = "envelope.commitment", "envelope.chunk"
    swap = {"edit": "swap", "first": HEADER, "second": HEADER + size, "bytes": size}
    drop_last = {"edit": "remove", "offset": HEADER + 2 * size, "bytes": 21}
    drop_first = {"edit": "remove", "offset": HEADER, "bytes": size}
    cut_chunk = {"edit": "remove", "offset": HEADER + size + 1000, "bytes": three}
    cut_tag = {"edit": "remove", "offset": HEADER + 15, "bytes": 100}
    cut_header = {"edit": "remove", "offset": HEADER - 1, "bytes": 100}
    no_chunk = {"edit": "remove", "offset": HEADER, "bytes": 100}
    return {
        "good-empty": sealed_vector("no plaintext: one empty chunk", 0),
        "good-short": sealed_vector("one short chunk", 40),
        "good-one-chunk": sealed_vector("exactly 1 MiB: one chunk, no empty one behind it", MIB),
        "good-one-chunk-and-a-byte": sealed_vector("1 MiB and one byte: two chunks", MIB + 1),
        "good-three-chunks": sealed_vector("three chunks, the last one short", three),
        "wrong-magic": sealed_vector("first byte changed", 40, edits=_xor(0), expected="envelope.not_sealed"),
        "truncated-header": sealed_vector(
            "cut within the header", 40, edits=[cut_header], expected="envelope.not_sealed"
        ),
        "wrong-version": sealed_vector(
            "version 2, which is not known", 40, edits=_xor(8, 3), expected="envelope.version"
        ),
        "flipped-salt": sealed_vector("one bit of the salt", 40, edits=_xor(9), expected=commitment),
        "flipped-commitment": sealed_vector("one bit of it", 40, edits=_xor(72, 128), expected=commitment),
        "wrong-key": sealed_vector("another data key", 40, data_key=OTHER_KEY.hex(), expected=commitment),
        "wrong-context-purpose": sealed_vector(
            "the right object, as a copy", 40, purpose="copy", expected=commitment
        ),
        "wrong-context-object": sealed_vector(
            "moved to another object", 40, object_id="asset-000102030405060709", expected=commitment
        ),
        "flipped-chunk-byte": sealed_vector(
            "one bit in the second of three chunks", three, edits=_xor(HEADER + size + 7), expected=chunk
        ),
        "flipped-tag": sealed_vector("one bit of the tag", 40, edits=_xor(HEADER + 40 + 15), expected=chunk),
        "swapped-chunks": sealed_vector("first and second chunk", three, edits=[swap], expected=chunk),
        "dropped-first-chunk": sealed_vector("gone", three, edits=[drop_first], expected=chunk),
        "dropped-last-chunk": sealed_vector(
            "cut between the second and the last chunk", three, edits=[drop_last], expected=chunk
        ),
        "truncated-mid-chunk": sealed_vector(
            "cut within the second chunk", three, edits=[cut_chunk], expected=chunk
        ),
        "truncated-mid-tag": sealed_vector(
            "fewer bytes than one tag", 40, edits=[cut_tag], expected="envelope.length"
        ),
        "no-chunk": sealed_vector("a bare header", 40, edits=[no_chunk], expected="envelope.length"),
        "trailing-bytes": sealed_vector(
            "one byte behind the last chunk", 40, edits=[{"edit": "append", "hex": "00"}], expected=chunk
        ),
        "trailing-bytes-after-whole-chunk": sealed_vector(
            "sixteen bytes behind a last chunk of 1 MiB: an empty chunk, which no sealing appends",
            MIB,
            edits=[{"edit": "append", "hex": "00" * 16}],
            expected="envelope.length",
        ),
        "wrapped-key-good": wrapped_vector("the data key comes back"),
        "wrapped-key-flipped-tag": wrapped_vector("last bit", flip=-1, expected="EnvelopeError"),
        "wrapped-key-wrong-magic": wrapped_vector("first byte", flip=0, expected="EnvelopeError"),
        "wrapped-key-wrong-version": wrapped_vector("version 0", flip=4, expected="EnvelopeError"),
        "wrapped-key-wrong-context": wrapped_vector("a copy's", purpose="copy", expected="EnvelopeError"),
        "wrapped-key-wrong-kek": wrapped_vector("same id", kek=OTHER_KEK, expected="EnvelopeError"),
        "wrapped-key-unknown-kek": wrapped_vector(
            "an id that the keyring lacks", flip=5 + 1 + 19 + 1 + 25, expected="KeyringError"
        ),
    }


def render(vector: Mapping[str, object]) -> str:
    return json.dumps(vector, indent=2) + "\n"


if __name__ == "__main__":
    for name, vector in vectors().items():
        (FOLDER / f"envelope-{name}.json").write_text(render(vector), encoding="ascii")
