"""The pictures that HEIF files of the tests are made of.

HEVC has no encoder that these tests may count on, so its files are kept in the folder `data`; this makes them
again, with heif-enc (Debian's libheif-examples): python -m tests.gateway.imaging.heif_pictures
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from gateway.imaging.image import Pixels
from tests.gateway.imaging.samples import DATA, quadrants

WIDTH, HEIGHT = 128, 64

MAGENTA: Final = (230, 0, 230)
"""What nobody may see: it is in no other picture of these."""

WINDOW: Final = (16, 8, 80, 40)
"""Left, upper, right, lower: of the part of `framed` that is to be seen."""


def whole() -> Pixels:
    """Red, green / blue, light grey."""
    return quadrants(WIDTH, HEIGHT)


def framed() -> Pixels:
    """The same, small, with magenta all around."""
    pixels = secret()
    left, upper, right, lower = WINDOW
    pixels[upper:lower, left:right] = quadrants(right - left, lower - upper)
    return pixels


def secret() -> Pixels:
    return np.full((HEIGHT, WIDTH, 3), MAGENTA, dtype=np.uint8)


def halves() -> Pixels:
    """One channel: black on the left, white on the right, as alpha and as depth."""
    pixels = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    pixels[:, WIDTH // 2 :] = 255
    return pixels


PICTURES: Final[Mapping[str, Callable[[], Pixels]]] = {
    "whole": whole,
    "framed": framed,
    "secret": secret,
    "halves": halves,
}
"""By the name of their file."""


def main() -> None:
    encoder = shutil.which("heif-enc") or sys.exit("heif-enc is not installed (Debian: libheif-examples)")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in PICTURES.items():
            source = Path(folder) / f"{name}.png"
            Image.fromarray(make()).save(source)
            subprocess.run([encoder, "-q", "90", "-o", DATA / f"{name}.heic", source], check=True)


if __name__ == "__main__":
    main()
