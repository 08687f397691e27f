"""One run over a folder of everything, shared by the tests that look at what came out."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from gateway.detection.models import ModelStore
from tests.gateway.cli.runs import HEIC, Run, anonymize, astronaut

NEWLINE = "new\nline.jpg"
MARKUP = "esc\x1b[31m<b>&.jpg"
NOT_UTF8 = os.fsdecode(b"bad\xff\xfe.jpg")
UNICODE = "ünï—日本.JPG"
SECRET = "Jane-Seeded-Doe"


@dataclass(frozen=True)
class Everything:
    """The shared run: its folder of inputs, its outputs, its page, and what it said."""

    inputs: Path
    out: Path
    page: Path
    run: Run


@pytest.fixture(scope="session")
def portrait(model_store: ModelStore) -> Image.Image:
    return astronaut(model_store.folder)


@pytest.fixture(scope="session")
def everything(portrait: Image.Image, tmp_path_factory: pytest.TempPathFactory) -> Everything:
    root = tmp_path_factory.mktemp("everything")
    inputs = root / "in"
    fill_with_everything(inputs, portrait)
    out, page = root / "out", root / "page.html"
    run = anonymize(inputs, "--out", out, "--html", page, report=root / "report.jsonl")
    return Everything(inputs, out, page, run)


def fill_with_everything(folder: Path, portrait: Image.Image) -> None:
    """Every format with all the metadata it takes, odd names, and what is no image at all."""
    (folder / "sp ace").mkdir(parents=True)
    (folder / "x.jpg").mkdir()
    _with_metadata(portrait, folder)
    small = portrait.resize((128, 128))
    for name in (NEWLINE, MARKUP, NOT_UTF8, UNICODE, "sp ace/a b.jpeg", "x.jpg/inner.jpg", "no-ending"):
        with (folder / name).open("wb") as file:
            small.save(file, "JPEG", quality=95)
    with (folder / "lies.jpg").open("wb") as file:
        small.save(file, "PNG")
    (folder / "photo.heic").write_bytes(HEIC.read_bytes())
    # Plain, so that nothing is found in them whatever the CPU.
    first, *rest = (Image.new("RGB", (64, 48), (40 * number, 90, 60)) for number in range(3))
    first.save(folder / "moving.gif", save_all=True, append_images=rest, duration=80, comment=SECRET)
    first.save(folder / "pages.tif", save_all=True, append_images=rest, tiffinfo={315: SECRET})
    first.save(folder / "page.tiff", compression="tiff_lzw", tiffinfo={315: SECRET})
    first.save(folder / "drawing.bmp")
    (folder / "empty.jpg").touch()
    (folder / "note.txt").write_text("hello")
    (folder / "cut.jpg").write_bytes((folder / UNICODE).read_bytes()[:900])
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe.jpg")
    (folder / ".hidden.jpg").touch()


def _with_metadata(portrait: Image.Image, folder: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = SECRET  # description, artist
    exif[0x0112] = 6  # orientation: turn by 90 degrees clockwise to see it
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Without the badges: whether their words are a plate is a near thing, and other CPUs may judge otherwise.
    lying = portrait.crop((0, 0, 448, 352)).transpose(Image.Transpose.ROTATE_90)
    lying.save(folder / "turned.jpg", quality=95, exif=exif, icc_profile=icc, comment=SECRET)
    with (folder / "turned.jpg").open("ab") as file:
        file.write(SECRET.encode())  # behind the end marker
    portrait.save(folder / "plain.png", exif=exif_upright(exif), icc_profile=icc)
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{SECRET}</x:xmpmeta>".encode()
    portrait.save(folder / "web.webp", quality=90, exif=exif_upright(exif), icc_profile=icc, xmp=xmp)


def exif_upright(exif: Image.Exif) -> bytes:
    upright = Image.Exif()
    upright.load(exif.tobytes())
    upright[0x0112] = 1
    return upright.tobytes()


def jpeg_of(image: Image.Image, quality: int = 95) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
