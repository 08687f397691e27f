"""A dataset's labels, for whoever trains on them: the newest of each image, as COCO or YOLO.

Of released images only: one that is held, or whose copy was withdrawn, has no picture that anybody may use.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import assert_never

from gateway.labels import export
from gateway.labels.export import LabelledImage
from gateway.labels.model import LabelFormat
from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import categories, datasets, submissions
from policies.access import Action, Principal, Resource
from policies.model import Size

PAGE = 200
"""Submissions read at a time."""


@dataclass(frozen=True, slots=True)
class Export:
    """content: the file, a piece at a time; reading it reads the database."""

    media_type: str
    file_name: str
    content: Iterator[bytes]


class LabelExport:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def open(self, principal: Principal, dataset_id: str, form: LabelFormat) -> Export:
        """Raises NotFound, AccessDenied, LedgerUnavailable: then no byte leaves."""
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        resource = Resource("Dataset", dataset_id)
        authorize(self._database, principal, Action.LABEL_EXPORT, resource, now=self._clock())
        # What is exported is settled here: submissions never change, so that however long the reading
        # takes, and whatever is submitted meanwhile, the file is of one moment.
        with self._database.reading() as session:
            found, left_out = submissions.newest_ids(session, dataset_id)
            label_set = categories.of(session, dataset_id)
        with self._database.unit() as unit:
            unit.ledger.record(
                actor=principal.id,
                action="labels.exported",
                subject=dataset_id,
                format=form.value,
                submissions=len(found),
                left_out=left_out,
            )

        def images() -> Iterator[LabelledImage]:
            return self._images(found)

        match form:
            case LabelFormat.COCO:
                return Export(
                    "application/json",
                    f"{dataset_id}.json",
                    export.coco(label_set, images, left_out=left_out),
                )
            case LabelFormat.YOLO:
                return Export(
                    "application/zip", f"{dataset_id}.zip", export.yolo(label_set, images, left_out=left_out)
                )
            case _:
                assert_never(form)

    def _images(self, ids: Sequence[str]) -> Iterator[LabelledImage]:
        left = iter(ids)
        while page := list(islice(left, PAGE)):
            with self._database.reading() as session:
                records = submissions.by_ids(session, page)
            for record in records:
                size = Size(record.width, record.height)
                yield LabelledImage(record.asset_id, size, record.labels, record.frames)
