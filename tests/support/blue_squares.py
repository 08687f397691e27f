"""A small real network that finds blue squares, in each layout that an operator's model may have.

Of every window of WINDOW pixels, each STEP, it tells how blue it is: the mean of blue less half of red and of
green, 0 to 1; from a half on that is a score, up to 1 for a window that is pure blue.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from gateway.own_models.entry import OutputFormat
from tests.support.onnx_writer import Graph

SIDE, WINDOW, STEP = 128, 48, 16
CELLS = (SIDE - WINDOW) // STEP + 1
COUNT = CELLS * CELLS


def _places() -> NDArray[np.float32]:
    """x0, y0, x1, y1 of each window, (COUNT, 4)."""
    y, x = np.mgrid[0:CELLS, 0:CELLS].reshape(2, -1) * STEP
    return np.stack([x, y, x + WINDOW, y + WINDOW], axis=1).astype(np.float32)


def _centred() -> NDArray[np.float32]:
    places = _places()
    return np.concatenate([(places[:, :2] + places[:, 2:]) / 2, places[:, 2:] - places[:, :2]], axis=1)


def network(layout: OutputFormat, *, batched: bool = True) -> bytes:
    """The ONNX file. Input: (1, 3, SIDE, SIDE), RGB, 0 to 1. batched: of BOXES, whether as (1, N, 6)."""
    graph = Graph()
    pixels = graph.input("images", (1, 3, SIDE, SIDE))
    blue = graph.constant("blue", np.array([-0.5, -0.5, 1.0], dtype=np.float32).reshape(1, 3, 1, 1))
    half, two = (graph.constant(f"c{n}", np.array(n, dtype=np.float32)) for n in (0.5, 2.0))
    mean = graph.node(
        "AveragePool",
        [graph.node("Conv", [pixels, blue], "blueness")],
        "mean",
        kernel_shape=(WINDOW, WINDOW),
        strides=(STEP, STEP),
    )
    score = graph.node(
        "Relu", [graph.node("Mul", [graph.node("Sub", [mean, half], "over"), two], "raw")], "score"
    )
    match layout:
        case OutputFormat.YOLO_V8:
            _joined(graph, score, (1, 1, COUNT), [_centred().T[None]], [], axis=1, shape=(1, 5, COUNT))
        case OutputFormat.YOLO_V5:
            sure = np.ones((1, COUNT, 1), dtype=np.float32)
            _joined(graph, score, (1, COUNT, 1), [_centred()[None]], [sure], axis=2, shape=(1, COUNT, 6))
        case OutputFormat.BOXES:
            lead = (1,) if batched else ()
            none = np.zeros((*lead, COUNT, 1), dtype=np.float32)
            places = _places().reshape(*lead, COUNT, 4)
            _joined(
                graph, score, (*lead, COUNT, 1), [places], [none], axis=len(lead) + 1, shape=(*lead, COUNT, 6)
            )
    return graph.to_bytes()


def _joined(
    graph: Graph,
    score: str,
    score_shape: tuple[int, ...],
    before: list[NDArray[np.float32]],
    after: list[NDArray[np.float32]],
    *,
    axis: int,
    shape: tuple[int, ...],
) -> None:
    told = graph.constant("score_shape", np.array(score_shape, dtype=np.int64))
    laid = graph.node("Reshape", [score, told], "laid")
    names = [graph.constant(f"before{n}", part) for n, part in enumerate(before)]
    names += [laid, *(graph.constant(f"after{n}", part) for n, part in enumerate(after))]
    graph.node("Concat", names, "output0", axis=axis)
    graph.output("output0", shape)


def described(data: bytes, layout: OutputFormat = OutputFormat.YOLO_V8, **changed: Any) -> dict[str, Any]:
    """An entry that fits the network, with some of its fields changed."""
    return {
        "name": "blue-squares",
        "kind": "face",
        "file": "blue.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "licence": {"name": "Apache-2.0", "commercial_use": "yes"},
        "input": {"size": SIDE},
        "output": {"format": layout.value},
        "operating_point": 0.4,
        "passes": [4 * SIDE],
        "overlap": 0.3,
    } | changed


def manifest(folder: Path, data: bytes, layout: OutputFormat = OutputFormat.YOLO_V8, **changed: Any) -> Path:
    """The entry and the file, as an operator has them."""
    folder.mkdir(parents=True, exist_ok=True)
    entry = described(data, layout, **changed)
    (folder / entry["file"]).write_bytes(data)
    path = folder / f"{entry['name']}.yaml"
    path.write_text(yaml.safe_dump(entry, sort_keys=False))
    return path


def painted(
    pixels: NDArray[np.uint8], x: int, y: int, blue: int = 255, side: int = WINDOW
) -> NDArray[np.uint8]:
    """The picture with a square of this blue at (x, y)."""
    result = pixels.copy()
    result[y : y + side, x : x + side] = (0, 0, blue)
    return result
