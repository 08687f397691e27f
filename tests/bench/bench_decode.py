"""What the confined process costs: `python -m tests.bench.bench_decode [--rounds N]`.

Pictures of 1, 12 and 50 megapixels, made here. Decoding in this process and through the sandbox alternate in
one run, so that a busy machine slows both; the ratio is what counts. Then the time of redaction, encoding and
the check for each format, and the decoder's peak memory for images as large as the default limits allow.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from gateway.imaging.check import check_output
from gateway.imaging.decode import ImageFormat, Limits, decode
from gateway.imaging.encode import encode
from gateway.imaging.image import Pixels
from gateway.imaging.redact import apply
from gateway.imaging.sandbox import Sandbox
from policies.model import Kind, Plan, Redaction, RedactionMethod, Region, Verdict


def picture(width: int = 4000, height: int = 3000) -> Pixels:
    """Smooth shapes at several scales and the noise of a small sensor."""
    random = np.random.default_rng(1)
    layers = [
        cv2.resize(
            random.integers(0, 256, (rows, rows, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC
        )
        for rows in (6, 60, 400)
    ]
    mixed = 0.5 * layers[0] + 0.35 * layers[1] + 0.15 * layers[2] + random.normal(0, 3, (height, width, 1))
    pixels: Pixels = np.clip(mixed, 0, 255).astype(np.uint8)
    return pixels


def milliseconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


def plan(width: int, height: int) -> Plan:
    """Forty faces and plates, one of them an eighth of the picture."""
    methods = list(RedactionMethod)
    small = [
        Redaction(
            Region(96 * number, 8, 96 * number + 64, 88),
            (Kind.FACE, Kind.LICENSE_PLATE)[number % 2],
            methods[number % 3],
        )
        for number in range(39)
    ]
    large = Region(0, height // 2 // 8 * 8, width // 2 // 8 * 8, height * 3 // 4 // 8 * 8)
    return Plan((*small, Redaction(large, Kind.FACE, RedactionMethod.BLUR)), Verdict.RELEASE, ())


def bench_sandbox(rounds: int) -> None:
    """Here and through the sandbox, in turns, by the clock and by the processor time of both processes.

    The least of the rounds counts: a busy machine only ever adds.
    """
    with Sandbox() as sandbox:
        print(f"cold start                 {milliseconds(sandbox.warm):7.0f} ms")
        print("| image | here, ms | sandbox, ms | ratio | here, processor ms | sandbox | ratio |")
        print("|---|---|---|---|---|---|---|")
        for width, height in ((1200, 900), (4000, 3000), (8200, 6150)):
            pixels = picture(width, height)
            for image_format, lossless in (
                (ImageFormat.JPEG, False),
                (ImageFormat.PNG, True),
                (ImageFormat.WEBP, False),
            ):
                data = encode(pixels, image_format, lossless=lossless).data
                name = f"{width * height / 1e6:.0f} MP {image_format} of {len(data) / 1e6:.1f} MB"
                print(f"| {name} | {_compared(sandbox, data, rounds)} |", flush=True)


def _compared(sandbox: Sandbox, data: bytes, rounds: int) -> str:
    """The figures of one row. The first two decodes of a size are not counted: memory is taken then."""
    calls: tuple[Callable[[], object], ...] = (
        lambda: decode(data, Limits()),
        lambda: sandbox.decode(data),
    )
    for call in calls * 2:
        call()
    pairs = [tuple(_cost(sandbox, call) for call in calls) for _ in range(rounds)]
    cells = []
    for kind in (0, 1):
        here, there = (min(pair[side][kind] for pair in pairs) for side in (0, 1))
        cells += [f"{here:.1f}", f"{there:.1f}", f"{there / here:.2f}"]
    return " | ".join(cells)


def _cost(sandbox: Sandbox, call: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock, and of the processors."""
    before = _processor_time(sandbox)
    took = milliseconds(call)
    return took, _processor_time(sandbox) - before


def _processor_time(sandbox: Sandbox) -> float:
    """Milliseconds that this process and the decoder have used; see proc(5), schedstat."""
    fields = Path(f"/proc/{sandbox.pid}/schedstat").read_text().split()
    return 1000 * time.process_time() + int(fields[0]) / 1e6


def bench_output(pixels: Pixels, rounds: int) -> None:
    intended = plan(pixels.shape[1], pixels.shape[0])
    expected = apply(pixels, intended.redactions)
    applied = statistics.median(
        milliseconds(lambda: apply(pixels, intended.redactions)) for _ in range(rounds)
    )
    print(f"apply                      {applied:7.0f} ms")
    for image_format, lossless in (
        (ImageFormat.JPEG, False),
        (ImageFormat.PNG, True),
        (ImageFormat.WEBP, True),
        (ImageFormat.WEBP, False),
    ):
        encoded = encode(expected, image_format, lossless=lossless)
        encoding, checking = [], []
        for _ in range(rounds):
            encoding.append(milliseconds(lambda: encode(expected, image_format, lossless=lossless)))  # noqa: B023
            checking.append(milliseconds(lambda: check_output(encoded, expected, pixels, intended)))  # noqa: B023
        print(
            f"{image_format:5}{' lossless' if lossless else '':10} "
            f"encode {statistics.median(encoding):5.0f} ms "
            f"check {statistics.median(checking):5.0f} ms {len(encoded.data) / 1e6:6.1f} MB"
        )


def bench_memory() -> None:
    side = int(Limits().max_pixels ** 0.5)
    image = Image.new("RGBA", (side, side), (9, 99, 9, 200))
    for name, mode in (("JPEG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGBA")):
        file = io.BytesIO()
        image.convert(mode).save(file, name)
        with Sandbox() as sandbox:
            took = milliseconds(lambda: sandbox.decode(file.getvalue()))  # noqa: B023
            status = Path(f"/proc/{sandbox.pid}/status").read_text().splitlines()
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmPeak")) / 1024
        print(
            f"100 MP {name:5} {took:6.0f} ms, peak address space {peak:6.0f} MiB of {Limits().memory >> 20}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Cost of decoding in a confined process, and of the output path."
    )
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    bench_sandbox(rounds)
    pixels = picture()
    bench_output(pixels, max(1, rounds // 2))
    bench_memory()


if __name__ == "__main__":
    main()
