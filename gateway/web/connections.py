"""How long a client may keep a connection, and how many there are: silent and slow ones are hung up on.

The web server alone waits for ever: for a head that never ends, for a body that trickles, for somebody to
read an answer. Here each of the three has its time. A client that goes on at any useful pace is never hung up
on, however large what it sends or reads.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

log = logging.getLogger("privgate.connections")

LEAST_BYTES: Final = 4 << 10
"""That a body, or the reading of an answer, goes on by in each stretch: 70 bytes a second, by default."""

TURNED_AWAY: Final = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Patience:
    """head: seconds from a connection, or a request's first byte, to the end of its head.

    stall: seconds of a stretch; in each a body, or the reading of an answer, goes on by LEAST_BYTES or comes
    to its end. The stretch in which it began does not count. most: connections at a time; those beyond are
    turned away unread.
    """

    head: float
    stall: float
    most: int


def patient(patience: Patience) -> type[H11Protocol]:
    """What uvicorn makes of each connection."""
    return type("Patient", (_Connection,), {"patience": patience})


class _Connection(H11Protocol):
    patience: Patience

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_due: asyncio.TimerHandle | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self._received = 0
        self._moved = False
        # As of the look before: whose body was due, and the bytes that lay here to be sent.
        self._due: RequestResponseCycle | None = None
        self._unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.patience.most:
            log.warning("connection turned away: %d are open", self.patience.most)
            transport.write(TURNED_AWAY)
            transport.close()
        self._await_head()
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in filter(None, (self._head_due, self._next_look)):
            timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._received += len(data)
        super().data_received(data)
        self._await_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._await_head()

    def resume_writing(self) -> None:
        self._moved = True
        super().resume_writing()

    def _await_head(self) -> None:
        """The time for a head begins with its first byte, and does not begin anew with the next one.

        Between two requests none is awaited: there the server's own keep-alive counts.
        """
        between = self.timeout_keep_alive_task is not None and not self.conn.trailing_data[0]
        awaited = self.conn.their_state is h11.IDLE and not between
        if awaited and self._head_due is None:
            self._head_due = self.loop.call_later(self.patience.head, self._hang_up, "no request came")
        elif not awaited and self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _look_later(self) -> None:
        self._received, self._moved = 0, False
        self._unread = self.transport.get_write_buffer_size()
        self._next_look = self.loop.call_later(self.patience.stall, self._look)

    def _look(self) -> None:
        """At the end of a stretch: did what should go on go on?"""
        before, self._due = self._due, self._body_due()
        if before is not None and before is self._due and self._received < LEAST_BYTES:
            self._hang_up("the body stood still")
        elif self._is_read_by_nobody():
            self._hang_up("the answer was not read")
        else:
            self._look_later()

    def _body_due(self) -> RequestResponseCycle | None:
        """The request of which more is to come, where we wait for it and not it for us."""
        cycle = self.cycle
        if cycle is None or self.conn.their_state is not h11.SEND_BODY or self.flow.read_paused:
            return None
        waits_for_us = cycle.waiting_for_100_continue or (cycle.body and not cycle.response_complete)
        return None if waits_for_us else cycle

    def _is_read_by_nobody(self) -> bool:
        """As much lies here to be sent as a stretch ago, or nearly."""
        left = self.transport.get_write_buffer_size()
        return left > 0 and self._unread > 0 and not self._moved and left > self._unread - LEAST_BYTES

    def _hang_up(self, why: str) -> None:
        log.info("connection ended: %s", why)
        self.transport.abort()
