"""An off-the-shelf reader of text, EasyOCR's (the extra `ocr`), on what copies show."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from gateway.imaging.image import Pixels
from policies.model import Kind
from tests.bench.attacks.methods import Method, copy_of
from tests.bench.attacks.networks import NoTorch, torch_of_one_thread
from tests.bench.attacks.reading import CHANCE, scenes, until_settled
from tests.bench.attacks.results import Row, of_clusters
from tests.bench.attacks.strings import ALPHABET

WEIGHTS: Final = "english_g2.pth"
TALL: Final = (62, 64)
"""Pixels of a character: an off-the-shelf reader knows no blurs, so sigma 6 must be small beside it."""
MARGIN: Final = 8
"""Pixels of the region's own edge repeated around it: the reader wants some air."""


class EasyOcr:
    """folder: where english_g2.pth lies. Raises NoTorch without the extra, FileNotFoundError without it."""

    def __init__(self, folder: Path) -> None:
        if not (folder / WEIGHTS).is_file():
            raise FileNotFoundError(f"{folder / WEIGHTS}: EasyOCR's English recogniser, generation 2")
        torch_of_one_thread()
        try:
            from gateway.detection.easyocr_libraries import import_easyocr

            import_easyocr()
            import easyocr
        except ImportError as exc:
            raise NoTorch("reading with EasyOCR needs the extra `ocr`") from exc
        self._reader: Any = easyocr.Reader(
            ["en"], gpu=False, model_storage_directory=str(folder), download_enabled=False, detector=False,
            verbose=False, quantize=False,
        )  # fmt: skip

    def read(self, shown: Pixels) -> str:
        grey = cv2.cvtColor(np.ascontiguousarray(shown), cv2.COLOR_RGB2GRAY)
        framed = cv2.copyMakeBorder(grey, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_REPLICATE)
        whole = [[0, framed.shape[1], 0, framed.shape[0]]]
        found = self._reader.recognize(framed, whole, [], detail=0, allowlist=ALPHABET)
        return "".join(found).replace(" ", "")


def by_ocr(
    attack: str,
    kind: Kind,
    methods: Sequence[Method],
    n: int,
    seed: int,
    reader: EasyOcr,
    heights: tuple[int, int] = TALL,
) -> list[Row]:
    """Characters right and in their order; chance is what the readings share with other pictures' strings."""
    found: dict[str, list[tuple[int, int, int]]] = {method.name: [] for method in methods}
    before = ""

    def row(method: Method) -> Row:
        right = [(good, length) for good, _, length in found[method.name]]
        others = sum(other for _, other, _ in found[method.name]) / max(1, sum(length for _, length in right))
        return of_clusters(attack, "EasyOCR", method, right, max(CHANCE, others))

    pictures = scenes(kind, n, seed, fills=True, heights=heights)
    for (scene, text, photo), wanted in until_settled(pictures, methods, row):
        for method in wanted:
            guess = reader.read(copy_of(photo, scene.style.region, kind, method))
            found[method.name].append((in_order(guess, text), in_order(guess, before), len(text)))
        before = text
    return [row(method) for method in methods]


def in_order(guess: str, text: str) -> int:
    """Characters that both have in the same order."""
    return sum(
        block.size for block in SequenceMatcher(None, guess, text, autojunk=False).get_matching_blocks()
    )
