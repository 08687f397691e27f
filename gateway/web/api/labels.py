"""/v1/datasets/{id}/categories and /labels: a dataset's label set, and the labels made with it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from gateway.labels.model import LabelFormat
from gateway.web.api.labels_schemas import LabelSetForm, LabelSetOut
from gateway.web.api.schemas import Id
from gateway.web.identity import Asking
from gateway.web.services import Offered

router = APIRouter(tags=["labels"])


@router.put("/datasets/{dataset_id}/categories", responses={413: {}})
def set_categories(dataset_id: Id, form: LabelSetForm, principal: Asking, services: Offered) -> LabelSetOut:
    """Sets the label set. A category that labels name can neither go nor be called something else."""
    found = [category.to_category() for category in form.categories]
    return LabelSetOut.of(services.label_sets.replace(principal, dataset_id, found))


@router.get(
    "/datasets/{dataset_id}/labels",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "application/zip": {"schema": {"type": "string", "format": "binary"}},
            }
        }
    },
)
def export_labels(
    dataset_id: Id, principal: Asking, services: Offered, format: LabelFormat = LabelFormat.COCO
) -> StreamingResponse:
    """The newest labels of each image that is released now, which is named by its asset's id. Where labelled
    ones are not, and are left out, their number is in COCO's `info.left_out`, or a comment of data.yaml.

    `coco`: one JSON document. `yolo`: a ZIP of data.yaml and labels/ASSET.txt, where a polygon has become
    the box around it. Coordinates are those of the oriented original. Of an animation or of pages each frame
    is an image: ASSET_000000, ASSET_000001 and so on, with `asset` and `frame` beside its name in COCO.
    """
    found = services.label_export.open(principal, dataset_id, format)
    headers = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'attachment; filename="{found.file_name}"',
    }
    return StreamingResponse(found.content, media_type=found.media_type, headers=headers)
