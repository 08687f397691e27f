"""What can be asked of a gateway: each function is a flow, for `Client.do` or `AsyncClient.do`.

All raise the errors of `gateway.errors`, and Unreachable, ServerFault and UnexpectedAnswer of `problems`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
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
from gateway.client.flow import Flow, Pause, Request, as_json, ask, parsed, perform
from gateway.errors import Conflict

LOOK_EVERY: Final = 0.2
"""Seconds between two looks at an asset that is being processed."""

LOOKS: Final = 600

NO_CONTENT: Final = 204


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
    return ask(as_json("DELETE", f"/v1/grants/{_part(grant)}"), Grant.parse)


# --- images


def upload(
    dataset: str, image: bytes | Path, *, name: str | None = None, key: str | None = None
) -> Flow[Asset]:
    """Brings an image in; a file is streamed. It is tried again until it is there, and is there once.

    name: its file name, sealed with it; a Path's own by default. key: the Idempotency-Key, random by
    default: give one of your own to be able to repeat the whole call.
    """
    if name is None and isinstance(image, Path):
        name = image.name
    headers = {"Content-Type": "application/octet-stream", "Idempotency-Key": key or secrets.token_hex(16)}
    if name is not None:
        # RFC 8187: whatever the name holds, the header stays ASCII and one line.
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    request = Request("POST", "/v1/assets", {"dataset": dataset}, headers, image)
    return ask(request, Asset.parse, repeatable=True)


def read_asset(asset: str) -> Flow[Asset]:
    return ask(as_json("GET", f"/v1/assets/{_part(asset)}"), Asset.parse)


def settled(asset: str, *, looks: int = LOOKS) -> Flow[Asset]:
    """The asset, once nothing more happens to it by itself. Raises Conflict when that takes too long."""
    for _ in range(looks):
        found = yield from read_asset(asset)
        if found.settled:
            return found
        yield Pause(LOOK_EVERY)
    raise Conflict(f"asset {asset} is still being processed; look again later")


def list_copies(dataset: str, *, after: str = "") -> Flow[CopyPage]:
    path = f"/v1/datasets/{_part(dataset)}/copies"
    return ask(as_json("GET", path, after=after), CopyPage.parse)


def copy_content(copy: str) -> Flow[bytes]:
    """A sanitized image, whole. Each call is a delivery on the log."""
    answer = yield from perform(as_json("GET", f"/v1/copies/{_part(copy)}/content"), repeatable=True)
    return answer.body


def download_copy(copy: str, into: Path) -> Flow[Path]:
    """The same, streamed to a file, which appears whole or not at all."""
    yield from perform(Request("GET", f"/v1/copies/{_part(copy)}/content", into=into), repeatable=True)
    return into


# --- labelling


def set_categories(dataset: str, categories: Iterable[Category]) -> Flow[tuple[Category, ...]]:
    """The label set, whole: it replaces the one before."""
    form = {"categories": [category.to_json() for category in categories]}
    return ask(as_json("PUT", f"/v1/datasets/{_part(dataset)}/categories", form), categories_of)


def list_tasks(dataset: str, *, after: str = "") -> Flow[TaskPage]:
    return ask(as_json("GET", f"/v1/datasets/{_part(dataset)}/tasks", after=after), TaskPage.parse)


def claim_task(dataset: str, *, task: str | None = None, seconds: int | None = None) -> Flow[Task | None]:
    """The next open task, or the one named; None when none is open.

    It is not tried again by itself: a claim whose answer was lost is in `list_tasks`.
    """
    form: dict[str, Any] = {} if task is None else {"task": task}
    if seconds is not None:
        form["seconds"] = seconds
    request = as_json("POST", f"/v1/datasets/{_part(dataset)}/tasks/claim", form)
    answer = yield from perform(request, repeatable=False)
    return None if answer.status == NO_CONTENT else parsed(answer, Task.parse)


def read_task(task: str) -> Flow[Task]:
    return ask(as_json("GET", f"/v1/tasks/{_part(task)}"), Task.parse)


def renew_task(task: str, *, seconds: int | None = None) -> Flow[Task]:
    form = {} if seconds is None else {"seconds": seconds}
    return ask(as_json("POST", f"/v1/tasks/{_part(task)}/renew", form), Task.parse, repeatable=True)


def release_task(task: str) -> Flow[Task]:
    return ask(as_json("POST", f"/v1/tasks/{_part(task)}/release"), Task.parse)


def submit_labels(task: str, document: Mapping[str, Any]) -> Flow[Submission]:
    """document: COCO JSON of the task's image. The same once more is the same submission."""
    return ask(as_json("PUT", f"/v1/tasks/{_part(task)}/labels", dict(document)), Submission.parse)


def export_labels(dataset: str, into: Path, *, format: LabelFormat = LabelFormat.COCO) -> Flow[Path]:
    """A dataset's labels, streamed to a file, which appears whole or not at all."""
    path = f"/v1/datasets/{_part(dataset)}/labels"
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


def _part(value: str) -> str:
    """One segment of a path: an id from elsewhere must not become another route."""
    return quote(value, safe="").replace(".", "%2E")
