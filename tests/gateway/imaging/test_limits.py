"""What a small file may ask for: shape, ratio, parts, depth, scans. Files made here, each past one limit."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from gateway.errors import InputRefused, LimitExceeded, Misconfigured
from gateway.imaging.decode import decode
from gateway.imaging.image import ImageFormat, Limits
from gateway.imaging.nesting import MAX_SCANS, check_nesting
from gateway.imaging.opening import check_shape
from gateway.imaging.refusals import Refused
from gateway.imaging.site_limits import site_limits
from gateway.settings import Settings
from tests.gateway.imaging.samples import DATA, png_chunk, quadrants, raw_png, save, scene

JPEG = save(Image.fromarray(scene(64, 48)), "JPEG")
PROGRESSIVE = save(Image.fromarray(scene(64, 48)), "JPEG", progressive=True)
HEIC = (DATA / "plain.heic").read_bytes()


def code_of(data: bytes, limits: Limits | None = None) -> str:
    """Of the refusal, from decoding in this process; at once, whatever the file asks for."""
    started = time.monotonic()
    with pytest.raises(InputRefused) as caught:
        decode(data, limits or Limits())
    assert time.monotonic() - started < 60
    return caught.value.code


def refused(call: Callable[[], None]) -> tuple[str, tuple[float, ...]]:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.code, caught.value.numbers


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + name + body


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff(body: bytes) -> bytes:
    return chunk(b"RIFF", b"WEBP" + body)


def with_parts(count: int) -> dict[str, bytes]:
    """Files of each format with so many parts that carry nothing."""
    png = save(Image.fromarray(quadrants()), "PNG")
    webp = save(Image.fromarray(quadrants()), "WEBP", lossless=True)
    gif = save(Image.fromarray(quadrants()).convert("P"), "GIF")
    # Behind the header, the logical screen and its colours: an image's descriptor starts the first image.
    first_image = 13 + (3 << (gif[10] & 7) + 1)
    return {
        "jpeg comments": JPEG[:2] + b"\xff\xfe\x00\x02" * count + JPEG[2:],
        "jpeg fill bytes": JPEG[:2] + b"\xff" * count + JPEG[2:],
        "png chunks": png[:33] + png_chunk(b"teXt", b"") * count + png[33:],
        "png image data": png[:33] + png_chunk(b"IDAT", b"") * count + png[33:],
        "webp chunks": riff(webp[12:] + chunk(b"XXXX", b"") * count),
        "webp frames": riff(chunk(b"ANMF", bytes(16) + chunk(b"XXXX", b"") * count)),
        "heif boxes": HEIC + box(b"free", b"") * count,
        "gif extensions": gif[:first_image] + b"\x21\xfe\x00" * count + gif[first_image:],
    }


@pytest.mark.parametrize("kind", with_parts(0))
def test_a_file_of_too_many_parts_is_refused(kind: str) -> None:
    assert code_of(with_parts(10_001)[kind]) == "limit.parts"


@pytest.mark.parametrize("kind", [kind for kind in with_parts(0) if kind != "webp frames"])
def test_a_file_of_some_hundred_parts_is_taken(kind: str) -> None:
    assert decode(with_parts(300)[kind], Limits()).pixels.size


def test_image_data_may_have_as_many_parts_as_it_needs() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    data = save(Image.fromarray(noise), "PNG")
    limits = Limits(max_parts=4)
    assert data.count(b"IDAT") > 4
    assert decode(data, limits).pixels.shape == (400, 400, 3)


@pytest.mark.parametrize(
    ("data", "image_format"),
    [
        (lambda inner: box(b"ftyp", b"heic") + inner, ImageFormat.HEIC),
        (lambda inner: riff(b"") + inner, ImageFormat.WEBP),
    ],
)
def test_parts_too_deep_in_each_other_are_refused(
    data: Callable[[bytes], bytes], image_format: ImageFormat
) -> None:
    def nested(depth: int) -> bytes:
        inner = b""
        for _ in range(depth):
            inner = (
                box(b"moov", inner) if image_format is ImageFormat.HEIC else chunk(b"LIST", b"WEBP" + inner)
            )
        return data(inner)

    check_nesting(nested(16), image_format, Limits())
    assert refused(lambda: check_nesting(nested(17), image_format, Limits())) == ("limit.nesting", (16,))


@pytest.mark.parametrize("size", [0, 1, 7, 0xFFFFFFFF])
def test_a_box_of_a_false_size_ends_the_count(size: int) -> None:
    """No size leads back: a box that is smaller than its own header is passed over by that."""
    data = HEIC + (struct.pack(">I", size) + b"moov") * 10
    check_nesting(data, ImageFormat.HEIC, Limits())


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*.heic")))
def test_the_boxes_of_a_sound_file_are_counted_with_those_inside(name: str) -> None:
    data = (DATA / name).read_bytes()
    check_nesting(data, ImageFormat.HEIC, Limits())
    code, _ = refused(lambda: check_nesting(data, ImageFormat.HEIC, Limits(max_depth=2)))
    assert code == "limit.nesting"


def scans_of(data: bytes) -> tuple[bytes, bytes]:
    """What precedes the last scan's marker, and that scan up to the end of the image."""
    at = data.rindex(b"\xff\xda")
    return data[:at], data[at:-2]


def test_a_jpeg_of_too_many_scans_is_refused() -> None:
    head, last = scans_of(PROGRESSIVE)
    assert decode(head + last * 20 + b"\xff\xd9", Limits()).pixels.shape == (48, 64, 3)
    assert code_of(head + last * (MAX_SCANS + 1) + b"\xff\xd9") == "limit.scans"


def test_what_follows_a_whole_scan_is_no_scan() -> None:
    """A decoder stops there: a phone's second image behind the first is none of its passes."""
    data = JPEG + PROGRESSIVE * MAX_SCANS
    assert decode(data, Limits()).pixels.shape == (48, 64, 3)


@pytest.mark.parametrize(("width", "height"), [(2_010, 10), (10, 2_010), (201, 1)])
def test_a_narrow_image_is_refused(width: int, height: int) -> None:
    data = save(Image.new("L", (width, height)), "PNG")
    assert code_of(data) == "limit.aspect"


@pytest.mark.parametrize(("width", "height"), [(2_000, 10), (10, 2_000), (200, 1), (1, 1)])
def test_a_panorama_is_taken(width: int, height: int) -> None:
    data = save(Image.new("L", (width, height)), "PNG")
    assert decode(data, Limits()).pixels.shape == (height, width, 3)


def test_a_large_image_may_not_unfold_without_end() -> None:
    assert refused(lambda: check_shape(10_000, 10_000, 59_000, Limits())) == ("limit.ratio", (5_084, 5_000))
    check_shape(10_000, 10_000, 60_000, Limits())
    # Frames count together: a hundred of a megapixel each are as much.
    assert refused(lambda: check_shape(1_000, 1_000, 59_000, Limits(), 100))[0] == "limit.ratio"
    check_shape(1_000, 1_000, 59_000, Limits(), 25)


def test_a_bomb_of_large_size_is_refused_before_it_unfolds() -> None:
    """72 megapixels of one colour in half a kilobyte or a few."""
    data = save(Image.new("RGB", (9_000, 8_000), "white"), "WEBP", lossless=True, method=0)
    assert len(data) < 10_000
    assert code_of(data) == "limit.ratio"


def test_a_flat_page_of_twenty_megapixels_is_taken() -> None:
    """As a scanner gives of an empty sheet, in the most compact form that PNG has."""
    rows = b"\0" * (4_000 * (1 + 5_000 // 8))
    data = raw_png(5_000, 4_000, 1, 0, rows)
    assert len(data) < 4_000
    assert decode(data, Limits()).pixels.shape == (4_000, 5_000, 3)


def exif_loop() -> bytes:
    """EXIF whose directory names itself as the camera's, the GPS's and the next one."""
    entries = [(0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0xA005, 4, 1, 8)]
    body = b"".join(struct.pack(">HHII", *entry) for entry in entries)
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, len(entries)) + body + struct.pack(">I", 8)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_directories_that_lead_back_to_themselves_end(name: str) -> None:
    data = save(Image.fromarray(quadrants()), name, exif=exif_loop())
    assert decode(data, Limits()).pixels.shape == (16, 32, 3)


def tiff_of_strips(count: int) -> bytes:
    """A TIFF that claims so many strips and lies about where they are."""
    file = save(Image.fromarray(quadrants()), "TIFF")
    at = file.index(struct.pack("<HHI", 273, 4, 1))
    return file[: at + 4] + struct.pack("<I", count) + file[at + 8 :]


@pytest.mark.parametrize("count", [0xFFFFFFFF, 0x10000000, 70_000])
def test_a_count_that_the_file_cannot_hold_is_refused(count: int) -> None:
    assert code_of(tiff_of_strips(count))


def test_each_of_these_says_what_to_do() -> None:
    for code, numbers in (
        ("limit.aspect", (1, 201, 200)),
        ("limit.ratio", (9_999, 5_000)),
        ("limit.parts", (10_000,)),
        ("limit.nesting", (16,)),
        ("limit.scans", (64,)),
    ):
        error = Refused(code, *numbers).to_error()
        assert isinstance(error, LimitExceeded)
        assert error.advice


def test_an_operator_sets_size_and_time_and_memory_follows() -> None:
    assert site_limits(100, 20) == Limits()
    assert site_limits(20, 5) == Limits(max_pixels=20_000_000, timeout=5.0)
    larger = site_limits(250, 20)
    assert (larger.max_pixels, larger.memory) == (250_000_000, Limits().memory * 5 // 2)


def test_the_site_s_size_comes_from_the_environment() -> None:
    environment = {"HOME": "/", "PRIVGATE_MAX_MEGAPIXELS": "250", "PRIVGATE_DECODE_SECONDS": "40"}
    settings = Settings.read(environment)
    assert (settings.max_megapixels, settings.decode_seconds) == (250, 40)
    for wrong in ("0", "401", "many"):
        with pytest.raises(Misconfigured, match="number of megapixels, 1 to 400"):
            Settings.read({"HOME": "/", "PRIVGATE_MAX_MEGAPIXELS": wrong})
