"""What every KeyProvider promises. A new provider joins by a name and a way to make it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import EnvelopeError, KeyringError
from gateway.vault.envelope import EnvelopeContext
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import DataKey, KeyProvider, WrappedKey

CONTEXT = EnvelopeContext("original", "asset-1").to_bytes()
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def local(folder: Path) -> KeyProvider:
    LocalKeyring.create(folder)
    return LocalKeyring.open(folder, KeyPurpose.ORIGINALS)


def local_after_rotation(folder: Path) -> KeyProvider:
    LocalKeyring.create(folder)
    LocalKeyring.add_key(folder, KeyPurpose.ORIGINALS)
    return LocalKeyring.open(folder, KeyPurpose.ORIGINALS)


@pytest.fixture(params=[local, local_after_rotation], ids=lambda make: make.__name__)
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> KeyProvider:
    make: Callable[[Path], KeyProvider] = request.param
    return make(tmp_path / "keys")


@SHARED
@given(secret=st.binary(min_size=32, max_size=32), context=st.binary(max_size=300))
def test_unwrapping_inverts_wrapping(provider: KeyProvider, secret: bytes, context: bytes) -> None:
    assert provider.unwrap(provider.wrap(DataKey(secret), context), context) == DataKey(secret)


def test_a_wrapped_key_names_the_active_kek(provider: KeyProvider) -> None:
    assert provider.wrap(DataKey.generate(), CONTEXT).key_id == provider.key_id


def test_a_wrapped_key_survives_its_stored_form(provider: KeyProvider) -> None:
    data_key = DataKey.generate()
    stored = provider.wrap(data_key, CONTEXT).to_bytes()
    assert provider.unwrap(WrappedKey.parse(stored), CONTEXT) == data_key


def test_a_wrapped_key_does_not_hold_the_data_key(provider: KeyProvider) -> None:
    data_key = DataKey.generate()
    assert data_key.expose() not in provider.wrap(data_key, CONTEXT).to_bytes()


def test_wrapping_twice_gives_two_ciphertexts(provider: KeyProvider) -> None:
    data_key = DataKey.generate()
    assert provider.wrap(data_key, CONTEXT).ciphertext != provider.wrap(data_key, CONTEXT).ciphertext


def test_another_objects_context_does_not_unwrap(provider: KeyProvider) -> None:
    wrapped = provider.wrap(DataKey.generate(), CONTEXT)
    for other in (EnvelopeContext("original", "asset-2"), EnvelopeContext("copy", "asset-1")):
        with pytest.raises(EnvelopeError):
            provider.unwrap(wrapped, other.to_bytes())


def test_any_altered_byte_of_the_ciphertext_is_noticed(provider: KeyProvider) -> None:
    wrapped = provider.wrap(DataKey.generate(), CONTEXT)
    for at in range(len(wrapped.ciphertext)):
        altered = bytearray(wrapped.ciphertext)
        altered[at] ^= 1
        with pytest.raises(EnvelopeError):
            provider.unwrap(replace(wrapped, ciphertext=bytes(altered)), CONTEXT)


def test_an_unknown_kek_is_named(provider: KeyProvider) -> None:
    wrapped = replace(provider.wrap(DataKey.generate(), CONTEXT), key_id="lost-key")
    with pytest.raises(KeyringError, match="lost-key"):
        provider.unwrap(wrapped, CONTEXT)


def test_rewrapping_keeps_the_data_key_and_its_context(provider: KeyProvider) -> None:
    data_key = DataKey.generate()
    again = provider.rewrap(provider.wrap(data_key, CONTEXT), CONTEXT)
    assert again.key_id == provider.key_id
    assert provider.unwrap(again, CONTEXT) == data_key
    with pytest.raises(EnvelopeError):
        provider.rewrap(again, b"another object")
