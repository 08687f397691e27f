"""What the networks of operators give, as boxes. Pure. The formats are told in `own_models.entry`.

The layouts are those in which the YOLO families export to ONNX: version 5 by rows, version 8 by columns.
"""

from __future__ import annotations

from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from gateway.detection.boxes import Boxes, Crowded
from gateway.own_models.entry import Output, OutputFormat

Array = NDArray[np.float32]

# Places that all lie below this many pixels are shares of the input, not pixels.
SHARES = 1.5
# Rounding in bf16 may take a score a little beyond 0 and 1.
TOLERANCE = 0.01


def decode(output: Array, spec: Output, least: float) -> Boxes:
    """The boxes of the classes that are meant which score `least` or more, in pixels of the network's input.

    output: in the network's own shape. Raises Crowded where a place or a score is no number, or places are
    none in pixels: what cannot be told must be taken for everything.
    """
    corners, scores = _corners_and_scores(output, spec)
    chosen = ~(scores < least)  # so that what is no number is chosen too
    boxes = np.column_stack([corners[chosen], scores[chosen]]).astype(np.float32)
    if not np.isfinite(boxes).all() or (len(boxes) and boxes[:, :4].max() < SHARES):
        raise Crowded
    return boxes


def fault(output: Array, spec: Output) -> str | None:
    """What in an output does not fit the entry, in words that say what to change; None where it fits."""
    if not fits(output.shape, spec):
        return _misfit(output.shape, spec)
    if not np.isfinite(output).all():
        return "it gives what is no number for a grey image; look at input.mean and input.scale"
    corners, scores = _corners_and_scores(output, spec)
    if spec.format is not OutputFormat.BOXES and corners.max() < SHARES:
        return "its places are shares of the image; export it with places in pixels of its input"
    if len(scores) and not (scores.min() >= -TOLERANCE and scores.max() <= 1 + TOLERANCE):
        return (
            f"its scores lie between {scores.min():.3g} and {scores.max():.3g}, not between 0 and 1; "
            "export it with its last activation, and see that output.format is right"
        )
    return None


def fits(shape: tuple[int, ...], spec: Output) -> bool:
    """Whether an output of this shape is what the entry says."""
    match spec.format:
        case OutputFormat.YOLO_V5:
            return len(shape) == 3 and shape[0] == 1 and shape[2] == 5 + spec.classes
        case OutputFormat.YOLO_V8:
            return len(shape) == 3 and shape[0] == 1 and shape[1] == 4 + spec.classes
        case OutputFormat.BOXES:
            return shape[-1:] == (6,) and (len(shape) == 2 or (len(shape) == 3 and shape[0] == 1))
        case _:
            assert_never(spec.format)


def _misfit(shape: tuple[int, ...], spec: Output) -> str:
    """What an output of another shape is, if it is one we know."""
    others = [other for other in OutputFormat if fits(shape, spec.model_copy(update={"format": other}))]
    instead = f"that is {others[0]}: mend output.format" if others else "mend output.format or output.classes"
    classes = "1 class" if spec.classes == 1 else f"{spec.classes} classes"
    return f"its first output has the shape {shape}; {spec.format} with {classes} is {_told(spec)}; {instead}"


def _told(spec: Output) -> str:
    match spec.format:
        case OutputFormat.YOLO_V5:
            return f"(1, N, {5 + spec.classes})"
        case OutputFormat.YOLO_V8:
            return f"(1, {4 + spec.classes}, N)"
        case OutputFormat.BOXES:
            return "(N, 6) or (1, N, 6)"
        case _:
            assert_never(spec.format)


def _corners_and_scores(output: Array, spec: Output) -> tuple[Array, Array]:
    """Corners (n, 4) and scores (n,); of several classes that are meant the best."""
    match spec.format:
        case OutputFormat.YOLO_V5:
            rows = output[0]
            return _corners(rows), rows[:, 4] * _best(rows[:, 5:], spec)
        case OutputFormat.YOLO_V8:
            rows = output[0].T
            return _corners(rows), _best(rows[:, 4:], spec)
        case OutputFormat.BOXES:
            rows = output.reshape(-1, 6)
            meant = np.isin(np.round(rows[:, 5]), spec.of_kind) | ~np.isfinite(rows[:, 5])
            return rows[meant, :4], rows[meant, 4]
        case _:
            assert_never(spec.format)


def _corners(rows: Array) -> Array:
    """From centre x, y, width and height."""
    half = rows[:, 2:4] / 2
    return np.concatenate([rows[:, :2] - half, rows[:, :2] + half], axis=1)


def _best(classes: Array, spec: Output) -> Array:
    return np.asarray(classes[:, list(spec.of_kind)].max(axis=1), dtype=np.float32)
