"""Damaged files through the real Sandbox: what ends the confined process, what is slow, what it costs.

A codec that crashes is contained: the file is refused and the next one decoded. It is counted all the same,
and the file kept. What counts as a defect is an exception that is no refusal, or a file over HANG seconds.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Final

from gateway.errors import InputRefused
from gateway.imaging.image import DecodedImage, Limits
from gateway.imaging.sandbox import Sandbox
from tests.fuzz.mutations import mutated
from tests.fuzz.seeds import images

NAME: Final = "confined"
HANG: Final = 10.0  # seconds
_CONTAINED: Final = ("decode.crashed", "decode.timeout")


@dataclass
class Tally:
    """outcomes: "decoded" or the refusal's code -> how many. peak: bytes of the decoder's resident set."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    peak: int = 0
    hangs: int = 0
    defects: list[str] = field(default_factory=list)

    def report(self) -> str:
        outcomes = ", ".join(f"{count:,} {name}" for name, count in self.outcomes.most_common())
        crashes = self.outcomes["decode.crashed"]
        return (
            f"{NAME}: {self.outcomes.total():,} inputs ({outcomes}); {crashes} crashes contained, "
            f"{len(self.defects)} of the gateway; {self.hangs} files over {HANG:g} s, the slowest "
            f"{self.slowest:.1f} s; peak memory of the decoder {self.peak / 1e6:.0f} MB"
        )


def fuzz(seconds: float, corpus: Path | None, findings: Path, seed: int) -> int:
    """Status 1 where there was a defect. corpus: further files to begin from."""
    found = [path.read_bytes() for path in sorted(corpus.iterdir())] if corpus is not None else []
    seeds = [*images(), *(data for data in found if data)]
    random, tally = Random(seed), Tally()
    with Sandbox(Limits()) as sandbox:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            attempt(sandbox, mutated(seeds, random), tally, findings)
        _note_peak(sandbox, tally)
    print(tally.report())
    for defect in sorted(set(tally.defects)):
        print(defect)
    return 1 if tally.defects or tally.hangs else 0


def attempt(sandbox: Sandbox, data: bytes, tally: Tally, findings: Path) -> None:
    pid, started = sandbox.pid, time.monotonic()
    try:
        _check(sandbox.decode(data))
        outcome = "decoded"
    except InputRefused as refused:
        outcome = refused.code
    except Exception as exc:
        outcome = "defect"
        tally.defects.append(f"{type(exc).__name__}: {exc}")
    took = time.monotonic() - started
    tally.outcomes[outcome] += 1
    tally.slowest = max(tally.slowest, took)
    tally.hangs += took > HANG
    if took > HANG or outcome in (*_CONTAINED, "defect"):
        (findings / f"{outcome}-{sha256(data).hexdigest()[:20]}").write_bytes(data)
    if tally.outcomes.total() % 50 == 0 and pid == sandbox.pid:
        _note_peak(sandbox, tally)


def _check(image: DecodedImage) -> None:
    height, width, channels = image.pixels.shape
    assert channels == 3
    assert height * width <= Limits().max_pixels


def _note_peak(sandbox: Sandbox, tally: Tally) -> None:
    if sandbox.pid is None:
        return
    lines = Path(f"/proc/{sandbox.pid}/status").read_text().splitlines()
    peak = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
    tally.peak = max(tally.peak, peak)
