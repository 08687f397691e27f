"""Jobs side by side in one worker: who may be in together, and whose time waiting is."""

from __future__ import annotations

import threading

from gateway.services.company import Company
from gateway.services.deadline import Deadline, waiting, watched
from tests.support.processes import wait_until

SOON = 240.0
"""Seconds until a test gives up on what must come about."""


def inside(company: Company, *, alone: bool) -> tuple[threading.Thread, threading.Event, threading.Event]:
    """A job in a thread of its own: the thread, whether it has come in, and what lets it out."""
    entered, leave = threading.Event(), threading.Event()

    def job() -> None:
        with company.joined(alone=alone):
            entered.set()
            leave.wait(SOON)

    thread = threading.Thread(target=job)
    thread.start()
    return thread, entered, leave


def test_two_new_images_are_worked_on_side_by_side() -> None:
    company = Company()
    jobs = [inside(company, alone=False) for _ in range(2)]
    assert all(entered.wait(SOON) for _, entered, _ in jobs)
    for thread, _, leave in jobs:
        leave.set()
        thread.join()


def test_an_image_that_was_begun_before_has_no_neighbours() -> None:
    company = Company()
    first, entered, leave_first = inside(company, alone=False)
    assert entered.wait(SOON)
    hermit, alone, leave_alone = inside(company, alone=True)
    assert not alone.wait(0.05)
    leave_first.set()
    assert alone.wait(SOON)
    newcomer, late, leave_late = inside(company, alone=False)
    assert not late.wait(0.05)
    leave_alone.set()
    assert late.wait(SOON)
    leave_late.set()
    for thread in (first, hermit, newcomer):
        thread.join()


def test_two_that_were_begun_before_come_one_after_the_other() -> None:
    company = Company()
    jobs = [inside(company, alone=True) for _ in range(2)]
    for _ in range(2):
        now = wait_until(lambda: next((job for job in jobs if job[1].is_set()), None), "one to come in")
        assert sum(entered.is_set() for _, entered, _ in jobs) == 1
        now[2].set()
        now[0].join()
        jobs.remove(now)


def test_a_job_that_waits_for_another_is_not_given_up() -> None:
    given_up = threading.Event()
    with watched(0.5, given_up.set):
        with waiting():
            assert not given_up.wait(1.0)
        assert given_up.wait(SOON)  # and is watched again afterwards


def test_waiting_is_not_the_images_time() -> None:
    now = [0.0]
    deadline = Deadline(10, lambda: now[0])
    with deadline.paused():
        now[0] = 100.0
    deadline.check()
    now[0] = 109.0
    deadline.check()
