"""Resumable uploads over HTTP, as a tus client makes them."""

from __future__ import annotations

import base64

import httpx

from tests.support.gateway import Person

TUS = {"Tus-Resumable": "1.0.0"}
BODY = TUS | {"Content-Type": "application/offset+octet-stream"}


def create(person: Person, dataset: str, length: int, *, name: str = "IMG_0042.jpg") -> str:
    """The new upload's address."""
    metadata = f"filename {base64.b64encode(name.encode()).decode()},kind aW1hZ2U="
    headers = TUS | {"Upload-Length": str(length), "Upload-Metadata": metadata}
    answer = person.http.post("/v1/uploads", params={"dataset": dataset}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def patch(person: Person, where: str, offset: int, data: bytes) -> httpx.Response:
    return person.http.patch(where, content=data, headers=BODY | {"Upload-Offset": str(offset)})


def head(person: Person, where: str) -> httpx.Response:
    return person.http.head(where, headers=TUS)
