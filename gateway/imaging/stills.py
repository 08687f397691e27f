"""Single frames of copies of several, for who labels them one by one.

Only of files that this room wrote, and that authenticated: each is checked against what may be in one, and
cut without a decoder of anything else. Nothing is looked for in them again.
"""

from __future__ import annotations

import zlib

from gateway.errors import OutputCheckFailed
from gateway.imaging import animated_webp, page_tiff
from gateway.imaging.containers import MalformedContainer
from gateway.imaging.image import EncodedImage, ImageFormat


def still(data: bytes, number: int) -> EncodedImage:
    """Frame or page `number`, from 0, exactly: of an animation as WebP, of pages as PNG, which every browser
    shows. Raises OutputCheckFailed where the file is none of ours, or has no such frame.
    """
    try:
        if data.startswith(b"RIFF"):
            return EncodedImage(
                animated_webp.frame_webp(data, number), "image/webp", ".webp", ImageFormat.WEBP
            )
        return EncodedImage(page_tiff.page_png(data, number), "image/png", ".png", ImageFormat.PNG)
    except (MalformedContainer, OSError, ValueError, zlib.error) as exc:
        raise OutputCheckFailed(f"frame {number} cannot be cut out: {exc}", code="check.frame") from exc
