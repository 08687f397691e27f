"""HEIC and AVIF: what their boxes say of the primary image holds, and nothing else in them comes out."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import ExifTags, Image

from gateway.errors import InputRefused, MalformedImage, UnsupportedFormat
from gateway.imaging.decode import Limits, decode
from gateway.imaging.image import Pixels
from tests.gateway.imaging.heif_files import (
    ALPHA,
    ALPHA_OF_HEVC,
    BRANDS,
    DEPTH,
    GAIN_MAP,
    Item,
    Property,
    Reference,
    aperture,
    auxiliary,
    box,
    coded,
    exif_item,
    full,
    heif,
    mirror,
    turn,
    xmp_item,
)
from tests.gateway.imaging.heif_pictures import HEIGHT, MAGENTA, WIDTH, WINDOW, whole
from tests.gateway.imaging.rich_files import phone_file

BOTH = pytest.mark.parametrize("kind", BRANDS)


def shown(data: bytes) -> Pixels:
    return decode(data, Limits()).pixels


def refused(data: bytes) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        decode(data, Limits())
    return caught.value


def far(pixels: Pixels, wanted: Pixels) -> float:
    """Mean difference in levels; a coarser one where sizes differ."""
    return float(np.abs(pixels.astype(int) - wanted).mean()) if pixels.shape == wanted.shape else 255.0


def magenta(pixels: Pixels) -> int:
    """Pixels that are nearer to it than to any other colour of these pictures."""
    return int((np.abs(pixels.astype(int) - MAGENTA).sum(axis=2) < 120).sum())


def orientation_exif(value: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = value
    return exif.tobytes()


@BOTH
def test_the_pictures_are_what_they_are_called(kind: str) -> None:
    """Guards the tests below: a picture that nobody can tell from others would prove nothing."""
    assert far(shown(heif(kind, coded(kind, "whole"))), whole()) < 4
    assert magenta(shown(heif(kind, coded(kind, "secret")))) == WIDTH * HEIGHT
    assert magenta(shown(heif(kind, coded(kind, "framed")))) > WIDTH * HEIGHT / 2
    assert magenta(shown(heif(kind, coded(kind, "whole")))) == 0


# -- turned and mirrored

# ISO/IEC 23008-12: irot turns anticlockwise by quarters; imir 0 lets top and bottom change places, 1 left
# and right. They apply in the order in which they are associated with the image.
Steps = Sequence[tuple[str, int]]

STEPS: list[Steps] = [
    *([("irot", angle)] for angle in range(4)),
    *([("irot", angle), ("imir", axis)] for angle in range(4) for axis in (0, 1)),
    *([("imir", axis), ("irot", angle)] for angle in range(4) for axis in (0, 1)),
]


def by_hand(pixels: Pixels, steps: Steps) -> Pixels:
    for name, value in steps:
        pixels = np.rot90(pixels, value) if name == "irot" else np.flip(pixels, value)
    return pixels


def with_steps(item: Item, steps: Steps) -> Item:
    return item.having(*(turn(value) if name == "irot" else mirror(value) for name, value in steps))


def test_these_are_all_eight_orientations() -> None:
    reached = {by_hand(whole(), steps).tobytes() for steps in STEPS}
    assert len(reached) == 8


@BOTH
@pytest.mark.parametrize("steps", STEPS, ids=str)
def test_turns_and_mirrors_apply_in_the_order_of_the_file(kind: str, steps: Steps) -> None:
    upright = shown(heif(kind, coded(kind, "whole")))
    pixels = shown(heif(kind, with_steps(coded(kind, "whole"), steps)))
    assert np.array_equal(pixels, by_hand(upright, steps))


@BOTH
@pytest.mark.parametrize("steps", [[], [("irot", 3)], [("irot", 1), ("imir", 0)]], ids=str)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_exif_and_xmp_say_of_it_does_not_count(kind: str, steps: Steps, orientation: int) -> None:
    image = with_steps(coded(kind, "whole"), steps)
    xmp = b'<rdf:Description tiff:Orientation="%d"/>' % (orientation % 8 + 1)
    data = heif(
        kind,
        image,
        exif_item(orientation_exif(orientation)),
        xmp_item(xmp),
        references=[Reference(b"cdsc", 2, (1,)), Reference(b"cdsc", 3, (1,))],
    )
    assert np.array_equal(shown(data), shown(heif(kind, image)))
    # Without EXIF the codec would believe XMP alone.
    alone = heif(kind, image, xmp_item(xmp), references=[Reference(b"cdsc", 2, (1,))])
    assert np.array_equal(shown(alone), shown(heif(kind, image)))


# -- cropped

LEFT, UPPER, RIGHT, LOWER = WINDOW
OFF_CENTRE = (LEFT + RIGHT - WIDTH, 2, UPPER + LOWER - HEIGHT, 2)
CROP = aperture(RIGHT - LEFT, 1, LOWER - UPPER, 1, *OFF_CENTRE)


@BOTH
@pytest.mark.parametrize("steps", [[], [("irot", 1)], [("irot", 3), ("imir", 0)]], ids=str)
def test_what_is_cropped_away_does_not_come_back(kind: str, steps: Steps) -> None:
    whole_frame = shown(heif(kind, coded(kind, "framed")))
    pixels = shown(heif(kind, with_steps(coded(kind, "framed").having(CROP), steps)))
    assert np.array_equal(pixels, by_hand(whole_frame[UPPER:LOWER, LEFT:RIGHT], steps))
    assert magenta(pixels) == 0


@BOTH
@pytest.mark.parametrize(
    "numbers",
    [
        (WIDTH + 2, 1, HEIGHT, 1, 0, 1, 0, 1),
        (64, 1, 32, 1, 40, 1, 0, 1),
        (64, 1, 32, 1, 0, 1, -20, 1),
        (0, 1, 32, 1, 0, 1, 0, 1),
        (64, 0, 32, 1, 0, 1, 0, 1),
        (64, 1, 32, 1, 0, 0, 0, 1),
    ],
    ids=["wider", "right-of-it", "above-it", "empty", "no-denominator", "no-offset"],
)
def test_a_crop_that_is_none_is_refused(kind: str, numbers: Sequence[int]) -> None:
    assert isinstance(refused(heif(kind, coded(kind, "framed").having(aperture(*numbers)))), MalformedImage)


@BOTH
def test_half_a_pixel_at_the_edge_of_a_crop_stays_outside(kind: str) -> None:
    pixels = shown(heif(kind, coded(kind, "framed").having(aperture(63, 1, 31, 1, *OFF_CENTRE))))
    assert pixels.shape[0] <= LOWER - UPPER
    assert pixels.shape[1] <= RIGHT - LEFT
    assert magenta(pixels) == 0


@BOTH
@pytest.mark.parametrize("before", [turn(2), mirror(0), CROP], ids=["turn", "mirror", "crop"])
def test_a_crop_that_does_not_come_first_is_refused_by_name(kind: str, before: Property) -> None:
    """The standard (MIAF) forbids it, and readers differ on it."""
    error = refused(heif(kind, coded(kind, "framed").having(before, CROP)))
    assert isinstance(error, UnsupportedFormat)
    assert error.code == "format.crop"


# -- alpha


@BOTH
@pytest.mark.parametrize("urn", [ALPHA, ALPHA_OF_HEVC])
def test_colour_beneath_transparency_does_not_survive(kind: str, urn: str) -> None:
    mask = coded(kind, "halves").having(auxiliary(urn))
    data = heif(kind, coded(kind, "secret"), mask, references=[Reference(b"auxl", 2, (1,))])
    pixels = shown(data)
    assert (pixels[:, : WIDTH // 2 - 8] == 255).all()
    assert magenta(pixels) >= (WIDTH // 2 - 8) * HEIGHT


@BOTH
def test_alpha_is_turned_with_its_image(kind: str) -> None:
    steps = [("irot", 1)]  # which both have, as MIAF wants it
    mask = with_steps(coded(kind, "halves").having(auxiliary(ALPHA)), steps)
    image = with_steps(coded(kind, "secret"), steps)
    pixels = shown(heif(kind, image, mask, references=[Reference(b"auxl", 2, (1,))]))
    assert pixels.shape == (WIDTH, HEIGHT, 3)
    assert (pixels[WIDTH // 2 + 8 :] == 255).all()


# -- what stands beside the primary image


def beside(kind: str) -> dict[str, tuple[Item, ...]]:
    secret, halves = coded(kind, "secret"), coded(kind, "halves")
    return {
        "thmb": (secret,),
        "auxl": (
            halves.having(auxiliary(DEPTH)),
            secret.having(auxiliary(GAIN_MAP)),
            secret.having(auxiliary("urn:example:nobody:knows:it")),
        ),
        "": (Item(secret.kind, secret.data, secret.properties, hidden=True), secret),
    }


@BOTH
@pytest.mark.parametrize("reference", beside("heic"))
@pytest.mark.parametrize("first", [False, True], ids=["behind", "before"])
def test_no_other_picture_of_the_file_is_seen(kind: str, reference: str, first: bool) -> None:
    others = beside(kind)[reference]
    image = coded(kind, "whole")
    items = (*others, image) if first else (image, *others)
    primary = items.index(image) + 1
    references = [
        Reference(reference.encode(), number, (primary,))
        for number in range(1, len(items) + 1)
        if reference and number != primary
    ]
    pixels = shown(heif(kind, *items, primary=primary, references=references))
    assert np.array_equal(pixels, shown(heif(kind, image)))
    assert magenta(pixels) == 0


@BOTH
def test_no_other_picture_stands_in_for_a_primary_one_that_cannot_be_read(kind: str) -> None:
    unknown = Item(b"zzzz", b"nobody's codec" * 20, coded(kind, "whole").properties)
    assert refused(heif(kind, unknown, coded(kind, "secret"))).code == "image.malformed"
    assert refused(heif(kind, coded(kind, "secret"), primary=7)).code == "image.malformed"


@BOTH
def test_a_property_that_no_reader_may_do_without_is_not_passed_over(kind: str) -> None:
    image = coded(kind, "whole")
    unknown = box(b"zzzz", b"do something to it")
    assert np.array_equal(shown(heif(kind, image.having(Property(unknown)))), shown(heif(kind, image)))
    assert refused(heif(kind, image.having(Property(unknown, essential=True)))).code == "image.malformed"


@BOTH
@pytest.mark.parametrize("what", ["two-metas", "two-primaries"])
def test_two_answers_to_one_question_are_none(kind: str, what: str) -> None:
    image, secret = coded(kind, "whole"), coded(kind, "secret")
    if what == "two-metas":
        first, second = heif(kind, image), heif(kind, secret)
        head = int.from_bytes(second[:4], "big")
        data = first + second[head:]
    else:
        data = heif(kind, image, secret, in_meta=full(b"pitm", b"\0\2"))
    assert refused(data).code == "image.malformed"


@BOTH
def test_all_that_a_phone_keeps_beside_its_image_is_left_behind(kind: str) -> None:
    """The file of the witness's test: the same pixels as the image by itself, with its alpha, turned."""
    mask = coded(kind, "halves").having(auxiliary(ALPHA))
    alone = heif(kind, coded(kind, "whole").having(turn(3)), mask, references=[Reference(b"auxl", 2, (1,))])
    pixels = shown(phone_file(kind))
    assert np.array_equal(pixels, shown(alone))
    assert magenta(pixels) == 0


@BOTH
def test_two_sizes_of_one_image_are_none(kind: str) -> None:
    """A crop is counted from the size: it must be the one that the codec takes."""
    other = Property(full(b"ispe", struct.pack(">II", WIDTH // 2, HEIGHT // 2)))
    assert refused(heif(kind, coded(kind, "whole").having(other))).code == "image.malformed"


@BOTH
def test_turns_without_end_are_refused(kind: str) -> None:
    image = coded(kind, "whole").having(*[turn(1)] * 100)
    assert refused(heif(kind, image)).code == "image.malformed"


def test_properties_of_items_are_counted() -> None:
    """Two bytes each in the file: a hundred megabytes of them would take minutes."""
    rows = struct.pack(">HB", 9, 255) + b"\1" * 255
    many = full(b"ipma", struct.pack(">I", 400), rows * 400)
    data = heif("heic", coded("heic", "whole"))
    start = data.index(b"iprp") - 4
    size = int.from_bytes(data[start : start + 4], "big")
    longer = data[:start] + struct.pack(">I", size + len(many)) + data[start + 4 : start + size] + many
    meta = data.index(b"meta") - 4
    longer = longer[:meta] + struct.pack(">I", len(longer) - meta) + longer[meta + 4 :]
    assert refused(longer + data[start + size :]).code == "limit.parts"


@pytest.mark.parametrize("kind_of_item", [b"\xff\xfe\xfd\xfc", b"mime"])
def test_what_an_item_says_of_itself_need_not_be_text(kind_of_item: bytes) -> None:
    """A name may be anything. Of a kind or a content type that is no text pi-heif dies, and never sees it."""
    image = coded("heic", "whole")
    described = Reference(b"cdsc", 2, (1,))
    named = Item(b"mime", b"text", name=b"\xff\xfe\xe4", told=b"text/plain\0")
    sound = heif("heic", image, named, references=[described])
    assert np.array_equal(shown(sound), shown(heif("heic", image)))
    other = Item(kind_of_item, b"text", told=b"text/\xff\0")
    assert refused(heif("heic", image, other, references=[described])).code == "image.malformed"


# -- sequences


@pytest.mark.parametrize("brand", [b"hevc", b"msf1", b"avis"])
def test_a_sequence_is_refused_with_what_to_do(brand: bytes) -> None:
    data = heif("heic", coded("heic", "whole"))
    error = refused(data[:8] + brand + data[12:])
    assert isinstance(error, UnsupportedFormat)
    assert error.code == "frames.multiple"
    assert "sequence" in str(error)
    assert "each frame" in error.advice
