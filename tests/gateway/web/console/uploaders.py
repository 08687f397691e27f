"""Somebody at the console who brings images in, and a worker's hand for what becomes of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import httpx

from gateway import installation
from gateway.services.datasets import Datasets
from gateway.store.queries import assets, copies
from gateway.vault.blobs import new_blob_name
from gateway.vault.copies import copy_context
from gateway.vault.envelope import seal
from gateway.vault.keys import DataKey
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from tests.gateway.store.rows import copy_record
from tests.gateway.web.console.conftest import House
from tests.support.console import Browser

COPY = b"\xff\xd8\xff a sanitized copy"
FACE = {"kind": "face", "region": {"x0": 0, "y0": 0, "x1": 2, "y1": 2}, "method": "blur"}


@dataclass
class Uploader:
    """person: their id. browser: signed in. token: of a page of theirs."""

    house: House
    person: str
    browser: Browser
    token: str

    @classmethod
    def of(cls, house: House) -> Uploader:
        person, browser = house.signed_in(Role.UPLOADER)
        return cls(house, person, browser, browser.token())

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """As a module of a page asks."""
        sent = {
            "Accept": "application/json",
            "Sec-Fetch-Site": "same-origin",
            "X-Privgate-Token": self.token,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        if body is None or isinstance(body, bytes):
            return self.browser.send(method, path, headers=sent, content=body)
        sent["Content-Type"] = "application/json"
        return self.browser.send(method, path, headers=sent, content=json.dumps(body))

    def batch(self, dataset: str) -> str:
        begun = self.ask("POST", "/upload/batches", {"dataset": dataset})
        assert begun.status_code == 201, begun.text
        return str(begun.json()["batch"])

    def begin(self, dataset: str, batch: str, size: int, name: str | None = None) -> httpx.Response:
        body = {"dataset": dataset, "batch": batch, "bytes": size, "name": name}
        return self.ask("POST", "/upload/files", body)

    def patch(self, upload: str, offset: int, data: bytes) -> httpx.Response:
        kind = "application/offset+octet-stream"
        return self.ask(
            "PATCH", f"/upload/files/{upload}", data, Upload_Offset=str(offset), Content_Type=kind
        )

    def send(self, dataset: str, batch: str, data: bytes, name: str | None = None) -> dict[str, Any]:
        """A whole file; what the gateway says of it at the end."""
        upload = self.begin(dataset, batch, len(data), name).json()["upload"]
        ended = self.patch(upload, 0, data)
        assert ended.status_code == 200, ended.text
        told: dict[str, Any] = ended.json()
        return told


def dataset_of(house: House, name: str, policy: str = "street") -> str:
    """A dataset, made by an officer."""
    officer, _ = house.account(Role.OFFICER)
    made = Datasets(house.database, house.now).create(
        Principal(officer, Role.OFFICER), name=name, policy=policy
    )
    return made.id


def settle(house: House, asset: str, state: AssetState, reason: str | None = None) -> None:
    """What a worker makes of it. Released, it has a copy that hides one face."""
    with house.database.unit() as unit:
        record = assets.move(unit.session, asset, AssetState.PROCESSING, now=house.now())
        if state is AssetState.RELEASED:
            copy_id, key, blob = f"copy-of-{asset}", DataKey.generate(), new_blob_name()
            context = copy_context(copy_id)
            keys = installation.copy_keys(house.settings)
            installation.copy_blobs(house.settings).put(blob, seal(COPY, key, context))
            made = copy_record(copy_id, asset, dataset_id=record.dataset_id)
            report = {**made.report, "redactions": [FACE]}
            wrapped = keys.wrap(key, context.to_bytes()).to_bytes()
            copies.add(unit.session, replace(made, blob=blob, wrapped_key=wrapped, report=report))
        assets.move(unit.session, asset, state, now=house.now(), reason=reason)
