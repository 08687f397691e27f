"""The ways to hide that are attacked: the product's own, with other bounds too, and what others do.

Each picture goes the way of a copy: `redact.apply`, JPEG as the product writes it, and decoded again, since
that is what an attacker gets to see.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gateway.imaging import cells, redact
from gateway.imaging.cells import Grid
from gateway.imaging.encode import encode
from gateway.imaging.image import ImageFormat, Pixels
from policies.model import Kind, Redaction, RedactionMethod, Region

Change = Callable[[Pixels], Pixels]
"""What another tool does to the pixels of a region, shape (height, width, 3)."""

DEFACE_MOSAIC: Final = 20
"""Pixels a side of deface's mosaic unless it is told otherwise (`--mosaicsize`, deface 1.5.0)."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How coarse a blur or mosaic of ours is: cells of a region, bits a channel."""

    grid: Grid
    bits: int

    @property
    def total(self) -> int:
        """Bits that can be left of a region, at most."""
        return self.grid.rows * self.grid.columns * 3 * self.bits


@dataclass(frozen=True, slots=True)
class Method:
    """A way to hide. bound: of ours, if it leaves cells. change: of another tool; None for ours."""

    name: str
    redaction: RedactionMethod | None = None
    bound: Bound | None = None
    change: Change | None = None

    @property
    def ours(self) -> bool:
        return self.redaction is not None


Only = Sequence[str]
"""Patterns of names (`*` and `?`) by which a run is narrowed to a few methods; none: all of them."""


def narrowed(methods: Sequence[Method], only: Only) -> list[Method]:
    """Those whose name fits one of the patterns."""
    return [one for one in methods if not only or any(fnmatchcase(one.name, each) for each in only)]


def original() -> Method:
    """Nothing hidden: the control of every attack."""
    return Method("original", change=np.copy)


def fill() -> Method:
    return Method("fill", RedactionMethod.FILL)


def bounded(rows: int, columns: int, bits: int, *, flat: bool = False) -> Method:
    """Our blur or, flat, our mosaic with this bound."""
    method = RedactionMethod.MOSAIC if flat else RedactionMethod.BLUR
    return Method(f"{method.value} {rows}×{columns}, {bits} bit", method, Bound(Grid(rows, columns), bits))


def gaussian(sigma: float) -> Method:
    """A Gaussian blur of the region alone, sigma in pixels."""
    return Method(
        f"Gaussian σ={sigma:g}", change=lambda shown: _array(cv2.GaussianBlur(shown, (0, 0), sigma))
    )


def pixelate(side: int) -> Method:
    """The usual mosaic: means of squares of so many pixels a side, all eight bits."""
    return Method(f"mosaic of {side} px", change=lambda shown: _pixelated(shown, side))


def deface_mosaic() -> Method:
    """As deface 1.5.0 does: each square shows the colour of its first pixel."""
    return Method(f"deface mosaic {DEFACE_MOSAIC} px", change=_deface_mosaic)


def deface_blur() -> Method:
    """As deface 1.5.0 does by default: a box filter of half the region's sides, inside its ellipse."""
    return Method("deface blur", change=_deface_blur)


def copy_of(pixels: Pixels, region: Region, kind: Kind, method: Method) -> Pixels:
    """What the copy shows at a region, shape (height, width, 3)."""
    if method.redaction is not None:
        with constants(method.bound):
            hidden = redact.apply(pixels, [Redaction(region, kind, method.redaction)])
    else:
        assert method.change is not None
        hidden = pixels.copy()
        redact.view(hidden, region)[:] = method.change(redact.view(pixels, region))
    return redact.view(written(hidden), region)


def written(pixels: Pixels) -> Pixels:
    """Through the JPEG file that the product writes."""
    with Image.open(io.BytesIO(encode(pixels, ImageFormat.JPEG, lossless=False).data)) as image:
        return np.asarray(image)


@contextmanager
def constants(bound: Bound | None) -> Iterator[None]:
    """The product's own code with another bound than its own."""
    if bound is None:
        yield
        return
    with (
        patch.object(cells, "_STEP", 256 >> bound.bits),
        patch.object(cells, "CELL_BITS", bound.bits),
        patch.object(cells, "grid_for", lambda kind, height, width: bound.grid),
    ):
        yield


def cells_of(shown: Pixels, bound: Bound) -> NDArray[np.float32]:
    """The cells that a copy shows, as they were before JPEG: its loss is smaller than a step, or a level."""
    step = 256 >> bound.bits
    seen = cells.recover(shown, bound.grid).astype(np.int32)
    return np.asarray(seen // step * step + step // 2, dtype=np.float32)


def _pixelated(shown: Pixels, side: int) -> Pixels:
    height, width = shown.shape[:2]
    few = max(1, width // side), max(1, height // side)
    small = cv2.resize(shown, few, interpolation=cv2.INTER_AREA)
    return _array(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST))


def _deface_mosaic(shown: Pixels) -> Pixels:
    height, width = shown.shape[:2]
    first = shown[::DEFACE_MOSAIC, ::DEFACE_MOSAIC]
    tall = np.repeat(first, DEFACE_MOSAIC, axis=0)[:height]
    return np.repeat(tall, DEFACE_MOSAIC, axis=1)[:, :width]


def _deface_blur(shown: Pixels) -> Pixels:
    height, width = shown.shape[:2]
    soft = cv2.blur(shown, (max(1, width // 2), max(1, height // 2)))
    y, x = np.ogrid[:height, :width]
    middle = height // 2, width // 2
    inside = ((y - middle[0]) / max(middle[0], 1)) ** 2 + ((x - middle[1]) / max(middle[1], 1)) ** 2 < 1
    return _array(np.where(inside[:, :, None], soft, shown))


def _array(values: NDArray[np.generic] | cv2.typing.MatLike) -> Pixels:
    return np.asarray(values, dtype=np.uint8)
