"""What the annotation workbench shows and where it sends: one image, its classes, the labels drawn so far."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from markupsafe import Markup

from gateway.labels.coco import on_its_frame
from gateway.labels.model import Category, Label
from gateway.services.guidelines import Handbook
from gateway.services.label_tasks import TaskView
from gateway.services.my_work import Workplace
from gateway.store.ledger import utc_now
from gateway.web.console.markdown import sections
from gateway.web.services import Services
from policies.access import Principal

COLOURS: Final = (
    *("#63d2ff", "#ffd257", "#ffa3e0", "#b9f072", "#ff9d6b", "#d6c2ff", "#7ff0d4", "#ff8f8f"),
    *("#f4f0a1", "#9fb6ff", "#ffc9a8", "#8fe08f"),
)
"""Of classes, over images: each 7:1 or more on the dark casing. Classes beyond them begin anew."""

KEYS: Final = (*"123456789", *"abdfijklsu")
"""Of classes, in order: letters that no tool has. Classes beyond them are chosen from the list."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """guideline: what the guidelines say under a heading of the class's name, if they do."""

    category: Category
    colour: str
    key: str | None
    guideline: Markup | None


@dataclass(frozen=True, slots=True)
class Bench:
    """An image at work. document: what the workbench's module reads, JSON that no `<` can end."""

    view: TaskView
    handbook: Handbook
    place: Workplace | None
    classes: list[ClassRow]
    general: Markup | None
    document: Markup


def bench_of(services: Services, principal: Principal, view: TaskView) -> Bench:
    """Raises NotFound, AccessDenied."""
    handbook = services.guidelines.read(principal, view.task.dataset_id)
    labels = services.label_drafts.read(principal, view.task.id)
    work = services.my_work.overview(principal)
    place = next((place for place in work.open if place.dataset.id == view.task.dataset_id), None)
    classes = class_rows(handbook)
    document = _document(view, classes, labels, None if place is None else place.grant.until)
    return Bench(view, handbook, place, classes, _general(handbook), document)


def class_rows(handbook: Handbook) -> list[ClassRow]:
    """The label set by number, each class with its colour, its key and what is said of it."""
    text = "" if handbook.guideline is None else handbook.guideline.text
    said = {section.heading.casefold(): section.body for section in sections(text)}
    return [
        ClassRow(
            category,
            COLOURS[at % len(COLOURS)],
            KEYS[at] if at < len(KEYS) else None,
            said.get(category.name.casefold()),
        )
        for at, category in enumerate(handbook.categories)
    ]


def _general(handbook: Handbook) -> Markup | None:
    """What the guidelines say before their first heading."""
    if handbook.guideline is None:
        return None
    return sections(handbook.guideline.text)[0].body or None


def _document(
    view: TaskView, classes: Sequence[ClassRow], labels: Sequence[Label], grant_until: datetime | None
) -> Markup:
    task = view.task
    told: dict[str, Any] = {
        "task": task.id,
        "width": view.copy.width,
        "height": view.copy.height,
        "frames": view.copy.frames,
        "lease": lease_told(task.lease_until, grant_until),
        "classes": [
            {
                "id": row.category.number,
                "name": row.category.name,
                "colour": row.colour,
                "key": row.key,
                "landmarks": list(row.category.landmarks),
            }
            for row in classes
        ],
        "annotations": [on_its_frame(label) for label in labels],
    }
    # Inside <script type="application/json">, where only "</" and "<!--" mean anything.
    return Markup(json.dumps(told).replace("<", "\\u003c"))  # noqa: S704


def lease_told(lease_until: datetime | None, grant_until: datetime | None) -> dict[str, int | None]:
    """Seconds from now, so that no clock of the browser's matters."""
    now = utc_now()
    return {
        "lease": None if lease_until is None else int((lease_until - now).total_seconds()),
        "grant": None if grant_until is None else int((grant_until - now).total_seconds()),
    }
