"""The results of a bench run on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.bench.results import Results
from gateway.bench.run import Run
from gateway.bench.tables import (
    Table,
    comparison_line,
    gateway_line,
    hidden_table,
    overall_table,
    profile_table,
    sweep_table,
)
from gateway.cli.bench_run import UNLIKE
from gateway.cli.columns import columns
from gateway.cli.shown import shown

FAILURES = 10
"""Images told by name that could not be compared."""


def tell_results(results: Results, *, profile: bool) -> Iterator[str]:
    """Line by line. profile: with the stages."""
    facts = results.facts
    machine = f"{facts['cores']} cores of {facts['processor']}"
    yield f"{shown(str(facts['data']))}: {_count(facts['images'])}, {machine}"
    if UNLIKE in facts:
        yield f"warning: {facts[UNLIKE]} {UNLIKE}; boxes are in pixels of the upright image (EXIF applied)"
    for swept in results.swept:
        yield from _told(sweep_table(swept), titled=True)
    for run, summary in zip(results.runs, results.summaries, strict=True):
        yield from _told(hidden_table(run.title, summary))
    yield from _told(overall_table(results.runs, results.summaries))
    if profile:
        yield from _told(profile_table(results.steps), titled=True)
        through = results.gateway_steps
        title = gateway_line(through, len(results.through_gateway))
        yield from _told(profile_table(through, title), titled=True)
    for run in results.runs:
        yield from _failures(run)
    for found in results.comparisons:
        yield ""
        yield comparison_line(found)


def _count(images: object) -> str:
    return "1 image" if images == 1 else f"{images} images"


def _told(table: Table, *, titled: bool = False) -> Iterator[str]:
    yield ""
    if titled:
        yield table.title
    yield columns(table.header, table.rows)


def _failures(run: Run) -> Iterator[str]:
    failed = [one for one in run.images if one.score.failure is not None]
    for one in failed[:FAILURES]:
        why = f"{one.score.failure}, {shown(one.made.reason)}" if one.made.reason else one.score.failure
        yield f"not compared: {shown(one.made.name)}: {why}"
    if len(failed) > FAILURES:
        yield f"and {len(failed) - FAILURES} more"
