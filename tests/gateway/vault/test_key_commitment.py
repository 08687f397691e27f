"""The attack that the key commitment answers, carried out: one ciphertext that two keys authenticate."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.vault.envelope import EnvelopeContext, NotOpened, OpenFailure, open_sealed
from gateway.vault.keys import DataKey
from tests.vectors import make_envelope_vectors as stranger

ONE, TWO = DataKey(bytes(range(32))), DataKey(bytes(range(1, 33)))
CONTEXT = EnvelopeContext("copy", "copy-1")
SALT = bytes(32)
NONCE = bytes(11) + b"\x01"  # chunk 0, which is the last
LENGTHS = 128  # GHASH's last block: no associated data, 128 bits of ciphertext


def multiply(x: int, y: int) -> int:
    """In GF(2^128) as GCM numbers its bits: the most significant is the power 0 (NIST SP 800-38D, 6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = (y >> 1) ^ (0xE1 << 120 if y & 1 else 0)
    return product


def inverse(x: int) -> int:
    """x to the power 2^128 - 2."""
    result = 1 << 127
    for _ in range(127):
        x = multiply(x, x)
        result = multiply(result, x)
    return result


def encrypt_block(key: bytes, block: bytes) -> int:
    """AES of one block, as the first block of a counter stream that begins there."""
    stream = Cipher(algorithms.AES(key), modes.CTR(block)).encryptor()
    return int.from_bytes(stream.update(bytes(16)), "big")


def two_faced(one: bytes, two: bytes) -> bytes:
    """One ciphertext block and its tag, valid under both AES keys: the tags' equation solved."""
    h1, h2 = (encrypt_block(key, bytes(16)) for key in (one, two))
    mask1, mask2 = (encrypt_block(key, NONCE + b"\x00\x00\x00\x01") for key in (one, two))
    right = multiply(LENGTHS, h1) ^ multiply(LENGTHS, h2) ^ mask1 ^ mask2
    block = multiply(right, inverse(multiply(h1, h1) ^ multiply(h2, h2)))
    tag = multiply(block, multiply(h1, h1)) ^ multiply(LENGTHS, h1) ^ mask1
    return block.to_bytes(16, "big") + tag.to_bytes(16, "big")


def test_a_two_faced_ciphertext_opens_under_the_committed_key_only() -> None:
    bound = stranger.context(CONTEXT.purpose, CONTEXT.object_id)
    aes_one, commitment = stranger.derive(ONE.expose(), SALT, bound)
    aes_two, _ = stranger.derive(TWO.expose(), SALT, bound)
    chunk = two_faced(aes_one, aes_two)
    # The positive control: bare AES-GCM accepts it under both keys, as two different plaintexts.
    first, second = (AESGCM(key).decrypt(NONCE, chunk, None) for key in (aes_one, aes_two))
    assert first != second

    sealed = b"PGSEALED\x01" + SALT + commitment + chunk
    assert open_sealed(sealed, ONE, CONTEXT) == first
    with pytest.raises(NotOpened) as caught:
        open_sealed(sealed, TWO, CONTEXT)
    assert caught.value.failure is OpenFailure.COMMITMENT
