"""Frames cut out of copies of several, as the broker asks for them: it knows nothing of images itself."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Final

from gateway.errors import OutputCheckFailed, VaultError
from gateway.imaging.stills import still
from gateway.services.ports import Still

AT_ONCE: Final = 2
"""Cuts of one process. Each holds a frame and what is put onto it: of the largest copies, which are two
frames of 50 megapixels, 300 MB.
"""

_room: Final = BoundedSemaphore(AT_ONCE)


def cut(data: bytes, frame: int) -> Still:
    """A CutFrame."""
    with _room:
        try:
            found = still(data, frame)
        except OutputCheckFailed as exc:
            raise VaultError(f"a sealed copy is not what was written: {exc}") from exc
    return Still(found.data, found.media_type)
