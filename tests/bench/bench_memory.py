"""What the processes hold in memory after some images: `python -m tests.bench.bench_memory [IMAGES]`.

Photos of 0.3 to 10 megapixels, each of another size, JPEG and PNG in turn, by the real processes. Printed:
the resident set (VmRSS) and its peak (VmHWM) of each process, in MB, before and after; proc(5).
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from gateway.detection.models import ModelStore
from gateway.settings import models_folder
from tests.support.gateway import Installation, create_dataset, running, settled, upload
from tests.support.pictures import jpeg, photo, png
from tests.support.processes import children, command_of


def main(images: int) -> None:
    models = ModelStore(models_folder(os.environ))
    portrait = photo(models.path("astronaut"))
    with tempfile.TemporaryDirectory() as folder:
        for installation in running(Installation(Path(folder), models.folder)):
            officer, uploader = installation.enrol("officer"), installation.enrol("uploader")
            dataset = create_dataset(officer, "memory")
            settled(uploader, upload(uploader, dataset, jpeg(portrait)))
            show(installation, "after 1 image")
            start = time.perf_counter()
            assets = [upload(uploader, dataset, data) for data in pictures(portrait, images - 1)]
            for asset in assets:
                settled(uploader, asset, seconds=900)
            show(installation, f"after {images} images, {time.perf_counter() - start:.0f} s")


def pictures(portrait: Image.Image, count: int) -> Iterator[bytes]:
    """One by one: the sender's memory is not what is measured."""
    for number in range(count):
        side = 512 + (2300 * number) // count
        sized = portrait.resize((side, side * 5 // 4))
        yield jpeg(sized) if number % 2 else png(sized)


def show(installation: Installation, when: str) -> None:
    print(when)
    for process in installation.processes:
        for pid in (process.popen.pid, *sorted(children(process.popen.pid))):
            command = " ".join(command_of(pid).split()[1:5])
            print(f"  {memory(pid, 'VmRSS'):6.0f} MB, peak {memory(pid, 'VmHWM'):6.0f} MB  {command}")


def memory(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
    return kilobytes / 1000


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
