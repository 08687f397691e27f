"""The rows in which an officer writes a label set: number, name, group, and the names of landmarks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from starlette.datastructures import FormData

from gateway.labels.model import Category
from gateway.web.api.schemas import CategoryForm

SPARE: Final = 3
"""Empty rows below those that are there."""

MAX_ROWS: Final = 500
"""What one can sensibly write by hand; longer label sets come by the API."""


class InvalidClasses(Exception):
    """What is wrong, for the officer to read."""


@dataclass(frozen=True, slots=True)
class Row:
    number: str = ""
    name: str = ""
    parent: str = ""
    landmarks: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.number or self.name or self.parent or self.landmarks)


def rows_of(found: FormData | Iterable[Category]) -> list[Row]:
    """The rows of a form as they were sent, or of a label set; with some to spare."""
    if isinstance(found, FormData):
        columns = [found.getlist(name)[:MAX_ROWS] for name in ("number", "name", "parent", "landmarks")]
        rows = [Row(*(str(value).strip() for value in row)) for row in zip(*columns, strict=False)]
        rows = [row for row in rows if not row.is_empty]
    else:
        rows = [Row(str(one.number), one.name, one.parent or "", ", ".join(one.landmarks)) for one in found]
    return [*rows, *[Row()] * SPARE]


def parse_classes(rows: Sequence[Row]) -> list[Category]:
    """The label set. Raises InvalidClasses."""
    found = [_class(row) for row in rows if not row.is_empty]
    for what, values in (
        ("number", [one.number for one in found]),
        ("name", [one.name.casefold() for one in found]),
    ):
        twice = next((value for at, value in enumerate(values) if value in values[:at]), None)
        if twice is not None:
            raise InvalidClasses(f"two classes have the {what} {twice}. Nothing was changed")
    return found


def _class(row: Row) -> Category:
    where = f"the class “{row.name or row.number}”"
    if not (row.number.isascii() and row.number.isdigit()):
        raise InvalidClasses(
            f"{where} needs a number: a whole one, such as 7. You wrote “{row.number}”. Nothing was changed"
        )
    landmarks = [name for name in (part.strip() for part in row.landmarks.split(",")) if name]
    try:
        return CategoryForm(
            id=int(row.number), name=row.name, supercategory=row.parent or None, keypoints=landmarks or None
        ).to_category()
    except ValidationError as exc:
        fault = exc.errors()[0]
        field = {"id": "number", "supercategory": "group", "keypoints": "landmarks"}.get(
            str(fault["loc"][0]), str(fault["loc"][0])
        )
        raise InvalidClasses(f"{where}, {field}: {fault['msg']}. Nothing was changed") from exc
