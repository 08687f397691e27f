"""The import of EasyOCR where torch and torchvision come from different builds.

With a CPU build of torch and a CUDA build of torchvision, importing torchvision fails for want of the
operator `torchvision::nms`, which reading lines never calls. Where that is so, its schema is declared first.
"""

from __future__ import annotations

import importlib
import sys

import torch

NMS = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

_declared: list[torch.library.Library] = []  # a library that is let go takes its schemas with it


def import_easyocr() -> None:
    """Makes `easyocr` importable. Raises ImportError where a library is missing or does not load."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        _forget("torchvision")
        library = torch.library.Library("torchvision", "FRAGMENT")
        for operator in ("nms", "qnms"):
            library.define(operator + NMS)
        _declared.append(library)
    try:
        importlib.import_module("easyocr")
    except (RuntimeError, OSError) as exc:
        raise ImportError(f"EasyOCR does not load ({type(exc).__name__})") from exc


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]
