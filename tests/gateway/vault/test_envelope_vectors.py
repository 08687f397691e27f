"""The published vectors: our sealer writes them, our opener answers each with the failure it names."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import EnvelopeError, KeyringError
from gateway.vault.envelope import EnvelopeContext, NotOpened, OpenFailure, open_sealed, seal
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import DataKey, WrappedKey
from tests.vectors import make_envelope_vectors as maker

STORED = {path.stem.removeprefix("envelope-"): path for path in maker.FOLDER.glob("envelope-*.json")}


def load(name: str) -> dict[str, Any]:
    vector: dict[str, Any] = json.loads(STORED[name].read_text(encoding="ascii"))
    return vector


def names(kind: str) -> list[str]:
    return sorted(name for name in STORED if load(name)["format"] == kind)


@cache
def made_again() -> dict[str, dict[str, object]]:
    return maker.vectors()


def plaintext_of(vector: dict[str, Any]) -> bytes:
    recipe = vector["plaintext"]
    return maker.fill(bytes.fromhex(recipe["repeated_hex"]), recipe["bytes"])


def context_of(side: dict[str, str]) -> EnvelopeContext:
    return EnvelopeContext(side["purpose"], side["object_id"])


def sealed_by_us(vector: dict[str, Any]) -> bytes:
    """Our own sealing of the vector's plaintext, with its edits applied."""
    side = vector["seal_with"]
    key, salt = DataKey(bytes.fromhex(side["data_key"])), bytes.fromhex(side["salt"])
    sealed = seal(plaintext_of(vector), key, context_of(side), random_bytes=lambda _: salt)
    for edit in vector["edits"]:
        sealed = maker.apply_edit(sealed, edit)
    return sealed


def test_the_stored_vectors_are_those_the_script_makes() -> None:
    assert {name: maker.render(vector) for name, vector in made_again().items()} == {
        name: path.read_text(encoding="ascii") for name, path in STORED.items()
    }


def test_every_failure_of_the_format_has_a_vector() -> None:
    expected = {load(name)["expected"] for name in names("sealed object 1")}
    assert expected == {"opens", *OpenFailure}


@pytest.mark.parametrize("name", names("sealed object 1"))
def test_our_sealer_writes_the_vectors_bytes(name: str) -> None:
    vector = load(name)
    sealed = sealed_by_us(vector)
    assert len(sealed) == vector["sealed"]["bytes"]
    assert hashlib.sha256(sealed).hexdigest() == vector["sealed"]["sha256"]
    assert sealed.hex() == vector.get("sealed_hex", sealed.hex())


@pytest.mark.parametrize("name", names("sealed object 1"))
def test_our_opener_answers_as_the_vector_says(name: str) -> None:
    vector = load(name)
    side = vector["open_with"]
    key, context = DataKey(bytes.fromhex(side["data_key"])), context_of(side)
    if vector["expected"] == "opens":
        assert open_sealed(sealed_by_us(vector), key, context) == plaintext_of(vector)
        return
    with pytest.raises(NotOpened) as caught:
        open_sealed(sealed_by_us(vector), key, context)
    assert caught.value.failure == vector["expected"]


def keyring_holding(folder: Path, key: dict[str, str]) -> Path:
    """A keyring file written as FORMAT.md describes it, by hand."""
    folder.mkdir(mode=0o700)
    entry = {
        "id": key["id"],
        "key": base64.b64encode(bytes.fromhex(key["key"])).decode("ascii"),
        "created": "2026-03-01T09:30:00+00:00",
        "active": True,
    }
    path = folder / "originals.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"version": 1, "purpose": "originals", "keys": [entry]}), encoding="ascii")
    return folder


@pytest.mark.parametrize("name", names("wrapped key 1"))
def test_the_local_keyring_answers_as_the_vector_says(name: str, tmp_path: Path) -> None:
    vector = load(name)
    provider = LocalKeyring.open(keyring_holding(tmp_path / "keys", vector["keyring"]), KeyPurpose.ORIGINALS)
    context = context_of(vector["open_with"]).to_bytes()

    def unwrap() -> DataKey:
        return provider.unwrap(WrappedKey.parse(bytes.fromhex(vector["wrapped_hex"])), context)

    match vector["expected"]:
        case "opens":
            assert unwrap() == DataKey(bytes.fromhex(vector["data_key"]))
        case "KeyringError":
            with pytest.raises(KeyringError):
                unwrap()
        case "EnvelopeError":
            with pytest.raises(EnvelopeError):
                unwrap()
        case unknown:
            pytest.fail(f"no such outcome: {unknown}")
