"""An S3 server on the loopback address (moto), for what speaks to object stores."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import obstore
from obstore.store import S3Store

from tests.support.processes import Process, free_port, wait_until


@contextmanager
def s3_server(folder: Path, *, path: str) -> Iterator[dict[str, str]]:
    """The environment under which obstore finds it. folder: for its log; path: PYTHONPATH."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    folder.mkdir(parents=True, exist_ok=True)
    process = Process(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        environment={"PATH": "/usr/bin:/bin", "PYTHONPATH": path, "HOME": str(folder)},
        log=folder / "s3.log",
        folder=folder,
    )

    def answers() -> bool:
        assert process.alive, process.text
        with suppress(httpx.TransportError):
            return httpx.get(url, timeout=2, trust_env=False).is_success
        return False

    try:
        wait_until(answers, "the S3 server", seconds=30)
        yield {
            "AWS_ENDPOINT": url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
        }
    finally:
        process.stop()


def put_object(environment: dict[str, str], place: str, data: bytes) -> None:
    """place: "/bucket", or "/bucket/key" in a bucket that is there."""
    url = environment["AWS_ENDPOINT"] + place
    assert httpx.put(url, content=data, timeout=10, trust_env=False).is_success


def get_object(environment: dict[str, str], place: str) -> bytes:
    bucket, _, key = place.removeprefix("/").partition("/")
    store = S3Store(
        bucket,
        endpoint=environment["AWS_ENDPOINT"],
        region=environment["AWS_REGION"],
        access_key_id=environment["AWS_ACCESS_KEY_ID"],
        secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    return obstore.get(store, key).bytes().to_bytes()
