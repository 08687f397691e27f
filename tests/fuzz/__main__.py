"""Fuzzing by hand: `python -m tests.fuzz TARGET --seconds N [--corpus DIR] [--findings DIR]`.

TARGET is one of targets.py, led by what each input reaches (needs atheris), or `confined`: files with damage
made for their formats, through the real Sandbox. Prints inputs, crashes, hangs and peak memory; status 1
where something was found. A finding lies in the folder of findings, one input a file.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from tests.fuzz import confined
from tests.fuzz.targets import TARGETS

HANG: Final = 10  # seconds; what the product promises of every file
MEMORY: Final = 3000  # MB of the fuzzing process; the decoder's own limit is 2 GiB, atheris takes the rest
LARGEST: Final = 64 * 1024  # bytes of an input
_INPUTS: Final = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_PEAK: Final = re.compile(r"stat::peak_rss_mb:\s*(\d+)")
_MISSING: Final = (
    "atheris is not installed. It is Apache-2.0 and comes as a wheel: pip install atheris. "
    "Without it, `python -m tests.fuzz confined` works."
)


@dataclass
class Report:
    """Of one target. findings: kind (crash, timeout, oom, …) -> how many."""

    inputs: int = 0
    peak: int = 0  # MB
    findings: dict[str, int] = field(default_factory=dict)


def guided(target: str, seconds: float, corpus: Path, findings: Path) -> Report:
    """Starts the target again after each finding until the time is up."""
    report, ends, number = Report(), time.monotonic() + seconds, 0
    _put(corpus, TARGETS[target].seeds())
    while (left := int(ends - time.monotonic())) > 0:
        number += 1
        said = _run(target, left, corpus, findings, number)
        report.inputs += sum(int(found) for found in _INPUTS.findall(said))
        report.peak = max([report.peak, *(int(found) for found in _PEAK.findall(said))])
    for path in findings.iterdir():
        kind = path.name.partition("-")[0]
        report.findings[kind] = report.findings.get(kind, 0) + 1
    return report


def _run(target: str, seconds: int, corpus: Path, findings: Path, number: int) -> str:
    options = [
        f"-max_total_time={seconds}",
        f"-timeout={HANG}",
        f"-rss_limit_mb={MEMORY}",
        f"-max_len={LARGEST}",
        f"-artifact_prefix={findings}/",
        f"-seed={number}",
        "-print_final_stats=1",
        str(corpus),
    ]
    command = [sys.executable, "-m", "tests.fuzz.guided", target, *options]
    with tempfile.TemporaryFile("w+") as file:
        subprocess.run(command, stdout=file, stderr=subprocess.STDOUT)
        file.seek(0)
        said = file.read()
    if "Uncaught Python exception" in said:
        print(said[said.index("Uncaught Python exception") :][:2000], flush=True)
    return said


def _put(corpus: Path, inputs: tuple[bytes, ...]) -> None:
    corpus.mkdir(parents=True, exist_ok=True)
    for data in inputs:
        (corpus / sha256(data).hexdigest()[:20]).write_bytes(data)


def _has_atheris() -> bool:
    try:
        return importlib.util.find_spec("atheris") is not None
    except ValueError:  # a name that is kept from being imported
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("target", choices=[*TARGETS, confined.NAME])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--corpus", type=Path, help="where inputs worth keeping lie and are put")
    parser.add_argument("--findings", type=Path, help="where findings are put")
    parser.add_argument("--seed", type=int, default=1, help="of the damage (confined only)")
    options = parser.parse_args()
    if options.target != confined.NAME and not _has_atheris():
        parser.error(_MISSING)
    with tempfile.TemporaryDirectory() as scratch:
        findings: Path = options.findings or Path(scratch) / "findings"
        findings.mkdir(parents=True, exist_ok=True)
        if options.target == confined.NAME:
            return confined.fuzz(options.seconds, options.corpus, findings, options.seed)
        corpus: Path = options.corpus or Path(scratch) / "corpus"
        report = guided(options.target, options.seconds, corpus, findings)
    found = ", ".join(f"{count} {kind}" for kind, count in sorted(report.findings.items())) or "none"
    # libFuzzer says what it used itself at its end; where a crash took that along, the kernel knows.
    peak = max(report.peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
    print(f"{options.target}: {report.inputs:,} inputs, findings: {found}, peak memory {peak} MB")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
