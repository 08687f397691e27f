"""The figures of a run as rows of words: what the terminal and the report both show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.bench.compare import Comparison
from gateway.bench.intervals import Mean, Share
from gateway.bench.profile import Step, of_detection
from gateway.bench.run import Run
from gateway.bench.summary import Boxes, Summary
from gateway.bench.sweep import Swept

NONE = "–"


@dataclass(frozen=True, slots=True)
class Table:
    """The first column names the row."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def share(found: Share) -> str:
    return NONE if found.value is None else f"{found.value:.3f}"


def interval(found: Share | Mean, digits: int = 3) -> str:
    return NONE if found.value is None else f"{found.low:.{digits}f}–{found.high:.{digits}f}"


def percent(value: float | None) -> str:
    return NONE if value is None else f"{value:.2%}"


def percent_interval(found: Mean) -> str:
    return NONE if found.value is None else f"{found.low:.2%}–{found.high:.2%}"


def seconds(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def mebibytes(count: int) -> str:
    return f"{count / 2**20:.0f} MiB" if count else NONE


def hidden_table(title: str, summary: Summary) -> Table:
    """How much is hidden, by kind and height, and by source where there are several."""
    rows: list[tuple[str, ...]] = []
    for found in summary.kinds:
        rows.append(_boxes(found.kind.value, found.all))
        rows += [_boxes(f"  {name} px", boxes) for name, boxes in found.by_height.items()]
    rows += [_boxes(f"  from {source}", boxes) for source, boxes in summary.by_source.items()]
    header = (title, "boxes", "covered", "95 %", "or blurred", "95 %")
    return Table("Labelled boxes hidden", header, tuple(rows))


def _boxes(name: str, boxes: Boxes) -> tuple[str, ...]:
    return (
        name,
        str(boxes.count),
        share(boxes.covered),
        interval(boxes.covered),
        share(boxes.hidden),
        interval(boxes.hidden),
    )


def overall_table(runs: Sequence[Run], summaries: Sequence[Summary]) -> Table:
    """What does not go by kind, a column a run."""
    columns = [list(_overall(run, summary)) for run, summary in zip(runs, summaries, strict=True)]
    rows = tuple((names[0][0], *(told for _, told in names)) for names in zip(*columns, strict=True))
    return Table("Altogether", ("", *(run.title for run in runs)), rows)


def _overall(run: Run, summary: Summary) -> Iterator[tuple[str, str]]:
    yield "images (nothing to compare)", f"{summary.images} ({summary.failed})"
    yield "perfect images: every box covered", _with_interval(summary.perfect)
    yield "every box covered or blurred", _with_interval(summary.perfect_hidden)
    yield (
        "over-redaction, mean over images",
        f"{percent(summary.over.value)} ({percent_interval(summary.over)})",
    )
    yield "over-redaction, over all pixels", percent(summary.over_pooled)
    yield "released without a person", _with_interval(summary.released)
    yield "covered among the released", _with_interval(summary.let_go.covered)
    yield "covered or blurred among the released", _with_interval(summary.let_go.hidden)
    yield f"seconds an image on the clock, {run.jobs} at a time", seconds(run.seconds_an_image)
    mean = summary.seconds
    if mean.low < mean.high:
        tail = f"{seconds(summary.seconds_median)}; {seconds(summary.seconds_95)}"
        told = f"{seconds(mean.value)} ({interval(mean, 2)})"
    else:  # a tool that ran once for all
        told = tail = NONE
    yield "seconds an image in one worker: mean", told
    yield "  median; 95 of 100 within", tail
    yield "seconds to start, once", seconds(run.started)
    yield "peak memory of a worker", mebibytes(run.worker_peak)
    yield "peak memory of its decoder", mebibytes(run.decoder_peak)


def _with_interval(found: Share) -> str:
    return NONE if found.value is None else f"{share(found)} ({interval(found)})"


def profile_table(steps: Sequence[Step], title: str = "Where the time goes") -> Table:
    rows = tuple(
        (("  " if step.part_of else "") + step.name, f"{step.milliseconds:.1f}", f"{step.share:.1%}")
        for step in steps
    )
    return Table(title, ("stage", "ms an image", "share"), rows)


def gateway_line(steps: Sequence[Step], images: int) -> str:
    """What sealing, recording and the rest leave of the throughput of bare detection."""
    kept = of_detection(steps)
    share = NONE if kept is None else f"{kept:.2f}"
    return f"The whole gateway, {images} images: {share} of bare detection's throughput"


def sweep_table(swept: Swept) -> Table:
    """One kind's thresholds; the policy's own and the chosen one are marked."""
    rows = []
    for point in swept.points:
        marks = [word for word, hide in (("own", swept.own), ("chosen", swept.chosen)) if hide == point.hide]
        rows.append(
            (
                f"{point.hide:.3f}",
                share(point.recall),
                interval(point.recall),
                percent(point.over),
                f"{point.clear:.3f}",
                ", ".join(marks),
            )
        )
    header = ("hide", "covered", "95 %", "over-redaction", "not doubtful", "")
    return Table(f"Thresholds of {swept.kind.value}, on the half for choosing", header, tuple(rows))


def comparison_line(found: Comparison) -> str:
    """One sentence."""
    return (
        f"{found.this} against {found.other}: images: {found.won} won, {found.lost} lost, {found.same} alike "
        f"(by chance: p = {found.chance:.2g}); of {found.boxes} boxes {found.boxes_won} hidden only here, "
        f"{found.boxes_lost} only there"
    )
