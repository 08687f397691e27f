"""The contact sheet: what was missed, before and after, to be looked at by somebody who may see originals."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from PIL import Image, ImageDraw

from gateway.bench.annotations import LabelledBox, LabelledImage
from gateway.bench.pixels import NotComparable, Pixels, load_pair, readings
from gateway.bench.run import Run, Scored
from gateway.bench.score import BoxScore
from gateway.bench.style import FOOT, head
from gateway.bench.summary import misses

MOST = 200
"""Crops on one sheet: the largest boxes first, as nobody looks at more."""

AROUND = 1.0
"""Times the box's longer side that is shown on each side of it."""

SIDE = 220
"""Pixels of a crop's longer side on the sheet."""

_WARNING = (
    "This page shows parts of originals: exactly what must not be shown. Keep it where the originals may be "
    "kept, and delete it when you have looked."
)


def write_sheet(file: TextIO, run: Run, images: Sequence[LabelledImage]) -> int:
    """Writes the sheet, crop by crop; how many it shows. images: those of the run."""
    found = misses(run.images)
    shown = found[:MOST]
    file.write(head("Misses"))
    file.write(
        f"<header><h1>Missed</h1><p>{html.escape(run.title)}: {len(found)} boxes not covered, "
        f"the {len(shown)} largest are shown; the label is outlined.</p>"
        f'<p class="warn">{_WARNING}</p></header>\n<main class="sheet">\n'
    )
    by_name = {image.name: image for image in images}
    for image, boxes in _by_image(shown):
        for figure in _figures(by_name[image.made.name], image, boxes):
            file.write(figure)
    file.write("</main>\n" + FOOT)
    return len(shown)


def _by_image(found: Iterable[tuple[Scored, BoxScore]]) -> list[tuple[Scored, list[BoxScore]]]:
    """Each image once, in the order in which its first miss comes: it is then opened once."""
    groups: dict[str, tuple[Scored, list[BoxScore]]] = {}
    for image, box in found:
        groups.setdefault(image.made.name, (image, []))[1].append(box)
    return list(groups.values())


def _figures(label: LabelledImage, image: Scored, boxes: Iterable[BoxScore]) -> Iterator[str]:
    pictures = _pictures(label, image)
    labels = {box.number: box for box in label.boxes}
    for box in boxes:
        pairs = "".join(
            f'<img alt="{name}" title="{name}" '
            f'src="data:image/jpeg;base64,{_crop(pixels, labels[box.number])}">'
            for name, pixels in pictures
        )
        caption = (
            f"<b>{box.kind.value.replace('_', ' ')}, {box.height:.0f} px high, {box.judgement.value}</b> "
            f"{box.changed:.0%} changed; {html.escape(image.made.name)}, box {box.number}"
            f"{html.escape(f'; {image.score.failure}') if image.score.failure else ''}"
        )
        yield f'<figure><div class="pair">{pairs}</div><figcaption>{caption}</figcaption></figure>\n'


def _pictures(label: LabelledImage, image: Scored) -> list[tuple[str, Pixels]]:
    """Before and after; only before where there is no after; nothing where the original does not open."""
    try:
        if image.made.output is not None and image.score.failure is None:
            before, after = load_pair(label.path, image.made.output)
            return [("before", before), ("after", after)]
        return [("before", readings(label.path)[0])]
    except NotComparable:
        return []


def _crop(pixels: Pixels, box: LabelledBox) -> str:
    """A JPEG in base64: the box and its surroundings, enlarged to be seen."""
    height, width = pixels.shape[:2]
    margin = AROUND * max(box.width, box.height, 8.0)
    left, top = max(int(box.x - margin), 0), max(int(box.y - margin), 0)
    right = max(min(int(box.x + box.width + margin) + 1, width), left + 1)
    bottom = max(min(int(box.y + box.height + margin) + 1, height), top + 1)
    left, top = min(left, width - 1), min(top, height - 1)
    crop = Image.fromarray(pixels[top:bottom, left:right])
    scale = SIDE / max(crop.size)
    crop = crop.resize((max(round(crop.width * scale), 1), max(round(crop.height * scale), 1)))
    drawing = ImageDraw.Draw(crop)
    for outside, colour in ((1, "white"), (2, "black")):  # seen on any ground, and on the fill
        drawing.rectangle(
            [
                ((box.x - left) * scale - outside, (box.y - top) * scale - outside),
                ((box.x + box.width - left) * scale + outside, (box.y + box.height - top) * scale + outside),
            ],
            outline=colour,
        )
    buffer = io.BytesIO()
    crop.save(buffer, "JPEG", quality=85)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
