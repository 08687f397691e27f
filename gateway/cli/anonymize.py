"""`privgate anonymize`: files in, sanitized files out, no server and no database."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.options import known_detectors, parse_kinds
from gateway.cli.run_report import RunReport, check_report_files
from gateway.cli.shown import shown
from gateway.cli.stopping import STOPPED, bell_on_stop
from gateway.services.anonymize_files import Outcome, RunFacts, Status
from gateway.services.file_orders import Done, Order
from gateway.services.file_plan import Job, plan_jobs
from gateway.services.file_workers import FileWorkers
from gateway.services.whole_files import output_folder
from gateway.settings import largest_image, longest_decode, models_folder, wanted_precision
from policies.model import RedactionMethod
from policies.policy import Policy, load_policy

SOME_NOT_ANONYMIZED = 3


class Names(StrEnum):
    KEEP = "keep"
    RANDOM = "random"


def anonymize(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT...", help="Images, or folders of images.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where the copies go; not inside an INPUT.")
    ],
    policy: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="A preset's name, or a policy file.")
    ] = "street",
    kinds: Annotated[
        str | None,
        typer.Option(metavar="KINDS", help="Only these kinds of the policy, by commas: face,license_plate."),
    ] = None,
    method: Annotated[
        RedactionMethod | None, typer.Option(help="Hide everything this way, whatever the policy says.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON Lines, one object a file, as the run goes on.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A page of before/after pictures. It SHOWS the originals, small."),
    ] = None,
    names: Annotated[
        Names, typer.Option(help="Keep the files' names, or give random ones (the report links them).")
    ] = Names.KEEP,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=256, help="Worker processes; one a core by default.")
    ] = None,
) -> None:
    """Anonymizes images: hides what the policy names, drops all metadata, checks each file written.

    Status 0: all anonymized. 3: some were refused or wait for a person under DIR/needs-review.
    2: wrong usage, or the run cannot go on. 130: stopped by Ctrl-C. No file is ever half written.
    """
    chosen = load_policy(policy, detectors=known_detectors())
    effective = chosen.narrowed(kinds=parse_kinds(kinds), method=method)
    if missing := [shown(path) for path in inputs if not os.path.lexists(path)]:
        raise typer.BadParameter(f"{', '.join(missing)}: no such file or folder")
    todo = plan_jobs(inputs, out, random_names=names is Names.RANDOM)
    if not todo:
        raise typer.BadParameter("the folders given hold no file")
    check_report_files(report, html, inputs)
    cores = len(os.sched_getaffinity(0))
    workers = min(jobs or cores, len(todo))
    order = Order(
        policy=effective,
        facts=RunFacts(_policy_facts(chosen, effective, kinds, method)),
        out=out,
        models=models_folder(os.environ),
        megapixels=largest_image(os.environ),
        decode_seconds=longest_decode(os.environ),
        threads=max(1, cores // workers),
        precision=wanted_precision(os.environ),
        previews=html is not None,
    )
    with bell_on_stop() as bell:
        counts, stopped = _run(todo, FileWorkers(order, workers, bell=bell), order, report, html)
    if stopped:
        print(f"stopped: {counts.total()} of {len(todo)} done: {_summary(counts)}", file=sys.stderr)
        raise typer.Exit(STOPPED)
    print(f"{_summary(counts)}; written to {shown(out)}")
    if counts[Status.ANONYMIZED] < len(todo):
        raise typer.Exit(SOME_NOT_ANONYMIZED)


def _policy_facts(
    chosen: Policy, effective: Policy, kinds: str | None, method: RedactionMethod | None
) -> dict[str, Any]:
    """What the report says of the policy. The version is that of what was done, overrides included."""
    overrides = {"kinds": kinds, "method": method.value if method else None}
    return {
        "name": chosen.name,
        "version": effective.version,
        "overrides": {name: value for name, value in overrides.items() if value is not None},
    }


def _run(
    todo: list[Job], workers: FileWorkers, order: Order, report: Path | None, html: Path | None
) -> tuple[Counter[Status], bool]:
    """How many became what, and whether the run was stopped before its end.

    A stop comes while the workers are waited for and never in between: what is written is also counted.

    The order is the promise: (1) the workers say that the policy can run here, (2) the output folder takes
    files, and only then (3) anything is written.
    """
    counts: Counter[Status] = Counter()
    try:
        with (
            workers as pool,
            output_folder(order.out),
            RunReport(report, html, order.facts.policy) as written,
            _progress(len(todo)) as tell,
        ):

            def take(done: Done) -> None:
                counts[done.outcome.status] += 1
                written.add(done)
                tell(done.outcome)

            try:
                for done in pool.run(todo):
                    take(done)
            except BaseException as exc:
                for done in pool.call_off():
                    take(done)
                if not isinstance(exc, KeyboardInterrupt):
                    raise
                return counts, True
            finally:
                pool.end()  # before the folder is tidied
    except KeyboardInterrupt:  # while the workers were starting
        return counts, True
    return counts, False


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Outcome], None]]:
    """A bar on a terminal; everywhere one line for each file that is not anonymized."""
    console = Console(stderr=True)
    columns = (TextColumn("anonymizing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("anonymizing", total=total)

        def tell(outcome: Outcome) -> None:
            progress.advance(task)
            if outcome.status is not Status.ANONYMIZED:
                console.print(_line(outcome), markup=False, highlight=False, soft_wrap=True)

        yield tell


def _line(outcome: Outcome) -> str:
    return f"{outcome.status.replace('_', ' ')}: {shown(outcome.input)}: {outcome.reason}; {outcome.advice}"


def _summary(counts: Counter[Status]) -> str:
    parts = [
        f"{counts[Status.ANONYMIZED]} anonymized",
        f"{counts[Status.NEEDS_REVIEW]} for review",
        f"{counts[Status.REFUSED]} refused",
    ]
    return ", ".join(parts)
