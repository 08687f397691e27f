"""The confined process in which hostile bytes are decoded: `python -I -m gateway.imaging.decoder_process`.

It is started by exec, so it inherits no memory of the gateway; its environment is empty but for numerical
libraries' settings; it holds two shared memory files and one socket and nothing else. It limits itself before
it reads the first byte: address space, core dumps, file sizes, open files, new privileges, tracing, and last
the system calls that are left to it (`seccomp`); it dies with its parent. The parent holds the clock and the
right to kill.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from typing import Final

from gateway.imaging import seccomp
from gateway.imaging.image import FileFacts, Limits, Pixels
from gateway.imaging.protocol import MAX_MESSAGE, READY, UNFILTERED, Decoded, Setup, reply_of
from gateway.imaging.refusals import Refused
from gateway.imaging.shared_memory import SharedView

# linux/prctl.h
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38

_OPEN_FILES: Final = 16  # three standard ones, socket, two memories, and what a codec may open for a moment
_THREADS: Final = 4  # libheif decodes tiles in up to four threads, each of which spends processor time

Decode = Callable[[bytes, Limits, Callable[[int, int], Pixels]], FileFacts]


def main(argument: str) -> None:
    setup = Setup.parse(argument)
    _die_with_parent(setup.parent)
    _confine_memory(setup.limits)
    # Only now the codecs: a library that fails to load does so inside the limits.
    from PIL import Image

    from gateway.imaging.decode import decode_into
    from gateway.imaging.warm_up import warm_up

    Image.MAX_IMAGE_PIXELS = None  # the limits are checked from the header before any codec allocates
    warnings.simplefilter("ignore")
    with socket.socket(fileno=setup.control) as control:
        warm_up(decode_into, setup.limits)
        _confine_files(setup.limits)
        try:
            seccomp.install()
        except seccomp.NoFilter:
            control.send(UNFILTERED)
            return
        control.send(READY)
        output = _Output(setup.output)
        while request := control.recv(MAX_MESSAGE):
            _allow_processor_time(setup.limits)
            control.send(reply_of(_outcome(decode_into, setup, output, int(request))))


def _outcome(decode_into: Decode, setup: Setup, output: _Output, size: int) -> Decoded | Refused:
    output.take_back()
    try:
        data = _read(setup.source, size)
        facts = decode_into(data, setup.limits, output.allocate)
        height = output.height // facts.frames
        return Decoded(
            height, output.width, facts.format, facts.lossless, facts.words, facts.frames, facts.timing
        )
    except Refused as refused:
        return Refused(refused.code, *refused.numbers)  # without the traceback, which holds the input
    except MemoryError:
        return Refused("limit.memory", setup.limits.memory)  # this process is replaced


class _Output:
    """The shared memory that takes the pixels of one image after the other."""

    def __init__(self, descriptor: int) -> None:
        self._view = SharedView(descriptor)
        self.take_back()

    def take_back(self) -> None:
        """Before each image."""
        self.height = self.width = 0

    def allocate(self, height: int, width: int) -> Pixels:
        try:
            memory = self._view.first(height * width * 3)
        except OSError as exc:  # the address space is used up
            raise MemoryError from exc
        self.height, self.width = height, width
        return memory.reshape(height, width, 3)


def _read(source: int, size: int) -> bytes:
    """The whole input. Read, not mapped: a mapping that is truncated would kill the process."""
    data = os.pread(source, size, 0)
    if len(data) != size:
        raise Refused("image.malformed")
    return data


def _die_with_parent(parent: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in (
        (_PR_SET_PDEATHSIG, int(signal.SIGKILL)),
        (_PR_SET_DUMPABLE, 0),
        (_PR_SET_NO_NEW_PRIVS, 1),
    ):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it died before the signal was asked for
        raise SystemExit(0)


def _confine_memory(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))


def _confine_files(limits: Limits) -> None:
    """No file, shared memory included, may grow beyond the largest allowed image."""
    largest = limits.max_pixels * 3
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))


def _allow_processor_time(limits: Limits) -> None:
    """A second belt for the parent's clock; the limit counts from the process's start, so it moves on."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(spent.ru_utime + spent.ru_stime + limits.timeout * _THREADS) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main(sys.argv[1])
