"""Why an input is refused, in words: one table from code to error, message and advice.

The confined decoder sends codes and numbers only, and the words are put together here, on the trusted side:
a decoder that a hostile file has taken over cannot write text, pixels or names into an error message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.errors import DecodeTimeout, InputRefused, LimitExceeded, MalformedImage, UnsupportedFormat

_CONVERT: Final = "Convert it to PNG or JPEG first."
_EXPORT: Final = "Develop it in your raw converter, export it as TIFF, PNG or JPEG and send that."
_PAGES: Final = "Render each page to PNG first; `pdftoppm -r 200 -png FILE page` does it."
_VIDEO: Final = "Extract the frames first; `ffmpeg -i FILE frame-%06d.png` does it. Send the PNG files."
_FRAME: Final = "Export each frame as its own PNG or JPEG file and send those."
_AGAIN: Final = "Open it in an image editor, save it as PNG or JPEG and send that."


TAKEN: Final = "JPEG, PNG, WebP, TIFF, HEIC, AVIF, GIF and BMP"


@dataclass(frozen=True, slots=True)
class Refusal:
    """error: the class raised. message: takes the numbers as {0}, {1}, … advice: one sentence."""

    error: type[InputRefused]
    message: str
    advice: str


def _format(name: str, advice: str = _CONVERT) -> Refusal:
    return Refusal(UnsupportedFormat, f"{name} is not taken; {TAKEN} are", advice)


REFUSALS: Final[dict[str, Refusal]] = {
    "format.raw": _format("a raw camera file", _EXPORT),
    "format.tiff_compression": Refusal(
        UnsupportedFormat, "a TIFF file compressed by method {0} is not taken", _CONVERT
    ),
    "format.jpegxl": _format("a JPEG XL file"),
    "format.jpeg2000": _format("a JPEG 2000 file"),
    "format.psd": _format("a Photoshop file", "Flatten its layers and export it as PNG or JPEG first."),
    "format.ico": _format("an icon file"),
    "format.pnm": _format("a PNM file (PBM, PGM, PPM)"),
    "format.jpegxr": _format("a JPEG XR file"),
    "format.openexr": _format("an OpenEXR file", "Tone-map it and export it as PNG or TIFF first."),
    "format.qoi": _format("a QOI file"),
    "format.dds": _format("a DDS texture"),
    "format.fits": _format("a FITS file", "Scale it to 8 or 16 bits and export it as PNG or TIFF first."),
    "format.djvu": _format("a DjVu document", "Render each page to PNG first."),
    "format.postscript": _format("a PostScript document", "Render each page to PNG first."),
    "format.svg": _format("an SVG drawing", "Render it to PNG first."),
    "format.dicom": _format(
        "a DICOM file",
        "DICOM comes in a later release; until then export the frames as PNG, without overlays.",
    ),
    "format.pdf": _format("a PDF document", _PAGES),
    "format.video": _format("a video", _VIDEO),
    "format.archive": _format("an archive", "Unpack it and send the images in it."),
    "format.html": _format("a web page", "Send the image itself, not the page that shows it."),
    "format.text": _format("a text file", "Send the image itself; check that the download was complete."),
    "format.program": _format("an executable program", "Send an image file."),
    "format.unsupported": _format("this kind of file"),
    "format.jpeg_precision": Refusal(
        UnsupportedFormat, "a JPEG file of {0} bits a sample is not taken; 8 bits are", _CONVERT
    ),
    "format.crop": Refusal(
        UnsupportedFormat, "an image that its file turns or crops before it crops it is not taken", _AGAIN
    ),
    "format.colours": Refusal(UnsupportedFormat, "the image's colour model is not taken", _CONVERT),
    "file.empty": Refusal(MalformedImage, "the file is empty", "Check the transfer and send it again."),
    "frames.multiple": Refusal(
        UnsupportedFormat,
        "a HEIC or AVIF file with a sequence of images is not taken; one with one is",
        _FRAME,
    ),
    "frames.sizes": Refusal(
        UnsupportedFormat,
        "the file's pages are of different sizes; those of one size are taken",
        "Split it and send the pages one by one; `tiffsplit FILE` does it.",
    ),
    "image.malformed": Refusal(
        MalformedImage, "the file is damaged, cut short or not what it claims", _AGAIN
    ),
    "limit.bytes": Refusal(
        LimitExceeded,
        "the file has {0:,} bytes; the limit is {1:,}",
        "Send a smaller file, or ask for a higher limit.",
    ),
    "limit.pixels": Refusal(
        LimitExceeded,
        "the image has {0:,} x {1:,} pixels; the limit is {2:,} pixels in all",
        "Scale the image down or cut it into parts, or ask for a higher limit.",
    ),
    "limit.side": Refusal(
        LimitExceeded,
        "the image has {0:,} x {1:,} pixels; the limit is {2:,} pixels a side",
        "Scale the image down or cut it into parts, or ask for a higher limit.",
    ),
    "limit.frames": Refusal(
        LimitExceeded,
        "the file has {0:,} frames or more of {1:,} x {2:,} pixels; the limit is {3:,} frames and "
        "{4:,} pixels in all",
        "Split it into shorter files or scale it down, or ask for a higher limit.",
    ),
    "limit.aspect": Refusal(
        LimitExceeded,
        "the image has {0:,} x {1:,} pixels; one side may be {2:,} times the other",
        "Cut it into parts that are less narrow, and send those.",
    ),
    "limit.ratio": Refusal(
        LimitExceeded,
        "the image unfolds to {0:,} times the size of its file; the limit is {1:,}",
        "If it is no more than an empty page, leave it out; else scale it down and send that.",
    ),
    "limit.parts": Refusal(LimitExceeded, "the file is made of more than {0:,} parts", _AGAIN),
    "limit.nesting": Refusal(
        LimitExceeded, "the file's parts lie more than {0:,} deep in each other", _AGAIN
    ),
    "limit.scans": Refusal(LimitExceeded, "the JPEG file has more than {0:,} scans", _AGAIN),
    "limit.memory": Refusal(
        LimitExceeded,
        "decoding needs more memory than the {0:,} bytes allowed",
        "Scale the image down, or ask for a higher limit.",
    ),
    "decode.timeout": Refusal(DecodeTimeout, "decoding took longer than the {0:g} seconds allowed", _AGAIN),
    "decode.crashed": Refusal(DecodeTimeout, "the file made the decoder fail; it was stopped", _AGAIN),
}


class Refused(Exception):
    """Raised inside this room only: a code of REFUSALS and the numbers that its message takes."""

    def __init__(self, code: str, *numbers: float) -> None:
        super().__init__(code, *numbers)
        self.code = code
        self.numbers = numbers

    def to_error(self) -> InputRefused:
        """The error that callers see. Raises KeyError or IndexError for a code or numbers that do not fit."""
        refusal = REFUSALS[self.code]
        return refusal.error(refusal.message.format(*self.numbers), advice=refusal.advice, code=self.code)
