"""Landmarks as COCO says them: x, y, v for each that the category names, flat in one list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.labels.model import Landmark, Visibility
from gateway.labels.numbers import inside
from policies.model import Size

_STEP: Final = 3


def read_keypoints(
    found: object, names: Sequence[str], size: Size
) -> tuple[tuple[Landmark, ...], str | None]:
    """An annotation's landmarks, none where none is placed; and what is wrong with them, if anything."""
    if not isinstance(found, list):
        return (), "a list x, y, v, x, y, v, … is needed"
    if not names and any(value != 0 for value in found):
        return (), "the label set names no landmarks for this category"
    if names and len(found) != _STEP * len(names):
        return (), f"{len(names)} landmarks are named: {_STEP * len(names)} numbers are needed"
    landmarks = []
    for start in range(0, len(found), _STEP):
        point = _landmark(found[start : start + _STEP], size)
        if isinstance(point, str):
            return (), f"number {start // _STEP}: {point}"
        landmarks.append(point)
    return tuple(landmarks) if any(point.placed for point in landmarks) else (), None


def _landmark(found: Sequence[object], size: Size) -> Landmark | str:
    """The point, or what is wrong with it."""
    x, y, v = found if len(found) == _STEP else (0, 0, None)
    if type(v) is not int or v not in tuple(Visibility):
        return "v is 0 for not placed, 1 for covered, 2 for shown"
    if v == Visibility.ABSENT:
        return Landmark(0.0, 0.0, Visibility.ABSENT)
    left, top = inside(x, size.width), inside(y, size.height)
    if left is None or top is None:
        return f"outside the image of {size.width}x{size.height} pixels"
    return Landmark(left, top, Visibility(v))


def to_keypoints(landmarks: Sequence[Landmark]) -> dict[str, Any]:
    """The members of an annotation; none for an object without landmarks."""
    if not landmarks:
        return {}
    flat = [value for point in landmarks for value in (point.x, point.y, int(point.visibility))]
    return {"keypoints": flat, "num_keypoints": sum(point.placed for point in landmarks)}


def landmarks_of(flat: Sequence[float]) -> tuple[Landmark, ...]:
    """Inverts `to_keypoints`."""
    return tuple(
        Landmark(flat[at], flat[at + 1], Visibility(int(flat[at + 2]))) for at in range(0, len(flat), _STEP)
    )
