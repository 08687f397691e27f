"""`privgate bench`: how much of what people labelled is hidden, and at what cost."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.bench.annotations import LabelledImage, check_present, of_kinds, read_data
from gateway.bench.change import BARS, Bar
from gateway.bench.peer import Peer
from gateway.bench.product import Machine
from gateway.bench.results import read_verdicts
from gateway.bench.run import State
from gateway.bench.sample import Half, sampled
from gateway.cli.bench_files import Files, check_files, write_files
from gateway.cli.bench_run import Order, carry_out
from gateway.cli.bench_told import tell_results
from gateway.cli.options import known_detectors, parse_kinds
from gateway.cli.stopping import STOPPED, stop_on_sigterm
from gateway.settings import models_folder, wanted_precision
from policies.model import Kind, RedactionMethod
from policies.policy import Policy, load_policy

SOME_NOT_MEASURED = 3


def bench(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="COCO: annotations.json, its folder, or a folder of such.")
    ],
    policy: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="A preset's name, or a policy file.")
    ] = "street",
    kinds: Annotated[
        str | None, typer.Option(metavar="KINDS", help="Only these kinds of the policy, by commas.")
    ] = None,
    method: Annotated[
        RedactionMethod | None, typer.Option(help="Hide everything this way, whatever the policy says.")
    ] = None,
    category: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=KIND", help="What a category of the data is here; NAME=- leaves it out."),
    ] = None,
    inner: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Of each side of a box, looked at. [0.8 for faces, else 1]"),
    ] = None,
    min_changed: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Of its pixels that cover it. [0.7 for faces, else 0.95]"),
    ] = None,
    half: Annotated[Half, typer.Option(help="Which half of the images, by their names.")] = Half.ALL,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most N images; always the same.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=256, help="Worker processes; one a core by default.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="CMD",
            help="Another tool: a command with {input} {output}, or {inputs} {outputs} for folders.",
        ),
    ] = None,
    sweep: Annotated[
        bool,
        typer.Option("--sweep", help="Choose hide thresholds on one half, report them on the other."),
    ] = False,
    max_over: Annotated[
        float, typer.Option(metavar="SHARE", help="Over-redaction that --sweep may choose, a kind.")
    ] = 0.02,
    profile: Annotated[
        bool, typer.Option("--profile", help="Tell where time goes, in the gateway too.")
    ] = False,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="All results, for programs and --compare.")
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The --json of an earlier run: image by image."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The report as a page; it shows no image.")
    ] = None,
    misses: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A page of what was missed. It SHOWS what must be hidden."),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep the copies here; an interrupted run goes on from them."),
    ] = None,
) -> None:
    """Measures a policy on labelled images: what is hidden, at what cost, against another tool.

    Black box: the files written are compared with the inputs, whatever was detected. Boxes are in pixels of
    the upright image (EXIF applied). Status 0: all was measured. 3: some images were refused, or could not be
    compared; their boxes count as leaked. 2: wrong usage, or the run cannot go on.
    """
    chosen = load_policy(policy, detectors=known_detectors()).narrowed(
        kinds=parse_kinds(kinds), method=method
    )
    images = of_kinds(read_data(data, _categories(category or [])), chosen.kinds)
    bars = _bars(images, chosen, inner, min_changed)
    if sweep and half is not Half.ALL:
        raise typer.BadParameter("--sweep uses both halves; leave --half out")
    if not 0 <= max_over <= 1:
        raise typer.BadParameter(f"{max_over} is no share", param_hint="--max-over")
    images = sampled(images, half, limit)
    check_present(images)
    files = Files(json=json, html=html, misses=misses)
    check_files(files, keep, data)
    cores = len(os.sched_getaffinity(0))
    workers = min(jobs or cores, len(images))
    order = Order(
        images=images,
        policy=chosen,
        bars=bars,
        machine=Machine(
            models_folder(os.environ), workers, max(1, cores // workers), wanted_precision(os.environ)
        ),
        peer=Peer(against) if against is not None else None,
        earlier=read_verdicts(compare) if compare is not None else None,
        ceiling=max_over if sweep else None,
        profile=profile,
        facts={"data": data.resolve().name, "half": half.value, "limit": limit, "images": len(images)},
    )
    try:
        with stop_on_sigterm():
            results = carry_out(order, keep, _progress)
    except KeyboardInterrupt:
        again = (
            f"; the same command goes on from {keep}"
            if keep
            else "; with --keep DIR it could be gone on with"
        )
        print(f"stopped{again}", file=sys.stderr)
        raise typer.Exit(STOPPED) from None
    for line in tell_results(results, profile=profile):
        print(line)
    for line in write_files(files, results, images):
        print(line)
    unmeasured = [
        one for one in results.runs[0].images if one.made.state is State.REFUSED or one.score.failure
    ]
    if unmeasured:
        raise typer.Exit(SOME_NOT_MEASURED)


def _categories(given: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    if wrong := [name for name, sign, meaning in pairs if not (name and sign and meaning)]:
        raise typer.BadParameter(f"{wrong[0]}: write NAME=KIND", param_hint="--category")
    return {name: meaning for name, _, meaning in pairs}


def _bars(
    images: list[LabelledImage], policy: Policy, inner: float | None, min_changed: float | None
) -> dict[Kind, Bar]:
    """Of the kinds that are both looked for and labelled."""
    labelled = sorted(
        kind for kind in policy.kinds if any(image.labels(frozenset({kind})) for image in images)
    )
    try:
        return {
            kind: Bar(
                BARS[kind].inner if inner is None else inner,
                BARS[kind].min_changed if min_changed is None else min_changed,
            )
            for kind in labelled
        }
    except ValueError as exc:
        raise typer.BadParameter("a share above 0, at most 1", param_hint="--inner, --min-changed") from exc


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)
