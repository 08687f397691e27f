"""The life of one worker process of `privgate anonymize`: what its detectors are, then file by file."""

from __future__ import annotations

from dataclasses import replace
from multiprocessing.connection import Connection

from gateway.detection.models import ModelStore
from gateway.errors import Misconfigured
from gateway.imaging.image import Limits
from gateway.imaging.sandbox import Sandbox
from gateway.imaging.site_limits import site_limits
from gateway.native_noise import only_our_words
from gateway.services.anonymize_files import RunFacts, anonymize_file
from gateway.services.detectors import PolicyDetectors
from gateway.services.file_orders import Answer, Done, Order, with_detectors
from gateway.services.file_plan import Job
from gateway.services.meter import Meter, MeteredDetectors
from gateway.services.previews import Previewer
from gateway.services.sanitize import Sanitizer


def work(pipe: Connection, order: Order) -> None:
    """A job in, an outcome out, until the parent closes the pipe, or is gone."""
    only_our_words()
    limits = site_limits(order.megapixels, order.decode_seconds)
    detectors = PolicyDetectors(ModelStore(order.models), threads=order.threads, precision=order.precision)
    with Sandbox(limits) as sandbox:
        try:
            loaded = detectors(order.policy)
            sandbox.warm()
        except Misconfigured as exc:
            _send(pipe, exc)
            return
        facts = with_detectors(
            order.facts, dict(loaded.digests), tuple(loaded.absent), loaded.precision.value
        )
        meter = Meter() if order.measure else None
        sanitizer = Sanitizer(sandbox, detectors if meter is None else MeteredDetectors(detectors, meter))
        told = _send(pipe, facts)
        while told and (job := _next(pipe)) is not None:
            try:
                told = _send(pipe, _measured(job, sanitizer, order, facts, sandbox, meter))
            except Misconfigured as exc:
                told = _send(pipe, exc)


def _measured(
    job: Job, sanitizer: Sanitizer, order: Order, facts: RunFacts, sandbox: Sandbox, meter: Meter | None
) -> Done:
    if meter is None:
        return _do(job, sanitizer, order, facts, sandbox.limits)
    with meter.measuring():
        done = _do(job, sanitizer, order, facts, sandbox.limits)
        return replace(done, usage=meter.usage(sandbox.pid))


def _do(job: Job, sanitizer: Sanitizer, order: Order, facts: RunFacts, limits: Limits) -> Done:
    previewer = Previewer()
    outcome = anonymize_file(
        job,
        sanitizer,
        order.policy,
        order.out,
        facts=facts,
        max_bytes=limits.max_bytes,
        look=previewer.look if order.previews else None,
    )
    # Only what was written is shown: of a refused file nothing may go on, also not as a small picture.
    return Done(job.number, outcome, previewer.preview if outcome.output else None)


def _next(pipe: Connection) -> Job | None:
    try:
        job: Job = pipe.recv()
    except (EOFError, OSError):
        return None
    return job


def _send(pipe: Connection, answer: Answer) -> bool:
    """False when the parent is gone."""
    try:
        pipe.send(answer)
    except OSError:
        return False
    return True
