"""Files of every format that is taken, stuffed with what must not come out again."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from tests.gateway.imaging.heif_files import (
    ALPHA,
    DEPTH,
    GAIN_MAP,
    Item,
    Reference,
    auxiliary,
    box,
    coded,
    description,
    exif_item,
    full,
    heif,
    turn,
    xmp_item,
)
from tests.gateway.imaging.samples import DATA, png_chunk, save, scene
from tests.gateway.imaging.tiff_files import ASCII, LONG, UNDEFINED, Tags, Values, described, tiff

SECRETS = ("SECRET", "52.5163", "Ada Lovelace", "2031:01:02")
XMP = b"<?xpacket?><x:xmpmeta xmlns:x='adobe:ns:meta/'><r>XMP-SECRET Ada Lovelace</r></x:xmpmeta>"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
TRAILER = b"TRAILER-SECRET" * 20

FRAMES = tuple(Image.fromarray(scene(96, 64, seed)) for seed in range(3))


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


def iptc() -> bytes:
    """A Photoshop block with IPTC's by-line in it."""
    line = b"\x1c\x02\x50" + struct.pack(">H", 19) + b"Ada Lovelace SECRET"
    return (
        b"Photoshop 3.0\x008BIM\x04\x04\x00\x00"
        + struct.pack(">I", len(line))
        + line
        + b"\0" * (len(line) % 2)
    )


def jpeg_with_segments(data: bytes) -> bytes:
    """With an IPTC segment, a second comment and an unknown application's segment behind its start."""
    segments = b""
    for marker, payload in ((0xED, iptc()), (0xFE, b"COMMENT-SECRET"), (0xE7, b"SECRET of nobody's format")):
        segments += struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
    return data[:2] + segments + data[2:] + TRAILER


def jpeg(mode: str = "RGB", **options: object) -> bytes:
    image = Image.fromarray(scene()).convert(mode)
    return jpeg_with_segments(save(image, "JPEG", exif=exif(), comment=b"COMMENT-SECRET", xmp=XMP, **options))


def multi_picture() -> bytes:
    """A second picture behind the first, as phones and cameras keep previews and depth maps."""
    second = save(Image.new("RGB", (64, 48), (1, 2, 3)), "JPEG", comment=b"SECOND-SECRET", exif=exif())
    return save(Image.fromarray(scene()), "MPO", exif=exif()) + second


def texts() -> PngImagePlugin.PngInfo:
    found = PngImagePlugin.PngInfo()
    found.add_text("Author", "Ada Lovelace")
    found.add_itxt("XML:com.adobe.xmp", XMP.decode())
    found.add_text("Comment", "ZTXT-SECRET", zip=True)
    return found


def png(image: Image.Image, **options: object) -> bytes:
    data = save(image, "PNG", pnginfo=texts(), exif=exif(), dpi=(300, 300), **options)
    private = png_chunk(b"seCr", b"CHUNK-SECRET") + png_chunk(b"tIME", b"\x07\xef\x01\x02\x03\x04\x05")
    return data[:33] + private + data[33:] + TRAILER


def sixteen_bits() -> Image.Image:
    return Image.fromarray(scene()[..., 0].astype("uint16") * 257)


def webp(**options: object) -> bytes:
    return save(Image.fromarray(scene()), "WEBP", exif=exif(), xmp=XMP, icc_profile=PROFILE, **options)


def animated(name: str, **options: object) -> bytes:
    more = {"duration": 60, "loop": 0, **options}
    return save(FRAMES[0], name, save_all=True, append_images=list(FRAMES[1:]), **more)


def with_gif_blocks(data: bytes) -> bytes:
    """With a comment and XMP's application extension in front of the trailer, and bytes behind it."""
    comment = b"\x21\xfe\x0eCOMMENT-SECRET\x00"
    application = b"\x21\xff\x0bXMP DataXMP" + XMP + bytes([1, *range(255, -1, -1)]) + b"\x00"
    return data[:-1] + comment + application + b"\x3b" + TRAILER


def rich_tags(tags: Tags) -> dict[int, tuple[int, Values]]:
    """With names, dates, XMP, IPTC, a profile and a private tag of nobody's."""
    more: dict[int, tuple[int, Values]] = {
        270: (ASCII, b"SECRET of the ward\0"),
        271: (ASCII, b"SECRET-CAMERA\0"),
        306: (ASCII, b"2031:01:02 03:04:05\0"),
        315: (ASCII, b"Ada Lovelace\0"),
        700: (1, XMP),
        33723: (UNDEFINED, iptc()[26:]),
        34675: (UNDEFINED, PROFILE),
        65000: (ASCII, b"PRIVATE-SECRET\0"),
    }
    return {**tags, **more}


def tiff_page(seed: int, **more: int) -> tuple[Tags, list[bytes]]:
    picture = scene(96, 64, seed)
    return rich_tags(described(picture, 2, **more)), [picture.tobytes()]


def tiff_with_thumbnail() -> bytes:
    small = scene(24, 16, 3)
    reduced = rich_tags(described(small, 2)) | {254: (LONG, [1]), 305: (ASCII, b"SECRET of the small one\0")}
    return tiff(tiff_page(1, orientation=6), (reduced, [small.tobytes()])) + TRAILER


def tiff_by_pillow() -> bytes:
    """With its own directories for EXIF and GPS, compressed."""
    return save(Image.fromarray(scene()), "TIFF", exif=exif(), icc_profile=PROFILE, compression="tiff_lzw")


def bmp() -> bytes:
    """With bytes between its header and its pixels, and behind them."""
    data = save(Image.fromarray(scene()), "BMP")
    gap = b"GAP-SECRET" * 4
    start = int.from_bytes(data[10:14], "little")
    size = struct.pack("<I", len(data) + len(gap))
    return (
        b"BM"
        + size
        + data[6:10]
        + struct.pack("<I", start + len(gap))
        + data[14:start]
        + gap
        + data[start:]
        + TRAILER
    )


def phone_file(kind: str) -> bytes:
    """As much as a HEIF file may have beside its image, with a name in each of it."""
    secret, halves = coded(kind, "secret"), coded(kind, "halves")
    items = (
        replace(coded(kind, "whole"), name=b"SECRET image of Ada Lovelace").having(
            turn(3), description("en", "SECRET name", "Ada Lovelace on ward 7", "SECRET,tags")
        ),
        exif_item(exif().tobytes()),
        xmp_item(XMP),
        Item(b"mime", b"TEXT-SECRET of Ada Lovelace", name=b"SECRET note", told=b"text/plain\0"),
        Item(b"uri ", b"URI-SECRET", told=b"urn:example:SECRET\0"),
        Item(b"zzzz", b"ITEM-SECRET of nobody's kind"),
        replace(secret, name=b"SECRET thumbnail"),
        halves.having(auxiliary(ALPHA)),
        halves.having(auxiliary(DEPTH)),
        secret.having(auxiliary(GAIN_MAP), description("en", "SECRET map", "", "")),
        replace(secret, name=b"SECRET hidden", hidden=True),
        replace(secret, name=b"SECRET second"),
    )
    kinds = {2: b"cdsc", 3: b"cdsc", 4: b"cdsc", 5: b"cdsc", 7: b"thmb", 8: b"auxl", 9: b"auxl", 10: b"auxl"}
    extended = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # XMP's, where it stands outside of items
    return heif(
        kind,
        *items,
        references=[Reference(name, number, (1,)) for number, name in kinds.items()],
        in_meta=full(b"xml ", b"<SECRET/>") + box(b"free", b"FREE-SECRET"),
        gap=b"GAP-SECRET" * 4,
        behind=box(b"uuid", extended, XMP) + box(b"free", b"FREE-SECRET") + TRAILER,
    )


FILES: dict[str, Callable[[], bytes]] = {
    "photo.jpg": lambda: jpeg(icc_profile=PROFILE),
    "progressive.jpg": lambda: jpeg(progressive=True, subsampling=2),
    "inks.jpg": lambda: jpeg("CMYK"),
    "grey.jpg": lambda: jpeg("L"),
    "burst.jpg": multi_picture,
    "scan.png": lambda: png(Image.fromarray(scene())),
    "deep.png": lambda: png(sixteen_bits()),
    "palette.png": lambda: png(Image.fromarray(scene()).quantize(32), transparency=0),
    "alpha.png": lambda: png(Image.fromarray(scene()).convert("RGBA")),
    "moving.png": lambda: animated("PNG", pnginfo=texts(), exif=exif()) + TRAILER,
    "lossy.webp": lambda: webp(),
    "lossless.webp": lambda: webp(lossless=True),
    "moving.webp": lambda: animated("WEBP", exif=exif(), xmp=XMP, icc_profile=PROFILE),
    "still.gif": lambda: with_gif_blocks(save(FRAMES[0], "GIF", comment=b"COMMENT-SECRET")),
    "moving.gif": lambda: with_gif_blocks(animated("GIF", comment=b"COMMENT-SECRET")),
    "page.tif": lambda: tiff(tiff_page(1)) + TRAILER,
    "pages.tif": lambda: tiff(tiff_page(1), tiff_page(2), tiff_page(3)) + TRAILER,
    "thumbnail.tif": tiff_with_thumbnail,
    "lzw.tif": tiff_by_pillow,
    "drawing.bmp": bmp,
    "phone.avif": lambda: save(
        Image.fromarray(scene()), "AVIF", exif=exif(), xmp=XMP, icc_profile=PROFILE, speed=10
    ),
    "phone.heic": lambda: (DATA / "turned.heic").read_bytes(),
    "everything.heic": lambda: phone_file("heic"),
    "everything.avif": lambda: phone_file("avif"),
}
"""By file name; each shows SECRETS to whoever looks into it."""
