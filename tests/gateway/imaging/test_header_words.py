"""Names in a header come out with the pixels, and nothing else of the header does."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from gateway.imaging.decode import Limits, decode
from gateway.imaging.protocol import MAX_MESSAGE, MAX_WORDS, Decoded, parse_reply, reply_of
from gateway.imaging.sandbox import Sandbox
from tests.gateway.imaging.samples import save

PICTURE = Image.fromarray(np.full((16, 16, 3), 90, dtype=np.uint8))


def exif() -> Image.Exif:
    made = Image.Exif()
    made[0x010E] = "Chest of DOE^JANE, 1957-04-22"  # description
    made[0x013B] = "Dr. Keeper"  # artist
    made[0x9C9D] = "Özgür Müller".encode("utf-16-le") + b"\0\0"  # Windows' author
    made[0x010F] = "Acme Cameras"  # the camera's maker names nobody
    made.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0seen by Xyzzy"
    made.get_ifd(0x8769)[0xA430] = "Owner Name"
    return made


WORDS = {"chest", "doe", "jane", "ozgur", "muller", "keeper", "ascii", "seen", "xyzzy", "owner", "name"}


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_the_words_of_an_exif_header(name: str) -> None:
    data = save(PICTURE, name, exif=exif())
    assert decode(data, Limits()).words == WORDS
    with Sandbox() as sandbox:
        assert sandbox.decode(data).words == WORDS


def test_comments_and_text_chunks() -> None:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Author", "Jane Doe", zip=True)
    assert decode(save(PICTURE, "PNG", pnginfo=chunks), Limits()).words == {"jane", "doe"}
    assert decode(save(PICTURE, "JPEG", comment=b"Jane Doe"), Limits()).words == {"jane", "doe"}


def test_no_header_no_words() -> None:
    assert decode(save(PICTURE, "JPEG"), Limits()).words == frozenset()


def test_a_damaged_header_has_none_and_refuses_nothing() -> None:
    assert decode(save(PICTURE, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"), Limits()).words == frozenset()


def test_however_long_a_header_is_its_words_fit_into_one_message() -> None:
    made = Image.Exif()
    made[0x010E] = " ".join(f"{a}{b}{c}" for a in "abcdefghij" for b in "abcdefghij" for c in "abcdefghij")
    decoded = decode(save(PICTURE, "PNG", exif=made), Limits())
    words = " ".join(decoded.words)
    assert 0 < len(words) <= MAX_WORDS
    reply = Decoded(16, 16, decoded.format, True, words)
    assert len(reply_of(reply)) <= MAX_MESSAGE
    assert parse_reply(reply_of(reply), Limits()) == reply


def test_no_word_stands_in_what_is_printed_of_an_image() -> None:
    decoded = decode(save(PICTURE, "PNG", exif=exif()), Limits())
    assert "doe" not in repr(decoded).lower()
    assert "doe" not in repr(Decoded(1, 1, decoded.format, True, "doe"))
    assert "doe" in json.loads(reply_of(Decoded(1, 1, decoded.format, True, "doe")))
