"""The packaged plate network alone, as a baseline to measure against: one look at 640 pixels, score 0.1.

    privgate bench DATA --kinds license_plate --method fill \\
      --against "python -m tests.bench.plates_alone {inputs} {outputs}"

The boxes go the product's own way from there: plan, fill, encode.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from gateway.detection import clp
from gateway.detection.boxes import Boxes, clipped, suppressed
from gateway.detection.looks import seen
from gateway.detection.models import ModelStore
from gateway.detection.passes import Pixels, Tile
from gateway.detection.runtime import Precision, open_session
from gateway.imaging.encode import encode
from gateway.imaging.image import ImageFormat
from gateway.imaging.redact import apply
from gateway.settings import models_folder
from policies.model import Detection, Kind, Region, Size
from policies.plan import make_plan
from policies.policy import Policy, load_policy

SIDE = 640
THRESHOLD = 0.1
OVERLAP = 0.4


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("inputs", type=Path)
    parser.add_argument("outputs", type=Path)
    parser.add_argument("--grow", type=float, default=0.15)
    options = parser.parse_args()
    policy = _policy(options.grow)
    model = ModelStore(models_folder(os.environ)).read("clp-det")
    session = open_session(model, clp.PREPARATION, threads=2, precision=Precision.F32)

    def see(tile: Tile) -> Boxes:
        shifts, scores = session.run(tile.pixels)
        found = clp.decode(shifts, scores, tile.pixels.shape[0], tile.pixels.shape[1], THRESHOLD)
        return suppressed(found, OVERLAP)

    for path in sorted(options.inputs.iterdir()):
        with Image.open(path) as image:
            pixels = np.array(ImageOps.exif_transpose(image).convert("RGB"))
        height, width = pixels.shape[:2]
        boxes = clipped(suppressed(seen(pixels, SIDE / max(width, height), see), OVERLAP), width, height)
        plan = make_plan(policy, _detections(boxes, pixels), Size(width, height))
        copy = encode(apply(pixels, plan.redactions), ImageFormat.PNG, lossless=True)
        (options.outputs / f"{path.stem}.png").write_bytes(copy.data)


def _policy(grow: float) -> Policy:
    street = load_policy("street").narrowed(kinds=[Kind.LICENSE_PLATE], method=None)
    (rule,) = street.rules
    filled = rule.model_dump() | {"grow": grow, "method": "fill"}
    return Policy.model_validate({"name": "plates-alone", "rules": [filled]})


def _detections(boxes: Boxes, pixels: Pixels) -> list[Detection]:
    size = Size(pixels.shape[1], pixels.shape[0])
    corners = [[float(side) for side in box[:4]] for box in boxes]
    regions = [Region.covering(x0, y0, x1, y1, size) for x0, y0, x1, y1 in corners]
    return [Detection(Kind.LICENSE_PLATE, region, 1.0, "clp-640") for region in regions if region]


if __name__ == "__main__":
    main()
