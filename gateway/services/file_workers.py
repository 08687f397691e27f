"""Worker processes for `privgate anonymize`: each with its own confined decoder and its own sessions.

A worker tells first that its detectors are loaded, or why they cannot be; only then is anything written.
A worker that dies takes one file with it, which is reported, and is replaced.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Self

from gateway.errors import Misconfigured
from gateway.services.anonymize_files import Outcome, RunFacts, refused, remove_stale
from gateway.services.file_orders import Answer, Done, Order
from gateway.services.file_plan import Job

AHEAD = 256
"""How many files the workers may be ahead of the one that the report waits for: bounds what is kept."""

MAX_STILLBORN = 3
"""Workers in a row that may die before they are ready; then something is wrong with the machine."""

GRACE_SECONDS = 0.8
"""What workers that are called off may still take to end by themselves."""


class FileWorkers:
    """A context manager: starts `count` workers, ends them for certain.

    Entering raises Misconfigured when the policy cannot run here. Leaving early calls off what is being done:
    of such a file nothing is left. bell: once it is readable, KeyboardInterrupt is raised, but only while the
    workers are waited for, so that nothing they have told is lost.
    """

    def __init__(self, order: Order, count: int, *, bell: Connection | None = None) -> None:
        self._order = order
        self._count = count
        self._bell = bell
        self._pool: list[_Worker] = []
        self._stillborn = 0
        self._finished: dict[int, Done] = {}

    def __enter__(self) -> Self:
        try:
            self._fill(self._count)
            while not any(worker.ready for worker in self._pool):
                self._listen()
                self._fill(self._count)
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def run(self, jobs: Sequence[Job]) -> Iterator[Done]:
        """Does the jobs; yields them in their order. Raises Misconfigured when nothing more can be done."""
        waiting = deque(jobs)
        for expected in [job.number for job in jobs]:
            while expected not in self._finished:
                self._fill(min(self._count, len(waiting) + self._busy()))
                self._hand_out(waiting, expected + AHEAD)
                self._listen()
            yield self._finished.pop(expected)

    def call_off(self) -> list[Done]:
        """Ends everything; what was finished and not yet yielded, in order."""
        self.end()
        finished, self._finished = self._finished, {}
        return [finished[number] for number in sorted(finished)]

    def end(self) -> None:
        """Ends the workers within GRACE_SECONDS and a moment. May be called twice."""
        pool, self._pool = self._pool, []
        deadline = time.monotonic() + GRACE_SECONDS
        for worker in pool:
            if worker.job is not None and worker.answers_within(deadline - time.monotonic()):
                with suppress(Misconfigured):  # the reason for ending is told already
                    self._take(worker)
            worker.hang_up()
        for worker in pool:
            worker.end(deadline)
            if worker.job is not None:
                with suppress(Misconfigured):
                    remove_stale(self._order.out, worker.job, *worker.job.names.values())

    def _busy(self) -> int:
        return sum(worker.job is not None for worker in self._pool)

    def _fill(self, count: int) -> None:
        while len(self._pool) < count:
            self._pool.append(_Worker(self._order))

    def _hand_out(self, waiting: deque[Job], before: int) -> None:
        for worker in self._pool:
            if worker.idle and waiting and waiting[0].number < before and worker.give(waiting[0]):
                waiting.popleft()

    def _listen(self) -> None:
        """Waits until some worker says something, or dies. Raises KeyboardInterrupt once the bell rang."""
        by_pipe = {worker.pipe: worker for worker in self._pool}
        heard = wait([*by_pipe, *([] if self._bell is None else [self._bell])])
        for pipe in by_pipe.keys() & set(heard):
            self._take(by_pipe[pipe])
        if self._bell in heard:
            raise KeyboardInterrupt

    def _take(self, worker: _Worker) -> None:
        answer = worker.receive()
        match answer:
            case None:
                self._bury(worker)
            case RunFacts():
                worker.ready, worker.facts, self._stillborn = True, answer, 0
            case Done():
                worker.job = None
                self._finished[answer.number] = answer
            case Misconfigured():
                worker.job = None
                raise answer

    def _bury(self, worker: _Worker) -> None:
        if worker in self._pool:
            self._pool.remove(worker)
        worker.end(time.monotonic())
        job, worker.job = worker.job, None
        if job is not None:
            # It may have died between writing the file and telling so.
            remove_stale(self._order.out, job, *job.names.values())
            self._finished[job.number] = Done(job.number, _crashed(job, worker.facts))
        elif not worker.ready:
            self._stillborn += 1
            if self._stillborn >= MAX_STILLBORN:
                raise Misconfigured(
                    "the worker processes die as they start; the lines above may say why, "
                    "if not, look whether memory is short: try --jobs 1"
                )


class _Worker:
    """The parent's end of one worker process."""

    def __init__(self, order: Order) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.job: Job | None = None
        self.ready = False
        self.facts = order.facts
        self._process: SpawnProcess | None = context.Process(target=_work, args=(theirs, order), daemon=True)
        # The child inherits the mask: a Ctrl-C at the terminal is the parent's business, from the first
        # moment of the child's life on. Here it is only late by some milliseconds. (The tracker would be
        # started by the first child's start, and clears the mask when it is.)
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()

    @property
    def idle(self) -> bool:
        return self.ready and self.job is None

    def give(self, job: Job) -> bool:
        """False when the worker is dead: it never had the job."""
        try:
            self.pipe.send(job)
        except OSError:
            return False
        self.job = job
        return True

    def answers_within(self, seconds: float) -> bool:
        try:
            return self.pipe.poll(max(seconds, 0))
        except OSError:
            return False

    def receive(self) -> Answer | None:
        """None when the worker is dead."""
        try:
            answer: Answer = self.pipe.recv()
        except (EOFError, OSError):
            return None
        return answer

    def hang_up(self) -> None:
        self.pipe.close()

    def end(self, deadline: float) -> None:
        """Waits until the deadline (of time.monotonic), then kills. May be called twice."""
        process, self._process = self._process, None
        self.pipe.close()
        if process is None:
            return
        process.join(timeout=max(deadline - time.monotonic(), 0))
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def _crashed(job: Job, facts: RunFacts) -> Outcome:
    advice = "try it alone with --jobs 1; if it happens again, report the file"
    return refused(job, facts, "worker.crashed", advice)


def _work(pipe: Connection, order: Order) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # some library may unblock it
    # Imported here: the parent, which only hands out work, does without the detectors' libraries.
    from gateway.services.file_worker import work

    work(pipe, order)
