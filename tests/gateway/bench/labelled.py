"""Small labelled data with known answers, made here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gateway.bench.annotations import LabelledBox, LabelledImage
from gateway.bench.change import LOOSE, Judgement
from gateway.bench.run import Made, Run, Scored, State
from gateway.bench.score import BoxScore, ImageScore
from policies.model import Kind

CATEGORIES = [{"id": 1, "name": "face"}, {"id": 2, "name": "license_plate"}, {"id": 3, "name": "text"}]

Corners = tuple[float, float, float, float]
"""x, y, width, height."""


def noise(height: int, width: int, seed: int = 1) -> NDArray[np.uint8]:
    """(height, width, 3): no pixel is near 0 or 255, so that both cover it."""
    return np.random.default_rng(seed).integers(60, 196, (height, width, 3), dtype=np.uint8)


def box(
    x: float, y: float, width: float, height: float, *, number: int = 1, scored: bool = True
) -> LabelledBox:
    return LabelledBox(number, Kind.FACE, x, y, width, height, scored)


def image(name: str, *boxes: LabelledBox, path: Path = Path("nowhere")) -> LabelledImage:
    return LabelledImage(name, path, name.split("/")[0], None, boxes)


def write_set(
    folder: Path,
    pictures: Mapping[str, NDArray[np.uint8]],
    boxes: Mapping[str, Sequence[Corners]],
    *,
    category: int = 1,
    **more: Any,
) -> Path:
    """A folder with annotations.json and its pictures. more: members that replace those of the document."""
    (folder / "images").mkdir(parents=True)
    names = list(pictures)
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / "images" / name)
    rows = [
        {"id": 10 * (names.index(name) + 1) + place, "image_id": names.index(name) + 1}
        | {"category_id": category, "bbox": list(corners)}
        for name, all_corners in boxes.items()
        for place, corners in enumerate(all_corners)
    ]
    document = {
        "images": [{"id": place + 1, "file_name": f"images/{name}"} for place, name in enumerate(names)],
        "categories": CATEGORIES,
        "annotations": rows,
    }
    (folder / "annotations.json").write_text(json.dumps(document | more))
    return folder


def run_of(title: str, judgements: Mapping[str, str], *, seconds: float = 1.0, **made: Any) -> Run:
    """A run of images whose boxes, 20 px high each, came to "c" covered, "b" blurred, "l" leaked."""
    words = {"c": Judgement.COVERED, "b": Judgement.BLURRED, "l": Judgement.LEAKED}
    scored = tuple(
        Scored(
            Made(name, Path(name), made.get("state", State.RELEASED), None, seconds),
            ImageScore(
                name,
                name.split("/")[0],
                tuple(
                    BoxScore(number, Kind.FACE, 20.0, 1.0, 0.0, words[letter])
                    for number, letter in enumerate(letters)
                ),
                over=0,
                outside=100,
            ),
        )
        for name, letters in judgements.items()
    )
    return Run(
        title,
        {},
        {Kind.FACE: LOOSE},
        scored,
        jobs=1,
        elapsed=seconds * len(scored),
        timed=len(scored),
        started=1.0,
    )
