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


def small(number: int) -> bytes:
    return png(Image.new("RGB", (36, 28), (number, 10, 20)))


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
        where = ["--url", house.installation.url, "--token-file", str(token), "--settle", "1", "--move"]
        return Process(
            [str(COMMAND), "watch", str(folder), "--dataset", dataset, *where],
            environment=house.installation.environment,
            log=tmp_path / f"watch-{number}.log",
            folder=tmp_path,
        )

    (folder / "a.png").write_bytes(small(1))
    (folder / "sub" / "b.png").write_bytes(small(2))
    (folder / "empty.png").write_bytes(b"")
    first = watching(1)
    try:
        wait_until(lambda: received() == 2, "both files", seconds=30)
        wait_until(lambda: (folder / ".done" / "sub" / "b.png").exists(), "the move", seconds=5)
        # One that is still being written is left alone: it grows more often than it could settle.
        growing = folder / "c.png"
        whole = small(3)
        with growing.open("wb") as file:
            for start in range(0, len(whole), max(1, len(whole) // 6)):
                file.write(whole[start : start + max(1, len(whole) // 6)])
                file.flush()
                os.fsync(file.fileno())
                assert received() == 2

                time.sleep(0.4)
        wait_until(lambda: received() == 3, "the third file", seconds=30)
    finally:
        first.kill()
    (folder / "d.png").write_bytes(small(4))
    second = watching(2)
    try:
        wait_until(lambda: received() == 4, "the fourth file", seconds=30)
        wait_until(lambda: (folder / ".done" / "d.png").exists(), "the move", seconds=5)
    finally:
        assert second.stop() == 0
    assert sorted(path.name for path in folder.iterdir()) == [".done", "empty.png", "sub"]
    assert first.text.count("input.empty") == 1
    assert "input.empty" not in second.text
