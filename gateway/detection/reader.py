"""Whoever reads lines of text, for a policy that hides identifiers only. There with the extra `ocr`."""

from __future__ import annotations

from gateway.detection.detector import LineReader, Setting
from gateway.errors import MissingDetector

INSTALL = "make install EXTRAS=ocr"
"""What installs the reader's libraries, and its model."""


def load_reader(setting: Setting) -> LineReader:
    """The reader. Raises MissingDetector without the extra `ocr`, MissingModel without the model's file."""
    # Imported late: torch takes some seconds and 300 MB, and is there with the extra only.
    try:
        from gateway.detection.easyocr_reader import EasyOcrReader
    except ImportError as exc:
        raise MissingDetector(
            "this policy hides identifiers only (`lines: identifiers`), so lines must be read, and EasyOCR "
            f"is not installed here: run `{INSTALL}`, or write `lines: all`"
        ) from exc
    return EasyOcrReader(setting)
