"""Signed notes and keys are those of C2SP signed-note: the known example opens, and every mutation fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import errors
from audit.note import CheckpointSigner, CheckpointVerifier, sign_note, split_note, verify_note

VECTORS = sorted((Path(__file__).parents[1] / "vectors").glob("audit-note-*.json"))

# The example key and note of Go's golang.org/x/mod/sumdb/note, which C2SP signed-note describes.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_NOTE = (
    f"{GO_TEXT}\n\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

OWN = CheckpointSigner("privgate.test/log", bytes(range(32)))
OTHER = CheckpointSigner("witness.test", bytes(range(1, 33)))
texts = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))), min_size=1).map(
    lambda lines: "\n".join(lines) + "\n"
)


def test_the_known_note_opens_with_the_known_key() -> None:
    assert verify_note(GO_NOTE, CheckpointVerifier.parse(GO_KEY)) == GO_TEXT


def test_signing_the_known_text_gives_the_known_note() -> None:
    assert sign_note(GO_TEXT, CheckpointSigner.parse(GO_SECRET)) == GO_NOTE


@given(texts)
def test_verify_inverts_sign(text: str) -> None:
    assert verify_note(sign_note(text, OWN), OWN.verifier) == text


@given(st.binary(min_size=32, max_size=32))
def test_keys_survive_their_text_forms(seed: bytes) -> None:
    signer = CheckpointSigner("privgate.test/log", seed)
    assert CheckpointSigner.parse(signer.to_secret_text()).verifier == signer.verifier
    assert CheckpointVerifier.parse(signer.verifier.to_text() + "\n") == signer.verifier


def test_generated_keys_differ() -> None:
    assert CheckpointSigner.generate("a").verifier != CheckpointSigner.generate("a").verifier


def test_a_signer_does_not_show_its_secret() -> None:
    assert repr(OWN) == f"<CheckpointSigner privgate.test/log+{OWN.verifier.key_id.hex()}>"
    assert OWN.to_secret_text().rpartition("+")[2] not in repr(OWN)


def test_a_witness_signature_beside_the_logs_is_passed_over() -> None:
    _, _, witness = sign_note("a\n", OTHER).partition("\n\n")
    assert verify_note(sign_note("a\n", OWN) + witness, OWN.verifier) == "a\n"


def test_a_second_bad_signature_by_the_log_itself_is_not_passed_over() -> None:
    _, _, other_text = sign_note("b\n", OWN).partition("\n\n")
    with pytest.raises(errors.BadSignature):
        verify_note(sign_note("a\n", OWN) + other_text, OWN.verifier)


@pytest.mark.parametrize(
    "text", ["", "no newline", "a tab\t\n", "a return\r\n", "a delete\x7f\n", "\ud800\n"]
)
def test_texts_that_are_no_note_are_not_signed(text: str) -> None:
    with pytest.raises(errors.MalformedNote):
        sign_note(text, OWN)


BROKEN_KEYS: dict[str, Callable[[str], str]] = {
    "no parts": lambda key: key.replace("+", "-"),
    "another name": lambda key: key.replace("Peter", "Petra"),
    "a name with a space": lambda key: key.replace("Peter", "Pet er"),
    "another hash": lambda key: key.replace("c74f20a3", "c74f20a4"),
    "a hash in capitals": lambda key: key.replace("c74f20a3", "C74F20A3"),
    "a short hash": lambda key: key.replace("c74f20a3", "c74f20"),
    "a hash that is not hex": lambda key: key.replace("c74f20a3", "c74f20ax"),
    "another byte": lambda key: key[:-10] + ("A" if key[-10] != "A" else "B") + key[-9:],
    "another algorithm": lambda key: key.replace("a3+A", "a3+B"),
    "a key cut short": lambda key: key[:-4],
    "not base64": lambda key: key[:-1] + "*",
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("broken", BROKEN_KEYS.values(), ids=BROKEN_KEYS.keys())
def test_broken_keys_are_refused(broken: Callable[[str], str]) -> None:
    with pytest.raises(errors.MalformedKey):
        CheckpointVerifier.parse(broken(GO_KEY))
    with pytest.raises(errors.MalformedKey):
        CheckpointSigner.parse(broken(GO_SECRET))


def test_a_public_key_is_not_taken_for_a_private_one() -> None:
    with pytest.raises(errors.MalformedKey):
        CheckpointSigner.parse(GO_KEY)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_each_vector_ends_as_it_states(path: Path) -> None:
    vector = json.loads(path.read_text())
    verifier = CheckpointVerifier.parse(vector["key"])
    if vector["error"] is None:
        assert verify_note(vector["note"], verifier) == split_note(vector["note"])[0]
        return
    with pytest.raises(errors.NoteError) as failure:
        verify_note(vector["note"], verifier)
    assert type(failure.value).__name__ == vector["error"]


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 10
