"""Small before/after pictures for the page that `privgate anonymize --html` writes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.imaging.thumbnail import thumbnail

SIDE = 480
"""Pixels of the longer side: enough to judge a redaction by, too few to collect originals with."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Two JPEG files. `before` shows the original: the page says so."""

    before: bytes
    after: bytes


class Previewer:
    """Keeps the two pictures of one image; `preview` is None until it has been shown one."""

    def __init__(self) -> None:
        self.preview: Preview | None = None

    def look(self, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> None:
        self.preview = Preview(thumbnail(before, SIDE), thumbnail(after, SIDE))
