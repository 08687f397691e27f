"""The page that `privgate anonymize --html` writes: before and after, image by image, in one file."""

from __future__ import annotations

import base64
import html
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from gateway.cli.shown import shown
from gateway.services.anonymize_files import Outcome, Status

if TYPE_CHECKING:  # it imports numerical libraries
    from gateway.services.previews import Preview

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Before and after · Privgate</title>
<style>
:root {{ --page: #f3f5f6; --card: #fff; --ink: #15212a; --soft: #52626d; --line: #d5dcdf }}
:root {{ --good: #17643f; --doubt: #8a5300; --bad: #a82a1e; --frame: #0e1417 }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #0e1417; --card: #172027; --ink: #e5ecef; --soft: #a9b7bf; --line: #2b3840 }}
  :root {{ --good: #7fd3a4; --doubt: #f0bb6a; --bad: #ffa095; --frame: #05080a }}
}}
body {{ margin: 0 auto; max-width: 1080px; padding: 32px 20px 64px }}
body {{ background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }}
h1 {{ margin: 0 0 4px; font-size: 22px; font-weight: 640 }}
header p {{ margin: 4px 0; color: var(--soft); overflow-wrap: anywhere }}
header .warn {{ margin: 16px 0 24px; padding: 10px 14px; border-left: 3px solid var(--bad) }}
header .warn {{ background: var(--card); color: var(--bad) }}
figure {{ margin: 0 0 20px; padding: 14px; background: var(--card); border: 1px solid var(--line) }}
figure {{ border-radius: 8px }}
.pair {{ display: grid; grid-template-columns: 1fr 1fr; gap: 10px; margin-bottom: 10px }}
.pair div {{ display: grid; place-items: center; background: var(--frame); border-radius: 4px; min-width: 0 }}
.pair img {{ max-width: 100%; height: auto; display: block }}
figcaption {{ display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline }}
figcaption b {{ font-weight: 600; overflow-wrap: anywhere }}
figcaption span {{ color: var(--soft); overflow-wrap: anywhere }}
figcaption .anonymized {{ color: var(--good) }} figcaption .needs_review {{ color: var(--doubt) }}
figcaption .refused {{ color: var(--bad) }}
footer {{ color: var(--soft); border-top: 1px solid var(--line); padding-top: 14px }}
</style>
</head>
<body>
<header>
<h1>Before and after</h1>
<p>Policy {name}{overrides}</p>
<p>{version}</p>
<p class="warn">This page shows originals. Keep it where the originals may be kept,
and delete it when you have looked.</p>
</header>
<main>
"""


class BeforeAfterPage:
    """Written as the run goes on, so that a thousand images need no memory. A context manager.

    file: opened and closed by the caller. policy: its name, version and overrides.
    """

    def __init__(self, file: TextIO, policy: dict[str, Any]) -> None:
        self._file = file
        self._policy = policy
        self._counts: Counter[Status] = Counter()

    def __enter__(self) -> Self:
        overrides = ", ".join(f"{key} = {value}" for key, value in self._policy["overrides"].items())
        self._file.write(
            _HEAD.format(
                name=html.escape(self._policy["name"]),
                version=html.escape(self._policy["version"]),
                overrides=html.escape(f"; for this run: {overrides}" if overrides else ""),
            )
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        counts = ", ".join(f"{number} {_words(status)}" for status, number in self._counts.items())
        unfinished = "" if kind is None else " The run ended before its end."
        self._file.write(f"</main>\n<footer>{counts}.{unfinished}</footer>\n</body>\n</html>\n")

    def add(self, outcome: Outcome, preview: Preview | None) -> None:
        """One image; a refused one has no picture, only its reason."""
        self._counts[outcome.status] += 1
        pictures = ""
        if preview is not None:
            both = _picture("before", preview.before) + _picture("after", preview.after)
            pictures = f'<div class="pair">{both}</div>'
        parts = [
            f"<b>{html.escape(shown(outcome.input))}</b>",
            f'<span class="{outcome.status.value}">{_words(outcome.status)}</span>',
            *(f"<span>{html.escape(shown(text))}</span>" for text in _details(outcome)),
        ]
        self._file.write(f"<figure>{pictures}<figcaption>{''.join(parts)}</figcaption></figure>\n")


def _words(status: Status) -> str:
    return status.value.replace("_", " ")


def _details(outcome: Outcome) -> list[str]:
    """What was hidden, by kind, and what lines were read as; and for what is not simply anonymized, why."""
    kinds = Counter(str(redaction["kind"]).replace("_", " ") for redaction in outcome.redactions)
    hidden = ", ".join(f"{kind} × {number}" for kind, number in sorted(kinds.items()))
    details = [] if outcome.output is None else [f"hidden: {hidden or 'nothing'}"]
    if details and outcome.kept:
        details.append(f"kept visible by a zone: {outcome.kept}")
    readings = Counter(str(one["reading"]) for one in outcome.detections if "reading" in one)
    if details and readings:
        details.append("lines read: " + ", ".join(f"{name} × {n}" for name, n in sorted(readings.items())))
    return details if outcome.reason is None else [*details, outcome.reason]


def _picture(caption: str, jpeg: bytes) -> str:
    data = base64.b64encode(jpeg).decode("ascii")
    return f'<div><img alt="{caption}" title="{caption}" src="data:image/jpeg;base64,{data}"></div>'
