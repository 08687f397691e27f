"""A decoder process that has been taken over may answer anything; none of it gets past the parser."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.imaging.image import ImageFormat, Limits
from gateway.imaging.protocol import Decoded, ProtocolError, Setup, parse_reply, reply_of
from gateway.imaging.refusals import Refused

LIMITS = Limits(max_pixels=1_000_000, max_side=2000)


def test_pixels_and_refusals_survive_the_way() -> None:
    decoded = Decoded(20, 30, ImageFormat.WEBP, True, "jane doe")
    assert parse_reply(reply_of(decoded), LIMITS) == decoded
    refused = parse_reply(reply_of(Refused("limit.pixels", 5, 6, 7)), LIMITS)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.numbers) == ("limit.pixels", (5, 6, 7))


@pytest.mark.parametrize(
    "reply",
    [
        [],
        {},
        None,
        ["decoded"],
        ["decoded", 0, 10, "png", True, "", 1, []],
        ["decoded", -1, 10, "png", True, "", 1, []],
        ["decoded", 2001, 1, "png", True, "", 1, []],
        ["decoded", 1500, 1500, "png", True, "", 1, []],
        ["decoded", 10.0, 10, "png", True, "", 1, []],
        ["decoded", 10, 10, "exe", True, "", 1, []],
        ["decoded", 10, 10, "png", 1, "", 1, []],
        ["decoded", 10, 10, "png", True],
        ["decoded", 10, 10, "png", True, "", 1, [], "and more"],
        ["decoded", 10, 10, "png", True, "", 0, []],
        ["decoded", True, 10, "png", True, "", 1, []],
        ["decoded", 10, 10, "png", True, "", 1, ["x"]],
        ["decoded", 10, 10, "png", True, "", 2, [0, 80]],
        ["decoded", 10, 10, "png", True, "", 1, [0, -1]],
        ["decoded", 10, 10, "png", True, "not only letters: 7", 1, []],
        ["decoded", 10, 10, "png", True, "a" * 2_001, 1, []],
        ["decoded", 10, 10, "png", True, ["a"], 1, []],
        ["refused", "no.such.code"],
        ["refused", "the patient's name"],
        ["refused", "limit.pixels"],
        ["refused", "limit.pixels", "a", "patient's", "name"],
        ["refused", "decode.timeout", "a name"],
        ["refused", ["limit.pixels"], 1, 2, 3],
        ["refused", "limit.pixels", 10**900, 2, 3],
        ["refused", "limit.pixels", -(10**900), 2, 3],
        ["refused", "limit.pixels", 1e308, float("nan"), float("inf")],
        ["decoded", 10**900, 10, "png", True],
    ],
)
def test_anything_else_is_an_error(reply: object) -> None:
    with pytest.raises(ProtocolError):
        parse_reply(json.dumps(reply).encode(), LIMITS)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_error(message: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_reply(message, LIMITS)


def test_no_text_of_the_process_reaches_the_message() -> None:
    reply = json.dumps(["refused", "limit.bytes", 1, 2, "SECRET"]).encode()
    with pytest.raises(ProtocolError):
        parse_reply(reply, LIMITS)


def test_the_set_up_survives_the_command_line() -> None:
    setup = Setup(3, 4, 5, 6, Limits(timeout=1.5))
    assert Setup.parse(setup.to_argument()) == setup
