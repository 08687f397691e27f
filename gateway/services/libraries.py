"""The libraries on whose versions the bytes of a sanitized copy hang: the same pixels, the same bytes."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import PIL
from PIL import features

CODECS = ("libjpeg_turbo", "webp", "zlib")


@cache
def library_versions() -> dict[str, str]:
    """By name, those of this process. A codec that Pillow was built without is left out."""
    codecs = {name: features.version(name) for name in CODECS}
    found = {"pillow": PIL.__version__, "opencv": cv2.__version__, "numpy": np.__version__, **codecs}
    return {name: str(version) for name, version in sorted(found.items()) if version}
