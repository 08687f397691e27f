"""Real processes for tests: started with their output in a file, waited for, and surely ended."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

Answer = TypeVar("Answer")

_PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>

PATIENCE = 240.0
"""Seconds for what surely comes: a slow machine takes its time, and a quick one waits for none of it."""


class Process:
    """One process of a session of its own; what it prints goes to `log`."""

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str], log: Path, folder: Path
    ) -> None:
        self.command = list(command)
        self.log = log
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                self.command,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.log.read_text("utf-8", "replace")

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def wait(self, seconds: float = PATIENCE) -> int:
        """The exit status; negative is the signal that ended it."""
        try:
            return self.popen.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.command} still runs after {seconds:.0f} s; it said:\n{self.text}"
            ) from None

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        if self.alive:
            self.popen.kill()
        self.popen.wait()

    def stop(self) -> int:
        """Asks it to end, and sees that it does."""
        if self.alive:
            self.popen.terminate()
        try:
            return self.wait()
        finally:
            self.kill()


def wait_until(
    question: Callable[[], Answer | None], what: str, *, seconds: float = PATIENCE, every: float = 0.05
) -> Answer:
    """The first true answer. Fails with `what` when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}; the last answer: {answer!r}")
        time.sleep(every)


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on.

    Below those that the kernel gives to outgoing connections: one of these, of any program on the machine,
    could else sit on it while a server that was killed is started again.
    """
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10_000, max(first, 20_000))
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def no_orphans() -> Iterator[None]:
    """Fails at the end if a process that was started inside is still alive, its parent dead or not.

    This process becomes the one that inherits orphans, so that even a grandchild's child is seen.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    before = children()
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
        with suppress(AssertionError):
            wait_until(lambda: not (children() - before), "the end of all processes")
        left = {pid: command_of(pid) for pid in children() - before}
        for pid in left:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        _bury_orphans()
        assert not left, f"processes outlive what started them: {left}"
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def children(parent: int | None = None) -> set[int]:
    """The living processes whose parent is the given one, or this one."""
    wanted = parent or os.getpid()
    return {pid for pid, its_parent, state in _table() if its_parent == wanted and state != "Z"}


def _bury_orphans() -> None:
    """Takes inherited processes that have ended off the table. Those of a Popen were waited for there."""
    for pid, parent, state in _table():
        if parent == os.getpid() and state == "Z":
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def command_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return "?"


def _table() -> Iterator[tuple[int, int, str]]:
    """(pid, parent, state) of all processes, from proc(5)."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                # The command's name stands in brackets and may hold anything; what follows does not.
                fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                yield int(entry.name), int(fields[1]), fields[0]
