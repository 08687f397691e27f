"""Data keys keep silent; wrapped keys say exactly what they are."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import EnvelopeError
from gateway.vault.keys import DataKey, WrappedKey

SECRET = b"\x5as-e-c-r-e-t-of-thirty-two-bytes"

tokens = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,199}", fullmatch=True)
wrapped_keys = st.builds(WrappedKey, tokens, tokens, st.binary(min_size=1, max_size=300))


@pytest.mark.parametrize("show", [repr, str, ascii, "{}".format, lambda key: f"{key!r:>40}"])
def test_a_data_key_shows_nothing_of_its_secret(show: Callable[[DataKey], str]) -> None:
    shown = show(DataKey(SECRET))
    assert "secret>" in shown
    assert "s-e-c" not in shown
    assert SECRET.hex()[:8] not in shown


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_data_key_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(DataKey(SECRET), protocol)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_data_key_is_not_copied(duplicate: Callable[[DataKey], DataKey]) -> None:
    with pytest.raises(TypeError, match="never pickled"):
        duplicate(DataKey(SECRET))


def test_a_data_key_has_no_dict_to_be_dumped_and_no_hash_to_be_looked_up_by() -> None:
    key = DataKey(SECRET)
    assert not hasattr(key, "__dict__")
    with pytest.raises(TypeError, match="unhashable"):
        hash(key)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_data_key_has_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        DataKey(bytes(length))


def test_data_keys_are_equal_by_their_secret() -> None:
    assert DataKey(SECRET) == DataKey(SECRET)
    assert DataKey(SECRET) != DataKey(bytes(32))
    assert DataKey(SECRET) != SECRET


def test_generated_data_keys_come_from_the_given_source_and_differ_by_default() -> None:
    assert DataKey.generate(bytes) == DataKey(bytes(32))
    assert len({DataKey.generate().expose() for _ in range(100)}) == 100


@given(wrapped_keys)
def test_parsing_inverts_the_stored_form(wrapped: WrappedKey) -> None:
    assert WrappedKey.parse(wrapped.to_bytes()) == wrapped


@given(wrapped_keys, st.data())
def test_a_stored_wrapped_key_that_is_cut_short_is_refused(wrapped: WrappedKey, data: st.DataObject) -> None:
    stored = wrapped.to_bytes()
    end = data.draw(st.integers(0, len(stored) - 1))
    with pytest.raises(EnvelopeError):
        WrappedKey.parse(stored[:end])


@given(wrapped_keys, st.binary(min_size=1, max_size=8))
def test_a_stored_wrapped_key_has_nothing_behind_it(wrapped: WrappedKey, tail: bytes) -> None:
    with pytest.raises(EnvelopeError, match="followed"):
        WrappedKey.parse(wrapped.to_bytes() + tail)


@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda rest: b"PGWK\x01" + rest))
def test_any_bytes_are_refused_or_are_the_stored_form_of_what_they_parse_to(data: bytes) -> None:
    try:
        wrapped = WrappedKey.parse(data)
    except EnvelopeError:
        return
    assert wrapped.to_bytes() == data


@pytest.mark.parametrize(
    ("key_id", "algorithm", "ciphertext"),
    [
        ("", "a", b"x"),
        ("a", "", b"x"),
        ("a", "a", b""),
        ("ä", "a", b"x"),
        ("a b", "a", b"x"),
        ("a", "a", bytes(4097)),
    ],
)
def test_a_wrapped_key_of_other_parts_is_refused(key_id: str, algorithm: str, ciphertext: bytes) -> None:
    with pytest.raises(ValueError, match=r"ASCII tokens|bytes of ciphertext"):
        WrappedKey(key_id, algorithm, ciphertext)
