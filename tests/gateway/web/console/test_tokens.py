"""Every ink can be read on every ground that it stands on, in both themes: WCAG 2.2 AA, computed."""

from __future__ import annotations

import re
from typing import Final

import pytest

from gateway.web.console.pages import TEMPLATES

SHEET: Final = (TEMPLATES.parent / "static/css/console.css").read_text("utf-8")

TEXT: Final = 4.5  # WCAG 2.2, 1.4.3: text of ordinary size
CONTROL: Final = 3.0  # 1.4.11: borders of controls, and what shows the focus
CASED: Final = 10.0  # shared by all kinds, drawn on a casing over any image

STATES: Final = ("received", "processing", "review", "released", "quarantined")
GROUNDS: Final = ("bg", "surface", "sunken", "raised", "select")

PAIRS: Final = [
    *((ink, ground, TEXT) for ink in ("ink", "ink-2", "ink-3") for ground in GROUNDS),
    *(("accent", ground, TEXT) for ground in (*GROUNDS, "accent-soft")),
    *((state, ground, TEXT) for state in STATES for ground in ("surface", "sunken", "bg", f"{state}-soft")),
    ("ink", "review-soft", TEXT),
    ("ink", "accent-soft", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("on-danger", "danger", TEXT),
    ("danger", "surface", TEXT),
    ("danger", "raised", TEXT),
    *(("line-strong", ground, CONTROL) for ground in ("surface", "raised")),
    *(("focus", ground, CONTROL) for ground in GROUNDS),
    *((f"k-{kind}", "casing", CASED) for kind in ("face", "plate", "text", "code", "own")),
]


def tokens(theme: int) -> dict[str, str]:
    """theme: 0 light, 1 dark."""
    pairs = re.findall(r"--([a-z0-9-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", SHEET)
    plain = re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6});", SHEET)
    return {name: colours[theme] for name, *colours in pairs} | dict(plain)


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_an_ink_can_be_read_on_its_ground(theme: int, ink: str, ground: str, least: float) -> None:
    known = tokens(theme)
    assert contrast(known[ink], known[ground]) >= least


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48
