"""An operator's model, tried before it is taken: compiled, and run once on a grey image."""

from __future__ import annotations

import numpy as np
import openvino as ov

from gateway.detection.own_detector import preparation
from gateway.detection.own_output import fault
from gateway.detection.runtime import Precision, open_session
from gateway.errors import Misconfigured
from gateway.own_models.entry import OwnModel

# Of what the library says of a file that it cannot read: the rest is its own source files.
MOST_TOLD = 300


def try_out(data: bytes, entry: OwnModel, *, threads: int) -> None:
    """Returns None where the file does what the entry says. Raises Misconfigured.

    The file is read by the inference library in this process: it should come from somebody you trust.
    """
    problem = _input_fault(data, entry)
    if problem is None:
        problem = fault(_answer(data, entry, threads), entry.output)
    if problem is not None:
        raise Misconfigured(f"{entry.file}: {problem}. Nothing was added")


def _input_fault(data: bytes, entry: OwnModel) -> str | None:
    """What in the network's inputs does not fit; None where all does."""
    inputs = _network(data, entry).inputs
    if len(inputs) != 1:
        return f"it has {len(inputs)} inputs, and is given one image; export it with one"
    shape = inputs[0].get_partial_shape()
    wanted = ov.PartialShape([1, 3, *entry.input.size])
    if not shape.compatible(wanted):
        height, width = entry.input.size
        return (
            f"its input is {shape}, and input.size says (1, 3, {height}, {width}); write the height and "
            "width that it was exported with, channels first"
        )
    return None


def _network(data: bytes, entry: OwnModel) -> ov.Model:
    try:
        return ov.Core().read_model(model=data)
    except (RuntimeError, ValueError) as exc:
        raise _unusable(entry, "cannot be read as ONNX", exc) from exc


def _answer(data: bytes, entry: OwnModel, threads: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Its first output for a grey image."""
    try:
        session = open_session(data, preparation(entry), threads=threads, precision=Precision.F32)
        grey = np.full((*entry.input.size, 3), entry.input.pad, dtype=np.uint8)
        return session.outputs(grey)[0]
    except (RuntimeError, ValueError) as exc:
        raise _unusable(entry, "cannot be run by OpenVINO", exc) from exc


def _unusable(entry: OwnModel, what: str, exc: Exception) -> Misconfigured:
    told = " ".join(str(exc).split())
    said = told if len(told) <= MOST_TOLD else f"…{told[-MOST_TOLD:]}"
    return Misconfigured(
        f"{entry.file} {what}: {said} Nothing was added; export it anew, with the weights inside the file"
    )
