"""ExifTool, which knows more metadata than we do, as witness on what the gateway delivers."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from tests.journeys.conftest import House
from tests.support.gateway import content_of, give_grant, released_copy

EXIFTOOL = shutil.which("exiftool") or "exiftool (apt-get install libimage-exiftool-perl)"

STRUCTURE = {
    # Groups of ExifTool (-G1) that tell of the file and not of the scene, the camera or the person.
    "JPEG": {"ExifTool", "System", "File", "JFIF", "Composite"},
    "PNG": {"ExifTool", "System", "File", "PNG", "Composite"},
    "WEBP": {"ExifTool", "System", "File", "RIFF", "Composite"},
}

PNG_TAGS = {"ImageWidth", "ImageHeight", "BitDepth", "ColorType", "Compression", "Filter", "Interlace"}


def groups(data: bytes, file: Path) -> dict[str, set[str]]:
    """The tags that ExifTool finds, hidden and unknown ones too, by group."""
    file.write_bytes(data)
    command = [EXIFTOOL, "-a", "-u", "-U", "-g1", "-json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    found = json.loads(done.stdout)[0]
    return {group: set(tags) for group, tags in found.items() if isinstance(tags, dict)}


def rich(photo: Image.Image, kind: str, folder: Path) -> bytes:
    """The photo with EXIF, GPS, XMP, IPTC, a profile, a comment and bytes behind its end."""
    buffer = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo.save(buffer, kind, icc_profile=profile)
    file = folder / f"rich.{kind.lower()}"
    file.write_bytes(buffer.getvalue())
    tags = ["-EXIF:Artist=Jane Roe", "-GPSLatitude=48.1", "-GPSLatitudeRef=N", "-GPSLongitude=11.5"]
    tags += ["-XMP-dc:Creator=Jane Roe", "-XMP-dc:Description=ward 7"]
    if kind == "JPEG":
        tags += ["-IPTC:By-line=Jane Roe", "-Comment=bed 3"]
    if kind == "PNG":
        tags += ["-PNG:Comment=bed 3"]
    command = [EXIFTOOL, "-q", "-overwrite_original", *tags, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    trailer = b"" if kind == "WEBP" else b"behind the end: Jane Roe"
    return file.read_bytes() + trailer


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_delivered_copy_has_structure_only(
    house: House, astronaut: Image.Image, tmp_path: Path, kind: str
) -> None:
    sent = rich(astronaut.crop((64, 0, 448, 384)), kind, tmp_path)
    before = groups(sent, tmp_path / "before")
    assert {"IFD0", "GPS", "XMP-dc", "ICC-header"} <= set(before)  # the witness sees what is there

    give_grant(house.officer, house.annotator, house.dataset)
    copy = released_copy(house.uploader, house.dataset, sent, name="jane-roe.jpg")
    response = content_of(house.annotator, copy)
    after = groups(response.content, tmp_path / "after")
    assert set(after) <= STRUCTURE[kind]
    assert after.get("PNG", set()) <= PNG_TAGS
    assert "Comment" not in after["File"]
    assert not any("Warning" in tag or "Trailer" in tag for tags in after.values() for tag in tags)
    assert b"Jane" not in response.content
