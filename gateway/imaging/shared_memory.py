"""Memory that this process and one decoder process hold together: file bytes one way, pixels the other.

A memory file of a fixed size whose pages stay from one image to the next: fresh pages are what costs, see
DECODING.md. Three things make that safe:
- It is sealed against shrinking and growing: a page that is mapped here stays there, whatever the decoder
  does, so that reading it can never end this process.
- What comes out is a copy. The decoder can write into this memory at any time, into the copy never.
- It is cleared before the next file is written: no image lies here when the next one is decoded.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.imaging.image import Pixels

KEPT: Final = 160 * 1024**2
"""Bytes whose pages stay: an image of 55 megapixels. What lies above goes back to the kernel each time."""

_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL

Bytes = NDArray[np.uint8]


class SharedMemory:
    """The gateway's side. Not thread-safe. capacity: bytes; only pages that are written cost memory."""

    def __init__(self, name: str, capacity: int) -> None:
        self.capacity = capacity
        self.descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.descriptor, capacity)
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, _SEALS)
        self._view = SharedView(self.descriptor)

    def write(self, data: bytes) -> None:
        view, at = memoryview(data), 0
        while at < len(data):
            at += os.pwrite(self.descriptor, view[at:], at)

    def copy(self, height: int, width: int, *, offset: int = 0) -> Pixels:
        """(height, width, 3) from `offset` on, owned by the caller. Raises ValueError beyond the capacity."""
        size = height * width * 3
        if offset < 0 or offset + size > self.capacity:
            raise ValueError("pixels beyond the shared memory")
        pixels = np.empty((height, width, 3), dtype=np.uint8)
        pixels.reshape(-1)[:] = self._view.first(offset + size)[offset:]
        return pixels

    def clear(self, size: int) -> None:
        """Zeros over the first `size` bytes, and no pages above KEPT where they reach that far."""
        self._view.first(min(size, KEPT)).fill(0)
        if size > KEPT:
            self._remove(KEPT)

    def clear_all(self) -> None:
        """No page is left, whatever the decoder wrote and wherever."""
        self._remove(0)

    def _remove(self, start: int) -> None:
        with mmap.mmap(self.descriptor, self.capacity) as mapping:
            mapping.madvise(mmap.MADV_REMOVE, start)

    def close(self) -> None:
        """May be called twice."""
        self._view = SharedView(-1)
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class SharedView:
    """The memory as one process sees it: a mapping that grows with the images and stays, up to KEPT."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._mapping: mmap.mmap | None = None

    def first(self, size: int) -> Bytes:
        """The first bytes, writable. Raises OSError where the address space is used up."""
        if size == 0:
            return np.empty(0, dtype=np.uint8)
        if size > KEPT:
            return _bytes(mmap.mmap(self._descriptor, size), size)  # goes when this array does
        if self._mapping is None or len(self._mapping) < size:
            self._mapping = None  # first, or both count against the address space
            self._mapping = mmap.mmap(self._descriptor, size)
        return _bytes(self._mapping, size)


def _bytes(memory: mmap.mmap, size: int) -> Bytes:
    return np.frombuffer(memory, dtype=np.uint8, count=size)
