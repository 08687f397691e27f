"""Hostile files through the real path: `python -m tests.bench.hostile DIR [--report FILE] [--policy NAME]`.

Each file of the folder twice, as it is and with a script behind its end: decoded in the confined process,
looked at, redacted, encoded and checked, as a worker does it. Then each once more over HTTP to a running
installation. Reported of each file: outcome, seconds, the decoder's peak memory, and what of it is carried
over into the copy (`payloads`). Status 1 where the service crashed, a file took more than 10 seconds, or
anything was carried over.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import httpx
from PIL import Image

from gateway.detection.models import ModelStore
from gateway.errors import GatewayError
from gateway.imaging.sandbox import Sandbox
from gateway.services.detectors import PolicyDetectors
from gateway.services.sanitize import Sanitizer
from gateway.services.usage import peak_memory
from gateway.settings import models_folder
from policies.policy import Policy, load_policy
from tests.bench.payloads import carried_over, seeded
from tests.support.gateway import Installation, Person, create_dataset, running, send, settled, upload
from tests.support.pictures import jpeg

HANG: Final = 10.0  # seconds
_RESET_PEAK: Final = "5"  # proc(5), clear_refs: the peak resident set begins anew


@dataclass(frozen=True)
class Row:
    """One way of one file. outcome: "copy", the code of the refusal, or "CRASH: …". peak: MB; 0: unknown."""

    file: str
    way: str
    outcome: str
    seconds: float
    peak: float = 0.0
    carried: tuple[str, ...] = ()

    @property
    def crashed(self) -> bool:
        return self.outcome.startswith("CRASH")

    @property
    def bad(self) -> bool:
        return self.crashed or self.seconds > HANG or bool(self.carried)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--report", type=Path, help="where one JSON object a file and way goes")
    parser.add_argument("--policy", default="street")
    parser.add_argument("--no-server", action="store_true")
    options = parser.parse_args()
    files = sorted(path for path in options.folder.iterdir() if path.is_file())
    rows = list(in_process(files, load_policy(options.policy)))
    if not options.no_server:
        rows += over_http(files, options.policy)
    if options.report is not None:
        options.report.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))
    print(summary(rows))
    return 1 if any(row.bad for row in rows) else 0


def summary(rows: list[Row]) -> str:
    lines = []
    for way in dict.fromkeys(row.way for row in rows):
        mine = [row for row in rows if row.way == way]
        outcomes = ", ".join(
            f"{count} {name}" for name, count in Counter(row.outcome for row in mine).most_common()
        )
        slowest = max(mine, key=lambda row: row.seconds)
        lines.append(
            f"{way}: {len(mine)} inputs; {sum(row.crashed for row in mine)} crashes of the service; "
            f"{sum(row.seconds > HANG for row in mine)} files over {HANG:g} s "
            f"(slowest {slowest.seconds:.1f} s, {slowest.file}); "
            f"peak memory of the decoder {max(row.peak for row in mine):.0f} MB; "
            f"{sum(bool(row.carried) for row in mine)} payloads carried over\n    {outcomes}"
        )
    lines += [f"BAD {row}" for row in rows if row.bad]
    return "\n".join(lines)


def in_process(files: list[Path], policy: Policy) -> Iterator[Row]:
    """As a worker does it. The decoder's crash is a refusal; the worker's would be any other error."""
    detectors = PolicyDetectors(ModelStore(models_folder(os.environ)), threads=len(os.sched_getaffinity(0)))
    detectors(policy)
    with Sandbox() as sandbox:
        sanitizer = Sanitizer(sandbox, detectors)
        for path in files:
            data = path.read_bytes()
            yield _one(sanitizer, sandbox, policy, path.name, "worker", data)
            yield _one(sanitizer, sandbox, policy, path.name, "worker, with a script behind", seeded(data))


def _one(sanitizer: Sanitizer, sandbox: Sandbox, policy: Policy, name: str, way: str, data: bytes) -> Row:
    sandbox.warm()
    with suppress(OSError):  # only root may
        Path(f"/proc/{sandbox.pid}/clear_refs").write_text(_RESET_PEAK)
    started, carried = time.monotonic(), list[bytes]()
    try:
        encoded = sanitizer.sanitize(data, policy).encoded
        outcome = "copy"
        carried = carried_over(data, encoded.data, encoded.format)
    except GatewayError as exc:
        outcome = str(getattr(exc, "code", type(exc).__name__))
    except Exception as exc:
        outcome = f"CRASH: {type(exc).__name__}: {exc}"
    took = time.monotonic() - started
    peak = 0.0 if sandbox.pid is None else peak_memory(sandbox.pid) / 1e6
    return Row(name, way, outcome, round(took, 3), round(peak, 1), tuple(run.decode() for run in carried))


def over_http(files: list[Path], policy: str) -> list[Row]:
    """Through intake, job and vault of a running installation, whose processes must all live at the end."""
    with tempfile.TemporaryDirectory() as folder:
        rows: list[Row] = []
        for installation in running(Installation(Path(folder), models_folder(os.environ))):
            officer, uploader = installation.enrol("officer"), installation.enrol("uploader")
            dataset = create_dataset(officer, "hostile", policy=policy)
            # The worker has started and its models are loaded before the clock runs.
            settled(uploader, upload(uploader, dataset, jpeg(Image.new("RGB", (64, 64)))))
            rows += [_sent(uploader, dataset, path) for path in files]
            dead = [process.command for process in installation.processes if not process.alive]
            health = installation.client().get("/healthz").status_code
            if dead or health != httpx.codes.OK:
                rows.append(Row("", "http", f"CRASH: ended {dead}, health {health}", 0))
        return rows


def _sent(uploader: Person, dataset: str, path: Path) -> Row:
    started = time.monotonic()
    try:
        answer = send(uploader, dataset, path.read_bytes(), name=path.name)
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            outcome = f"CRASH: {answer.status_code}"
        elif answer.is_success:
            asset = settled(uploader, answer.json()["id"])
            outcome = str(asset["state"])
        else:
            outcome = str(answer.json().get("code", answer.status_code))
    except Exception as exc:
        outcome = f"CRASH: {type(exc).__name__}: {exc}"
    return Row(path.name, "http", outcome, round(time.monotonic() - started, 3))


if __name__ == "__main__":
    sys.exit(main())
