"""Reading lines of text that were found: what a policy that hides identifiers only needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from gateway.detection.detector import Setting
from gateway.detection.passes import Pixels
from gateway.errors import MissingDetector
from policies.identifiers import ReadLine
from policies.model import Region

INSTALL = "make install EXTRAS=ocr"
"""What installs the reader's libraries."""


class LineReader(Protocol):
    """Reads one line a region. What it cannot read has a confidence of 0."""

    name: str
    models: tuple[str, ...]

    def read(self, pixels: Pixels, regions: Sequence[Region]) -> list[ReadLine]:
        """In the order of the regions. `pixels`: uint8 (h, w, 3), RGB, oriented."""
        ...


ReaderFactory = Callable[[Setting], LineReader]


def load_reader(setting: Setting) -> LineReader:
    """The process's reader. Raises MissingDetector without the extra `ocr`, MissingModel without its file."""
    # Imported late: torch takes some seconds and 300 MB, and is there with the extra only.
    try:
        from gateway.detection.easyocr_reader import EasyOcrReader
    except ImportError as exc:
        raise MissingDetector(
            "the policy hides identifiers only (`lines: identifiers`), so lines must be read, and EasyOCR is "
            f"not installed here: run `{INSTALL}`, or write `lines: all`"
        ) from exc
    return EasyOcrReader(setting)
