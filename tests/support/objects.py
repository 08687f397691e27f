"""A small S3 server on the loopback address: what obstore asks of one, and no more.

Not moto: botocore and DBOS ask for different releases of python-dateutil, so that no environment has both.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ACCESS_KEY = "testing"
MODIFIED = "2031-05-01T12:00:00.000Z"
MODIFIED_HTTP = "Thu, 01 May 2031 12:00:00 GMT"


@dataclass
class S3:
    """objects: by "bucket/key". environment: under which obstore finds them.

    refused: statuses by "bucket/key" or bucket, answered instead. away: nobody listens, and whoever is
    connected gets no answer; see `stop`.
    """

    environment: dict[str, str] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    port: int = 0
    away: bool = True
    _server: _Server | None = None
    _thread: threading.Thread | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The same as arguments of BlobStore.from_url."""
        named = {name.lower(): value for name, value in self.environment.items()}
        return {"client_options": {"allow_http": bool(named.pop("aws_allow_http"))}, "config": named}

    def start(self) -> None:
        """Listens; at the same port as before, where it did before."""
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.made, self.port, self.away = self, self._server.server_port, False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Gone until it is started again; the objects stay."""
        self.away = True
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    made: S3


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self._takes():
            self.server.made.objects[unquote(urlsplit(self.path).path)[1:]] = body
            self._say(200, b"", {"ETag": _tag(body)})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if not self._takes():
            return
        parts, made = urlsplit(self.path), self.server.made
        asked = parse_qs(parts.query)
        if "list-type" in asked:
            self._say(200, _listing(made, unquote(parts.path).strip("/"), asked.get("prefix", [""])[0]))
            return
        found = made.objects.get(unquote(parts.path)[1:])
        if found is None:
            self._say(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._say(200, found, {"ETag": _tag(found), "Last-Modified": MODIFIED_HTTP})

    def _takes(self) -> bool:
        """False where it was answered, or nobody is there."""
        name = unquote(urlsplit(self.path).path).strip("/")
        status = self.server.made.refused.get(name) or self.server.made.refused.get(name.partition("/")[0])
        if self.server.made.away:
            self.close_connection = True
            return False
        if status is not None:
            self._say(status, b"<Error><Code>Refused</Code></Error>")
            return False
        return self._signed()

    def _signed(self) -> bool:
        """By somebody who says that it has the key; the signature itself is obstore's business."""
        signed = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/" in self.headers.get("Authorization", "")
        if not signed:
            self._say(403, b"<Error><Code>AccessDenied</Code></Error>")
        return signed

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def s3_server() -> Iterator[S3]:
    made = S3()
    made.start()
    made.environment |= {
        "AWS_ENDPOINT": f"http://127.0.0.1:{made.port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
    }
    try:
        yield made
    finally:
        made.stop()


def _listing(made: S3, bucket: str, prefix: str) -> bytes:
    """ListObjectsV2, whole, however long."""
    contents = "".join(
        f"<Contents><Key>{escape(name.removeprefix(bucket + '/'))}</Key><Size>{len(data)}</Size>"
        f"<LastModified>{MODIFIED}</LastModified><ETag>{escape(_tag(data))}</ETag></Contents>"
        for name, data in sorted(made.objects.items())
        if name.startswith(f"{bucket}/{prefix}")
    )
    head = f"<Name>{bucket}</Name><IsTruncated>false</IsTruncated>"
    return f"<ListBucketResult>{head}{contents}</ListBucketResult>".encode()


def _tag(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'
