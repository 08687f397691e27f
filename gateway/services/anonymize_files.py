"""One file in, one sanitized file out, one line of the report: `privgate anonymize`. No server, no database.

What needs a person lies under `needs-review/`, with everything found so far redacted; what is refused is not
written, and what an earlier run wrote for it is removed. An output is either whole or not there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, assert_never

from gateway.errors import InputRefused, Misconfigured, OutputCheckFailed
from gateway.services.file_plan import REVIEW_FOLDER, Fault, Job
from gateway.services.whole_files import IN_THE_WAY, raise_if_hopeless, write_whole
from policies.model import Verdict
from policies.policy import Policy

if TYPE_CHECKING:  # these import the detectors' libraries, which the parent of the workers needs not
    from gateway.services.sanitize import Look, Sanitized, Sanitizer


class Status(StrEnum):
    ANONYMIZED = "anonymized"
    NEEDS_REVIEW = "needs_review"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What every line of one run's report says: the policy, and what looked.

    policy: its name, version and overrides. models: SHA-256 in hex by name. absent: second opinions of the
    policy that cannot run here.
    """

    policy: dict[str, Any]
    models: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    precision: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A line of the report. Regions are pixels of the oriented image, and of all its frames; times are
    milliseconds.

    kept: detections that stay visible because they lie in a zone that the policy keeps.

    input, output: paths; bytes of a file name that are not UTF-8 stand as lone surrogates (os.fsencode gives
    the bytes back). output is relative to the output folder.
    """

    input: str
    output: str | None
    status: Status
    reason: str | None
    advice: str | None
    policy: dict[str, Any]
    size: dict[str, int] | None = None
    frames: int | None = None
    detections: list[dict[str, Any]] = field(default_factory=list)
    redactions: list[dict[str, Any]] = field(default_factory=list)
    kept: int = 0
    models: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    precision: str | None = None
    milliseconds: dict[str, int] = field(default_factory=dict)
    sha256: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def anonymize_file(
    job: Job,
    sanitizer: Sanitizer,
    policy: Policy,
    out: Path,
    *,
    facts: RunFacts,
    max_bytes: int,
    look: Look | None = None,
) -> Outcome:
    """Does one file. Whatever is wrong with it is in the outcome; only Misconfigured is raised.

    max_bytes: a larger file is refused without being read. look: is shown the pixels before and after.
    """
    try:
        return _written(job, sanitizer.sanitize(_read(job, max_bytes), policy, look=look), out, facts)
    except InputRefused as exc:
        outcome = refused(job, facts, f"{exc.code}: {exc}", exc.advice)
    except OutputCheckFailed as exc:
        outcome = refused(job, facts, exc.code, "report this image: its copy did not pass the check")
    except Misconfigured:
        raise
    except Exception as exc:  # a fault of ours costs one file, and passes nothing on
        reason = f"internal.{type(exc).__name__}"
        outcome = refused(job, facts, reason, "report this image: it is a fault of ours")
    remove_stale(out, job)
    return outcome


def refused(job: Job, facts: RunFacts, reason: str, advice: str) -> Outcome:
    """The outcome of a file of which nothing is written."""
    return Outcome(
        input=str(job.source),
        output=None,
        status=Status.REFUSED,
        reason=reason,
        advice=advice,
        policy=facts.policy,
        models=facts.models,
        absent=list(facts.absent),
        precision=facts.precision,
    )


def remove_stale(out: Path, job: Job, *now: PurePosixPath) -> None:
    """Removes what an earlier run wrote for this input: a copy made under other rules must not stay.

    now: names that go as well, whoever wrote them: those of the copy that is about to be written, or that may
    have been. Raises FolderUnwritable when something cannot be removed.
    """
    for name in {*job.stale, *now}:
        for path in (out / name, out / REVIEW_FOLDER / name):
            try:
                path.unlink(missing_ok=True)
            except OSError as exc:
                if not (exc.errno in IN_THE_WAY or path.is_dir()):  # a folder is no copy of ours
                    raise_if_hopeless(exc, path)


def _read(job: Job, max_bytes: int) -> bytes:
    match job.fault:
        case None:
            pass
        case Fault.FOLDER_UNREADABLE:
            raise InputRefused("this folder cannot be listed", advice="make it readable", code=job.fault)
        case Fault.LINK_TO_FOLDER:
            raise InputRefused(
                "links to folders are not followed", advice="name the folder as an INPUT", code=job.fault
            )
        case _:
            assert_never(job.fault)
    try:
        # Without waiting: a pipe that nobody writes to would hold the run up for ever.
        descriptor = os.open(job.source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123  (a descriptor, not a path)
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise InputRefused(
                    "not a regular file", advice="copy the image to a file", code="file.not_regular"
                )
            # One byte beyond the limit suffices for the decoder to refuse it with its own words.
            return file.read(min(about.st_size, max_bytes) + 1)
    except OSError as exc:
        advice = _READ_ADVICE.get(exc.errno or 0, "make it readable")
        raise InputRefused(str(exc.strerror), advice=advice, code="file.unreadable") from exc


_READ_ADVICE = {
    errno.ENOENT: "it, or what it links to, is gone: put it back",
    errno.ELOOP: "mend the link: it leads back to itself",
    errno.EIO: "the disk does not give it: take it from a backup",
}


def _written(job: Job, result: Sanitized, out: Path, facts: RunFacts) -> Outcome:
    clean = result.plan.verdict is Verdict.RELEASE
    relative = job.names[result.encoded.suffix]
    # (1) The old copy first: a crash here leaves none, never one that was made under other rules.
    remove_stale(out, job, relative)
    if not clean:
        relative = PurePosixPath(REVIEW_FOLDER) / relative
    # (2) Then the new one, whole.
    try:
        write_whole(out / relative, result.encoded.data)
    except OSError as exc:
        raise InputRefused(
            f"its copy cannot be called {relative} there ({exc.strerror})",
            advice="move what is in the way, rename the input, or use --names random",
            code="output.name",
        ) from exc
    return Outcome(
        input=str(job.source),
        output=str(relative),
        status=Status.ANONYMIZED if clean else Status.NEEDS_REVIEW,
        reason=None if clean else ",".join(result.plan.reasons),
        advice=None if clean else "look at the file; what was found so far is redacted in it",
        policy=facts.policy,
        size={"width": result.size.width, "height": result.size.height},
        frames=result.frames,
        detections=[d.to_dict() for d in result.detections],
        redactions=[redaction.to_dict() for redaction in result.plan.redactions],
        kept=len(result.plan.kept),
        models=result.digests,
        absent=list(result.absent),
        precision=result.precision,
        milliseconds=result.milliseconds,
        sha256=hashlib.sha256(result.encoded.data).hexdigest(),
    )
