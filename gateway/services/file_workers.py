"""Worker processes for `privgate anonymize`: each with its own confined decoder and its own sessions.

A worker that dies takes one file with it, which is reported, and is replaced.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from gateway.detection.models import ModelStore
from gateway.errors import Misconfigured
from gateway.imaging.sandbox import Sandbox
from gateway.services.anonymize_files import Job, Outcome, Status, anonymize_file
from gateway.services.detectors import PolicyDetectors
from gateway.services.previews import Preview, Previewer
from gateway.services.sanitize import Sanitizer
from policies.policy import Policy


@dataclass(frozen=True, slots=True)
class Order:
    """What all the files of one run have in common."""

    policy: Policy
    facts: dict[str, Any]
    out: Path
    models: Path
    threads: int
    previews: bool


@dataclass(frozen=True, slots=True)
class Done:
    outcome: Outcome
    preview: Preview | None


def run(jobs: Sequence[Job], order: Order, *, workers: int) -> Iterator[Done]:
    """Does the jobs in `workers` processes; yields each as it ends, in no set order.

    Raises Misconfigured when the policy cannot run here. Leaving the iteration early ends the workers.
    """
    todo = list(reversed(jobs))
    with ExitStack() as stack:
        pool: list[_Worker] = []
        stack.callback(_end_all, pool)
        while todo or any(worker.job for worker in pool):
            while todo and len(pool) < workers:
                pool.append(_Worker(order))
            for worker in pool:
                if worker.job is None and todo:
                    worker.give(todo.pop())
            for worker in _ready(pool):
                done = worker.take()
                if not worker.alive:
                    pool.remove(worker)
                    worker.end()
                yield done


def _end_all(pool: list[_Worker]) -> None:
    for worker in pool:
        worker.end()


def _ready(pool: list[_Worker]) -> list[_Worker]:
    busy = {worker.pipe: worker for worker in pool if worker.job is not None}
    return [busy[pipe] for pipe in wait(list(busy)) if isinstance(pipe, Connection)]


class _Worker:
    """The parent's end of one worker process."""

    def __init__(self, order: Order) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._order = order
        self._process: SpawnProcess = context.Process(target=_work, args=(theirs, order), daemon=True)
        self._process.start()
        theirs.close()
        self.job: Job | None = None
        self.alive = True

    def give(self, job: Job) -> None:
        self.job = job
        try:
            self.pipe.send(job)
        except OSError:
            self.alive = False  # told by take(): the pipe is at its end

    def take(self) -> Done:
        job, self.job = self.job, None
        assert job is not None  # noqa: S101  (only busy workers are asked)
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError):
            self.alive = False
            return Done(_crashed(job, self._order), None)
        if isinstance(answer, Misconfigured):
            raise answer
        return answer  # type: ignore[no-any-return]

    def end(self) -> None:
        self.pipe.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


def _crashed(job: Job, order: Order) -> Outcome:
    return Outcome(
        input=str(job.source),
        output=None,
        status=Status.REFUSED,
        reason="worker.crashed",
        advice="try it alone with --jobs 1; if it happens again, report the file",
        policy=order.facts,
    )


def _work(pipe: Connection, order: Order) -> None:
    """The worker's life: a job in, an outcome out, until the parent closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, and ends us by the pipe
    models = ModelStore(order.models)
    with Sandbox() as sandbox:
        sanitizer = Sanitizer(sandbox, PolicyDetectors(models, threads=order.threads))
        while True:
            try:
                job = pipe.recv()
            except EOFError:
                return
            try:
                answer: Done | Misconfigured = _do(job, sanitizer, order)
            except Misconfigured as exc:
                answer = exc
            try:
                pipe.send(answer)
            except BrokenPipeError:
                return


def _do(job: Job, sanitizer: Sanitizer, order: Order) -> Done:
    previewer = Previewer()
    look = previewer.look if order.previews else None
    outcome = anonymize_file(job, sanitizer, order.policy, order.out, facts=order.facts, look=look)
    return Done(outcome, previewer.preview)
