"""The page that `privgate policy preview --html` writes: where regions come and go, drawn as outlines.

It shows no pixel of an original, so that it may lie where originals may not.
"""

from __future__ import annotations

import html
import os
from pathlib import Path

from gateway.cli.policy_trial import WORDS, Trial
from gateway.errors import Misconfigured
from gateway.services.policy_trial import PARTS, Tried
from policies.plan_difference import Difference

WIDTH = 480
"""Pixels of a drawing on the page."""

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Policy preview · Privgate</title>
<style>
:root { --page: #f3f5f6; --card: #fff; --ink: #15212a; --soft: #52626d; --line: #d5dcdf }
:root { --hidden: #17643f; --shown: #a82a1e; --frame: #e8edef }
@media (prefers-color-scheme: dark) {
  :root { --page: #0e1417; --card: #172027; --ink: #e5ecef; --soft: #a9b7bf; --line: #2b3840 }
  :root { --hidden: #7fd3a4; --shown: #ffa095; --frame: #0e1417 }
}
body { margin: 0 auto; max-width: 1080px; padding: 32px 20px 64px }
body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
h1 { margin: 0 0 4px; font-size: 22px; font-weight: 640 }
header p, li { margin: 4px 0; color: var(--soft); overflow-wrap: anywhere }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 16px }
figure { margin: 0; padding: 14px; background: var(--card); border: 1px solid var(--line) }
figure { border-radius: 8px }
svg { width: 100%; height: auto; background: var(--frame); border-radius: 4px; display: block }
polygon { stroke-width: 3; vector-effect: non-scaling-stroke; fill-opacity: .25 }
.newly_hidden, .harder { stroke: var(--hidden); fill: var(--hidden) }
.newly_shown, .softer { stroke: var(--shown); fill: var(--shown); stroke-dasharray: 6 4 }
figcaption { margin-top: 8px; color: var(--soft); overflow-wrap: anywhere }
figcaption b { color: var(--ink); font-weight: 600 }
</style>
</head>
<body>
"""


def write_page(file: Path, trial: Trial) -> None:
    """Readable by its owner only. Raises Misconfigured when it cannot be written."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as exc:
        raise Misconfigured(f"{file} cannot be written ({exc.strerror}); name another one") from exc
    with os.fdopen(descriptor, "w", encoding="utf-8") as page:
        page.write(_HEAD)
        page.write(
            f"<header><h1>Policy preview</h1><p>Dataset {_safe(trial.dataset)}</p>"
            f"<p>In force: {_safe(trial.against)}</p><p>Proposed: {_safe(trial.version)}</p>"
            "<p>Solid outlines are newly hidden, dashed ones newly shown. No image is shown here.</p>"
        )
        sums = list(trial.lines())[len(trial.tried) :]
        page.write("<ul>" + "".join(f"<li>{_safe(line)}</li>" for line in sums) + "</ul></header>\n<main>\n")
        for one in trial.tried:
            page.write(_figure(one, trial.told_of(one)))
        page.write("</main>\n</body>\n</html>\n")


def _figure(one: Tried, told: str) -> str:
    caption = f"<figcaption><b>{_safe(one.asset_id)}</b> {_safe(told)}</figcaption>"
    return f"<figure>{_drawing(one)}{caption}</figure>\n"


def _drawing(one: Tried) -> str:
    if one.size is None or one.difference is None:
        return ""
    shapes = [
        f'<polygon class="{part}" points="{_points(each)}">'
        f"<title>{_safe(each.kind.value)}: {WORDS[part]}</title></polygon>"
        for part in PARTS
        for each in getattr(one.difference, part)
    ]
    box = f"0 0 {one.size.width} {one.size.height}"
    return f'<svg viewBox="{box}" width="{WIDTH}" role="img">{"".join(shapes)}</svg>'


def _points(each: Difference) -> str:
    """The corners of what is outlined, or of the rectangle."""
    r = each.region
    rectangle = ((r.x0, r.y0), (r.x1, r.y0), (r.x1, r.y1), (r.x0, r.y1))
    corners = rectangle if each.outline is None else each.outline.corners
    return " ".join(f"{x:g},{y:g}" for x, y in corners)


def _safe(text: str) -> str:
    return html.escape(text)
