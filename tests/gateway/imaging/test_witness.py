"""exiftool, which we did not write, looks at what comes out of inputs rich in metadata."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Literal

import pytest
from PIL import ExifTags, Image

from gateway.errors import OutputCheckFailed
from gateway.imaging.frames import check_frames, encode_frames, hidden_frames
from gateway.imaging.image import ImageFormat
from gateway.imaging.redact import apply
from gateway.imaging.sandbox import Sandbox
from gateway.imaging.structure import check_structure
from policies.model import Kind
from tests.gateway.imaging.rich_files import FILES, SECRETS, TRAILER, XMP, exif
from tests.gateway.imaging.samples import plan, redaction, save, scene
from tests.support.exif_witness import exiftool, more_than_structure, survivors


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
    return save(Image.fromarray(scene()), "JPEG", exif=exif_with_thumbnail(), xmp=XMP) + TRAILER


INPUTS = {**FILES, "thumbnail.jpg": rich_jpeg}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of copies, each beside its input in the folder `before`."""
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed (Debian: libimage-exiftool-perl)")
    folder = tmp_path_factory.mktemp("witness")
    (folder / "before").mkdir()
    (folder / "after").mkdir()
    intended = plan(redaction(8, 8, 16, 16, Kind.FACE))
    with Sandbox() as sandbox:
        for name, make in INPUTS.items():
            (folder / "before" / name).write_bytes(data := make())
            image = sandbox.decode(data)
            first = apply(image.pixels, intended.redactions)
            encoded = encode_frames(hidden_frames(image, first, intended.redactions), image)
            check_frames(encoded, first, image, intended)
            (folder / "after" / f"{name}{encoded.suffix}").write_bytes(encoded.data)
    return folder


def test_exiftool_finds_structure_only(written: Path) -> None:
    outputs = sorted((written / "after").iterdir())
    assert len(outputs) == len(INPUTS)
    for path, found in exiftool(*outputs):
        assert more_than_structure(found) == [], path.name
        assert survivors(path.read_bytes(), SECRETS) == [], path.name


def test_the_witness_can_see(written: Path) -> None:
    """Each input shows it secrets, or has them where no reader looks, as a BMP has."""
    for path, found in exiftool(*sorted((written / "before").iterdir())):
        if path.suffix != ".bmp":
            assert any(secret in json.dumps(found) for secret in SECRETS), path.name
            assert more_than_structure(found), path.name
        assert survivors(path.read_bytes(), SECRETS) or path.suffix in {".png", ".heic"}, path.name


def test_the_end_of_the_image_is_the_end_of_the_file(written: Path) -> None:
    for path in (written / "after").iterdir():
        written_as = {".jpg": "jpeg", ".png": "png", ".webp": "webp", ".tif": "tiff"}[path.suffix]
        check_structure(path.read_bytes(), ImageFormat(written_as))
        with pytest.raises(OutputCheckFailed):
            check_structure(path.read_bytes() + b"\0", ImageFormat(written_as))


def test_the_thumbnail_of_the_input_was_a_real_one() -> None:
    """Guards the test above: a thumbnail that no reader finds would prove nothing."""
    from_block = Image.Exif()
    from_block.load(exif_with_thumbnail())
    second = from_block.get_ifd(ExifTags.IFD.IFD1)
    start = int(second[0x0201])
    tiff = exif_with_thumbnail().removeprefix(b"Exif\x00\x00")
    assert tiff[start : start + 2] == b"\xff\xd8"
    assert b"THUMBNAIL-SECRET" in tiff[start : start + int(second[0x0202])]
