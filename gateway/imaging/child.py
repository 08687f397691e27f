"""The sandbox's end of one decoder process: start it, ask it once at a time, stop it for certain."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from gateway.errors import Misconfigured
from gateway.imaging.image import Limits, Pixels
from gateway.imaging.protocol import (
    MAX_MESSAGE,
    READY,
    UNFILTERED,
    Decoded,
    Setup,
    parse_reply,
)
from gateway.imaging.refusals import Refused
from gateway.imaging.shared_memory import SharedMemory

_START_TIMEOUT: Final = 60.0  # seconds; importing the codecs takes 0.3 s warm, several on a cold busy disk

# All that the process finds in its environment. One thread for BLAS and two heaps: each would reserve
# address space by the core. The rest is for glibc's heap; the figures are in DECODING.md:
# - a heap that keeps what is free, as that of any process does (the largest threshold that glibc takes, and
#   twice that at its top), rather than faulting in the same pages with each image;
# - huge pages where the kernel lends them on request;
# - whatever is freed is written over, so that a heap that is kept holds no earlier image. (Above the
#   threshold it goes back to the kernel, which clears it; below a kilobyte glibc's cache leaves it be.)
ENVIRONMENT: Final = {
    "LC_ALL": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 1024**2),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.perturb=165",
}


class ChildDied(Exception):
    """The process ended before it answered."""


class ChildLate(Exception):
    """The process did not answer in time."""


class DecoderChild:
    """One running decoder process with its socket and its two shared memories. Not thread-safe.

    Raises Misconfigured when the process does not come up.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.decodes = 0
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._source = SharedMemory("source", limits.max_bytes)
        self._output = SharedMemory("output", limits.max_pixels * 3)
        setup = Setup(theirs.fileno(), self._source.descriptor, self._output.descriptor, os.getpid(), limits)
        with theirs:
            self._process = _LASTING.run(lambda: _start(setup))
        try:
            self._await_ready()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def decode(self, data: bytes) -> tuple[Decoded, Pixels]:
        """Raises Refused, ChildDied, ChildLate or ProtocolError; after the last three, stop this child."""
        self.decodes += 1
        deadline = time.monotonic() + self.limits.timeout
        written: int | None = None
        try:
            self._source.write(data)
            self._send(str(len(data)).encode("ascii"))
            reply = parse_reply(self._receive(deadline), self.limits)
            if isinstance(reply, Refused):
                raise reply
            written = reply.size
            return reply, self._output.copy(reply.rows, reply.width)
        finally:
            # Neither file nor image lies here when the next file comes. Of an image that is refused half-way
            # nobody says how far it came.
            self._source.clear(len(data))
            if written is None:
                self._output.clear_all()
            else:
                self._output.clear(written)

    def stop(self) -> None:
        """Kills the process, waits for it and gives everything back. May be called twice."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._control.close()
        self._source.close()
        self._output.close()

    def abandon(self) -> None:
        """In a forked copy of the gateway: lets go of the descriptors; the process is the original's."""
        self._process.returncode = 0  # a copy cannot wait for it, and must not be warned about it
        self.stop()

    def _await_ready(self) -> None:
        try:
            said = self._receive(time.monotonic() + _START_TIMEOUT)
        except (ChildDied, ChildLate):
            said = b""
        if said == UNFILTERED:
            raise Misconfigured(
                "the decoder process cannot be confined: the kernel takes no seccomp filter; run the gateway "
                "where seccomp(2) is allowed (Linux 3.17; containers: under no profile that forbids it)"
            )
        if said != READY:
            raise Misconfigured(
                f"the decoder process does not start within {self.limits.memory:,} bytes of memory and "
                f"{_START_TIMEOUT:g} s; raise the memory limit, or run `privgate doctor`"
            )

    def _send(self, message: bytes) -> None:
        try:
            self._control.send(message)
        except OSError:
            raise ChildDied from None

    def _receive(self, deadline: float) -> bytes:
        self._control.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            message = self._control.recv(MAX_MESSAGE)
        except TimeoutError:
            raise ChildLate from None
        except OSError:
            raise ChildDied from None
        if not message:
            raise ChildDied
        return message


def _start(setup: Setup) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-B", "-m", "gateway.imaging.decoder_process", setup.to_argument()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(setup.control, setup.source, setup.output),
        env=ENVIRONMENT,
        cwd="/",
        start_new_session=True,  # a Ctrl-C at the terminal is the gateway's business, not the decoder's
    )


class _LastingThread:
    """A thread that lives as long as this process, to start children from.

    PR_SET_PDEATHSIG fires when the *thread* that started the child ends, and callers' threads come and go.
    """

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """A forked copy of this process has none of its threads."""
        self._lock = threading.Lock()
        self._calls: queue.SimpleQueue[tuple[Callable[[], subprocess.Popen[bytes]], _Started]] | None = None

    def run(self, call: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._calls is None:
                self._calls = queue.SimpleQueue()
                threading.Thread(
                    target=self._serve, args=(self._calls,), name="decoders", daemon=True
                ).start()
            calls = self._calls
        started: _Started = Future()
        calls.put((call, started))
        return started.result()

    @staticmethod
    def _serve(calls: queue.SimpleQueue[tuple[Callable[[], subprocess.Popen[bytes]], _Started]]) -> None:
        while True:
            call, started = calls.get()
            try:
                started.set_result(call())
            except BaseException as exc:
                started.set_exception(exc)
            del call, started  # keeps no child alive while it waits for the next call


_Started = Future[subprocess.Popen[bytes]]
_LASTING: Final = _LastingThread()
