"""The look of the bench's two pages: one style sheet, no script, nothing from elsewhere."""

from __future__ import annotations

import html

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title} · Privgate</title>
<style>
:root {{ --page: #f3f5f6; --card: #fff; --ink: #15212a; --soft: #52626d; --line: #d5dcdf; --bad: #a82a1e }}
:root {{ --c0: #1f5fa8; --c1: #b5541c; --c2: #2f7a4d }}
:root {{ --p0: #1f5fa8; --p1: #2f7a4d; --p2: #7a5aa6; --p3: #b5541c; --p4: #52626d; --p5: #8a6d1a }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #0e1417; --card: #172027; --ink: #e5ecef; --soft: #a9b7bf }}
  :root {{ --line: #2b3840; --bad: #ffa095 }}
  :root {{ --c0: #7db4ee; --c1: #f2a674; --c2: #7fd3a4 }}
}}
* {{ box-sizing: border-box }}
body {{ margin: 0 auto; max-width: 1080px; padding: 32px 20px 64px }}
body {{ background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }}
h1 {{ margin: 0 0 4px; font-size: 22px; font-weight: 640 }}
h2 {{ margin: 0 0 10px; font-size: 17px; font-weight: 640 }}
p {{ margin: 4px 0 10px; color: var(--soft); overflow-wrap: anywhere }}
.warn {{ margin: 16px 0; padding: 10px 14px; border-left: 3px solid var(--bad); background: var(--card) }}
.warn {{ color: var(--bad) }}
section, figure {{ margin: 16px 0; padding: 18px; background: var(--card); border: 1px solid var(--line) }}
section, figure {{ border-radius: 8px }}
.wide {{ overflow-x: auto }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }}
th, td {{ padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); text-align: right }}
th:first-child, td:first-child {{ text-align: left; overflow-wrap: anywhere }}
th {{ color: var(--soft); font-weight: 550; vertical-align: bottom }}
td small {{ color: var(--soft); white-space: nowrap; font-size: 13px }}
.tiles {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px }}
.tiles div {{ padding: 12px 14px; border: 1px solid var(--line); border-radius: 6px }}
.tiles b {{ display: block; font-size: 24px; font-weight: 620; font-variant-numeric: tabular-nums }}
.tiles span {{ display: block; color: var(--soft); font-size: 13px }}
svg {{ width: 100%; max-width: 760px; height: auto; display: block; margin: 8px 0 }}
svg text {{ font: 12px system-ui, sans-serif; fill: var(--soft) }}
.tick, .inside {{ text-anchor: middle }} .side {{ text-anchor: end }}
svg .inside {{ fill: #fff }}
.grid {{ stroke: var(--line) }} .line {{ fill: none; stroke-width: 2 }}
.limit {{ stroke: var(--bad); stroke-dasharray: 5 4 }}
circle.c0 {{ fill: var(--c0) }} circle.c1 {{ fill: var(--c1) }} circle.c2 {{ fill: var(--c2) }}
.line.c0 {{ stroke: var(--c0) }} .line.c1 {{ stroke: var(--c1) }} .line.c2 {{ stroke: var(--c2) }}
.p0 {{ fill: var(--p0) }} .p1 {{ fill: var(--p1) }} .p2 {{ fill: var(--p2) }}
.p3 {{ fill: var(--p3) }} .p4 {{ fill: var(--p4) }} .p5 {{ fill: var(--p5) }}
.legend {{ display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 }}
.legend i {{ display: inline-block; width: 12px; height: 12px; border-radius: 6px; margin-right: 6px }}
.k0 {{ background: var(--c0) }} .k1 {{ background: var(--c1) }} .k2 {{ background: var(--c2) }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 3px 16px; margin: 0 }}
dt {{ color: var(--soft) }} dd {{ margin: 0; overflow-wrap: anywhere }}
.sheet {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 14px }}
.sheet figure {{ margin: 0; padding: 10px }}
.pair {{ display: grid; grid-template-columns: 1fr 1fr; gap: 6px }}
.pair img {{ width: 100%; height: auto; display: block; border-radius: 3px }}
figcaption {{ margin-top: 6px; font-size: 13px; color: var(--soft); overflow-wrap: anywhere }}
figcaption b {{ color: var(--ink); font-weight: 600 }}
</style>
</head>
<body>
"""

FOOT = "</body>\n</html>\n"


def head(title: str) -> str:
    """Up to and with <body>. The page may show pictures that lie in it, and fetch nothing."""
    return _HEAD.format(title=html.escape(title))
