"""The Python client against the real gateway: the whole path, both ways of asking, and the command line."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from audit.note import CheckpointVerifier
from audit.twin_test import open_certificate
from gateway.client import AsyncClient, Category, Client, Flow, LabelFormat, Task, api
from gateway.errors import AccessDenied, Conflict, InputRefused, NotFound, Unauthenticated
from tests.journeys.conftest import House
from tests.support.pictures import pixels_of, plate_png

Ask = Callable[[str, Flow[Any]], Any]
"""A token and a flow."""


@pytest.fixture(params=["synchronous", "asynchronous"])
def ask(house: House, request: pytest.FixtureRequest) -> Ask:
    url = house.installation.url

    def synchronous(token: str, flow: Flow[Any]) -> Any:
        with Client(url, token) as client:
            return client.do(flow)

    def asynchronous(token: str, flow: Flow[Any]) -> Any:
        async def run() -> Any:
            async with AsyncClient(url, token) as client:
                return await client.do(flow)

        return anyio.run(run)

    return synchronous if request.param == "synchronous" else asynchronous


def test_the_whole_path_by_the_client(house: House, ask: Ask, tmp_path: Path) -> None:
    officer, uploader, annotator = house.officer.token, house.uploader.token, house.annotator.token
    dataset = ask(
        officer,
        api.create_dataset(f"by client {time.time_ns()}", policy="street", categories=[Category(1, "car")]),
    ).id
    until = datetime.now(UTC) + timedelta(hours=1)
    grant = ask(officer, api.create_grant(house.annotator.id, dataset=dataset, purpose="label", until=until))
    picture = tmp_path / "Kreuzung Süd.png"
    picture.write_bytes(plate_png())
    asset = ask(uploader, api.settled(ask(uploader, api.upload(dataset, picture, key=dataset)).id))
    assert (asset.state, asset.bytes) == ("released", picture.stat().st_size)
    assert ask(uploader, api.upload(dataset, picture, key=dataset)).id == asset.id

    (copy,) = ask(annotator, api.list_copies(dataset)).copies
    assert ask(annotator, api.download_copy(copy.id, tmp_path / "copy.png")).is_file()
    content = ask(annotator, api.copy_content(copy.id))
    assert content == (tmp_path / "copy.png").read_bytes()
    assert pixels_of(content).shape == (copy.height, copy.width, 3)

    proof = ask(officer, api.finished_proof(ask(officer, api.prove(asset.id)).id))
    assert (proof.copy_id, proof.proven) == (copy.id, True)
    assert ask(officer, api.list_proofs(asset.id)).proofs == (proof,)
    (drawn,) = ask(officer, api.prove_sample(dataset, sample=3))
    assert ask(officer, api.finished_proof(drawn.id)).proven
    listed = ask(officer, api.list_dataset_proofs(dataset)).proofs
    assert [one.id for one in listed] == [drawn.id, proof.id]
    open_certificate(proof.certificate, CheckpointVerifier.parse(ask(officer, api.prover_key())))

    task = ask(annotator, api.claim_task(dataset))
    assert isinstance(task, Task)
    assert ask(annotator, api.claim_task(dataset)) is None
    assert ask(annotator, api.renew_task(task.id, seconds=60)).lease_until < until
    with pytest.raises(InputRefused, match="outside the image"):
        ask(annotator, api.submit_labels(task.id, {"annotations": [label([900, 0, 100, 10])]}))
    submission = ask(annotator, api.submit_labels(task.id, {"annotations": [label([1, 2, 3, 4])]}))
    assert (submission.number, submission.labels) == (1, 1)
    page = ask(annotator, api.list_tasks(dataset))
    assert (page.open, page.claimed, page.submitted) == (0, 0, 1)
    assert [found.id for found in page.tasks] == [task.id]
    ask(officer, api.export_labels(dataset, tmp_path / "yolo.zip", format=LabelFormat.YOLO))
    assert (tmp_path / "yolo.zip").read_bytes().startswith(b"PK")

    assert ask(officer, api.revoke_grant(grant.id)).revoked_at is not None
    with pytest.raises(AccessDenied) as denied:
        ask(annotator, api.list_tasks(dataset))
    assert denied.value.reason == "grant.revoked"


def label(bbox: list[float]) -> dict[str, Any]:
    return {"id": 1, "category_id": 1, "bbox": bbox}


def test_refusals_are_the_gateways_own_errors(house: House, ask: Ask) -> None:
    with pytest.raises(Unauthenticated):
        ask("privgate_guessed", api.list_datasets())
    with pytest.raises(NotFound):
        ask(house.uploader.token, api.read_asset("asset-00000000"))
    with pytest.raises(InputRefused):
        ask(house.officer.token, api.create_dataset("x", policy="none such"))
    with pytest.raises(Conflict, match="choose another name"):
        ask(house.officer.token, api.create_dataset("crossing", policy="street"))


def test_the_command_exports_what_the_api_does(house: House, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(house.officer.token + "\n")
    where = ("--url", house.installation.url, "--token-file", str(token))
    out = tmp_path / "labels.json"
    house.installation.privgate("labels", "export", house.dataset, "--out", str(out), *where)
    assert out.read_bytes() == house.officer.http.get(f"/v1/datasets/{house.dataset}/labels").content
    token.write_text(house.annotator.token)
    refused = house.installation.privgate(
        "labels", "export", house.dataset, "--out", str(out), *where, expect=2
    )
    assert "access denied" in refused.stderr
    missing = house.installation.privgate(
        "labels", "export", house.dataset, "--out", str(out), "--token-file", "/none", expect=2
    )
    assert "--token-file" in missing.stderr
