"""A client that is silent, or hardly sends or reads, does not keep its connection; one that goes on does."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from gateway.web.connections import LEAST_BYTES, Patience, patient
from tests.support.processes import free_port, wait_until

SOON: Final = 240.0
"""Seconds until a test gives up on what must come about."""

FOREVER: Final = 3600.0
"""Seconds that no test waits for: a limit of this length plays no part."""

LARGE: Final = 64 << 20
"""Bytes: more than the buffers of both ends hold."""


class App:
    """Reads a body and answers with its length; on /large, with a large answer. seen: how requests ended."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length, message = 0, await receive()
        while message["type"] == "http.request":
            length += len(message["body"])
            if not message["more_body"]:
                break
            message = await receive()
        if message["type"] == "http.disconnect":
            self.seen.append("hung up")
            return
        body = bytes(LARGE) if scope["path"] == "/large" else str(length).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for start in range(0, len(body), 1 << 16):
            part = body[start : start + (1 << 16)]
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        self.seen.append("answered")


@contextmanager
def served(patience: Patience) -> Iterator[tuple[int, App]]:
    """The port of a server of this process, and what it serves."""
    app, port = App(), free_port()
    config = uvicorn.Config(
        app,
        http=patient(patience),
        ws="none",
        port=port,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started, "the server", seconds=SOON)
        yield port, app
    finally:
        server.should_exit = True
        thread.join()


def ask(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=SOON)


def answer(client: socket.socket) -> tuple[int, bytes]:
    """Status and body."""
    found = http.client.HTTPResponse(client)
    found.begin()
    return found.status, found.read()


def is_hung_up(client: socket.socket, *, after: bytes = b"") -> bool:
    """Sends that and waits for the end; False where an answer came."""
    try:
        client.sendall(after)
        return client.recv(1) == b""
    except ConnectionError:
        return True


ASKED: Final = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("sent", [b"", ASKED[:9], ASKED[:-2]])
def test_who_sends_no_whole_head_is_hung_up_on(sent: bytes) -> None:
    with served(Patience(head=0.2, stall=FOREVER, most=10)) as (port, _), ask(port) as client:
        assert is_hung_up(client, after=sent)


def test_who_sends_half_of_a_second_request_is_hung_up_on_too() -> None:
    def answered() -> socket.socket | None:
        """A connection after one answer; on a busy machine even the first request may come too late."""
        client = ask(port)
        try:
            client.sendall(ASKED)
            assert answer(client) == (200, b"0")
        except ConnectionError:
            client.close()
            return None
        return client

    with (
        served(Patience(head=0.5, stall=FOREVER, most=10)) as (port, _),
        wait_until(answered, "a first answer", seconds=SOON) as client,
    ):
        assert is_hung_up(client, after=ASKED[:9])


def test_a_head_that_trickles_has_no_more_time_than_another() -> None:
    with served(Patience(head=0.3, stall=FOREVER, most=10)) as (port, _), ask(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nX: ")
        client.settimeout(0.05)
        end = time.monotonic() + SOON
        while time.monotonic() < end:  # ended by the server: no byte of it comes too late for the next
            try:
                client.sendall(b"x")
                if client.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
        pytest.fail("it trickles still")


POST: Final = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize("sent", [0, 10, LEAST_BYTES])
def test_a_body_that_stands_still_is_hung_up_on_and_the_app_is_told(sent: int) -> None:
    with served(Patience(head=FOREVER, stall=0.2, most=10)) as (port, app), ask(port) as client:
        client.sendall(POST + bytes(sent))
        assert is_hung_up(client)
        wait_until(lambda: app.seen == ["hung up"], "what the app was told", seconds=SOON)


def test_an_answer_that_nobody_reads_is_hung_up_on() -> None:
    with served(Patience(head=FOREVER, stall=0.2, most=10)) as (port, app), ask(port) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        # Nothing is read, so that the app comes to its end only when what it sends is let go of.
        wait_until(lambda: app.seen, "the end of it", seconds=SOON)
        got, end = 0, time.monotonic() + SOON
        try:
            while (part := client.recv(1 << 16)) and time.monotonic() < end:
                got += len(part)
        except ConnectionError:
            pass
        assert got < LARGE


def test_what_comes_in_pieces_is_answered() -> None:
    with served(Patience(head=FOREVER, stall=FOREVER, most=10)) as (port, _), ask(port) as client:
        pieces = (POST[:9], POST[9:], bytes(60_000), bytes(40_000), ASKED[:9], ASKED[9:])
        for piece in pieces[:4]:
            client.sendall(piece)
            time.sleep(0.01)
        assert answer(client) == (200, b"100000")
        for piece in pieces[4:]:
            client.sendall(piece)
            time.sleep(0.01)
        assert answer(client) == (200, b"0")


def test_connections_beyond_the_most_are_turned_away_and_let_in_again() -> None:
    with served(Patience(head=FOREVER, stall=FOREVER, most=2)) as (port, _):
        with ask(port) as one, ask(port) as two:
            for client in (one, two):
                client.sendall(ASKED)
                assert answer(client)[0] == 200
            with ask(port) as third:
                assert answer(third)[0] == 503
                assert is_hung_up(third)

        def is_let_in() -> bool:
            with ask(port) as later:
                later.sendall(ASKED)
                try:
                    return answer(later)[0] == 200
                except ConnectionError:
                    return False

        wait_until(is_let_in, "room", seconds=SOON)
