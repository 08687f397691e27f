"""The product's own path over labelled images: the workers of `privgate anonymize`, each file measured.

A run may be kept in a folder and gone on with: what is done is in its record, a line a file, and is not done
again as long as the policy, the code and so the models are the same. Images go by their names.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gateway.bench.annotations import LabelledImage
from gateway.bench.record import Record
from gateway.bench.run import Made, State
from gateway.services.anonymize_files import Outcome, RunFacts, Status
from gateway.services.file_orders import Done, Order
from gateway.services.file_plan import KEPT_ENDINGS, Job
from gateway.services.file_workers import FileWorkers
from gateway.services.usage import Usage
from gateway.services.whole_files import output_folder
from policies.model import Detection, Size
from policies.policy import Policy

Tell = Callable[[], None]
"""Is called after each image."""

_STATES = {
    Status.ANONYMIZED: State.RELEASED,
    Status.NEEDS_REVIEW: State.HELD,
    Status.REFUSED: State.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of the images, in their order. started, elapsed: seconds; timed: the images that `elapsed`
    was spent on. facts: what looked."""

    made: tuple[Made, ...]
    facts: RunFacts
    started: float
    elapsed: float
    timed: int


@dataclass(frozen=True, slots=True)
class Machine:
    """models: the folder of model files. jobs: worker processes. threads: of each.

    precision: see `PolicyDetectors`.
    """

    models: Path
    jobs: int
    threads: int
    precision: str | None = None


def anonymize_all(
    images: Sequence[LabelledImage], policy: Policy, out: Path, machine: Machine, tell: Tell
) -> Batch:
    """Makes copies of the images under `out`; what an interrupted run of the same left there is taken over.

    Raises Misconfigured when the policy cannot run here, BenchError when `out` holds another run.
    """
    jobs = jobs_of(images)
    order = Order(
        policy=policy,
        facts=RunFacts({"name": policy.name, "version": policy.version, "overrides": {}}),
        out=out,
        models=machine.models,
        threads=machine.threads,
        precision=machine.precision,
        previews=False,
        measure=True,
    )
    with ExitStack() as stack:
        stack.enter_context(output_folder(out))
        record = stack.enter_context(Record(out, policy.version))
        made = {name: one for name, one in record.done.items() if one.output is None or one.output.is_file()}
        waiting = [job for job, image in zip(jobs, images, strict=True) if image.name not in made]
        for _ in range(len(jobs) - len(waiting)):
            tell()
        began = time.perf_counter()
        facts, started, timed = order.facts, 0.0, len(waiting)
        if waiting:
            with FileWorkers(order, min(machine.jobs, len(waiting))) as pool:
                started = time.perf_counter() - began
                for done in pool.run(waiting):
                    one = _made(images[done.number].name, done, out)
                    record.add(one)
                    made[one.name] = one
                    facts = _with_models(facts, done.outcome)
                    tell()
        elapsed = time.perf_counter() - began - started
    return Batch(tuple(made[image.name] for image in images), facts, started, elapsed, timed)


def jobs_of(images: Sequence[LabelledImage]) -> list[Job]:
    """A job an image; the copy keeps the image's name and set, and no two go by one name."""
    taken: set[PurePosixPath] = set()
    jobs = []
    for number, image in enumerate(images):
        stem = PurePosixPath(image.name).with_suffix("")
        # Two images may differ in their ending only, and a copy's ending is that of its format.
        unique, again = stem, 2
        while unique in taken:
            unique, again = stem.with_name(f"{stem.name}-{again}"), again + 1
        taken.add(unique)
        names = {suffix: unique.with_name(unique.name + suffix) for suffix in KEPT_ENDINGS}
        jobs.append(Job(number, image.path, names, stale=()))
    return jobs


def _made(name: str, done: Done, out: Path) -> Made:
    outcome, usage = done.outcome, done.usage or Usage(0.0)
    return Made(
        name=name,
        output=None if outcome.output is None else out / outcome.output,
        state=_STATES[outcome.status],
        reason=outcome.reason,
        seconds=usage.milliseconds / 1000,
        stages=usage.stages,
        detectors=usage.detectors,
        worker_peak=usage.worker_peak,
        decoder_peak=usage.decoder_peak,
        size=None if outcome.size is None else Size(**outcome.size),
        detections=tuple(Detection.parse(found) for found in outcome.detections),
    )


def _with_models(facts: RunFacts, outcome: Outcome) -> RunFacts:
    if not outcome.models:
        return facts
    return RunFacts(facts.policy, outcome.models, tuple(outcome.absent), outcome.precision)
