"""Animations and pages: every frame is decoded as a viewer shows it, hidden in, written and checked."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gateway.errors import InputRefused, LimitExceeded, MalformedImage, OutputCheckFailed
from gateway.imaging import animated_webp, page_tiff
from gateway.imaging.check import decode_frames
from gateway.imaging.containers import MalformedContainer
from gateway.imaging.decode import Limits, decode
from gateway.imaging.frames import check_frames, encode_frames, hidden_frames, twin_frames
from gateway.imaging.image import DecodedImage, EncodedImage, ImageFormat, Pixels, Timing
from gateway.imaging.redact import apply
from gateway.imaging.sandbox import Sandbox
from policies.model import Plan, Redaction, RedactionMethod
from tests.gateway.imaging.samples import noise, plan, png_chunk, redaction, save, scene
from tests.gateway.imaging.tiff_files import described, strips, tiff

SCENES = tuple(scene(64, 48, seed) for seed in range(4))
TIMES = (40, 100, 2000, 70)

FILL = redaction(8, 8, 24, 24)
BLUR = redaction(32, 8, 60, 40, method=RedactionMethod.BLUR)


def refused(data: bytes, limits: Limits | None = None) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        decode(data, limits or Limits())
    return caught.value


def animated(name: str, frames: tuple[Pixels, ...] = SCENES, **options: object) -> bytes:
    first, *rest = (Image.fromarray(frame) for frame in frames)
    if name == "GIF":
        first, *rest = (each.quantize(64) for each in (first, *rest))
    lossless: dict[str, object] = {"lossless": True} if name == "WEBP" else {}
    settings = {"duration": list(TIMES[: len(frames)]), "loop": 0, **lossless, **options}
    return save(first, name, save_all=True, append_images=rest, **settings)


def as_shown(data: bytes) -> list[Pixels]:
    """Frame by frame as Pillow's own sequence shows them."""
    return [
        np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(Image.open(io.BytesIO(data)))
    ]


def pages(*pictures: Pixels, **more: int) -> bytes:
    return tiff(*((described(each, 2, rows=7, **more), strips(each, 7)) for each in pictures))


def image_of(frames: tuple[Pixels, ...], timing: Timing | None = None) -> DecodedImage:
    return DecodedImage(frames[0], ImageFormat.TIFF, True, later=frames[1:], timing=timing)


MOVING = image_of(SCENES, Timing(TIMES, 0))
PAGES = image_of(SCENES)
BOTH = pytest.mark.parametrize("image", [MOVING, PAGES], ids=["animation", "pages"])


def made(image: DecodedImage, *redactions: Redaction) -> tuple[EncodedImage, Pixels]:
    first = apply(image.pixels, redactions)
    return encode_frames(hidden_frames(image, first, redactions), image), first


# -- decoding


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG"])
def test_an_animation_gives_all_of_its_frames(name: str) -> None:
    data = animated(name)
    decoded = decode(data, Limits())
    assert len(decoded.frames) == 4
    for frame, wanted in zip(decoded.frames, as_shown(data), strict=True):
        assert np.array_equal(frame, wanted)
    assert decoded.timing == Timing(TIMES, 0)
    if name != "GIF":
        assert np.array_equal(decoded.frames[3], SCENES[3])


@pytest.mark.parametrize(("name", "said", "plays"), [("GIF", 2, 3), ("WEBP", 3, 3), ("PNG", 3, 3)])
def test_how_often_it_plays_is_kept(name: str, said: int, plays: int) -> None:
    timing = decode(animated(name, loop=said), Limits()).timing
    assert timing is not None
    assert timing.plays == plays


def test_a_gif_of_parts_is_put_together() -> None:
    """Each frame brings a part only, and leaves, clears or restores what was there before."""
    base = Image.new("P", (24, 16), 1)
    base.putpalette([250, 0, 7, 90, 90, 90, 0, 0, 200])
    spots = []
    for number in range(3):
        spot = base.copy()
        spot.paste(2, (4 * number, 4, 4 * number + 4, 8))
        spots.append(spot)
    for disposal in (1, 2, 3):
        data = save(base, "GIF", save_all=True, append_images=spots, disposal=disposal, duration=50)
        decoded = decode(data, Limits())
        assert len(decoded.frames) == len(as_shown(data))
        for frame, wanted in zip(decoded.frames, as_shown(data), strict=True):
            assert np.array_equal(frame, wanted)


def test_what_stands_in_for_an_animation_is_not_part_of_it() -> None:
    data = animated("PNG", default_image=True)
    decoded = decode(data, Limits())
    assert len(decoded.frames) == 3
    assert np.array_equal(decoded.pixels, SCENES[1])


def test_pages_of_one_size_are_taken_each_by_its_own_tags() -> None:
    grey = np.stack([SCENES[1][..., 0]] * 3, axis=-1)
    data = tiff(
        (described(SCENES[0], 2), [SCENES[0].tobytes()]),
        (described(SCENES[1][..., 0], 1), [np.ascontiguousarray(SCENES[1][..., 0]).tobytes()]),
        (described(SCENES[2][::-1], 2, orientation=4), [SCENES[2][::-1].tobytes()]),
    )
    decoded = decode(data, Limits())
    assert decoded.timing is None
    for frame, wanted in zip(decoded.frames, (SCENES[0], grey, SCENES[2]), strict=True):
        assert np.array_equal(frame, wanted)


def test_pages_of_other_sizes_are_refused_with_what_to_do() -> None:
    error = refused(pages(SCENES[0], scene(32, 24)))
    assert error.code == "frames.sizes"
    assert "one by one" in error.advice


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG"])
def test_frames_are_counted_before_they_are_decoded(name: str) -> None:
    data = animated(name)
    for limits in (Limits(max_frames=3), Limits(max_pixels=3 * 64 * 48 + 1)):
        error = refused(data, limits)
        assert isinstance(error, LimitExceeded)
        assert error.code == "limit.frames"
    assert len(decode(data, Limits(max_frames=4, max_pixels=4 * 64 * 48)).frames) == 4


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_frame_that_reaches_beyond_its_canvas_costs_nothing(number: int) -> None:
    """Pillow would make the canvas as large as that, 65,535 x 65,535 pixels at most, and then say so."""
    data = bytearray(animated("GIF"))
    at = -1
    for _ in range(number + 1):
        at = data.index(b"\x21\xf9\x04", at + 1)
    picture = at + 8  # behind the graphic control block
    assert data[picture] == 0x2C
    data[picture + 1 : picture + 9] = b"\xff\x7f" * 4
    with Sandbox() as sandbox, pytest.raises(InputRefused) as caught:
        sandbox.decode(bytes(data))
    assert caught.value.code in ("image.malformed", "limit.side")


def test_pages_are_counted_before_they_are_decoded() -> None:
    assert refused(pages(*SCENES), Limits(max_frames=3)).code == "limit.frames"


def test_a_header_that_announces_millions_of_frames_is_refused() -> None:
    data = animated("PNG")
    at = data.index(b"acTL") - 4
    many = png_chunk(b"acTL", (2**31 - 1).to_bytes(4, "big") + bytes(4))
    assert refused(data[:at] + many + data[at + 20 :]).code == "limit.frames"


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_an_animation_that_is_cut_short_is_malformed(name: str, kept: float) -> None:
    data = animated(name)
    assert isinstance(refused(data[: int(len(data) * kept)]), MalformedImage)


def test_the_confined_process_gives_the_same_frames() -> None:
    with Sandbox() as sandbox:
        for data in (animated("GIF"), animated("WEBP"), animated("PNG"), pages(*SCENES)):
            here, there = decode(data, Limits()), sandbox.decode(data)
            assert (here.format, here.lossless, here.timing) == (there.format, there.lossless, there.timing)
            for one, other in zip(here.frames, there.frames, strict=True):
                assert np.array_equal(one, other)


def test_words_of_every_page_are_told() -> None:
    with_words = [
        (described(each, 2) | {315: (2, word + b"\0")}, [each.tobytes()])
        for each, word in zip(SCENES, (b"alice", b"bertha", b"carol", b"alice"), strict=True)
    ]
    assert decode(tiff(*with_words), Limits()).words == {"alice", "bertha", "carol"}


# -- redaction


@BOTH
def test_every_frame_is_hidden_and_shows_the_same_there(image: DecodedImage) -> None:
    first = apply(image.pixels, (FILL, BLUR))
    for frame, original in zip(hidden_frames(image, first, (FILL, BLUR)), image.frames, strict=True):
        for one in (FILL, BLUR):
            area = slice(one.region.y0, one.region.y1), slice(one.region.x0, one.region.x1)
            assert np.array_equal(frame[area], first[area])
        outside = np.ones(frame.shape[:2], dtype=bool)
        outside[8:24, 8:24] = outside[8:40, 32:60] = False
        assert np.array_equal(frame[outside], original[outside])


@BOTH
def test_the_file_does_not_depend_on_what_is_hidden_in_any_frame(image: DecodedImage) -> None:
    chance = np.random.default_rng(7)
    other = twin_frames(image, (FILL, BLUR), chance)
    for one, before in zip(other.frames, image.frames, strict=True):
        assert not np.array_equal(one, before)
    assert made(other, FILL, BLUR)[0].data == made(image, FILL, BLUR)[0].data


# -- the file


@BOTH
def test_the_file_holds_every_frame_exactly(image: DecodedImage) -> None:
    encoded, _ = made(image)
    for shown, wanted in zip(decode_frames(encoded), image.frames, strict=True):
        assert np.array_equal(shown, wanted)
    again = decode(encoded.data, Limits())
    assert again.timing == image.timing
    assert len(again.frames) == len(image.frames)
    assert encoded.suffix == (".tif" if image.timing is None else ".webp")


@BOTH
def test_frames_that_are_equal_stay_as_many(image: DecodedImage) -> None:
    same = dataclasses.replace(image, later=(image.pixels,) * 3)
    assert len(decode(made(same)[0].data, Limits()).frames) == 4


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 2), (130, 700)])
@BOTH
def test_frames_of_any_size(image: DecodedImage, width: int, height: int) -> None:
    frames = tuple(noise(width, height, seed) for seed in range(4))
    odd = dataclasses.replace(image, pixels=frames[0], later=frames[1:])
    encoded, first = made(odd)
    check_frames(encoded, first, odd, plan())


@BOTH
def test_a_good_file_passes_its_check(image: DecodedImage) -> None:
    encoded, first = made(image, FILL, BLUR)
    check_frames(encoded, first, image, plan(FILL, BLUR))


@BOTH
@pytest.mark.parametrize("number", range(4))
def test_a_frame_that_was_forgotten_fails_the_check(image: DecodedImage, number: int) -> None:
    first = apply(image.pixels, (FILL,))
    frames = list(hidden_frames(image, first, (FILL,)))
    frames[number] = image.frames[number]
    with pytest.raises(OutputCheckFailed) as caught:
        check_frames(encode_frames(frames, image), first, image, plan(FILL))
    assert caught.value.code == "check.region"


@BOTH
@pytest.mark.parametrize(("number", "code"), [(0, "check.outside"), (3, "check.outside")])
def test_one_changed_pixel_fails_the_check(image: DecodedImage, number: int, code: str) -> None:
    first = apply(image.pixels, (FILL,))
    frames = [frame.copy() for frame in hidden_frames(image, first, (FILL,))]
    frames[number][47, 63, 1] ^= 1
    with pytest.raises(OutputCheckFailed) as caught:
        check_frames(encode_frames(frames, image), first, image, plan(FILL))
    assert caught.value.code == code


@BOTH
def test_a_frame_too_few_or_too_many_fails_the_check(image: DecodedImage) -> None:
    for later in (image.later[:2], (*image.later, image.pixels)):
        times = None if image.timing is None else Timing((10,) * (len(later) + 1), 0)
        encoded, first = made(dataclasses.replace(image, later=later, timing=times))
        with pytest.raises(OutputCheckFailed) as caught:
            check_frames(encoded, first, image, Plan((), plan().verdict, ()))
        assert caught.value.code == "check.geometry"


# -- structure


def webp() -> bytes:
    return made(MOVING)[0].data


def with_size(data: bytes) -> bytes:
    return data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]


@pytest.mark.parametrize(
    "data",
    [
        webp() + b"SECRET",
        with_size(webp() + b"EXIF\x06\x00\x00\x00SECRET"),
        with_size(webp()[:30] + b"XMP \x06\x00\x00\x00SECRET" + webp()[30:]),
        webp()[:20] + b"\x0a" + webp()[21:],  # says that there is EXIF
        webp()[:21] + b"\x01" + webp()[22:],
        animated("WEBP", lossless=False),
        save(Image.fromarray(SCENES[0]), "WEBP"),
    ],
    ids=["trailer", "exif", "xmp", "flag", "reserved", "lossy-frames", "no-animation"],
)
def test_more_than_frames_is_seen_in_an_animation(data: bytes) -> None:
    assert animated_webp.check(webp()) == 4
    with pytest.raises(MalformedContainer):
        animated_webp.check(data)


@pytest.mark.parametrize(
    "data",
    [
        made(PAGES)[0].data + b"SECRET",
        made(PAGES)[0].data[:8] + b"SECRET" + made(PAGES)[0].data[8:],
        pages(*SCENES),
        tiff((described(SCENES[0], 2) | {305: (2, b"SECRET\0")}, [SCENES[0].tobytes()])),
        save(Image.fromarray(SCENES[0]), "TIFF", compression="tiff_adobe_deflate"),
    ],
    ids=["trailer", "between", "other-tags", "software", "pillow"],
)
def test_more_than_pages_is_seen_in_a_tiff(data: bytes) -> None:
    assert page_tiff.check(made(PAGES)[0].data) == 4
    with pytest.raises(MalformedContainer):
        page_tiff.check(data)


def test_a_second_directory_that_no_page_needs_is_seen() -> None:
    data = bytearray(made(image_of(SCENES[:2]))[0].data)
    count = page_tiff.check(bytes(data))
    data[-4:] = (8).to_bytes(4, "little")
    with pytest.raises(MalformedContainer):
        page_tiff.check(bytes(data))
    assert count == 2
