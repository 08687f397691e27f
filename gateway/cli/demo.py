"""The demonstration of `privgate up --demo`: two photos, through the real gateway, over HTTP.

The portrait is scikit-image's astronaut (NASA, public domain), from the model store. The car and its plate
are drawn by `drawn_plate`: the plate belongs to nobody.
"""

from __future__ import annotations

import io
import json
import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.cli.demo_picture import drawn_plate
from gateway.client import Category, Client, api
from gateway.detection.models import ModelStore
from gateway.services.accounts import create_account
from gateway.services.people import issue_token
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from policies.access import Role

DEMO_FILE = "demo.json"
GRANT_DAYS = 30
LABEL_SET = (Category(1, "person"), Category(2, "car", "vehicle"))


def seed_demo(settings: Settings, database: Database, url: str, token_file: Path) -> None:
    """Does it once an installation; what was done is in DATA/demo.json, and the page at /demo shows it."""
    notes = settings.data / DEMO_FILE
    if notes.exists():
        print(f"the demo accounts and their passwords are in {notes}")
        return
    if not token_file.exists():
        print(f"no demo: it needs the officer's token in {token_file}")
        return
    uploader = issue_token(database, role=Role.UPLOADER, name="demo uploader", clock=utc_now)
    annotator = issue_token(database, role=Role.ANNOTATOR, name="demo annotator", clock=utc_now)
    until = utc_now() + timedelta(days=GRANT_DAYS)
    with Client(url, token_file.read_text("ascii").strip()) as officer:
        dataset = officer.do(api.create_dataset("demo", policy="street", categories=LABEL_SET)).id
        grant = api.create_grant(annotator.person_id, dataset=dataset, purpose="demonstration", until=until)
        officer.do(grant)
    pictures = _pictures(settings)
    with Client(url, uploader.secret) as sender:
        assets = {
            name: sender.do(api.upload(dataset, data, name=f"{name}.png", key=f"demo-{name}"))
            for name, data in pictures.items()
        }
        finished = {name: sender.do(api.settled(asset.id)) for name, asset in assets.items()}
    _keep_pictures(settings.data / "demo", pictures)
    known = {Role.UPLOADER: uploader.person_id, Role.ANNOTATOR: annotator.person_id}
    accounts = seed_accounts(database, known)
    _write_private(
        notes,
        {
            "dataset": dataset,
            "annotator": annotator.person_id,
            "annotator_token": annotator.secret,
            "uploader_token": uploader.secret,
            "assets": {name: {"id": asset.id, "copy": asset.copy_id} for name, asset in finished.items()},
            "accounts": accounts,
        },
    )
    for name, asset in finished.items():
        print(f"  {name}: {asset.state}, {asset.hidden} regions hidden")
    _tell_accounts(accounts, notes)


def seed_accounts(database: Database, known: Mapping[Role, str]) -> dict[str, dict[str, str]]:
    """An account for each role, with a random password. known: who is here already, by role."""
    made = {}
    for role in Role:
        password = "-".join(secrets.token_hex(2) for _ in range(4))
        create_account(
            database,
            role=role,
            name=f"Demo {role.value}",
            login=f"demo-{role.value}",
            password=password,
            clock=utc_now,
            person_id=known.get(role),
        )
        made[role.value] = {"login": f"demo-{role.value}", "password": password}
    return made


def _tell_accounts(accounts: Mapping[str, Mapping[str, str]], notes: Path) -> None:
    """Shows user names and passwords, this once."""
    print(f"demo accounts, one for each role (kept in {notes}, for you alone):")
    for account in accounts.values():
        print(f"  {account['login']:<15} {account['password']}")


def _pictures(settings: Settings) -> dict[str, bytes]:
    buffer = io.BytesIO()
    drawn_plate().save(buffer, "PNG")
    return {
        "astronaut": ModelStore(settings.models).path("astronaut").read_bytes(),
        "drawn-plate": buffer.getvalue(),
    }


def _keep_pictures(folder: Path, pictures: dict[str, bytes]) -> None:
    """For the page's left half. These two may be shown to anybody; no other original ever lies here."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, data in pictures.items():
        (folder / f"{name}.png").write_bytes(data)


def _write_private(path: Path, content: dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
