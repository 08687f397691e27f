"""What is refused, and whether the sender learns what it was and what to do."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gateway.errors import InputRefused, UnsupportedFormat
from gateway.imaging.decode import Limits, decode
from gateway.imaging.formats import sniff
from gateway.imaging.image import ImageFormat
from gateway.imaging.refusals import REFUSALS, Refused
from tests.gateway.imaging.samples import DATA, save

PICTURE = Image.new("RGB", (8, 8), (10, 20, 30))


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("photo.jpg", b"content")
    return file.getvalue()


def boxes(brand: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + brand + bytes(4) + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body + bytes(64)


CASES = [
    ("format.ico", save(PICTURE, "ICO")),
    ("format.pnm", save(PICTURE, "PPM")),
    ("format.jpegxr", b"II\xbc\x01" + bytes(64)),
    ("format.qoi", b"qoif" + bytes(64)),
    ("format.dds", b"DDS " + bytes(64)),
    ("format.fits", b"SIMPLE  =                    T" + bytes(64)),
    ("format.djvu", b"AT&TFORM" + bytes(64)),
    ("format.postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
    ("frames.multiple", boxes(b"hevc", b"heic")),
    ("frames.multiple", boxes(b"avis", b"avif")),
    ("format.raw", boxes(b"crx ", b"isom")),
    ("format.raw", b"II*\x00\x10\x00\x00\x00CR\x02\x00" + bytes(64)),
    ("format.raw", b"IIRO\x08\x00\x00\x00" + bytes(64)),
    ("format.raw", b"IIU\x00\x18\x00\x00\x00" + bytes(64)),
    ("format.raw", b"FUJIFILMCCD-RAW 0201" + bytes(64)),
    ("format.video", boxes(b"isom", b"mp42")),
    ("format.video", boxes(b"qt  ")),
    ("format.video", b"RIFF\x40\x00\x00\x00AVI LIST" + bytes(64)),
    ("format.video", b"\x1aE\xdf\xa3" + bytes(64)),
    ("format.video", bytes.fromhex("000001ba") + bytes(64)),
    ("format.video", bytes(4) + b"moov" + bytes(64)),
    ("format.video", b"OggS" + bytes(64)),
    ("format.video", (b"G" + bytes(187)) * 4),
    ("format.dicom", bytes(128) + b"DICM" + bytes(64)),
    ("format.dicom", b"II*\x00" + bytes(124) + b"DICM" + bytes(64)),
    ("format.dicom", b"\x08\x00\x05\x00\x0a\x00\x00\x00ISO_IR 100" + bytes(64)),
    ("format.pdf", b"%PDF-1.7\n" + bytes(64)),
    ("format.pdf", b"\n\n%PDF-1.4\n" + bytes(64)),
    ("format.archive", zipped()),
    ("format.archive", b"\x1f\x8b\x08" + bytes(64)),
    ("format.svg", b"<?xml version='1.0'?>\n<svg xmlns='x'/>"),
    ("format.html", b"<!DOCTYPE html><html><body>not found</body></html>"),
    ("format.text", b"BMW and other makes are on the list of plates that were seen on that day.\n"),
    ("format.text", b"ERROR 404: the photo is not here\n"),
    ("format.program", b"\x7fELF" + bytes(64)),
    ("format.psd", b"8BPS\x00\x01" + bytes(64)),
    ("format.jpegxl", b"\xff\x0a" + bytes(64)),
    ("format.jpeg2000", b"\xff\x4f\xff\x51" + bytes(64)),
    ("format.openexr", b"v/1\x01" + bytes(64)),
    ("format.unsupported", bytes(range(256))),
    ("format.unsupported", b"RIFF\x40\x00\x00\x00WAVE" + bytes(64)),
    ("format.unsupported", boxes(b"mif3", b"avif")),
    ("format.unsupported", boxes(b"j2ki", b"mif1")),
    ("file.empty", b""),
]


@pytest.mark.parametrize(("code", "data"), CASES, ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)])
def test_is_refused_by_name_with_advice(code: str, data: bytes) -> None:
    with pytest.raises(InputRefused) as caught:
        decode(data, Limits())
    assert caught.value.code == code
    assert caught.value.advice.endswith(".")
    assert code == "file.empty" or isinstance(caught.value, UnsupportedFormat)


def test_what_is_taken_is_told_by_its_bytes() -> None:
    assert sniff(save(PICTURE, "JPEG")) is ImageFormat.JPEG
    assert sniff(save(PICTURE, "PNG")) is ImageFormat.PNG
    assert sniff(save(PICTURE, "WEBP")) is ImageFormat.WEBP
    assert sniff(save(PICTURE, "TIFF")) is ImageFormat.TIFF
    assert sniff(b"MM\x00*" + bytes(64)) is ImageFormat.TIFF
    assert sniff(save(PICTURE, "GIF")) is ImageFormat.GIF
    assert sniff(save(PICTURE, "BMP")) is ImageFormat.BMP
    assert sniff(save(PICTURE, "AVIF")) is ImageFormat.AVIF
    assert sniff(boxes(b"mif1", b"mif1", b"avif")) is ImageFormat.AVIF
    assert sniff((DATA / "plain.heic").read_bytes()) is ImageFormat.HEIC
    assert sniff(boxes(b"mif1", b"mif1", b"heic")) is ImageFormat.HEIC


@given(st.binary(max_size=400))
def test_any_bytes_are_either_a_format_or_a_refusal(data: bytes) -> None:
    try:
        answer: str = sniff(data).value
    except Refused as refused:
        answer = refused.code
    assert answer in REFUSALS.keys() | set(ImageFormat)


def test_dicom_says_that_it_comes_later() -> None:
    with pytest.raises(UnsupportedFormat) as caught:
        decode(bytes(128) + b"DICM" + bytes(64), Limits())
    assert "later release" in caught.value.advice


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_every_refusal_makes_a_whole_sentence(code: str) -> None:
    error = Refused(code, 5, 4, 3, 2, 1).to_error()
    assert error.code == code
    assert "{" not in str(error) + error.advice
    assert error.advice.endswith(".")
