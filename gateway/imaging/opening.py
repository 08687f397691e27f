"""A file's header, read by the one codec that is for its format; no pixel is decoded here.

Runs inside the confined decoder process. The codecs are called by name, so no other codec is ever in reach.
"""

from __future__ import annotations

import io
import itertools
from typing import Final, NamedTuple, assert_never

import pi_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from gateway.imaging import animated_webp, heif, tiff
from gateway.imaging.colour import ColourKey, Rendering, profile_transform
from gateway.imaging.containers import MalformedContainer, gif_frames, jpeg_precision, webp_header
from gateway.imaging.image import MOST_FRAMES, RATIO_FROM, ImageFormat, Limits
from gateway.imaging.orientation import UPRIGHT
from gateway.imaging.png_texts import texts, without_texts
from gateway.imaging.refusals import Refused

_PNG_BIT_DEPTH: Final = 24  # offset of IHDR's bit depth: signature 8, length 4, name 4, width 4, height 4
_THREADS: Final = 4  # of one decoder; see decoder_process on the processor time that they may spend

# Only the primary image of a HEIF file is wanted: thumbnails, depth maps and auxiliary images stay unread.
pi_heif.options.THUMBNAILS = False
pi_heif.options.DEPTH_IMAGES = False
pi_heif.options.AUX_IMAGES = False
AvifImagePlugin.DEFAULT_MAX_THREADS = _THREADS


class Opened(NamedTuple):
    """A file whose header has been read.

    size: width and height in the file. lossless: whether the file holds its pixels exactly. orientation: of
    EXIF's eight, where another than EXIF says it. frames: the places that the codec has to go to, one after
    the other. plays: of an animation, see Timing. pages: of a TIFF, the directory of each frame. crop: left,
    upper, right and lower edge of what is to be seen of the decoded pixels. texts: of a PNG.
    """

    image: Image.Image | pi_heif.HeifFile
    size: tuple[int, int]
    lossless: bool
    orientation: int | None = None
    frames: tuple[int, ...] = (0,)
    plays: int | None = None
    pages: tuple[tiff.Directory, ...] = ()
    crop: tuple[int, int, int, int] | None = None
    texts: tuple[str, ...] = ()

    def rendering(self, number: int, image: Image.Image, data: bytes) -> Rendering:
        """How the pixels of a loaded frame become sRGB."""
        transform = profile_transform(image.info.get("icc_profile"), image.mode)
        if not self.pages:
            return Rendering(_colour_key(image, data), transform)
        page = self.pages[number]
        negative = page.number(tiff.PHOTOMETRIC) == tiff.WHITE_IS_ZERO
        return Rendering(None, transform, page.number(tiff.BITS, 1), negative)


def check_size(width: int, height: int, limits: Limits, frames: int = 1) -> None:
    """Raises Refused for a size that no image may have here, all its frames together."""
    if width < 1 or height < 1:
        raise Refused("image.malformed")
    if max(width, height) > limits.max_side:
        raise Refused("limit.side", width, height, limits.max_side)
    if width * height > limits.max_pixels:
        raise Refused("limit.pixels", width, height, limits.max_pixels)
    if frames > limits.max_frames or width * height * frames > limits.max_pixels:
        raise Refused("limit.frames", frames, width, height, limits.max_frames, limits.max_pixels)


def check_shape(width: int, height: int, size: int, limits: Limits, frames: int = 1) -> None:
    """Raises Refused for what is too narrow, or too large for a file of `size` bytes; after check_size."""
    if max(width, height) > limits.max_aspect * min(width, height):
        raise Refused("limit.aspect", width, height, limits.max_aspect)
    pixels = width * height * frames
    ratio = pixels * 3 // max(size, 1)
    if pixels > RATIO_FROM and ratio > limits.max_ratio:
        raise Refused("limit.ratio", ratio, limits.max_ratio)


def open_header(data: bytes, image_format: ImageFormat, limits: Limits) -> Opened:
    """Raises Refused, and whatever the codecs raise for damaged files."""
    match image_format:
        case ImageFormat.JPEG:
            return _open_jpeg(data)
        case ImageFormat.PNG:
            return _open_png(data)
        case ImageFormat.WEBP:
            return _open_webp(data, limits)
        case ImageFormat.HEIC:
            return _open_heic(data)
        case ImageFormat.AVIF:
            return _open_avif(data)
        case ImageFormat.TIFF:
            return _open_tiff(data, limits)
        case ImageFormat.GIF:
            return _open_gif(data, limits)
        case ImageFormat.BMP:
            return _opened(BmpImagePlugin.BmpImageFile(io.BytesIO(data)), lossless=True)
        case _:
            assert_never(image_format)


def _colour_key(image: Image.Image, data: bytes) -> ColourKey | None:
    """The colour that the file declares transparent, in the scale of Pillow's samples.

    Pillow leaves the key of a PNG's tRNS chunk at the file's bit depth but widens 2- and 4-bit grey to 8 bits
    and cuts 16-bit RGB to 8. Of 16-bit RGB the upper bytes are compared: that may clear a few pixels more,
    never one fewer. The key of a GIF is an index, which Pillow looks up itself but for a palette of greys.
    """
    key = image.info.get("transparency")
    if isinstance(image, GifImagePlugin.GifImageFile):
        return key if isinstance(key, int) and image.mode == "L" else None
    if not isinstance(image, PngImagePlugin.PngImageFile):
        return None
    depth = data[_PNG_BIT_DEPTH]
    if isinstance(key, int) and image.mode != "P":
        return key * 255 // ((1 << depth) - 1) if image.mode == "L" and depth < 8 else key
    if isinstance(key, tuple):
        red, green, blue = (int(value) >> (8 if depth == 16 else 0) for value in key)
        return red, green, blue
    return None


def _opened(image: ImageFile.ImageFile, *, lossless: bool) -> Opened:
    return Opened(image, image.size, lossless)


def _open_jpeg(data: bytes) -> Opened:
    """The primary image of a multi-picture file (MPO): the codec reads the first, and no other."""
    if (bits := jpeg_precision(data)) not in (None, 8):
        raise Refused("format.jpeg_precision", bits or 0)
    return _opened(JpegImagePlugin.JpegImageFile(io.BytesIO(data)), lossless=False)


def _open_heic(data: bytes) -> Opened:
    """The primary image, cropped and turned by libheif as the container says, whatever EXIF says."""
    _transforms(data)
    try:
        heif.check_entries(data)
    except MalformedContainer:
        raise Refused("image.malformed") from None
    heic = pi_heif.HeifFile(io.BytesIO(data), convert_hdr_to_8bit=True)
    if not heic.info["primary"]:  # that one cannot be read: no other stands in for it
        raise Refused("image.malformed")
    return Opened(heic, heic.size, lossless=False, orientation=UPRIGHT)


def _open_avif(data: bytes) -> Opened:
    """The primary image. The codec leaves what was cropped away, and takes EXIF's or XMP's orientation."""
    avif = AvifImagePlugin.AvifImageFile(io.BytesIO(data))
    if avif.n_frames > 1:
        raise Refused("frames.multiple")
    said = _transforms(data)
    if said.size != avif.size:
        raise Refused("image.malformed")
    return Opened(avif, avif.size, lossless=False, orientation=said.orientation, crop=said.crop)


def _transforms(data: bytes) -> heif.Transforms:
    try:
        return heif.transforms(data)
    except MalformedContainer:
        raise Refused("image.malformed") from None


def _open_png(data: bytes) -> Opened:
    """Of an animation the frames that it plays, and not the picture that stands in where none is played."""
    png = PngImagePlugin.PngImageFile(io.BytesIO(without_texts(data)))
    said = tuple(texts(data))
    if png.n_frames == 1:
        return Opened(png, png.size, lossless=True, texts=said)
    # A header may announce any number of frames: no list is made of more than may be taken.
    frames = tuple(range(int(bool(png.default_image)), min(png.n_frames, MOST_FRAMES + 1)))
    plays = _whole(png.info.get("loop"))
    return Opened(png, png.size, lossless=True, frames=frames, plays=plays, texts=said)


def _open_gif(data: bytes, limits: Limits) -> Opened:
    """The frames are counted by hand: Pillow would go through them all, however many there are.

    And measured: it makes the canvas as large as any of them asks for, when it comes to that one.
    """
    canvas, *frames = gif_frames(data, limits.max_frames + 1) or [(0, 0)]
    count = len(frames)
    width, height = (max(sides) for sides in zip(canvas, *frames[:1], strict=True))
    check_size(width, height, limits, max(count, 1))
    if any(right > width or lower > height for right, lower in frames):
        raise Refused("image.malformed")
    gif = GifImagePlugin.GifImageFile(io.BytesIO(data))
    if count <= 1:
        return _opened(gif, lossless=True)
    # What it says is how often it begins again; without a word it plays once.
    again = gif.info.get("loop")
    plays = 1 if again is None else _whole(again) and _whole(again) + 1
    return Opened(gif, gif.size, True, frames=tuple(range(count)), plays=plays)


def _whole(number: object) -> int:
    return number if isinstance(number, int) and 0 <= number < animated_webp.MAX_PLAYS else 0


def _open_webp(data: bytes, limits: Limits) -> Opened:
    try:
        header = webp_header(data)
    except MalformedContainer:
        raise Refused("image.malformed") from None
    # Before the codec sees it: it allocates the whole canvas when it is opened.
    check_size(header.width, header.height, limits, header.frames)
    if max(header.width, header.height) > animated_webp.MAX_SIDE:  # of one frame the canvas may be larger
        raise Refused("limit.side", header.width, header.height, animated_webp.MAX_SIDE)
    webp = WebPImagePlugin.WebPImageFile(io.BytesIO(data))
    if webp.n_frames == 1:
        return _opened(webp, lossless=header.lossless)
    frames = tuple(range(webp.n_frames))
    return Opened(webp, webp.size, header.lossless, frames=frames, plays=_whole(webp.info.get("loop")))


def _open_tiff(data: bytes, limits: Limits) -> Opened:
    """All pages. What is no picture but a sensor's data is refused by its tags."""
    try:
        if tiff.is_raw(data):
            raise Refused("format.raw")
        places, pages = zip(*itertools.islice(tiff.full_pages(data), limits.max_frames + 1), strict=True)
    except (MalformedContainer, ValueError):
        raise Refused("image.malformed") from None
    for page in pages:
        check_size(page.number(tiff.WIDTH), page.number(tiff.LENGTH), limits, len(pages))
        compression = page.number(tiff.COMPRESSION, 1)
        if compression not in TiffImagePlugin.COMPRESSION_INFO:
            raise Refused("format.tiff_compression", compression)
    try:
        image = TiffImagePlugin.TiffImageFile(io.BytesIO(data))
    except SyntaxError as exc:
        if exc.__cause__ is None:  # samples that are none of its colour models; damage has a cause
            raise Refused("format.colours") from None
        raise
    # Upright, since Pillow applies the tag when it loads the pixels.
    return Opened(image, image.size, lossless=True, orientation=UPRIGHT, frames=places, pages=pages)
