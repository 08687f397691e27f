"""A checkpoint is three lines in one spelling, and opens only with the key of its own log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import errors
from audit.checkpoint import MAX_SIZE, Checkpoint, CheckpointSigner, open_note, sign
from audit.merkle import EMPTY_ROOT
from audit.note import sign_note

SIGNER = CheckpointSigner("privgate.test/log", bytes(range(32)))
EMPTY = Checkpoint("privgate.test/log", 0, EMPTY_ROOT)
EMPTY_TEXT = "privgate.test/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"

origins = st.text(min_size=1).filter(str.isprintable)
checkpoints = st.builds(Checkpoint, origins, st.integers(0, MAX_SIZE), st.binary(min_size=32, max_size=32))


def test_the_text_is_the_specified_one() -> None:
    assert EMPTY.to_text() == EMPTY_TEXT


@given(checkpoints)
def test_parse_inverts_to_text(checkpoint: Checkpoint) -> None:
    assert Checkpoint.parse(checkpoint.to_text()) == checkpoint


@given(st.text() | st.text(alphabet="ab0 1\n=").map(lambda s: s + EMPTY_TEXT[-45:]))
def test_whatever_parses_is_its_own_text(text: str) -> None:
    try:
        checkpoint = Checkpoint.parse(text)
    except errors.MalformedCheckpoint:
        return
    assert checkpoint.to_text() == text


@given(st.integers(0, MAX_SIZE), st.binary(min_size=32, max_size=32))
def test_open_inverts_sign(size: int, root: bytes) -> None:
    checkpoint = Checkpoint("privgate.test/log", size, root)
    assert open_note(sign(checkpoint, SIGNER), SIGNER.verifier) == checkpoint


def test_signing_again_gives_the_same_note() -> None:
    assert sign(EMPTY, SIGNER) == sign(EMPTY, SIGNER)


MALFORMED = {
    "no root": "privgate.test/log\n0\n",
    "no last newline": EMPTY_TEXT[:-1],
    "a further line": EMPTY_TEXT + "more\n",
    "an empty origin": EMPTY_TEXT.replace("privgate.test/log", ""),
    "a control character": EMPTY_TEXT.replace("privgate", "priv\tgate"),
    "a leading zero": EMPTY_TEXT.replace("\n0\n", "\n00\n"),
    "a sign": EMPTY_TEXT.replace("\n0\n", "\n-1\n"),
    "a plus": EMPTY_TEXT.replace("\n0\n", "\n+1\n"),
    "other digits": EMPTY_TEXT.replace("\n0\n", "\n٣\n"),
    "a size beyond 64 bits": EMPTY_TEXT.replace("\n0\n", f"\n{MAX_SIZE + 1}\n"),
    "a short root": EMPTY_TEXT.replace("47DE", ""),
    "base64 with spare bits": EMPTY_TEXT.replace("uFU=", "uFV="),
    "base64 without padding": EMPTY_TEXT.replace("uFU=", "uFU"),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(errors.MalformedCheckpoint):
        Checkpoint.parse(text)


def test_a_key_signs_for_its_own_log_only() -> None:
    with pytest.raises(errors.WrongOrigin):
        sign(Checkpoint("another.test/log", 0, EMPTY_ROOT), SIGNER)


def test_a_checkpoint_of_another_log_does_not_open_though_the_key_signed_it() -> None:
    note = sign_note(Checkpoint("another.test/log", 0, EMPTY_ROOT).to_text(), SIGNER)
    with pytest.raises(errors.WrongOrigin):
        open_note(note, SIGNER.verifier)


def test_a_signed_text_that_is_no_checkpoint_does_not_open() -> None:
    with pytest.raises(errors.MalformedCheckpoint):
        open_note(sign_note("hello\n", SIGNER), SIGNER.verifier)


def test_another_key_of_the_same_name_does_not_open_it() -> None:
    other = CheckpointSigner("privgate.test/log", bytes(32))
    with pytest.raises(errors.UnknownSigner):
        open_note(sign(EMPTY, SIGNER), other.verifier)
