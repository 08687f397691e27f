"""exiftool, which we did not write, looks at what comes out of inputs rich in metadata."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from gateway.imaging.check import check_output
from gateway.imaging.encode import encode
from gateway.imaging.redact import apply
from gateway.imaging.sandbox import Sandbox
from policies.model import Kind
from tests.gateway.imaging.samples import DATA, plan, png_chunk, redaction, save, scene

SECRETS = ("SECRET", "52.5163", "Ada Lovelace", "2031:01:02")
XMP = b"<?xpacket?><x:xmpmeta xmlns:x='adobe:ns:meta/'><r>XMP-SECRET Ada Lovelace</r></x:xmpmeta>"
# What exiftool says of a plain file: of itself, of the file system, of the image's own structure.
# Composite is what it computes from the rest.
STRUCTURE = {"ExifTool", "System", "File", "PNG", "RIFF", "JFIF", "Composite"}
PLAIN_TAGS = {
    "Composite": {"ImageSize", "Megapixels"},
    "PNG": {"ImageWidth", "ImageHeight", "BitDepth", "ColorType", "Compression", "Filter", "Interlace"},
    "RIFF": {"WebPVersion", "VP8Version", "ImageWidth", "ImageHeight", "HorizontalScale", "VerticalScale"}
    | {"AlphaIsUsed"},
    "JFIF": {"JFIFVersion", "ResolutionUnit", "XResolution", "YResolution"},
}


def exif() -> Image.Exif:
    block = Image.Exif()
    block[ExifTags.Base.Make] = "SECRET-CAMERA"
    block[ExifTags.Base.Artist] = "Ada Lovelace"
    block[ExifTags.Base.Orientation] = 6
    block[ExifTags.Base.DateTime] = "2031:01:02 03:04:05"
    gps = block.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitude] = (52.0, 30.0, 58.7)
    gps[ExifTags.GPS.GPSLatitudeRef] = "N"
    private = block.get_ifd(ExifTags.IFD.Exif)
    private[ExifTags.Base.MakerNote] = b"MAKERNOTE-SECRET"
    private[ExifTags.Base.BodySerialNumber] = "SERIAL-SECRET"
    return block


def exif_with_thumbnail() -> bytes:
    """The block above with a second directory that holds a small JPEG of the whole picture."""
    first = exif().tobytes()
    thumbnail = save(Image.fromarray(scene(32, 24)), "JPEG", comment=b"THUMBNAIL-SECRET")
    tiff = first.removeprefix(b"Exif\x00\x00")
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
    start = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[start : start + 2], order)
    link = start + 2 + 12 * count
    second, body = len(tiff), b""
    entries = [(0x0103, 3, 6), (0x0201, 4, second + 2 + 12 * 3 + 4), (0x0202, 4, len(thumbnail))]
    body += len(entries).to_bytes(2, order)
    for tag, kind, value in entries:
        body += tag.to_bytes(2, order) + kind.to_bytes(2, order) + (1).to_bytes(4, order)
        body += value.to_bytes(2, order) + bytes(2) if kind == 3 else value.to_bytes(4, order)
    body += bytes(4) + thumbnail
    return b"Exif\x00\x00" + tiff[:link] + second.to_bytes(4, order) + tiff[link + 4 :] + body


def rich_jpeg() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = save(
        Image.fromarray(scene()),
        "JPEG",
        exif=exif_with_thumbnail(),
        icc_profile=profile,
        comment=b"COMMENT-SECRET",
        xmp=XMP,
    )
    return data + b"TRAILER-SECRET" * 20


def rich_png() -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Ada Lovelace")
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    texts.add_text("Comment", "ZTXT-SECRET", zip=True)
    data = save(Image.fromarray(scene()), "PNG", pnginfo=texts, exif=exif(), dpi=(300, 300))
    time = png_chunk(b"tIME", b"\x07\xef\x01\x02\x03\x04\x05")
    return data[:33] + time + data[33:] + b"TRAILER-SECRET"


def rich_webp(lossless: bool) -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return save(
        Image.fromarray(scene()), "WEBP", exif=exif(), xmp=XMP, icc_profile=profile, lossless=lossless
    )


INPUTS: dict[str, Callable[[], bytes]] = {
    "photo.jpg": rich_jpeg,
    "scan.png": rich_png,
    "lossy.webp": lambda: rich_webp(False),
    "lossless.webp": lambda: rich_webp(True),
    "phone.heic": lambda: (DATA / "turned.heic").read_bytes(),
}


def exiftool(*paths: Path) -> list[dict[str, dict[str, object]]]:
    command = shutil.which("exiftool")
    if command is None:
        pytest.skip("exiftool is not installed (Debian: libimage-exiftool-perl)")
    answer = subprocess.run(
        [command, "-a", "-u", "-g1", "-json", *map(str, paths)], capture_output=True, check=True, timeout=300
    )
    return [
        {group: tags for group, tags in each.items() if isinstance(tags, dict)}
        for each in json.loads(answer.stdout)
    ]


def test_exiftool_finds_structure_only(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    intended = plan(redaction(8, 8, 16, 16, Kind.FACE))
    with Sandbox() as sandbox:
        for name, make in INPUTS.items():
            (before / name).write_bytes(data := make())
            decoded = sandbox.decode(data)
            redacted = apply(decoded.pixels, intended.redactions)
            encoded = encode(redacted, decoded.format, lossless=decoded.lossless)
            check_output(encoded, redacted, decoded.pixels, intended)
            (after / name).with_suffix(encoded.suffix).write_bytes(encoded.data)

    # The witness can see: each input shows it secrets.
    for found in exiftool(*sorted(before.iterdir())):
        assert any(secret in json.dumps(found) for secret in SECRETS)
        assert not found.keys() <= STRUCTURE

    outputs = sorted(after.iterdir())
    assert len(outputs) == len(INPUTS)
    for path, found in zip(outputs, exiftool(*outputs), strict=True):
        assert found.keys() <= STRUCTURE
        for group, tags in found.items():
            assert tags.keys() <= PLAIN_TAGS.get(group, tags.keys())
        assert not {"Warning", "Comment", "ExifByteOrder"} & {tag for tags in found.values() for tag in tags}
        content = path.read_bytes()
        assert not any(secret.encode() in content for secret in SECRETS)


def test_the_thumbnail_of_the_input_was_a_real_one() -> None:
    """Guards the test above: a thumbnail that no reader finds would prove nothing."""
    from_block = Image.Exif()
    from_block.load(exif_with_thumbnail())
    second = from_block.get_ifd(ExifTags.IFD.IFD1)
    start = int(second[0x0201])
    tiff = exif_with_thumbnail().removeprefix(b"Exif\x00\x00")
    assert tiff[start : start + 2] == b"\xff\xd8"
    assert b"THUMBNAIL-SECRET" in tiff[start : start + int(second[0x0202])]
