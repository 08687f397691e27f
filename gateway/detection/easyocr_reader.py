"""EasyOCR's English recogniser (generation 2): a crop of one line in, its letters and a confidence out.

Only the network and its decoder are used, not `easyocr.Reader`, which would look for files of its own,
download them, and unpickle them. Here the weights are the bytes that the manifest's hash was taken of, and
are read as tensors only. A crop is read by itself, so that its reading does not depend on what else the image
holds.
"""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from gateway.detection.detector import Setting
from gateway.detection.easyocr_libraries import import_easyocr
from gateway.detection.passes import Pixels
from policies.identifiers import ReadLine
from policies.model import Region

import_easyocr()

from easyocr.config import recognition_models  # noqa: E402
from easyocr.model.vgg_model import Model  # noqa: E402
from easyocr.recognition import adjust_contrast_grey, custom_mean  # noqa: E402
from easyocr.utils import CTCLabelConverter  # noqa: E402

MODEL = "easyocr-english"
CHARACTERS: str = recognition_models["gen2"]["english_g2"]["characters"]
# The network that these weights belong to, as EasyOCR builds it: grey, 256 features, 256 hidden units.
NETWORK = {"input_channel": 1, "output_channel": 256, "hidden_size": 256}
# Pixels: the height at which the network reads a line.
HEIGHT = 64
# EasyOCR's own: crops with less contrast are stretched to this first.
CONTRAST = 0.5
# Pixels of the image: what is lower is guessed rather than read.
LOWEST = 8
# Width over height. What is narrower stands upright or is no line; what is wider would take too much memory.
NARROWEST, WIDEST = 0.3, 80.0
# A box that ends within a line must not make a name's first letters a word of ours. So left and right of it,
# as far as this share of its height, no more contrast is allowed than this share of what is inside.
BESIDE, QUIET = 0.3, 0.35
NOTHING = ("", 0.0)
# Whatever the setting says. Two threads of torch wait for each other by spinning: on a machine whose cores
# are busy they took ten times as long as one, on an idle one they save two fifths.
THREADS = 1


class EasyOcrReader:
    """`easyocr`. Calls from several threads take turns. Raises MissingModel when it is made."""

    name = "easyocr"
    models: tuple[str, ...] = (MODEL,)

    def __init__(self, setting: Setting) -> None:
        torch.set_num_threads(THREADS)
        self._converter = CTCLabelConverter(CHARACTERS, {}, {})
        self._network = _network(setting.models.read(MODEL), len(self._converter.character))
        self._turn = threading.Lock()

    def read(self, pixels: Pixels, regions: Sequence[Region]) -> list[ReadLine]:
        with self._turn, torch.inference_mode():
            return [self._line(pixels, region) for region in regions]

    def _line(self, pixels: Pixels, region: Region) -> ReadLine:
        """What stands there. Where the line goes on beside the region, its confidence is 0."""
        text, confidence = self._letters(pixels[region.y0 : region.y1, region.x0 : region.x1])
        return ReadLine(region, text, confidence if ends_with(pixels, region) else 0.0)

    def _letters(self, crop: Pixels) -> tuple[str, float]:
        """The letters of a crop, (h, w, 3) RGB, and how sure the network is of them, 0 to 1."""
        height, width = crop.shape[:2]
        if height < LOWEST or not NARROWEST <= width / height <= WIDEST:
            return NOTHING
        logits = self._network(_prepared(crop), None)
        chances = torch.softmax(logits[0], dim=1).numpy()
        best = chances.argmax(axis=1)
        letters = chances.max(axis=1)[best != 0]  # 0 stands for "between two letters"
        if not len(letters):
            return NOTHING
        (text,) = self._converter.decode_greedy(best, torch.IntTensor([len(best)]))
        return text, float(np.clip(custom_mean(letters), 0.0, 1.0))


def ends_with(pixels: Pixels, region: Region) -> bool:
    """Whether the line ends where its region does: what lies beside it, left and right, is even."""
    beside = math.ceil(region.height * BESIDE)
    rows = pixels[region.y0 : region.y1].astype(np.float32).mean(axis=2)
    strips = (rows[:, max(region.x0 - beside, 0) : region.x0], rows[:, region.x1 : region.x1 + beside])
    inside = float(np.ptp(rows[:, region.x0 : region.x1]))
    return all(strip.size == 0 or float(np.ptp(strip)) <= QUIET * inside for strip in strips)


def _network(weights: bytes, classes: int) -> torch.nn.Module:
    network: torch.nn.Module = Model(num_class=classes, **NETWORK)
    saved = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
    # They were saved from a wrapper, under whose name each stands.
    network.load_state_dict({name.removeprefix("module."): tensor for name, tensor in saved.items()})
    return network.eval()


def _prepared(crop: Pixels) -> torch.Tensor:
    """(1, 1, HEIGHT, width), -1 to 1, the contrast raised where it is low."""
    grey: NDArray[np.uint8] = adjust_contrast_grey(
        np.asarray(Image.fromarray(crop).convert("L")), target=CONTRAST
    )
    width = max(1, math.ceil(HEIGHT * crop.shape[1] / crop.shape[0]))
    line = np.asarray(
        Image.fromarray(grey).resize((width, HEIGHT), Image.Resampling.BICUBIC), dtype=np.float32
    )
    return torch.from_numpy(line / 127.5 - 1)[None, None]
