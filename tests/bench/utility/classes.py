"""A classifier of what goes on in photos: does it still know, where something is hidden?

    python -m tests.bench.utility.classes DATA --hide face --wheel MEDIAPIPE.whl --named PATTERN

PATTERN: a regular expression whose first group is the class in an image's name, such as
'wider_val__\\d+_([A-Za-z]+)_' for the events of WIDER FACE. A packaged network that looks for people
describes each photo; which class it is, is learnt from four fifths of the originals, or of the copies, and
asked of the last fifth. Labelled boxes are hidden, in every image the same.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.bench.annotations import LabelledImage, read_data
from gateway.bench.pixels import readings
from policies.model import Kind
from tests.bench.attacks.classifiers import Floats, Labels, discriminant, folds, standardised
from tests.bench.attacks.methods import Method, written
from tests.bench.utility.__main__ import AP, hidden, labelled_regions, methods_for, readable
from tests.bench.utility.precision import mean
from tests.bench.utility.tasks import Describer

FEWEST: Final = 10
"""Images of a class; of fewer nothing can be learnt."""
FOLDS: Final = 5

HEAD: Final = (
    "| method | learnt from originals | learnt from copies | says as of the original |\n" + "| --- " * 4 + "|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--hide", type=Kind, default=Kind.FACE, choices=AP)
    parser.add_argument("--wheel", type=Path, required=True, help="of mediapipe 0.10.21")
    parser.add_argument("--named", required=True, help="how the class is found in an image's name")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    images = [one for one in read_data(options.data) if readable(one)]
    named, labels = classes([one.name for one in images], options.named)
    images = [images[index] for index in named]
    describer = Describer(options.wheel)
    described = {
        method.name: np.array([_described(one, options.hide, method, describer) for one in images])
        for method in methods_for(options.hide)
    }
    guessed = float(np.bincount(labels).max()) / len(labels)
    print(f"\n{len(labels)} images of {labels.max() + 1} classes; the largest class: {100 * guessed:.1f} %\n")
    print("\n".join([HEAD, *lines(described, labels)]), flush=True)


def classes(names: Sequence[str], pattern: str) -> tuple[list[int], Labels]:
    """Which of the names have a class with enough others, and its number."""
    found = [match[1] if (match := re.search(pattern, name)) else None for name in names]
    counts = Counter(one for one in found if one)
    known = sorted(name for name, count in counts.items() if count >= FEWEST)
    kept = [index for index, one in enumerate(found) if one in known]
    return kept, np.array([known.index(str(found[index])) for index in kept], dtype=np.int64)


def lines(described: dict[str, Floats], labels: Labels) -> list[str]:
    """A row a method; the first one is the originals."""
    parts = folds(labels, FOLDS, 1)
    originals = next(iter(described.values()))
    first = _said(originals, originals, labels, parts)
    rows = []
    for name, seen in described.items():
        said = _said(originals, seen, labels, parts)
        trained = _said(seen, seen, labels, parts)
        shares = (said == labels, trained == labels, said == first)
        cells = [str(mean(list(each.astype(float)))) for each in shares]
        rows.append(f"| {' | '.join([name, *cells])} |")
    return rows


def _said(known: Floats, seen: Floats, labels: Labels, parts: NDArray[np.int64]) -> Labels:
    said = np.empty(len(labels), dtype=np.int64)
    for part in np.unique(parts):
        asked = parts == part
        train, test = standardised(known[~asked], seen[asked])
        said[asked] = discriminant(train, labels[~asked], test).argmax(axis=1)
    return said


def _described(image: LabelledImage, hide: Kind, method: Method, describer: Describer) -> Floats:
    pixels = np.ascontiguousarray(readings(image.path)[0])
    return describer.describe(written(hidden(pixels, labelled_regions(image, hide, pixels), hide, method)))


if __name__ == "__main__":
    main()
