"""The detectors a policy can name."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.detection.codes import Codes
from gateway.detection.detector import Detector, DetectorSet, Factory, Setting
from gateway.detection.faces import CenterFace
from gateway.detection.models import ModelStore
from gateway.detection.plates import PackagedPlates
from gateway.detection.reader import load_reader
from gateway.detection.runtime import Precision
from gateway.detection.text import PlateLikeText, TextDetector
from gateway.errors import Misconfigured, MissingDetector


def _mediapipe(setting: Setting) -> Detector:
    # Imported late: its library takes most of a second, and may be unusable here.
    from gateway.detection.mediapipe_faces import MediaPipeFaces

    return MediaPipeFaces(setting)


DETECTORS: dict[str, Factory] = {
    "centerface": CenterFace,
    "mediapipe": _mediapipe,
    "clp": PackagedPlates,
    "ppocr-plates": PlateLikeText,
    "ppocr": TextDetector,
    "zxing": Codes,
}


def factory(name: str) -> Factory:
    """How the named detector is built. Raises MissingDetector where there is none of this name."""
    if name not in DETECTORS:
        known = ", ".join(sorted(DETECTORS))
        raise MissingDetector(f"there is no detector {name!r}; a policy can name {known}")
    return DETECTORS[name]


def load_detectors(
    required: Sequence[str],
    optional: Sequence[str],
    *,
    models: ModelStore,
    threads: int,
    precision: Precision,
    reading: bool = False,
) -> DetectorSet:
    """Builds the named detectors, each once, in the order named.

    reading: whether lines of text are read too; then the reader is required.

    Raises MissingDetector for a required one that is unknown or cannot run here, MissingModel for a required
    one whose model file is not there. An optional one that cannot be built is listed in `absent`.
    """
    setting = Setting(models=models, threads=threads, precision=precision)
    built: dict[str, Detector] = {}
    absent: dict[str, str] = {}
    for name in dict.fromkeys([*required, *optional]):
        try:
            built[name] = factory(name)(setting)
        except Misconfigured as exc:
            if name in required:
                raise
            absent[name] = str(exc)
    reader = load_reader(setting) if reading else None
    used = {model for detector in built.values() for model in detector.models}
    used.update(reader.models if reader is not None else ())
    digests = {name: models.entry(name).file_sha256 for name in sorted(used)}
    return DetectorSet(
        list(built.values()), absent=absent, digests=digests, precision=precision, reader=reader
    )
