"""Guidelines: how a dataset is to be labelled, written by an officer, read by whoever labels it.

Each version stays as it was written. The log knows that there is a new one, and nothing of what it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import IntegrityError

from gateway.errors import Conflict, InputRefused
from gateway.labels.model import Category
from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import categories, datasets, grants, guidelines
from gateway.store.records import DatasetRecord, GuidelineRecord
from policies.access import Action, Principal, Resource

MAX_CHARACTERS: Final = 50_000
"""Some twenty printed pages: what is longer is not read."""

PAGE: Final = 20

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Handbook:
    """What an annotator of a dataset goes by. guideline: None where none was written yet."""

    dataset: DatasetRecord
    guideline: GuidelineRecord | None
    categories: list[Category]


class Guidelines:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def read(self, principal: Principal, dataset_id: str, *, version: int | None = None) -> Handbook:
        """The newest guidelines, or a version of them. Raises NotFound, AccessDenied."""
        self._authorize(principal, Action.GUIDELINE_READ, dataset_id)
        with self._database.reading() as session:
            if version is None:
                found = guidelines.newest(session, dataset_id)
            else:
                found = guidelines.get(session, dataset_id, version)
            return Handbook(datasets.get(session, dataset_id), found, categories.of(session, dataset_id))

    def versions(
        self, principal: Principal, dataset_id: str, *, before: int | None = None
    ) -> list[GuidelineRecord]:
        """A page of what was written, the newest first. Raises NotFound, AccessDenied."""
        self._authorize(principal, Action.GUIDELINE_READ, dataset_id)
        with self._database.reading() as session:
            return guidelines.versions(session, dataset_id, before=before, limit=PAGE)

    def write(self, principal: Principal, dataset_id: str, text: str, *, after: int) -> GuidelineRecord:
        """A new version. after: the version that the writer had before them, 0 for none.

        Raises NotFound, AccessDenied, InputRefused; Conflict when somebody else wrote in the meantime, or
        nothing is different.
        """
        self._authorize(principal, Action.GUIDELINE_WRITE, dataset_id)
        text = _checked(text)
        with self._database.unit() as unit:
            last = guidelines.newest(unit.session, dataset_id)
            number = 0 if last is None else last.version
            if number != after:
                raise _overtaken(number)
            if last is not None and last.text == text:
                raise Conflict(f"nothing is different from version {number}; nothing was kept")
            record = GuidelineRecord(dataset_id, number + 1, principal.id, text, self._clock())
            try:
                guidelines.add(unit.session, record)
            except IntegrityError as exc:
                raise _overtaken(number + 1) from exc
            unit.ledger.record(
                actor=principal.id, action="guideline.written", subject=dataset_id, version=record.version
            )
        return record

    def _authorize(self, principal: Principal, action: Action, dataset_id: str) -> None:
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
            grant = grants.best_for(session, person_id=principal.id, dataset_id=dataset_id)
        resource = Resource("Dataset", dataset_id)
        authorize(self._database, principal, action, resource, now=self._clock(), grant=grant)


def _overtaken(number: int) -> Conflict:
    return Conflict(
        f"somebody wrote version {number} in the meantime; nothing was kept. Read it, then write yours again"
    )


def _checked(text: str) -> str:
    """The text with the line ends that we keep."""
    text = text.replace("\r\n", "\n").strip() + "\n"
    if not text.strip():
        raise InputRefused(
            "the guidelines are empty", advice="write what the annotators go by", code="guideline.empty"
        )
    if len(text) > MAX_CHARACTERS:
        raise InputRefused(
            f"{len(text)} characters are more than the {MAX_CHARACTERS} that are kept",
            advice="say it in fewer words; annotators read this while they work",
            code="guideline.too_long",
        )
    if _CONTROL.search(text):
        raise InputRefused(
            "the text holds control characters",
            advice="type it anew where it was pasted from elsewhere",
            code="guideline.characters",
        )
    return text
