"""Memory that gateway and decoder hold together: sealed, copied from, cleared."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gateway.imaging import shared_memory
from gateway.imaging.shared_memory import SharedMemory, SharedView


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    memory = SharedMemory("test", 1_000_000)
    yield memory
    memory.close()


def resident(memory: SharedMemory) -> int:
    """Bytes that cost memory."""
    return os.stat(memory.descriptor).st_blocks * 512  # noqa: PTH116


@pytest.mark.parametrize("size", [0, 999_999, 1_000_001])
def test_the_decoder_can_neither_shrink_nor_grow_it(memory: SharedMemory, size: int) -> None:
    """A page that the gateway has mapped stays: reading it cannot end the gateway by SIGBUS."""
    with pytest.raises(PermissionError):
        os.ftruncate(memory.descriptor, size)
    with pytest.raises(PermissionError):
        os.pwrite(memory.descriptor, b"beyond", 1_000_000)


def test_what_one_side_writes_the_other_copies(memory: SharedMemory) -> None:
    theirs = SharedView(memory.descriptor)
    theirs.first(24)[:] = np.arange(24)
    assert memory.copy(2, 3).tolist() == np.arange(18).reshape(2, 3, 3).tolist()
    assert memory.copy(1, 2, offset=18).tolist() == np.arange(18, 24).reshape(1, 2, 3).tolist()


def test_a_copy_is_the_callers_alone(memory: SharedMemory) -> None:
    theirs = SharedView(memory.descriptor).first(18)
    theirs.fill(7)
    pixels = memory.copy(2, 3)
    theirs.fill(8)
    assert pixels.flags.owndata
    assert (pixels == 7).all()


@pytest.mark.parametrize(("height", "width", "offset"), [(1000, 334, 0), (1, 1, 999_998), (1, 1, -3)])
def test_nothing_is_copied_from_beyond(memory: SharedMemory, height: int, width: int, offset: int) -> None:
    with pytest.raises(ValueError, match="beyond"):
        memory.copy(height, width, offset=offset)


def test_cleared_memory_is_zero_for_both_sides_and_keeps_its_pages(memory: SharedMemory) -> None:
    memory.write(b"a name" * 100_000)
    before = resident(memory)
    memory.clear(600_000)
    assert not SharedView(memory.descriptor).first(600_000).any()
    assert resident(memory) == before > 0


def test_pages_above_what_is_kept_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = 4 * mmap.PAGESIZE
    monkeypatch.setattr(shared_memory, "KEPT", kept)
    memory = SharedMemory("test", kept + 3 * mmap.PAGESIZE + 5)
    SharedView(memory.descriptor).first(memory.capacity).fill(9)
    memory.clear(memory.capacity)
    assert resident(memory) == kept
    assert not SharedView(memory.descriptor).first(memory.capacity).any()
    memory.close()


def test_of_what_was_refused_no_page_is_left(memory: SharedMemory) -> None:
    SharedView(memory.descriptor).first(memory.capacity).fill(9)
    memory.clear_all()
    assert resident(memory) == 0
    assert not SharedView(memory.descriptor).first(memory.capacity).any()


def test_close_gives_descriptor_and_mapping_back() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    memory = SharedMemory("test", 1_000_000)
    memory.write(bytes(1000))
    memory.copy(10, 10)
    memory.close()
    memory.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
