"""Both clients, asked the same questions of a real HTTP server that answers what a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anyio
import pytest

from gateway.client import AsyncClient, Client, Flow

TOKEN = "privgate_of-a-test"


@dataclass(frozen=True)
class Seen:
    """A request as it arrived. headers: names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Scripted:
    """An answer. hang_up: close the connection in the middle of the body instead of ending it."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False


class Server:
    """Gives the scripted answers in order, the last one again and again."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.script: list[Scripted] = [Scripted()]
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                server.seen.append(Seen(self.command, self.path, headers, self._body(headers)))
                scripted = server.script.pop(0) if len(server.script) > 1 else server.script[0]
                self.send_response(scripted.status)
                for name, value in scripted.headers.items():
                    self.send_header(name, value)
                length = len(scripted.body) + (10 if scripted.hang_up else 0)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else scripted.body)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815  (the names that http.server calls)

            def _body(self, headers: dict[str, str]) -> bytes:
                if headers.get("transfer-encoding") != "chunked":
                    return self.rfile.read(int(headers.get("content-length", "0")))
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


Do = Callable[[Flow[Any]], Any]


@pytest.fixture(params=["synchronous", "asynchronous"])
def make_do(request: pytest.FixtureRequest) -> Callable[[str], Do]:
    """Of an address: what carries out flows there."""

    def synchronous(flow: Flow[Any], url: str) -> Any:
        with Client(url, TOKEN) as client:
            return client.do(flow)

    def asynchronous(flow: Flow[Any], url: str) -> Any:
        async def run() -> Any:
            async with AsyncClient(url, TOKEN) as client:
                return await client.do(flow)

        return anyio.run(run)

    chosen = synchronous if request.param == "synchronous" else asynchronous
    return lambda url: lambda flow: chosen(flow, url)


@pytest.fixture
def do(make_do: Callable[[str], Do], server: Server) -> Do:
    return make_do(server.url)
