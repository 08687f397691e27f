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
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ACCESS_KEY = "testing"
MODIFIED = "2031-05-01T12:00:00.000Z"
MODIFIED_HTTP = "Thu, 01 May 2031 12:00:00 GMT"


@dataclass
class S3:
    """objects: by "bucket/key". environment: under which obstore finds them."""

    environment: dict[str, str]
    objects: dict[str, bytes] = field(default_factory=dict)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    made: S3


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self._signed():
            self.server.made.objects[unquote(urlsplit(self.path).path)[1:]] = body
            self._say(200, b"", {"ETag": _tag(body)})

    def do_GET(self) -> None:
        if not self._signed():
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
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def s3_server() -> Iterator[S3]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.made = S3(
        {
            "AWS_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
        }
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


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
