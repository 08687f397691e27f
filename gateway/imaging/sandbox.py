"""Hostile bytes in, bare pixels out, through a confined process that may be killed at any time."""

from __future__ import annotations

import os
import threading
import weakref
from types import TracebackType
from typing import Final, Self

from gateway.imaging.child import ChildDied, ChildLate, DecoderChild
from gateway.imaging.formats import sniff
from gateway.imaging.image import DecodedImage, Limits
from gateway.imaging.protocol import ProtocolError
from gateway.imaging.refusals import Refused

RECYCLE_AFTER: Final = 200  # decodes a process; a fresh one costs 0.3 s, so this adds 1.5 ms to each


class Sandbox:
    """A warm decoder process, replaced after a crash, time-out, memory exhaustion or `recycle_after` decodes.

    Any thread may call; calls wait for each other, so use one Sandbox a worker thread. The process ends with
    `close`, with the last reference to the Sandbox, or with this process, whichever comes first.
    """

    def __init__(self, limits: Limits | None = None, *, recycle_after: int = RECYCLE_AFTER) -> None:
        self.limits = limits or Limits()
        self._recycle_after = recycle_after
        self._lock = threading.Lock()
        self._closed = False
        self._slot = _Slot()
        self._finalizer = weakref.finalize(self, self._slot.empty)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process id of the decoder, None while there is none."""
        child = self._slot.child
        return child.pid if child is not None else None

    def warm(self) -> None:
        """Starts the process now rather than at the first decode. Raises Misconfigured when it cannot."""
        with self._lock:
            self._ready_child()

    def decode(self, data: bytes) -> DecodedImage:
        """The upright sRGB pixels of a file in one of the formats of ImageFormat.

        Raises UnsupportedFormat, MalformedImage, LimitExceeded, DecodeTimeout (also for a crash) and
        Misconfigured; after each of them the next call works.
        """
        try:
            if len(data) > self.limits.max_bytes:
                raise Refused("limit.bytes", len(data), self.limits.max_bytes)
            sniff(data)  # what is no image need not wake the process
            with self._lock:
                return self._decode(data)
        except Refused as refused:
            raise refused.to_error() from None

    def close(self) -> None:
        """Ends the process. May be called twice; a closed Sandbox decodes no more."""
        with self._lock:
            self._closed = True
            self._finalizer()

    def _decode(self, data: bytes) -> DecodedImage:
        child = self._ready_child()
        try:
            decoded, pixels = child.decode(data)
        except ChildLate:
            self._slot.empty()
            raise Refused("decode.timeout", self.limits.timeout) from None
        except (ChildDied, ProtocolError):
            self._slot.empty()
            raise Refused("decode.crashed") from None
        except Refused as refused:
            if refused.code == "limit.memory":  # its heap is full of holes: the next file gets a fresh one
                self._slot.empty()
            raise
        except BaseException:  # an interrupt in the middle: the answer would be taken for the next file's
            self._slot.empty()
            raise
        return DecodedImage.of(pixels, decoded.facts)

    def _ready_child(self) -> DecoderChild:
        if self._closed:
            raise ValueError("this sandbox is closed")
        child = self._slot.child
        if child is not None and child.alive() and child.decodes < self._recycle_after and self._slot.owned:
            return child
        return self._slot.fill(self.limits)


class _Slot:
    """Where the child lives: apart from the Sandbox, so that a finalizer can end it without holding that."""

    def __init__(self) -> None:
        self.child: DecoderChild | None = None
        self._owner = os.getpid()

    @property
    def owned(self) -> bool:
        """False in a forked copy of the process that started the child."""
        return self._owner == os.getpid()

    def fill(self, limits: Limits) -> DecoderChild:
        self.empty()
        self._owner = os.getpid()
        self.child = DecoderChild(limits)
        return self.child

    def empty(self) -> None:
        child, self.child = self.child, None
        if child is None:
            return
        if self.owned:
            child.stop()
        else:
            child.abandon()
