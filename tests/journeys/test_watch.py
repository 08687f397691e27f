"""`privgate watch`: what settles in a folder is brought in once, whoever is killed meanwhile."""

from __future__ import annotations

import os
import time
from pathlib import Path

from PIL import Image

from tests.journeys.conftest import House
from tests.support.gateway import COMMAND, create_dataset
from tests.support.pictures import png
from tests.support.processes import Process, wait_until

SETTLE = 1  # second
PIECES = 8


def small(number: int) -> bytes:
    return png(Image.new("RGB", (36, 28), (number, 10, 20)))


def grown(path: Path, whole: bytes) -> bool:
    """Writes a file piece by piece for twice as long as one takes to settle.

    False where this machine was so busy that the file seemed to settle in between.
    """
    last, longest = time.monotonic(), 0.0
    step = -(-len(whole) // PIECES)
    with path.open("wb") as file:
        for start in range(0, len(whole), step):
            file.write(whole[start : start + step])
            file.flush()
            os.fsync(file.fileno())
            now = time.monotonic()
            last, longest = now, max(longest, now - last)
            time.sleep(2 * SETTLE / PIECES)
    return max(longest, time.monotonic() - last) < SETTLE / 2


def test_files_are_taken_when_they_have_settled_and_moved_and_never_twice(
    house: House, tmp_path: Path
) -> None:
    folder, token = tmp_path / "in", tmp_path / "token"
    (folder / "sub").mkdir(parents=True)
    token.write_text(house.uploader.token)
    dataset = create_dataset(house.officer, f"watched {os.getpid()}")

    def received() -> int:
        found = house.installation.entries("asset.received")
        return sum(entry["details"]["dataset"] == dataset for entry in found)

    def watching(number: int) -> Process:
        where = ["--url", house.installation.url, "--token-file", str(token)]
        return Process(
            [str(COMMAND), "watch", str(folder), "--dataset", dataset, *where, "--settle", "1", "--move"],
            environment=house.installation.environment,
            log=tmp_path / f"watch-{number}.log",
            folder=tmp_path,
        )

    (folder / "a.png").write_bytes(small(1))
    (folder / "sub" / "b.png").write_bytes(small(2))
    (folder / "empty.png").write_bytes(b"")
    first = watching(1)
    try:
        wait_until(lambda: received() == 2, "both files")
        wait_until(lambda: (folder / ".done" / "sub" / "b.png").exists(), "the move")
        for turn in range(20):  # until one grew without this machine standing still meanwhile
            before = received()
            if grown(folder / f"c{turn}.png", small(10 + turn)):
                break
            wait_until(lambda: received() > before, "the file that stood still for once")  # noqa: B023
        assert received() == before
        wait_until(lambda: received() == before + 1, "the file that grew")
    finally:
        first.kill()
    (folder / "d.png").write_bytes(small(4))
    second = watching(2)
    try:
        wait_until(lambda: received() == before + 2, "the last file")
        wait_until(lambda: (folder / ".done" / "d.png").exists(), "the move")
    finally:
        assert second.stop() == 0
    assert sorted(path.name for path in folder.iterdir()) == [".done", "empty.png", "sub"]
    assert first.text.count("input.empty") == 1
    assert "input.empty" not in second.text
