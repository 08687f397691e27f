"""What one file costs a worker: milliseconds by stage and by detector, and the peak of memory so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """milliseconds: of the file as a whole, from reading to the copy on disk. stages: parts of it, by name,
    milliseconds too. detectors: parts of stages, as "stage/detector". worker_peak, decoder_peak: bytes
    resident at most since each process began; 0 where the system does not tell.
    """

    milliseconds: float
    stages: dict[str, float] = field(default_factory=dict)
    detectors: dict[str, float] = field(default_factory=dict)
    worker_peak: int = 0
    decoder_peak: int = 0


def peak_memory(process: int | str) -> int:
    """Bytes that were resident at most (VmHWM, proc(5)); 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{process}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
