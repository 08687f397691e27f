"""A delivery that breaks off is told with the bytes that went out; a picture that goes out counts."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message, Scope

from gateway.web.delivery import PIECE_BYTES, DeliveryResponse, ShownResponse
from gateway.web.head import HEAD_ASKED

DATA = bytes(3 * PIECE_BYTES + 7)


class Connection:
    """Takes so many pieces of the body, and then is gone."""

    def __init__(self, takes: int, *, raises: bool) -> None:
        self.body = b""
        self._takes = takes
        self._raises = raises
        self._gone = asyncio.Event()

    async def receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] != "http.response.body":
            return
        if self._takes == 0:
            if self._raises:
                raise OSError("gone")
            self._gone.set()
            await asyncio.Event().wait()  # a full buffer, which nobody empties any more
        self._takes -= 1
        self.body += message["body"]


def delivered(connection_takes: int, *, raises: bool = False, scope: Scope | None = None) -> list[int]:
    told: list[int] = []

    async def run() -> None:
        connection = Connection(connection_takes, raises=raises)
        response = DeliveryResponse(DATA, media_type="image/png", headers={}, interrupted=told.append)
        assert response.headers["content-length"] == str(len(DATA))
        await response(scope or {"type": "http"}, connection.receive, connection.send)
        assert DATA.startswith(connection.body)

    asyncio.run(run())
    return told


def test_a_whole_delivery_is_not_told_again() -> None:
    assert delivered(100) == []


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("pieces", [0, 1, 3])
def test_one_that_breaks_off_is_told_with_what_went_out(pieces: int, raises: bool) -> None:
    assert delivered(pieces, raises=raises) == [pieces * PIECE_BYTES]


def test_a_head_delivers_nothing_and_says_so() -> None:
    assert delivered(100, scope={"type": "http", HEAD_ASKED: True}) == [0]


def shown(takes: int, *, data: bytes = DATA, raises: bool = False, head: bool = False) -> list[int]:
    """How much of the picture had gone out whenever it was said to count; the whole of it goes out."""
    told: list[int] = []
    connection = Connection(takes, raises=raises)

    async def run() -> None:
        response = ShownResponse(
            data, media_type="image/png", headers={}, delivered=lambda: told.append(len(connection.body))
        )
        await response({"type": "http", HEAD_ASKED: head}, connection.receive, connection.send)

    asyncio.run(run())
    assert data.startswith(connection.body)
    assert not told or len(connection.body) == len(data)
    return told


@pytest.mark.parametrize("data", [DATA, b"p", bytes(PIECE_BYTES)])
def test_a_picture_counts_as_shown_before_the_last_of_it_goes_out(data: bytes) -> None:
    assert shown(100, data=data) == [len(data) - 1]


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("pieces", [0, 1, 3])
def test_one_that_breaks_off_does_not_count(pieces: int, raises: bool) -> None:
    assert shown(pieces, raises=raises) == []


def test_one_that_only_its_headers_were_asked_of_does_not_count() -> None:
    assert shown(100, head=True) == []


def test_one_that_cannot_be_counted_goes_out_all_the_same() -> None:
    connection = Connection(100, raises=False)

    def fails() -> None:
        raise ConnectionError("the database is away")

    async def run() -> None:
        response = ShownResponse(DATA, media_type="image/png", headers={}, delivered=fails)
        await response({"type": "http"}, connection.receive, connection.send)

    asyncio.run(run())
    assert connection.body == DATA
