"""Webhooks end to end: kill -9 of the worker between the change and its message loses nothing."""

from __future__ import annotations

import json
import sys
from typing import Any

from tests.support.gateway import Installation, create_dataset, settled, upload
from tests.support.pictures import plate_png
from tests.support.processes import wait_until
from tests.support.receiver import receiver


def test_a_worker_killed_between_commit_and_delivery_loses_no_message(apart: Installation) -> None:
    here = apart.beside(PRIVGATE_WEBHOOK_NETWORKS="127.0.0.0/8")
    try:
        here.privgate("keys", "create")
        here.serve()
        officer, uploader = here.enrol("officer"), here.enrol("uploader")
        dataset = create_dataset(officer, "told of")
        with receiver() as there:
            made = officer.http.post("/v1/webhooks", json={"url": there.url + "/hook"})
            assert made.status_code == 201, made.text
            crashing = (sys.executable, "-m", "tests.support.crashing")
            dying = here.start("worker", launcher=(*crashing, "anonymize-6-settled"))
            asset = upload(uploader, dataset, plate_png())
            assert dying.wait() == -9
            assert settled(uploader, asset)["state"] == "released"
            assert there.got == []
            here.start("worker")
            wait_until(lambda: there.got, "the message")
            told: dict[str, Any] = json.loads(there.got[0].body)
            assert (told["type"], told["data"]["asset"]) == ("asset.released", asset)
            kept = officer.http.get("/v1/webhooks").json()
            assert "secret" not in kept[0]
            wait_until(lambda: officer.http.get("/v1/webhooks").json()[0]["delivered"] == 1, "the report")
            deleted = officer.http.delete(f"/v1/webhooks/{kept[0]['id']}")
            assert deleted.status_code == 204
    finally:
        here.stop()


def test_by_default_nothing_on_this_machine_is_called(apart: Installation) -> None:
    apart.privgate("keys", "create")
    apart.serve()
    officer = apart.enrol("officer")
    for url in ("http://127.0.0.1:1/", "https://localhost/", "https://169.254.169.254/"):
        answer = officer.http.post("/v1/webhooks", json={"url": url})
        assert answer.status_code == 422, answer.text
        assert answer.json()["code"] == "webhook.address"
        assert "PRIVGATE_WEBHOOK_NETWORKS" in answer.json()["advice"]
