"""The report of a bench run as one page that stands by itself: tables and plots, no image, no script."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gateway.bench.plots import Curve, Series, curves, stacked, whiskers
from gateway.bench.results import Results
from gateway.bench.run import Run
from gateway.bench.style import FOOT, head
from gateway.bench.summary import HEIGHTS, Boxes, Summary, misses
from gateway.bench.tables import (
    Table,
    comparison_line,
    gateway_line,
    hidden_table,
    interval,
    overall_table,
    percent,
    percent_interval,
    profile_table,
    seconds,
    share,
    sweep_table,
)
from policies.model import Kind

WORST = 20
"""Images listed with the most boxes left."""

_HOW = (
    "A box is covered when enough pixels of its inner part changed between the input and the file written, "
    "both upright; blurred when not, but its detail is gone; leaked otherwise, also where nothing could be "
    "compared. Over-redaction is the share of changed pixels outside all labels, so what is not labelled and "
    "rightly hidden counts too: an upper bound.",
    "95 % intervals. Shares of images: Wilson. Shares of boxes: Wilson for the effective number of "
    "independent boxes (Kish's design effect), since those of one image are missed together. "
    "Means: bootstrap over images. Two runs: exact sign test over images, both judged by boxes leaked.",
)


def report_page(results: Results) -> str:
    """HTML. Names of images are on it, images are not."""
    summaries = results.summaries
    parts = [
        head("Bench"),
        f"<header><h1>How much is hidden</h1><p>{_safe(results.runs[0].title)}</p></header>\n<main>\n",
        _section("In short", _tiles(results.runs[0], summaries[0])),
    ]
    for kind in sorted(results.runs[0].bars):
        parts += _kind_plot(kind, results.runs, summaries)
    for run, summary in zip(results.runs, summaries, strict=True):
        parts.append(_table_section(hidden_table(run.title, summary)))
    parts.append(_table_section(overall_table(results.runs, summaries)))
    parts += _comparisons(results)
    parts += _sweeps(results)
    parts += _times(results)
    parts.append(_section("Most left to be seen", _worst(results.runs[0])))
    parts.append(_section("How this was measured", _how(results)))
    return "".join(parts) + "</main>\n" + FOOT


def _tiles(run: Run, summary: Summary) -> str:
    tiles = [
        (
            share(found.all.hidden),
            f"{found.kind.value} covered or blurred ({interval(found.all.hidden)}); "
            f"covered {share(found.all.covered)}",
        )
        for found in summary.kinds
    ]
    tiles += [
        (
            share(summary.perfect_hidden),
            f"images without a leak ({interval(summary.perfect_hidden)}); {share(summary.perfect)} covered",
        ),
        (percent(summary.over.value), f"over-redaction ({percent_interval(summary.over)})"),
        (share(summary.released), f"released without a person ({interval(summary.released)})"),
        (seconds(run.seconds_an_image), f"seconds an image, {run.jobs} at a time"),
    ]
    cells = "".join(
        f"<div><b>{_safe(figure)}</b><span>{_safe(words)}</span></div>" for figure, words in tiles
    )
    return f'<div class="tiles">{cells}</div>'


def _kind_plot(kind: Kind, runs: Sequence[Run], summaries: Sequence[Summary]) -> Iterator[str]:
    found = [next((one for one in summary.kinds if one.kind is kind), None) for summary in summaries]
    groups = [name for _, name in HEIGHTS if any(one and name in one.by_height for one in found)]
    if not groups:
        return
    series = [
        Series(run.title, [_hidden(one.by_height.get(name)) if one else None for name in groups])
        for run, one in zip(runs, found, strict=True)
    ]
    label = f"{kind.value}: covered or blurred, by height of the box in pixels"
    yield _section(label, whiskers(groups, series, label=label))


def _hidden(boxes: Boxes | None) -> tuple[float, float, float] | None:
    if boxes is None or boxes.hidden.value is None:
        return None
    return boxes.hidden.value, boxes.hidden.low, boxes.hidden.high


def _comparisons(results: Results) -> Iterator[str]:
    for found in results.comparisons:
        lost = ""
        if found.losses:
            names = "".join(f"<li>{_safe(name)}</li>" for name in found.losses)
            lost = f"<details><summary>the {found.lost} lost</summary><ul>{names}</ul></details>"
        yield _section("Image by image", f"<p>{_safe(comparison_line(found))}</p>{lost}")


def _sweeps(results: Results) -> Iterator[str]:
    ceiling = results.facts.get("ceiling")
    for swept in results.swept:
        points = sorted((100 * point.over, point.recall.value or 0.0, point.hide) for point in swept.points)
        spots = [
            (over, recall, f"{name}: {hide:.3f}")
            for over, recall, hide in points
            for name, which in (("the policy's own", swept.own), ("chosen", swept.chosen))
            if hide == which
        ]
        plot = curves(
            [Curve(swept.kind.value, [(over, recall) for over, recall, _ in points], spots)],
            label=f"{swept.kind.value}: covered, over over-redaction",
            across="over-redaction, % of the pixels outside labels",
            limit=(100 * ceiling, "the ceiling") if isinstance(ceiling, float) else None,
        )
        table = sweep_table(swept)
        yield _section(table.title, plot + _table(table))


def _times(results: Results) -> Iterator[str]:
    if steps := results.steps:
        stages = [(step.name, step.share) for step in steps if step.part_of is None]
        table = profile_table(steps)
        yield _section(table.title, stacked(stages, label=table.title) + _table(table))
    if through := results.gateway_steps:
        title = gateway_line(through, len(results.through_gateway))
        stages = [(step.name, step.share) for step in through if step.part_of is None]
        yield _section(title, stacked(stages, label=title) + _table(profile_table(through)))
    series = []
    for run in results.runs:
        times = sorted(image.made.seconds for image in run.images)
        points = [(time, (place + 1) / len(times)) for place, time in enumerate(times)]
        series.append(Curve(run.title, points))
    label = "Share of the images done within so many seconds"
    yield _section(label, curves(series, label=label, across="seconds in one worker"))


def _worst(run: Run) -> str:
    left: dict[str, int] = {}
    for image, _ in misses(run.images):
        left[image.made.name] = left.get(image.made.name, 0) + 1
    failures = {image.made.name: image.score.failure for image in run.images if image.score.failure}
    reasons = {image.made.name: image.made.reason or "" for image in run.images}
    rows = [
        (name, str(count), failures.get(name) or "", reasons[name])
        for name, count in sorted(left.items(), key=lambda one: (-one[1], one[0]))[:WORST]
    ]
    rows += [(name, "0", why or "", reasons[name]) for name, why in failures.items() if name not in left]
    if not rows:
        return "<p>Every labelled box is covered.</p>"
    return _table(
        Table("", ("image", "boxes not covered", "not compared", "held or refused for"), tuple(rows))
    )


def _how(results: Results) -> str:
    facts: list[tuple[str, object]] = list(results.facts.items())
    for run in results.runs:
        facts += [(f"{run.title}: {name}", value) for name, value in run.facts.items()]
    bars = ", ".join(
        f"{kind.value}: {bar.min_changed:g} of the inner {bar.inner:g}"
        for kind, bar in sorted(results.runs[0].bars.items())
    )
    listed = "".join(f"<dt>{_safe(name)}</dt><dd>{_safe(_told(value))}</dd>" for name, value in facts)
    words = "".join(f"<p>{_safe(text)}</p>" for text in (*_HOW, f"A box counts as covered at {bars}."))
    return f"{words}<dl>{listed}</dl>"


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_told(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_told, value)) or "none"
    return "none" if value is None else str(value)


def _table_section(table: Table) -> str:
    return _section(table.title, _table(table))


def _table(table: Table) -> str:
    header = "".join(f"<th>{_safe(word)}</th>" for word in table.header)
    rows = "".join(f"<tr>{''.join(_cells(row))}</tr>" for row in table.rows)
    return f'<div class="wide"><table><thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cells(row: Iterable[str]) -> Iterator[str]:
    for word in row:
        indent = "&emsp;" * ((len(word) - len(word.lstrip(" "))) // 2)
        yield f"<td>{indent}{_safe(word.strip())}</td>"


def _section(title: str, inside: str) -> str:
    return f"<section><h2>{_safe(title)}</h2>{inside}</section>\n"


def _safe(text: str) -> str:
    return html.escape(text)
