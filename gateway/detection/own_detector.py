"""A detector made of an operator's entry: its network, looked through at the passes that the entry names."""

from __future__ import annotations

from gateway.detection.agreement import agreed
from gateway.detection.boxes import Boxes, clipped, stacked, suppressed, with_reach
from gateway.detection.detector import Detector, Setting
from gateway.detection.letterbox import letterboxes, scales
from gateway.detection.looks import Pass, detections, least_point, located, scored
from gateway.detection.own_output import decode
from gateway.detection.passes import Pixels, Tile
from gateway.detection.runtime import Preparation, open_session
from gateway.own_models.entry import Channels, OwnModel, bands
from policies.model import Detection, Effort


def preparation(entry: OwnModel) -> Preparation:
    """What the network does to pixels first; of its outputs the first is used."""
    given = entry.input
    return Preparation(
        bgr=given.channels is Channels.BGR, mean=given.mean, scale=given.scale, outputs=1, size=given.size
    )


class OwnDetector(Detector):
    """An operator's model, under the name of its entry. Raises MissingModel when it is made and its file is
    not there, or not the one that was added."""

    def __init__(self, setting: Setting, entry: OwnModel) -> None:
        self.name = entry.name
        self.kinds = frozenset({entry.kind})
        self.models = (entry.name,)
        self.digest = entry.digest
        self._entry = entry
        # A fast policy looks once.
        self._sides = entry.sides[:1] if setting.effort is Effort.FAST else entry.sides
        self._session = open_session(
            setting.models.read(entry.name),
            preparation(entry),
            threads=setting.threads,
            precision=setting.precision,
        )

    def detect(self, pixels: Pixels) -> list[Detection]:
        height, width = pixels.shape[:2]
        passes = [Pass(scale, bands(self._entry)) for scale in scales(self._sides, width, height)]
        least = least_point(passes)
        looks = [scored(self._seen(pixels, look, least), look, self._entry.overlap) for look in passes]
        boxes = agreed(looks, self._entry.overlap)
        return detections(boxes, self._entry.kind, self.name, pixels)

    def _seen(self, pixels: Pixels, look: Pass, least: float) -> Boxes:
        """The raw boxes of one look, in image pixels."""
        given = self._entry.input

        def see(tile: Tile) -> Boxes:
            (output,) = self._session.outputs(tile.pixels)
            raw = with_reach(decode(output, self._entry.output, least))
            return suppressed(raw, self._entry.overlap)

        found = [located(see(tile), tile) for tile in letterboxes(pixels, look.scale, given.size, given.pad)]
        return clipped(stacked(found), pixels.shape[1], pixels.shape[0])
