"""The detectors a policy can name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gateway.detection.codes import Codes
from gateway.detection.detector import Detector, DetectorSet, Factory, Setting
from gateway.detection.faces import CenterFace
from gateway.detection.models import ModelStore
from gateway.detection.own_detector import OwnDetector
from gateway.detection.plate_text import PlateLikeText
from gateway.detection.plates import PackagedPlates
from gateway.detection.reader import load_reader
from gateway.detection.runtime import Precision
from gateway.detection.text import TextDetector
from gateway.errors import Misconfigured, MissingDetector
from gateway.own_models.kept import Entries, KeptModel
from policies.model import Effort


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


def factory(name: str, own: Entries | None = None) -> Factory:
    """How the named detector is built. own: the entries of the operator's models.

    Raises MissingDetector where there is none of this name, Misconfigured where its entry cannot be used.
    """
    if name in DETECTORS:
        return DETECTORS[name]
    kept = own.get(name) if own is not None else None
    if kept is None:
        known = ", ".join(sorted([*DETECTORS, *_own_names(own)]))
        raise MissingDetector(
            f"there is no detector {name!r}; a policy can name {known}. "
            "A model of your own is added with `privgate models add MANIFEST`"
        )
    return partial(OwnDetector, entry=kept.entry)


def _own_names(own: Entries | None) -> list[str]:
    found = own.all() if own is not None else ()
    return [kept.entry.name for kept in found if isinstance(kept, KeptModel)]


def load_detectors(
    required: Sequence[str],
    optional: Sequence[str],
    *,
    models: ModelStore,
    threads: int,
    precision: Precision,
    effort: Effort = Effort.THOROUGH,
    reading: bool = False,
) -> DetectorSet:
    """Builds the named detectors, each once, in the order named.

    reading: whether lines of text are read too; then the reader is required.

    Raises MissingDetector for a required one that is unknown or cannot run here, MissingModel for a required
    one whose model file is not there. An optional one that cannot be built is listed in `absent`.
    """
    setting = Setting(models=models, threads=threads, precision=precision, effort=effort)
    built: dict[str, Detector] = {}
    absent: dict[str, str] = {}
    for name in dict.fromkeys([*required, *optional]):
        try:
            built[name] = factory(name, models.own)(setting)
        except Misconfigured as exc:
            if name in required:
                raise
            absent[name] = str(exc)
    reader = load_reader(setting) if reading else None
    used = {model for detector in built.values() for model in detector.models}
    used.update(reader.models if reader is not None else ())
    digests = {name: models.entry(name).file_sha256 for name in sorted(used)}
    # How an operator's model is run decides what it finds as much as its file does.
    for detector in built.values():
        if isinstance(detector, OwnDetector):
            digests[f"{detector.name}.entry"] = detector.digest
    return DetectorSet(
        list(built.values()), absent=absent, digests=digests, precision=precision, reader=reader
    )
