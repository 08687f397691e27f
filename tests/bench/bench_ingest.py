"""Images brought in end to end while workers are killed at random: `python -m tests.bench.bench_ingest`.

Real processes, the real command, SQLite; nothing may be lost or be there twice, and the log must verify.
Told are time, images a second, and the memory of server and workers (peak resident set, VmHWM of proc(5)).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from PIL import Image

from gateway.settings import models_folder
from tests.support.gateway import COMMAND, Installation, all_on_the_tree, create_dataset
from tests.support.pictures import jpeg, png
from tests.support.processes import Process

SIZE = (192, 144)
"""width, height in pixels: small, since what is measured is the way and not the detectors."""


@dataclass
class Result:
    """seconds: from the command's start to its end. Memory in MiB."""

    images: int
    kills: int
    workers: int
    seconds: float = 0.0
    images_a_second: float = 0.0
    states: dict[str, int] = field(default_factory=dict)
    copies: int = 0
    server_peak_mib: int = 0
    worker_peak_mib: int = 0
    command_peak_mib: int = 0


def make_images(folder: Path, count: int, chance: random.Random) -> None:
    """Drawn pictures, no two alike: a gradient with some blocks on it."""
    folder.mkdir(parents=True)
    for number in range(count):
        low, high = (tuple(chance.randrange(256) for _ in range(3)) for _ in range(2))
        image = Image.linear_gradient("L").resize(SIZE).convert("RGB")
        image = Image.blend(image, Image.new("RGB", SIZE, low), 0.7)
        for _ in range(4):
            x, y = chance.randrange(SIZE[0] - 30), chance.randrange(SIZE[1] - 20)
            image.paste(high, (x, y, x + chance.randrange(8, 30), y + chance.randrange(8, 20)))
        data = png(image) if number % 4 == 0 else jpeg(image)
        (folder / f"{number:05}.{'png' if number % 4 == 0 else 'jpg'}").write_bytes(data)


def run(
    root: Path, models: Path, *, images: int, kills: int, workers: int = 2, threads: int = 1, seed: int = 0
) -> Result:
    """Raises AssertionError if anything was lost, is there twice, or does not verify."""
    chance = random.Random(seed)
    installation = Installation(root / "own", models)
    result = Result(images, kills, workers)
    try:
        _run(installation, root / "images", result, chance, threads)
    finally:
        installation.stop()
    return result


def _run(
    installation: Installation, folder: Path, result: Result, chance: random.Random, threads: int
) -> None:
    make_images(folder, result.images, chance)
    installation.privgate("keys", "create")
    server = installation.serve()
    installation.start("sequencer")
    crew = [installation.start("worker", "--threads", str(threads)) for _ in range(result.workers)]
    officer, uploader = installation.enrol("officer"), installation.enrol("uploader")
    dataset = create_dataset(officer, "bench")
    token = folder.parent / "token"
    token.write_text(uploader.token)
    start = time.monotonic()
    where = ["--url", installation.url, "--token-file", str(token)]
    command = Process(
        [str(COMMAND), "ingest", str(folder), "--dataset", dataset, *where],
        environment=installation.environment,
        log=folder.parent / "ingest.log",
        folder=folder.parent,
    )
    try:
        left = result.kills
        while command.alive:
            settled = _settled(installation)
            # Kills are spread over the run, each at a moment of its own.
            if left and settled >= (result.kills - left + 1) * result.images / (result.kills + 1):
                time.sleep(chance.random())
                victim = chance.randrange(len(crew))
                crew[victim].kill()
                crew[victim] = installation.start("worker", "--threads", str(threads))
                left -= 1
            _measure(result, server, crew, command)
            time.sleep(0.2)
        assert command.wait() in (0, 3), command.text
    finally:
        command.kill()
    result.seconds = round(time.monotonic() - start, 1)
    result.images_a_second = round(result.images / result.seconds, 2)
    _check(installation, result)


def _settled(installation: Installation) -> int:
    query = "SELECT count(*) AS n FROM asset WHERE state NOT IN ('received', 'processing')"
    return int(installation.rows(query)[0].n)


def _measure(result: Result, server: Process, crew: list[Process], command: Process) -> None:
    result.server_peak_mib = max(result.server_peak_mib, peak_mib(server.popen.pid))
    result.command_peak_mib = max(result.command_peak_mib, peak_mib(command.popen.pid))
    for worker in crew:
        result.worker_peak_mib = max(result.worker_peak_mib, peak_mib(worker.popen.pid))


def peak_mib(pid: int) -> int:
    """Of one process, without its children; 0 where it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return 0


def _check(installation: Installation, result: Result) -> None:
    """One asset an image, all settled, one copy each, no more entries than acts, and a log that verifies."""
    states = Counter(row.state for row in installation.rows("SELECT state FROM asset"))
    result.states = dict(states)
    assert sum(states.values()) == result.images, states
    assert not {"received", "processing"} & set(states), states
    assert "quarantined" not in states, installation.rows(
        "SELECT reason FROM asset WHERE state='quarantined'"
    )
    assert len(installation.entries("asset.received")) == result.images
    result.copies = len(installation.rows("SELECT id FROM copy"))
    assert result.copies == result.images
    settled = installation.entries("asset.released") + installation.entries("asset.needs_review")
    assert len({entry["subject"] for entry in settled}) == len(settled) == result.images
    all_on_the_tree(installation)
    installation.privgate("audit", "verify")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(
            Path(folder),
            models_folder(os.environ),
            images=asked.images,
            kills=asked.kills,
            workers=asked.workers,
            seed=asked.seed,
        )
    json.dump(asdict(result), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
