"""Files in, sanitized files out, with a report: `privgate anonymize`. No server, no database.

The tree of inputs is kept. What needs a person lies under `needs-review/`, with everything found so far
redacted; what is refused is not written. An output is either whole or not there.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from gateway.errors import GatewayError, InputRefused, OutputCheckFailed
from gateway.services.sanitize import Look, Sanitized, Sanitizer
from policies.model import Verdict
from policies.policy import Policy

REVIEW_FOLDER = "needs-review"

KEPT_SUFFIXES = {
    ".jpg": frozenset({".jpg", ".jpeg", ".jpe", ".jfif"}),
    ".png": frozenset({".png"}),
    ".webp": frozenset({".webp"}),
}
"""By the suffix of what is written: the endings of an input's name that are true of it and stay."""


class Status(StrEnum):
    ANONYMIZED = "anonymized"
    NEEDS_REVIEW = "needs_review"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Job:
    """One file to do.

    relative: where its copy goes in the output folder, with the input's own ending.
    stem_shared: another input differs from it in the ending only.
    """

    source: Path
    relative: PurePosixPath
    stem_shared: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """A line of the report. Regions are pixels of the oriented image; times are milliseconds."""

    input: str
    output: str | None
    status: Status
    reason: str | None
    advice: str | None
    policy: dict[str, Any]
    size: dict[str, int] | None = None
    detections: list[dict[str, Any]] = field(default_factory=list)
    redactions: list[dict[str, Any]] = field(default_factory=list)
    models: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    precision: str | None = None
    milliseconds: dict[str, int] = field(default_factory=dict)
    sha256: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class PathsInConflict(GatewayError):
    """The outputs asked for would overwrite each other, or an input."""


def plan_jobs(inputs: Iterable[Path], out: Path, *, random_names: bool) -> list[Job]:
    """The files to do, in order of their names; of a folder all that do not begin with a dot.

    Raises PathsInConflict when two inputs would have one output, or an output would be one of the inputs.
    """
    jobs: list[Job] = []
    for given in inputs:
        for source, relative in _walk(given):
            name = PurePosixPath(secrets.token_hex(8) + source.suffix.lower()) if random_names else relative
            jobs.append(Job(source, name))
    _check_paths(jobs, out)
    stems = Counter(job.relative.with_suffix("") for job in jobs)
    return [replace(job, stem_shared=stems[job.relative.with_suffix("")] > 1) for job in jobs]


def _walk(given: Path) -> Iterator[tuple[Path, PurePosixPath]]:
    if not given.is_dir():
        yield given, PurePosixPath(given.name)
        return
    for folder, folders, files in os.walk(given):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            source = Path(folder, name)
            if not name.startswith("."):
                yield source, PurePosixPath(source.relative_to(given).as_posix())


def _check_paths(jobs: list[Job], out: Path) -> None:
    target = out.resolve()
    by_output: dict[PurePosixPath, Path] = {}
    for job in jobs:
        if job.source.resolve().is_relative_to(target):
            raise PathsInConflict(f"{job.source} lies in the output folder {out}; choose a folder of its own")
        if (other := by_output.setdefault(job.relative, job.source)) != job.source:
            raise PathsInConflict(
                f"{other} and {job.source} would both be written to {job.relative}; "
                "do them in two runs, or use --names random"
            )


def anonymize_file(
    job: Job,
    sanitizer: Sanitizer,
    policy: Policy,
    out: Path,
    *,
    facts: dict[str, Any],
    look: Look | None = None,
) -> Outcome:
    """Does one file. Whatever is wrong with it is in the outcome; only Misconfigured is raised.

    facts: the policy's name, version and overrides, as they go into the report.
    look: is shown the pixels before and after, for a page that compares them.
    """
    try:
        data = job.source.read_bytes()
    except OSError as exc:
        _remove_stale(out, job)
        return _refused(job, facts, "file.unreadable", f"make it readable: {exc.strerror}")
    try:
        result = sanitizer.sanitize(data, policy, look=look)
    except InputRefused as exc:
        _remove_stale(out, job)
        return _refused(job, facts, f"{exc.code}: {exc}", exc.advice)
    except OutputCheckFailed as exc:
        _remove_stale(out, job)
        return _refused(job, facts, exc.code, "report this image: its copy did not pass the check")
    return _written(job, result, out, facts)


def _written(job: Job, result: Sanitized, out: Path, facts: dict[str, Any]) -> Outcome:
    clean = result.plan.verdict is Verdict.RELEASE
    relative = _true_name(job, result.encoded.suffix)
    if not clean:
        relative = REVIEW_FOLDER / relative
    _remove_stale(out, job)
    write_whole(out / relative, result.encoded.data)
    return Outcome(
        input=str(job.source),
        output=str(relative),
        status=Status.ANONYMIZED if clean else Status.NEEDS_REVIEW,
        reason=None if clean else ",".join(result.plan.reasons),
        advice=None if clean else "look at the file; what was found so far is redacted in it",
        policy=facts,
        size={"width": result.size.width, "height": result.size.height},
        detections=[
            {
                "kind": d.kind.value,
                "region": d.region.to_dict(),
                "score": round(d.score, 4),
                "source": d.source,
            }
            for d in result.detections
        ],
        redactions=[
            {"kind": r.kind.value, "region": r.region.to_dict(), "method": r.method.value}
            for r in result.plan.redactions
        ],
        models=result.digests,
        absent=list(result.absent),
        precision=result.precision,
        milliseconds=result.milliseconds,
        sha256=hashlib.sha256(result.encoded.data).hexdigest(),
    )


def _refused(job: Job, facts: dict[str, Any], reason: str, advice: str) -> Outcome:
    return Outcome(str(job.source), None, Status.REFUSED, reason, advice, facts)


def _true_name(job: Job, suffix: str) -> PurePosixPath:
    """The name with an ending that is true: x.jpeg stays, x.heic that is written as JPEG becomes x.jpg.

    Where x.heic and x.jpg are both inputs, the first becomes x.heic.jpg: two files stay two files.
    """
    if job.relative.suffix.lower() in KEPT_SUFFIXES[suffix]:
        return job.relative
    if job.stem_shared:
        return job.relative.with_name(job.relative.name + suffix)
    return job.relative.with_suffix(suffix)


def _remove_stale(out: Path, job: Job) -> None:
    """Removes what an earlier run wrote for this input: a copy made under other rules must not stay."""
    names = {job.relative} | {job.relative.with_name(job.relative.name + suffix) for suffix in KEPT_SUFFIXES}
    if not job.stem_shared:
        names |= {job.relative.with_suffix(suffix) for suffix in KEPT_SUFFIXES}
    for name in names:
        (out / name).unlink(missing_ok=True)
        (out / REVIEW_FOLDER / name).unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Writes beside, fsyncs, renames: whoever looks sees the old file, none, or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
