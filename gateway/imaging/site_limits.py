"""The limits of one site, as its operator sets them (PRIVGATE_MAX_MEGAPIXELS, PRIVGATE_DECODE_SECONDS)."""

from __future__ import annotations

from dataclasses import replace

from gateway.imaging.image import Limits


def site_limits(megapixels: int, seconds: int) -> Limits:
    """Above the default size, memory grows as the images may."""
    usual = Limits()
    pixels = megapixels * 1_000_000
    memory = max(usual.memory, usual.memory * pixels // usual.max_pixels)
    return replace(usual, max_pixels=pixels, timeout=float(seconds), memory=memory)
