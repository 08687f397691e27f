"""Deblurring before reading: by deconvolution with the known kernel, and by a network trained to restore.

What comes out is read by the same small network as in `reading`: one that learnt from such pictures, and for
restored ones one that learnt from originals, since a restorer is to give back the original.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from gateway.imaging.image import Pixels
from policies.model import Kind
from tests.bench.attacks import methods as ways
from tests.bench.attacks import sharpen
from tests.bench.attacks.dictionary import indices
from tests.bench.attacks.methods import Method, Only, copy_of, narrowed
from tests.bench.attacks.networks import Reader, Restorer
from tests.bench.attacks.reading import CHANCE, EPOCHS, SIZE, Floats, network_row, scenes, small
from tests.bench.attacks.results import Row, of_clusters
from tests.bench.attacks.strings import ALPHABET

KIND: Final = Kind.LICENSE_PLATE
NAME: Final = "deblurring plates"
LEARNT: Final = (3200, 360)
RESTORED: Final = 1600
"""Pairs of hidden and original from which the restorer learns, of those above."""
RESTORER_EPOCHS: Final = 5

Deblur = Callable[[Pixels], Pixels]


def attack(seed: int, only: Only = ()) -> Iterator[Row]:
    """The originals are the control and always read. Raises NoTorch without the extra `ocr`."""
    hidden = [
        ways.gaussian(6), ways.gaussian(10), ways.deface_mosaic(), ways.deface_blur(), ways.fill(),
        ways.bounded(1, 2, 2), ways.bounded(2, 4, 3),
    ]  # fmt: skip
    methods = [ways.original(), *narrowed(hidden, only)]
    seen: dict[str, Floats] = {}
    texts = []
    for index, (scene, text, photo) in enumerate(scenes(KIND, sum(LEARNT), seed, fills=True)):
        texts.append(indices(text))
        for method in methods:
            shown = copy_of(photo, scene.style.region, KIND, method)
            for name, picture in _pictures(method, shown):
                row = seen.setdefault(name, np.empty((sum(LEARNT), *SIZE), dtype=np.float32))
                row[index] = small(picture)
    told = np.array(texts)
    for method in methods:
        for name in [name for name in seen if name.endswith(f"|{method.name}") and _read(name)]:
            yield network_row(NAME, name.split("|")[0], method, seen[name], told, LEARNT[0], seed)
    yield from _restored(methods, seen, told, seed)


def _restored(
    methods: list[Method],
    seen: dict[str, Floats],
    told: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    seed: int,
) -> Iterator[Row]:
    """Each method's own restorer, then the reader of originals."""
    cut = LEARNT[0]
    originals = seen["as it is|original"]
    reader = Reader(told.shape[1], len(ALPHABET), SIZE, seed)
    reader.train(originals[:cut], told[:cut], EPOCHS)
    for method in methods:
        hidden = originals if method.name == "original" else seen[f"as it is|{method.name}"]
        restored = hidden[cut:]
        if method.name != "original":
            restorer = Restorer(seed)
            restorer.train(hidden[:RESTORED], originals[:RESTORED], RESTORER_EPOCHS)
            restored = restorer.restore(restored)
        good = (reader.read(restored) == told[cut:]).sum(axis=1)
        right = [(int(one), told.shape[1]) for one in good]
        yield of_clusters(NAME, "network restores, another reads", method, right, CHANCE)


def _read(name: str) -> bool:
    """Pictures that were not deblurred are read in `plates`; here the originals only, as the control."""
    return not name.startswith("as it is") or name.endswith("|original")


def _pictures(method: Method, shown: Pixels) -> Iterator[tuple[str, Pixels]]:
    """What is read: the copy as it is, and deconvolved by each way whose kernel is known."""
    yield f"as it is|{method.name}", shown
    if (kernels := _kernels(method, shown)) is not None:
        yield f"Wiener|{method.name}", sharpen.wiener(shown, *kernels, noise=1e-3)
        if not method.name.startswith("blur 2"):
            yield f"Richardson-Lucy|{method.name}", sharpen.richardson_lucy(shown, *kernels, rounds=20)


def _kernels(method: Method, shown: Pixels) -> tuple[sharpen.Floats, sharpen.Floats] | None:
    """By columns and rows. Of a blur of ours the mean of a cell, which is all that there is to turn round."""
    height, width = shown.shape[:2]
    if method.name.startswith("Gaussian"):
        kernel = sharpen.gaussian_kernel(float(method.name.split("=")[1]))
        return kernel, kernel
    if method.name == "deface blur":
        return sharpen.box_kernel(height // 2), sharpen.box_kernel(width // 2)
    if method.bound is not None:
        rows, columns = method.bound.grid
        return sharpen.box_kernel(height // rows), sharpen.box_kernel(width // columns)
    return None
