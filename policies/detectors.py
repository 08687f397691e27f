"""The detectors' names and what each finds, for whoever checks a policy and loads no model."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from policies.model import Kind

KINDS: Final = MappingProxyType(
    {
        "centerface": frozenset({Kind.FACE}),
        "mediapipe": frozenset({Kind.FACE}),
        "clp": frozenset({Kind.LICENSE_PLATE}),
        "ppocr-plates": frozenset({Kind.LICENSE_PLATE}),
        "ppocr": frozenset({Kind.TEXT}),
        "zxing": frozenset({Kind.CODE}),
    }
)
"""As the classes in gateway.detection.registry have it; a test compares."""
