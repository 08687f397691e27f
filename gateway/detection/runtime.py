"""The inference session: OpenVINO on the CPU, compiled once a process, model and setting.

The network takes uint8 pixels as they are; the change to float and the mean are part of the compiled
graph. Input shapes are dynamic; callers bound them (see `passes`), and with them the memory.
"""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino.preprocess import PrePostProcessor

from gateway.detection.boxes import Crowded


class Precision(StrEnum):
    """What the network calculates in. BF16 is faster where the CPU has it, and changes the results."""

    F32 = "f32"
    BF16 = "bf16"


def fastest_precision() -> Precision:
    """BF16 where the CPU calculates in it natively, else F32 (BF16 would be emulated, and slow)."""
    capabilities = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return Precision.BF16 if "BF16" in capabilities else Precision.F32


# How many compiled kernels a session keeps for shapes it has seen: some forty shapes. The default of 5,000
# lets a process grow past 2.5 GB over hundreds of photos of many sizes; with few, each photo compiles anew.
KERNELS = 2000


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a network does to RGB pixels 0 to 255 first: order of channels, then (value - mean) / scale.

    outputs: how many of the network's outputs are used; the rest is cut off and not calculated.
    size: (height, width) of what it takes; None where it takes any. logits: the sigmoid that each of these
    outputs ends in is cut off too.
    """

    bgr: bool
    mean: tuple[float, float, float]
    scale: float | tuple[float, float, float]
    outputs: int
    size: tuple[int, int] | None = None
    logits: bool = False


# Bytes that this process may hold between two detectors. Compiling for new shapes leaves some 10 MB of free
# heap an image, which is given back each time that GROWN has come together (with a third of it, giving back
# took 12 ms an image). Each network keeps what its largest input needed, up to 380 MB, which they need one
# after the other: beyond COMFORTABLE that is given back too, and the next image faults it in again, in some
# 0.3 s.
COMFORTABLE = 1000 * 2**20
GROWN = 150 * 2**20


class Session:
    """One compiled network. Calls from several threads take turns."""

    def __init__(self, compiled: ov.CompiledModel) -> None:
        self._compiled = compiled
        self._request = compiled.create_infer_request()
        self._turn = threading.Lock()

    def run(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """The outputs for one image, uint8 (h, w, 3) RGB, each with its leading batch axis taken off.

        Raises Crowded where one of them is no number: no threshold is reached by that, so it would pass for
        an image in which nothing is.
        """
        outputs = [output[0] for output in self.outputs(pixels)]
        if not all(np.isfinite(output).all() for output in outputs):
            raise Crowded
        return outputs

    def outputs(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """The outputs for one image, uint8 (h, w, 3) RGB, in the shapes that the network gives them."""
        with self._turn:
            results = self._request.infer([pixels[None]])
            return [np.array(results[port], dtype=np.float32) for port in results]

    def rest(self) -> None:
        """Gives the working memory back; the next call takes it anew."""
        with self._turn:
            self._compiled.release_memory()


_tidy = 0  # bytes in memory after free ones were given back last


def rest() -> None:
    """Between two detectors: gives back what is free, and beyond COMFORTABLE what the sessions keep."""
    global _tidy
    if (now := _resident()) < min(_tidy + GROWN, COMFORTABLE):
        _tidy = min(_tidy, now)
        return
    _give_back_free()
    if _resident() > COMFORTABLE:
        with _sessions_turn:
            sessions = list(_sessions.values())
        for session in sessions:
            session.rest()
        _give_back_free()
    _tidy = _resident()


def _give_back_free() -> None:
    """malloc_trim(3), where libc has it."""
    if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(ctypes.c_size_t(0))


def _resident() -> int:
    """Bytes of this process in memory: proc_pid_statm(5)."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * mmap.PAGESIZE


_sessions: dict[tuple[str, Preparation, int, Precision], Session] = {}
_sessions_turn = threading.Lock()


def open_session(model: bytes, preparation: Preparation, *, threads: int, precision: Precision) -> Session:
    """The process's session for this network (ONNX bytes), compiled at the first call.

    threads: how many CPU threads one inference uses, at least 1.
    """
    if threads < 1:
        raise ValueError(f"inference needs at least one thread, not {threads}")
    key = (hashlib.sha256(model).hexdigest(), preparation, threads, precision)
    with _sessions_turn:
        if key not in _sessions:
            _sessions[key] = Session(_compiled(model, preparation, threads, precision))
        return _sessions[key]


def _compiled(model: bytes, preparation: Preparation, threads: int, precision: Precision) -> ov.CompiledModel:
    core = ov.Core()
    network = core.read_model(model=model)
    network.reshape([1, 3, *(preparation.size or (-1, -1))])
    prepared = _with_preparation(network, preparation)
    outputs = prepared.outputs[: preparation.outputs]
    if preparation.logits:
        outputs = [_before_sigmoid(output) for output in outputs]
    kept = ov.Model(outputs, prepared.get_parameters(), "privgate")
    return core.compile_model(
        kept,
        "CPU",
        {
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": precision.value,
            "NUM_STREAMS": 1,
            "CPU_RUNTIME_CACHE_CAPACITY": KERNELS,
            # Several workers share the machine: pinned, two of them would sit on one core.
            "ENABLE_CPU_PINNING": False,
        },
    )


def _before_sigmoid(output: ov.Output) -> ov.Output:
    """Raises ValueError where an output does not end in a sigmoid."""
    last = output.get_node().input_value(0).get_node()
    if last.get_type_name() != "Sigmoid":
        raise ValueError(f"the output {output.get_any_name()} ends in {last.get_type_name()}")
    return last.input_value(0)


def _with_preparation(network: ov.Model, preparation: Preparation) -> ov.Model:
    processor = PrePostProcessor(network)
    given = processor.input()
    given.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    given.model().set_layout(ov.Layout("NCHW"))
    steps = given.preprocess().convert_element_type(ov.Type.f32)
    if preparation.bgr:
        steps.reverse_channels()
    scale = preparation.scale
    steps.mean(list(preparation.mean)).scale(list(scale) if isinstance(scale, tuple) else scale)
    return processor.build()
