"""The demonstration of `privgate up --demo`: two photos, through the real gateway, over HTTP.

The portrait is scikit-image's astronaut (NASA, public domain), from the model store. The car and its plate
are drawn by `drawn_plate`: the plate belongs to nobody.
"""

from __future__ import annotations

import io
import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from gateway.cli.demo_picture import drawn_plate
from gateway.detection.models import ModelStore
from gateway.services.people import issue_token
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from policies.access import Role

DEMO_FILE = "demo.json"
GRANT_DAYS = 30
WAIT_SECONDS = 120.0


def seed_demo(settings: Settings, database: Database, url: str, token_file: Path) -> None:
    """Does it once an installation; what was done is in DATA/demo.json and the page at / shows it."""
    notes = settings.data / DEMO_FILE
    if notes.exists():
        return
    if not token_file.exists():
        print(f"no demo: it needs the officer's token in {token_file}")
        return
    uploader = issue_token(database, role=Role.UPLOADER, name="demo uploader", clock=utc_now)
    annotator = issue_token(database, role=Role.ANNOTATOR, name="demo annotator", clock=utc_now)
    with _client(url, token_file.read_text("ascii").strip()) as officer:
        dataset = _answer(officer.post("/v1/datasets", json={"name": "demo", "policy": "street"}))["id"]
        until = (utc_now() + timedelta(days=GRANT_DAYS)).isoformat()
        grant = {
            "person": annotator.person_id,
            "dataset": dataset,
            "purpose": "demonstration",
            "until": until,
        }
        _answer(officer.post("/v1/grants", json=grant))
    pictures = _pictures(settings)
    with _client(url, uploader.secret) as sender:
        assets = {name: _send(sender, dataset, name, data) for name, data in pictures.items()}
        finished = {name: _wait(sender, asset) for name, asset in assets.items()}
    _keep_pictures(settings.data / "demo", pictures)
    _write_private(
        notes,
        {
            "dataset": dataset,
            "annotator": annotator.person_id,
            "annotator_token": annotator.secret,
            "uploader_token": uploader.secret,
            "assets": {
                name: {"id": asset["id"], "copy": asset["copy_id"]} for name, asset in finished.items()
            },
        },
    )
    for name, asset in finished.items():
        print(f"  {name}: {asset['state']}, {asset['hidden']} regions hidden")


def _client(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def _answer(response: httpx.Response) -> dict[str, Any]:
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer


def _pictures(settings: Settings) -> dict[str, bytes]:
    buffer = io.BytesIO()
    drawn_plate().save(buffer, "PNG")
    return {
        "astronaut": ModelStore(settings.models).path("astronaut").read_bytes(),
        "drawn-plate": buffer.getvalue(),
    }


def _send(client: httpx.Client, dataset: str, name: str, data: bytes) -> str:
    headers = {"Content-Disposition": f'attachment; filename="{name}.png"', "Idempotency-Key": f"demo-{name}"}
    response = client.post("/v1/assets", params={"dataset": dataset}, content=data, headers=headers)
    return str(_answer(response)["id"])


def _wait(client: httpx.Client, asset: str) -> dict[str, Any]:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        answer = _answer(client.get(f"/v1/assets/{asset}"))
        if answer["state"] not in ("received", "processing") or time.monotonic() > deadline:
            return answer
        time.sleep(0.2)


def _keep_pictures(folder: Path, pictures: dict[str, bytes]) -> None:
    """For the page's left half. These two may be shown to anybody; no other original ever lies here."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, data in pictures.items():
        (folder / f"{name}.png").write_bytes(data)


def _write_private(path: Path, content: dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
