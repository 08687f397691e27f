"""What a file is, by its first bytes; names and declared media types are never believed."""

from __future__ import annotations

from typing import Final

from gateway.imaging.image import ImageFormat
from gateway.imaging.refusals import Refused

_LOOK_AHEAD: Final = 4096  # bytes looked at where a mark has no fixed place
_MPEG_PACKETS: Final = (0, 188, 376, 564)  # each packet of a transport stream begins with the same byte

# Fixed bytes at a fixed place, first match wins: what is taken, or the code of a refusal. Sources: the
# formats' specifications.
_MARKS: Final[tuple[tuple[int, bytes, ImageFormat | str], ...]] = (
    (128, b"DICM", "format.dicom"),  # first: its preamble may pose as a TIFF
    (8, b"CR\x02\x00", "format.raw"),  # Canon CR2, a TIFF that says so at offset 8
    (0, b"GIF87a", ImageFormat.GIF),
    (0, b"GIF89a", ImageFormat.GIF),
    (0, b"II*\x00", ImageFormat.TIFF),  # also most raw camera files, which tiff.is_raw tells apart
    (0, b"MM\x00*", ImageFormat.TIFF),
    (0, b"II+\x00", ImageFormat.TIFF),
    (0, b"MM\x00+", ImageFormat.TIFF),
    (0, b"IIU\x00", "format.raw"),  # Panasonic
    (0, b"IIRO", "format.raw"),  # Olympus
    (0, b"IIRS", "format.raw"),
    (0, b"MMOR", "format.raw"),
    (0, b"FUJIFILMCCD-RAW", "format.raw"),
    (0, b"FOVb", "format.raw"),  # Sigma
    (0, b"\x00MRM", "format.raw"),  # Minolta
    (0, b"8BPS", "format.psd"),
    (0, b"\x00\x00\x01\x00", "format.ico"),
    (0, b"\x00\x00\x02\x00", "format.ico"),
    (0, b"v/1\x01", "format.openexr"),
    (0, b"II\xbc\x01", "format.jpegxr"),
    (0, b"qoif", "format.qoi"),
    (0, b"DDS ", "format.dds"),
    (0, b"%!PS", "format.postscript"),
    (0, b"\xc5\xd0\xd3\xc6", "format.postscript"),  # EPS with a preview in front
    (0, b"AT&TFORM", "format.djvu"),
    (0, b"SIMPLE  =", "format.fits"),
    (0, b"\xff\x0a", "format.jpegxl"),
    (0, b"\x00\x00\x00\x0cJXL ", "format.jpegxl"),
    (0, b"\x00\x00\x00\x0cjP  ", "format.jpeg2000"),
    (0, b"\xff\x4f\xff\x51", "format.jpeg2000"),
    (0, b"\x1aE\xdf\xa3", "format.video"),  # Matroska, WebM
    (0, b"\x00\x00\x01\xba", "format.video"),
    (0, b"\x00\x00\x01\xb3", "format.video"),
    (4, b"moov", "format.video"),  # QuickTime of before there was a file type box
    (4, b"mdat", "format.video"),
    (4, b"wide", "format.video"),
    (0, b"OggS", "format.video"),
    (0, b"FLV\x01", "format.video"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "format.video"),  # ASF, WMV
    (0, b"PK\x03\x04", "format.archive"),
    (0, b"PK\x05\x06", "format.archive"),
    (0, b"\x1f\x8b", "format.archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "format.archive"),
    (0, b"Rar!\x1a\x07", "format.archive"),
    (0, b"BZh", "format.archive"),
    (0, b"\xfd7zXZ\x00", "format.archive"),
    (0, b"\x28\xb5\x2f\xfd", "format.archive"),
    (257, b"ustar", "format.archive"),
    (0, b"\x7fELF", "format.program"),
    (0, b"MZ", "format.program"),
)

_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis"})
_BMP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})  # bytes, in all versions since OS/2 1
_OTHER_STILLS: Final = frozenset(
    {b"mif2", b"mif3", b"miaf", b"jpeg", b"j2ki", b"vvic"}
)  # HEIF, not read here
_SEQUENCE_BRANDS: Final = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"msf1", b"avis"})
_DICOM_FIRST_TAGS: Final = (b"\x08\x00", b"\x02\x00", b"\x00\x08", b"\x00\x02")


def sniff(data: bytes) -> ImageFormat:
    """The format of an image file. Raises Refused for anything that is not taken, saying what it is."""
    if not data:
        raise Refused("file.empty")
    if data.startswith(b"\xff\xd8\xff"):
        return ImageFormat.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return ImageFormat.PNG
    if data.startswith(b"RIFF"):
        return _sniff_riff(data)
    if data[4:8] == b"ftyp":
        return _sniff_boxes(data)
    found = _name_of(data)
    if isinstance(found, ImageFormat):
        return found
    raise Refused(found)


def _sniff_riff(data: bytes) -> ImageFormat:
    if data[8:12] == b"WEBP":
        return ImageFormat.WEBP
    raise Refused("format.video" if data[8:12] == b"AVI " else "format.unsupported")


def _sniff_boxes(data: bytes) -> ImageFormat:
    """ISO base media files: HEIC, AVIF, videos, Canon CR3. The major brand rules."""
    end = min(int.from_bytes(data[:4], "big"), _LOOK_AHEAD)
    major = data[8:12]
    brands = {data[at : at + 4] for at in range(16, end - 3, 4)}
    if major in _SEQUENCE_BRANDS:
        raise Refused("frames.multiple")
    if major in _HEIC_BRANDS:
        return ImageFormat.HEIC
    if major == b"avif" or (major == b"mif1" and b"avif" in brands):
        return ImageFormat.AVIF
    if major == b"mif1":  # the general HEIF brand: the decoder says whether it can read what is inside
        return ImageFormat.HEIC
    if major in _OTHER_STILLS:
        raise Refused("format.unsupported")
    raise Refused("format.raw" if major == b"crx " else "format.video")


def _name_of(data: bytes) -> ImageFormat | str:
    for offset, mark, name in _MARKS:
        if data[offset : offset + len(mark)] == mark:
            return name
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return ImageFormat.BMP
    head = data[:_LOOK_AHEAD]
    if all(data[at : at + 1] == b"G" for at in _MPEG_PACKETS):
        return "format.video"
    if b"%PDF-" in head[:1024]:  # the PDF specification lets the mark stand anywhere in the first kilobyte
        return "format.pdf"
    if head[:1] == b"P" and head[1:2] in b"1234567" and head[2:3].isspace():
        return "format.pnm"
    # DICOM without its preamble: a first tag of group 0002 or 0008 in either byte order.
    if head[:2] in _DICOM_FIRST_TAGS and len(head) > 8:
        return "format.dicom"
    return _name_of_text(head)


def _name_of_text(head: bytes) -> str:
    lower = head.lower()
    if b"<svg" in lower:
        return "format.svg"
    if b"<html" in lower or b"<!doctype html" in lower:
        return "format.html"
    printable = sum(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head)
    return "format.text" if printable >= 0.95 * len(head) else "format.unsupported"
