"""ONNX files written by hand: the protobuf wire format, and of ONNX what a small network needs.

Field numbers as in onnx.proto3 of the ONNX project (IR version 8, operator set 13).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FLOAT, INT64 = 1, 7  # TensorProto.DataType
_INT, _INTS = 2, 7  # AttributeProto.AttributeType


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _tensor(name: str, values: NDArray[np.float32] | NDArray[np.int64]) -> bytes:
    kind = FLOAT if values.dtype == np.float32 else INT64
    dims = b"".join(_number(1, side) for side in values.shape)
    return dims + _number(2, kind) + _bytes(8, name) + _bytes(9, np.ascontiguousarray(values).tobytes())


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    """A float input or output; a side that is a word is dynamic."""
    sides = (_number(1, side) if isinstance(side, int) else _bytes(2, side) for side in shape)
    tensor = _number(1, FLOAT) + _bytes(2, b"".join(_bytes(1, side) for side in sides))
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor))


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _bytes(1, name) + _number(3, value) + _number(20, _INT)
    return _bytes(1, name) + b"".join(_number(8, one) for one in value) + _number(20, _INTS)


@dataclass
class Graph:
    """A network as it is written: constants and nodes in order, inputs and outputs by name and shape."""

    nodes: list[bytes] = field(default_factory=list)
    constants: list[bytes] = field(default_factory=list)
    inputs: list[bytes] = field(default_factory=list)
    outputs: list[bytes] = field(default_factory=list)

    def constant(self, name: str, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        self.constants.append(_bytes(5, _tensor(name, values)))
        return name

    def input(self, name: str, shape: Sequence[int | str]) -> str:
        self.inputs.append(_bytes(11, _value(name, shape)))
        return name

    def output(self, name: str, shape: Sequence[int | str]) -> None:
        self.outputs.append(_bytes(12, _value(name, shape)))

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: int | Sequence[int]) -> str:
        given = b"".join(_bytes(1, name) for name in inputs)
        told = b"".join(_bytes(5, _attribute(name, value)) for name, value in attributes.items())
        self.nodes.append(_bytes(1, given + _bytes(2, output) + _bytes(4, kind) + told))
        return output

    def to_bytes(self) -> bytes:
        parts = [*self.nodes, _bytes(2, "drawn"), *self.constants, *self.inputs, *self.outputs]
        return _number(1, 8) + _bytes(8, _number(2, 13)) + _bytes(7, b"".join(parts))
