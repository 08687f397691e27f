"""The memory that Pillow keeps from one image to the next, cleared in between. Runs in the decoder process.

Pillow takes an image's rows in blocks of 16 MiB at most and, where PILLOW_BLOCKS_MAX allows, keeps them for
its next image, so that they need not be faulted in again ("Block Allocator" in Pillow's documentation). It
writes zeros over a block before it hands it out, but a codec that reads past the end of its own memory could
meet one of an earlier image before that.
"""

from __future__ import annotations

from typing import Final

from PIL import Image

_PILLOW: Final = Image.core  # type: ignore[attr-defined]  # its stubs leave it out
_BYTES_A_PIXEL: Final = 4  # of Pillow's widest modes, RGB among them


def clear(pixels: int) -> None:
    """Zeros over as many blocks as the last image filled; the others are given back, which clears them too.

    pixels: of the last image. No image may be alive.
    """
    size = _PILLOW.get_block_size()
    filled = -(-pixels * _BYTES_A_PIXEL // size)
    _PILLOW.clear_cache(filled)
    kept = count()
    if kept == 0:
        return
    # Pillow takes what it keeps before it asks for more, and a row of more than half a block is alone in its
    # own. A block that has to be lengthened or shortened for it costs time; what is cut off is written over.
    row = min(-(-pixels * _BYTES_A_PIXEL // kept), size)
    if kept > 1:
        row = max(row, size // 2 + 1)
    try:
        Image.new("L", (row, kept)).close()
    except MemoryError:
        _PILLOW.clear_cache()


def count() -> int:
    """How many blocks Pillow keeps."""
    kept: int = _PILLOW.get_stats()["blocks_cached"]
    return kept
