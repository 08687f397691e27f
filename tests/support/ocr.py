"""Tests that need the extra `ocr`: they run where it is, and say elsewhere what would make them run."""

from __future__ import annotations

import importlib.util
import os

import pytest

from gateway.detection.models import ModelState, ModelStore
from gateway.detection.reader import INSTALL
from gateway.settings import models_folder

MODEL = "easyocr-english"


def _lacking() -> str | None:
    if importlib.util.find_spec("easyocr") is None:
        return f"EasyOCR is not installed: {INSTALL}"
    state = next(one.state for one in ModelStore(models_folder(os.environ)).list() if one.entry.name == MODEL)
    return None if state is ModelState.PRESENT else f"{MODEL} is {state}: privgate models fetch {MODEL}"


needs_ocr = pytest.mark.skipif(_lacking() is not None, reason=str(_lacking()))
without_ocr = pytest.mark.skipif(_lacking() is None, reason="EasyOCR is installed, so nothing is refused")
