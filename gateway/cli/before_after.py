"""The page that `privgate anonymize --html` writes: before and after, image by image, in one file."""

from __future__ import annotations

import base64
import html
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.services.anonymize_files import Outcome
from gateway.services.previews import Preview

_HEAD = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Before and after</title>
<style>
body {{ font: 14px/1.5 system-ui, sans-serif; color: #15212a; background: #f3f5f6 }}
body {{ margin: 32px auto; max-width: 1040px; padding: 0 16px }}
h1 {{ font-size: 20px; font-weight: 620 }}
figure {{ display: grid; grid-template-columns: 1fr 1fr; gap: 8px; margin: 0 0 32px }}
figure {{ border-top: 1px solid #d5dcdf; padding-top: 16px }}
img {{ width: 100%; background: #0e1417 }}
figcaption {{ grid-column: 1 / -1; color: #44535d; overflow-wrap: anywhere }}
.warn {{ color: #a82a1e }}
@media (prefers-color-scheme: dark) {{
  body {{ color: #e5ecef; background: #0e1417 }} figcaption {{ color: #b0bdc5 }} .warn {{ color: #ffa095 }}
}}
</style>
<h1>Before and after</h1>
<p class="warn">This page shows originals. Keep it where the originals may be kept,
and delete it when you have looked.</p>
<p>Policy {name}, version {version}{overrides}.</p>
"""


class BeforeAfterPage:
    """Written as the run goes on, so that a thousand images need no memory. A context manager."""

    def __init__(self, path: Path, facts: dict[str, Any]) -> None:
        self._file = path.open("w", encoding="utf-8")
        overrides = ", ".join(f"{key} = {value}" for key, value in facts["overrides"].items())
        self._file.write(
            _HEAD.format(
                name=html.escape(facts["name"]),
                version=html.escape(facts["version"]),
                overrides=html.escape(f" (for this run: {overrides})" if overrides else ""),
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, outcome: Outcome, preview: Preview | None) -> None:
        """One image; a refused one has no picture, only its reason."""
        pictures = (
            "" if preview is None else _picture("before", preview.before) + _picture("after", preview.after)
        )
        hidden = f"{len(outcome.redactions)} hidden" if preview else str(outcome.reason)
        caption = html.escape(f"{outcome.input}: {outcome.status.replace('_', ' ')}, {hidden}")
        self._file.write(f"<figure>{pictures}<figcaption>{caption}</figcaption></figure>\n")


def _picture(caption: str, jpeg: bytes) -> str:
    return f'<img alt="{caption}" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'
