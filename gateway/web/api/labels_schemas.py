"""What the labelling routes take and answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from gateway.labels.model import Category, TaskState
from gateway.services.label_submissions import Submission
from gateway.services.label_tasks import LEASE_SECONDS, MAX_LEASE_SECONDS, Overview, TaskView
from gateway.web.api.schemas import Categories, CategoryForm, Id

Seconds = Annotated[
    int,
    Field(ge=1, le=MAX_LEASE_SECONDS, description="How long the lease lasts; never longer than the grant."),
]


class LabelSetForm(BaseModel):
    """A dataset's label set, whole: it replaces the one before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: Categories


class LabelSetOut(BaseModel):
    categories: list[CategoryForm]

    @classmethod
    def of(cls, found: Sequence[Category]) -> Self:
        return cls(categories=[CategoryForm.of(category) for category in found])


class ClaimForm(BaseModel):
    """`task` names the one to have again: after a lease that ended, or to correct one's own labels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: Id | None = Field(default=None, examples=["task-5f0c9a31e2b84d6f77a01c3e"])
    seconds: Seconds = LEASE_SECONDS


class RenewForm(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: Seconds = LEASE_SECONDS


class TaskOut(BaseModel):
    """One image to be labelled. Its pixels are at /v1/copies/{copy}/content; width and height are theirs.

    Of an animation or of pages there are several `frames`, all of one size: that address with `?frame=` gives
    one of them as a picture that every browser shows. `lease_until` is told to whoever has the task.
    """

    id: str
    dataset: str
    asset: str
    copy_id: str
    media_type: str
    width: int
    height: int
    frames: int
    state: TaskState
    yours: bool = Field(description="Whether you have it right now.")
    lease_until: datetime | None
    submissions: int = Field(description="How often labels were submitted; the newest count.")

    @classmethod
    def of(cls, view: TaskView) -> Self:
        return cls(
            id=view.task.id,
            dataset=view.task.dataset_id,
            asset=view.task.asset_id,
            copy_id=view.copy.id,
            media_type=view.copy.media_type,
            width=view.copy.width,
            height=view.copy.height,
            frames=view.copy.frames,
            state=view.state,
            yours=view.yours,
            lease_until=view.task.lease_until if view.yours else None,
            submissions=view.task.submissions,
        )


class TaskCountsOut(BaseModel):
    """Of the dataset's released images."""

    open: int
    claimed: int
    submitted: int


class TaskPage(BaseModel):
    """`tasks` are your own: those you have and those you submitted. `next` is what to send as `after`."""

    counts: TaskCountsOut
    categories: list[CategoryForm]
    tasks: list[TaskOut]
    next: str | None

    @classmethod
    def of(cls, overview: Overview) -> Self:
        counts = overview.counts
        return cls(
            counts=TaskCountsOut(open=counts.open, claimed=counts.claimed, submitted=counts.submitted),
            categories=[CategoryForm.of(category) for category in overview.categories],
            tasks=[TaskOut.of(view) for view in overview.tasks],
            next=overview.next,
        )


class SubmissionOut(BaseModel):
    """What was kept. `ignored` names members of the document that were not."""

    id: str
    task: str
    number: int
    labels: int
    submitted_at: datetime
    ignored: list[str]

    @classmethod
    def of(cls, submission: Submission) -> Self:
        record = submission.record
        return cls(
            id=record.id,
            task=record.task_id,
            number=record.number,
            labels=len(record.labels),
            submitted_at=record.submitted_at,
            ignored=list(submission.ignored),
        )


_COORDINATES: Final = {"type": "array", "items": {"type": "number"}}

COCO_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["annotations"],
    "description": "COCO JSON of the one image. Coordinates are pixels of the copy. Of an image of several "
    "frames or pages each annotation says its `frame`, or names one of `images` that does; without either it "
    "is on the first, 0. What is not named here is passed over, and the answer says so.",
    "properties": {
        "images": {
            "type": "array",
            "minItems": 1,
            "description": "The one image; of one of several frames those that have labels, each once.",
            "items": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "integer"},
                    "width": {"type": "integer"},
                    "height": {"type": "integer"},
                    "frame": {"type": "integer", "minimum": 0},
                },
            },
        },
        "categories": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
            },
        },
        "annotations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "category_id"],
                "properties": {
                    "id": {"type": "integer", "minimum": 0},
                    "image_id": {"type": "integer"},
                    "frame": {
                        "type": "integer",
                        "minimum": 0,
                        "description": "of an animation or of pages, from 0; less than the task's `frames`",
                    },
                    "category_id": {"type": "integer"},
                    "bbox": {
                        **_COORDINATES,
                        "minItems": 4,
                        "maxItems": 4,
                        "description": "left, top, width, height",
                    },
                    "segmentation": {
                        "type": "array",
                        "items": {**_COORDINATES, "minItems": 6},
                        "description": "polygons: x, y, x, y, …",
                    },
                    "area": {"type": "number"},
                    "iscrowd": {"type": "integer", "enum": [0]},
                    "keypoints": {
                        **_COORDINATES,
                        "description": "x, y, v for each landmark that the category names; v is 0 for not "
                        "placed, 1 for covered, 2 for shown",
                    },
                    "num_keypoints": {"type": "integer"},
                    "attributes": {
                        "type": "object",
                        "properties": {"truncated": {"type": "boolean"}, "occluded": {"type": "boolean"}},
                    },
                },
            },
        },
    },
    "examples": [
        {
            "annotations": [
                {"id": 1, "category_id": 1, "bbox": [24.5, 40.0, 120.0, 64.0]},
                {"id": 2, "category_id": 1, "segmentation": [[10, 10, 60, 12, 40, 55.5]]},
            ]
        }
    ],
}
