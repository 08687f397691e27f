"""The envelope's laws: what is sealed opens whole, with its key and for its object, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.vault import envelope
from gateway.vault.envelope import (
    CHUNK_BYTES,
    HEADER_BYTES,
    TAG_BYTES,
    EnvelopeContext,
    NotOpened,
    OpenFailure,
    Sealer,
    open_sealed,
    seal,
    seal_stream,
)
from gateway.vault.keys import DataKey
from tests.vectors import make_envelope_vectors as stranger

KEY = DataKey(bytes(range(32)))
CONTEXT = EnvelopeContext("original", "asset-1")
BOUNDARIES = sorted({max(n * CHUNK_BYTES + d, 0) for n in (0, 1, 2) for d in (-1, 0, 1)})

keys = st.binary(min_size=32, max_size=32).map(DataKey)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,40}", fullmatch=True)
purposes = st.from_regex(r"[a-z][a-z0-9._-]{0,20}", fullmatch=True)
contexts = st.builds(EnvelopeContext, purposes, ids)
# Around the real chunk size: the length is drawn near a multiple of it, the bytes repeat a drawn pattern.
lengths = st.builds(
    lambda chunks, more: max(chunks * CHUNK_BYTES + more, 0), st.integers(0, 2), st.integers(-40, 40)
)
patterns = st.binary(min_size=1, max_size=64)


def failure_of(sealed: bytes, key: DataKey = KEY, context: EnvelopeContext = CONTEXT) -> OpenFailure:
    with pytest.raises(NotOpened) as caught:
        open_sealed(sealed, key, context)
    return caught.value.failure


@given(st.binary(max_size=4096), keys, contexts)
def test_opening_inverts_sealing(plaintext: bytes, key: DataKey, context: EnvelopeContext) -> None:
    assert open_sealed(seal(plaintext, key, context), key, context) == plaintext


@settings(max_examples=30, deadline=None)
@given(patterns, lengths)
def test_opening_inverts_sealing_around_the_chunk_boundaries(pattern: bytes, length: int) -> None:
    plaintext = stranger.fill(pattern, length)
    assert open_sealed(seal(plaintext, KEY, CONTEXT), KEY, CONTEXT) == plaintext


@pytest.mark.parametrize("length", BOUNDARIES)
def test_a_sealed_object_has_the_length_that_the_format_states(length: int) -> None:
    chunks = max(1, -(-length // CHUNK_BYTES))
    sealed = seal(bytes(length), KEY, CONTEXT)
    assert len(sealed) == HEADER_BYTES + length + chunks * TAG_BYTES


@pytest.mark.parametrize("length", BOUNDARIES)
def test_a_writer_made_from_the_format_description_agrees(length: int) -> None:
    plaintext, salt = stranger.fill(b"\xff\xd8pattern", length), bytes(range(32))
    theirs = stranger.seal(KEY.expose(), salt, stranger.context("original", "asset-1"), plaintext)
    assert seal(plaintext, KEY, CONTEXT, random_bytes=lambda _: salt) == theirs


@settings(max_examples=40, deadline=None)
@given(patterns, lengths, st.data())
def test_however_the_stream_is_cut_the_sealed_bytes_are_the_same(
    pattern: bytes, length: int, data: st.DataObject
) -> None:
    plaintext = stranger.fill(pattern, length)
    near = [at for n in range(3) for at in (n * CHUNK_BYTES - 1, n * CHUNK_BYTES, n * CHUNK_BYTES + 1)]
    cut = st.one_of(st.integers(0, length), st.sampled_from([min(max(at, 0), length) for at in near]))
    cuts = [0, *sorted(data.draw(st.lists(cut, max_size=6))), length]
    pieces = [plaintext[start:end] for start, end in pairwise(cuts)]
    streamed = b"".join(seal_stream(pieces, KEY, CONTEXT, random_bytes=bytes))
    assert streamed == seal(plaintext, KEY, CONTEXT, random_bytes=bytes)


def test_a_sealer_holds_back_no_more_than_one_chunk() -> None:
    sealer, piece = Sealer(KEY, CONTEXT), bytes(300_000)
    given_in = given_out = 0
    for _ in range(20):
        given_out += len(sealer.update(piece))
        given_in += len(piece)
        assert given_in - given_out <= CHUNK_BYTES


@given(st.binary(max_size=200), st.data())
def test_any_changed_byte_is_noticed(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(plaintext, KEY, CONTEXT))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    failure_of(bytes(sealed))


def test_every_single_byte_of_a_sealed_object_counts() -> None:
    sealed = seal(b"a face", KEY, CONTEXT)
    for at in range(len(sealed)):
        failure_of(sealed[:at] + bytes([sealed[at] ^ 0x80]) + sealed[at + 1 :])


def test_no_prefix_of_a_sealed_object_opens() -> None:
    sealed = seal(b"a face", KEY, CONTEXT)
    for end in range(len(sealed)):
        failure_of(sealed[:end])


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=40))
def test_nothing_may_follow_the_last_chunk(plaintext: bytes, tail: bytes) -> None:
    assert failure_of(seal(plaintext, KEY, CONTEXT) + tail) is OpenFailure.CHUNK


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_sealing_that_ends_in_a_needless_empty_chunk_is_refused_though_it_authenticates(
    chunks: int,
) -> None:
    """Made by somebody who holds the key: one plaintext has one length of sealing."""
    bound = stranger.context("original", "asset-1")
    aes_key, commitment = stranger.derive(KEY.expose(), bytes(32), bound)
    body = [stranger.seal_chunk(aes_key, n, bytes(CHUNK_BYTES), last=False) for n in range(chunks)]
    body.append(stranger.seal_chunk(aes_key, chunks, b"", last=True))
    sealed = b"PGSEALED\x01" + bytes(32) + commitment + b"".join(body)
    assert failure_of(sealed) is OpenFailure.LENGTH


@pytest.fixture
def no_decryption(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to decrypt ends the test."""

    class Undecrypting:
        def __init__(self, key: bytes) -> None:
            self.encrypt = AESGCM(key).encrypt

        def decrypt(self, *_: Any) -> bytes:
            raise AssertionError("plaintext was produced")

    monkeypatch.setattr(envelope, "AESGCM", Undecrypting)


@pytest.mark.usefixtures("no_decryption")
def test_a_wrong_key_fails_before_anything_is_decrypted() -> None:
    assert failure_of(seal(b"a face", KEY, CONTEXT), DataKey.generate()) is OpenFailure.COMMITMENT


@pytest.mark.usefixtures("no_decryption")
@pytest.mark.parametrize(
    "other", [EnvelopeContext("copy", "asset-1"), EnvelopeContext("original", "asset-2")], ids=str
)
def test_another_object_fails_before_anything_is_decrypted(other: EnvelopeContext) -> None:
    assert failure_of(seal(b"a face", KEY, CONTEXT), context=other) is OpenFailure.COMMITMENT


def test_two_sealings_of_one_object_share_nothing_but_magic_and_version() -> None:
    one, two = (seal(bytes(64), KEY, CONTEXT) for _ in range(2))
    assert one[:9] == two[:9]
    assert sum(a == b for a, b in zip(one[9:], two[9:], strict=True)) < 16  # of 144; 0.6 expected by chance


def test_a_stream_that_breaks_off_never_opens() -> None:
    def breaks_off() -> Iterator[bytes]:
        yield bytes(3 * CHUNK_BYTES)
        raise ConnectionError

    out: list[bytes] = []
    with pytest.raises(ConnectionError):
        out.extend(seal_stream(breaks_off(), KEY, CONTEXT))
    assert len(out) == 1  # the header and two whole chunks
    assert failure_of(out[0]) is OpenFailure.CHUNK


def test_a_sealer_is_used_for_one_object_only() -> None:
    sealer = Sealer(KEY, CONTEXT)
    sealer.finish()
    with pytest.raises(ValueError, match="finished"):
        sealer.update(b"another object")
    with pytest.raises(ValueError, match="finished"):
        sealer.finish()


@given(contexts, contexts)
@example(EnvelopeContext("ab", "c"), EnvelopeContext("a", "bc"))
@example(CONTEXT, EnvelopeContext("original", "asset-1"))
def test_two_contexts_never_have_one_encoding(one: EnvelopeContext, two: EnvelopeContext) -> None:
    assert (one.to_bytes() == two.to_bytes()) == (one == two)


@pytest.mark.parametrize(
    ("purpose", "object_id"),
    [
        ("", "a"),
        ("Original", "a"),
        ("original", ""),
        ("original", "a/b"),
        ("o" * 64, "a"),
        ("o", "a" * 201),
        ("o\n", "a"),
    ],
)
def test_a_context_of_other_characters_is_refused(purpose: str, object_id: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        EnvelopeContext(purpose, object_id)
