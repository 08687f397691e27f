"""The models: each there, and the one that the manifest names."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.detection.manifest import Use
from gateway.detection.models import ModelState, ModelStore
from gateway.services.findings import Finding, broken, fine, warning


def models(store: ModelStore) -> Iterator[Finding]:
    """A demonstration's file that is missing is a warning; a detector's stops the worker."""
    for status in store.list():
        entry = status.entry
        if status.state is ModelState.PRESENT:
            yield fine("models", f"{entry.name}, {entry.origin}, SHA-256 {entry.file_sha256[:16]}")
            continue
        if entry.use is Use.READING and status.state is ModelState.ABSENT:
            continue  # whether it is needed here, `reading` says
        level = broken if entry.use is Use.DETECTION else warning
        said = (
            f"the model {entry.name} is absent from {store.folder}"
            if status.state is ModelState.ABSENT
            else f"the file of the model {entry.name} in {store.folder} is not the manifest's"
        )
        yield level("models", said, f"privgate models fetch {entry.name}")
