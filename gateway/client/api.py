"""What can be asked of a gateway: each function is a flow, for `Client.do` or `AsyncClient.do`.

All raise the errors of `gateway.errors`, and Unreachable, ServerFault and UnexpectedAnswer of `problems`.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from gateway.client.answers import (
    Asset,
    Category,
    CopyPage,
    Dataset,
    Grant,
    LabelFormat,
    Submission,
    Task,
    TaskPage,
    categories_of,
    each,
)
from gateway.client.batch_answers import Batch, BatchAssetPage, Event, Received, Standing, Webhook
from gateway.client.files import from_byte
from gateway.client.flow import (
    FIRST_PAUSE,
    PASSING,
    Answer,
    Body,
    Flow,
    Pause,
    Pieces,
    Request,
    as_json,
    ask,
    parsed,
    parsed_headers,
    part,
    perform,
)
from gateway.client.problems import refusal
from gateway.client.proof_answers import Proof, ProofPage
from gateway.errors import Conflict

LOOK_EVERY: Final = 0.2
"""Seconds between two looks at an asset that is being processed."""

LOOKS: Final = 600

NO_CONTENT: Final = 204

UPLOADS: Final = "/v1/uploads"
TUS: Final = {"Tus-Resumable": "1.0.0"}

GOES_ON: Final = PASSING | {409}
"""Answers to a part of an upload after which it is asked where the upload stands: 409 is another's offset."""

FRUITLESS: Final = 5
"""Parts sent in a row of which nothing arrived."""


# --- datasets and grants


def create_dataset(name: str, *, policy: str, categories: Iterable[Category] = ()) -> Flow[Dataset]:
    """policy: a preset's name. categories: its label set, where its images are to be labelled."""
    form = {"name": name, "policy": policy, "categories": [category.to_json() for category in categories]}
    return ask(as_json("POST", "/v1/datasets", form), Dataset.parse)


def list_datasets() -> Flow[tuple[Dataset, ...]]:
    return ask(as_json("GET", "/v1/datasets"), each(Dataset.parse))


def create_grant(person: str, *, dataset: str, purpose: str, until: datetime) -> Flow[Grant]:
    """until: aware."""
    form = {"person": person, "dataset": dataset, "purpose": purpose, "until": until.isoformat()}
    return ask(as_json("POST", "/v1/grants", form), Grant.parse)


def list_grants() -> Flow[tuple[Grant, ...]]:
    return ask(as_json("GET", "/v1/grants"), each(Grant.parse))


def revoke_grant(grant: str) -> Flow[Grant]:
    return ask(as_json("DELETE", f"/v1/grants/{part(grant)}"), Grant.parse)


# --- images


def upload(
    dataset: str, image: Body, *, name: str | None = None, key: str | None = None, batch: str | None = None
) -> Flow[Received]:
    """Brings an image in; a file is streamed. It is tried again until it is there, and is there once.

    name: its file name, sealed with it; a Path's own by default. key: the Idempotency-Key, random by
    default: give one of your own to be able to repeat the whole call. batch: an open one of yours.
    """
    if name is None and isinstance(image, Path):
        name = image.name
    headers = {"Content-Type": "application/octet-stream", "Idempotency-Key": key or secrets.token_hex(16)}
    if name is not None:
        # RFC 8187: whatever the name holds, the header stays ASCII and one line.
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    query = {"dataset": dataset} | ({} if batch is None else {"batch": batch})
    return ask(Request("POST", "/v1/assets", query, headers, image), Received.parse, repeatable=True)


def begin_upload(
    dataset: str, length: int, *, name: str | None = None, batch: str | None = None
) -> Flow[str]:
    """The address of a new resumable upload (tus); length: of the whole, in bytes."""
    headers = TUS | {"Upload-Length": str(length)}
    if name is not None:
        headers["Upload-Metadata"] = f"filename {b64encode(name.encode('utf-8', 'replace')).decode()}"
    query = {"dataset": dataset} | ({} if batch is None else {"batch": batch})
    answer = yield from perform(Request("POST", UPLOADS, query, headers), repeatable=True)
    return parsed_headers(answer, lambda found: found["location"])


def continue_upload(where: str, image: Path) -> Flow[Standing]:
    """Sends what has not arrived yet, over broken connections too, until the file is an asset.

    where: what `begin_upload` gave; keep it to go on in another process. The file must be the same. Raises
    Conflict where no more of it arrives.
    """
    path = f"{UPLOADS}/{part(where.rpartition('/')[2])}"
    standing = yield from _standing(path)
    fruitless = 0
    while standing.asset is None:
        before = standing.offset
        headers = TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(before)}
        came = yield Request("PATCH", path, headers=headers, body=Pieces(partial(from_byte, image, before)))
        if isinstance(came, Answer) and not came.success and came.status not in GOES_ON:
            found = refusal(came.status, came.body)
            raise found.error from found.problem
        standing = yield from _standing(path)
        fruitless = 0 if standing.offset > before else fruitless + 1
        if fruitless == FRUITLESS:
            raise Conflict(f"upload {where} stands still at byte {before}; is the file as long as was said?")
        if fruitless:
            yield Pause(FIRST_PAUSE * 2**fruitless)
    return standing


def _standing(path: str) -> Flow[Standing]:
    answer = yield from perform(Request("HEAD", path, headers=TUS), repeatable=True)
    return parsed_headers(answer, Standing.parse)


def end_upload(where: str) -> Flow[None]:
    """Forgets what has arrived of an upload; an asset that it became stays."""
    path = f"{UPLOADS}/{part(where.rpartition('/')[2])}"
    yield from perform(Request("DELETE", path, headers=TUS), repeatable=False)


def read_asset(asset: str) -> Flow[Asset]:
    return ask(as_json("GET", f"/v1/assets/{part(asset)}"), Asset.parse)


def settled(asset: str, *, looks: int = LOOKS) -> Flow[Asset]:
    """The asset, once nothing more happens to it by itself. Raises Conflict when that takes too long."""
    for _ in range(looks):
        found = yield from read_asset(asset)
        if found.settled:
            return found
        yield Pause(LOOK_EVERY)
    raise Conflict(f"asset {asset} is still being processed; look again later")


def list_copies(dataset: str, *, after: str = "") -> Flow[CopyPage]:
    path = f"/v1/datasets/{part(dataset)}/copies"
    return ask(as_json("GET", path, after=after), CopyPage.parse)


def copy_content(copy: str, *, frame: int | None = None) -> Flow[bytes]:
    """A sanitized image, whole, or of one of several frames a picture of this one alone, counted from 0.

    Each call is a delivery on the log.
    """
    asked = {} if frame is None else {"frame": str(frame)}
    answer = yield from perform(as_json("GET", f"/v1/copies/{part(copy)}/content", **asked), repeatable=True)
    return answer.body


def download_copy(copy: str, into: Path) -> Flow[Path]:
    """The same, streamed to a file, which appears whole or not at all."""
    yield from perform(Request("GET", f"/v1/copies/{part(copy)}/content", into=into), repeatable=True)
    return into


# --- proofs of copies


def prove(asset: str, *, copy: str | None = None) -> Flow[Proof]:
    """Has a worker prove the asset's released copy, or another one of its copies. One that is not finished is
    answered again, so that it is tried again too."""
    query = {} if copy is None else {"copy": copy}
    return ask(Request("POST", f"/v1/assets/{part(asset)}/proofs", query), Proof.parse, repeatable=True)


def prove_sample(dataset: str, *, sample: int = 10) -> Flow[tuple[Proof, ...]]:
    """Has a worker prove so many of a dataset's released copies, drawn by lot."""
    asked = as_json("POST", f"/v1/datasets/{part(dataset)}/proofs", {"sample": sample})
    return ask(asked, lambda found: each(Proof.parse)(found["proofs"]))


def list_dataset_proofs(dataset: str, *, after: str = "") -> Flow[ProofPage]:
    """As `list_proofs`, of all the dataset's copies."""
    return ask(as_json("GET", f"/v1/datasets/{part(dataset)}/proofs", after=after), ProofPage.parse)


def read_proof(proof: str) -> Flow[Proof]:
    return ask(as_json("GET", f"/v1/proofs/{part(proof)}"), Proof.parse)


def list_proofs(asset: str, *, after: str = "") -> Flow[ProofPage]:
    """A page of an asset's proofs, the newest first; `after` is the `next` of the page before."""
    return ask(as_json("GET", f"/v1/assets/{part(asset)}/proofs", after=after), ProofPage.parse)


def finished_proof(proof: str, *, looks: int = LOOKS) -> Flow[Proof]:
    """The proof, once something came of it. Raises Conflict when that takes too long."""
    for _ in range(looks):
        found = yield from read_proof(proof)
        if found.finished_at is not None:
            return found
        yield Pause(LOOK_EVERY)
    raise Conflict(f"proof {proof} is not finished yet; look again later")


def prover_key() -> Flow[str]:
    """The public key of certificates."""
    answer = yield from perform(as_json("GET", "/v1/audit/prover-key"), repeatable=True)
    return answer.body.decode("ascii", "replace")


# --- batches and webhooks


def create_batch(dataset: str, *, expected: int | None = None) -> Flow[Batch]:
    """expected: how many uploads are to come, if that is known."""
    return ask(as_json("POST", "/v1/batches", {"dataset": dataset, "expected": expected}), Batch.parse)


def list_batches() -> Flow[tuple[Batch, ...]]:
    """The newest, of all senders."""
    return ask(as_json("GET", "/v1/batches"), each(Batch.parse))


def read_batch(batch: str) -> Flow[Batch]:
    return ask(as_json("GET", f"/v1/batches/{part(batch)}"), Batch.parse)


def list_batch_assets(batch: str, *, after: str = "") -> Flow[BatchAssetPage]:
    return ask(as_json("GET", f"/v1/batches/{part(batch)}/assets", after=after), BatchAssetPage.parse)


def close_batch(batch: str, *, refused: int = 0) -> Flow[Batch]:
    """All was sent; refused: how many uploads the gateway did not take. Again, it changes nothing."""
    request = as_json("POST", f"/v1/batches/{part(batch)}/close", {"refused": refused})
    return ask(request, Batch.parse, repeatable=True)


def create_webhook(url: str, *, events: Iterable[Event] = tuple(Event)) -> Flow[Webhook]:
    """Its secret, by which receivers know our messages, is in this answer only."""
    form = {"url": url, "events": [event.value for event in events]}
    return ask(as_json("POST", "/v1/webhooks", form), Webhook.parse)


def list_webhooks() -> Flow[tuple[Webhook, ...]]:
    return ask(as_json("GET", "/v1/webhooks"), each(Webhook.parse))


def delete_webhook(webhook: str) -> Flow[None]:
    yield from perform(as_json("DELETE", f"/v1/webhooks/{part(webhook)}"), repeatable=False)


# --- labelling


def set_categories(dataset: str, categories: Iterable[Category]) -> Flow[tuple[Category, ...]]:
    """The label set, whole: it replaces the one before."""
    form = {"categories": [category.to_json() for category in categories]}
    return ask(as_json("PUT", f"/v1/datasets/{part(dataset)}/categories", form), categories_of)


def list_tasks(dataset: str, *, after: str = "") -> Flow[TaskPage]:
    return ask(as_json("GET", f"/v1/datasets/{part(dataset)}/tasks", after=after), TaskPage.parse)


def claim_task(dataset: str, *, task: str | None = None, seconds: int | None = None) -> Flow[Task | None]:
    """The next open task, or the one named; None when none is open.

    It is not tried again by itself: a claim whose answer was lost is in `list_tasks`.
    """
    form: dict[str, Any] = {} if task is None else {"task": task}
    if seconds is not None:
        form["seconds"] = seconds
    request = as_json("POST", f"/v1/datasets/{part(dataset)}/tasks/claim", form)
    answer = yield from perform(request, repeatable=False)
    return None if answer.status == NO_CONTENT else parsed(answer, Task.parse)


def read_task(task: str) -> Flow[Task]:
    return ask(as_json("GET", f"/v1/tasks/{part(task)}"), Task.parse)


def renew_task(task: str, *, seconds: int | None = None) -> Flow[Task]:
    form = {} if seconds is None else {"seconds": seconds}
    return ask(as_json("POST", f"/v1/tasks/{part(task)}/renew", form), Task.parse, repeatable=True)


def release_task(task: str) -> Flow[Task]:
    return ask(as_json("POST", f"/v1/tasks/{part(task)}/release"), Task.parse)


def submit_labels(task: str, document: Mapping[str, Any]) -> Flow[Submission]:
    """document: COCO JSON of the task's image. The same once more is the same submission."""
    return ask(as_json("PUT", f"/v1/tasks/{part(task)}/labels", dict(document)), Submission.parse)


def export_labels(dataset: str, into: Path, *, format: LabelFormat = LabelFormat.COCO) -> Flow[Path]:
    """A dataset's labels, streamed to a file, which appears whole or not at all."""
    path = f"/v1/datasets/{part(dataset)}/labels"
    yield from perform(Request("GET", path, {"format": format.value}, into=into), repeatable=True)
    return into


# --- the log


def export_log(into: Path) -> Flow[Path]:
    """The audit log as JSON Lines, for `python -m audit.verify`."""
    yield from perform(Request("GET", "/v1/audit/export", into=into), repeatable=True)
    return into


def log_key() -> Flow[str]:
    """The log's public key."""
    answer = yield from perform(as_json("GET", "/v1/audit/key"), repeatable=True)
    return answer.body.decode("ascii", "replace")


def health() -> Flow[None]:
    """Returns once; raises where the gateway does not answer, without trying again."""
    yield from perform(as_json("GET", "/healthz"), repeatable=False)
