"""Pictures of codes."""

from __future__ import annotations

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray


def code_picture(text: str) -> NDArray[np.uint8]:
    """(160, 200, 3): a QR code of 100x100 at (40, 30) on grey."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    drawn = np.asarray(zxingcpp.write_barcode_to_image(code, scale=3))
    picture = np.full((160, 200, 3), 200, np.uint8)
    picture[26:134, 36:144] = 255
    sized = cv2.resize(drawn, (100, 100), interpolation=cv2.INTER_NEAREST)
    picture[30:130, 40:140] = sized[:, :, None]
    return picture
