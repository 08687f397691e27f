"""`privgate anonymize`: files in, sanitized files out, no server and no database."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.before_after import BeforeAfterPage
from gateway.errors import Misconfigured
from gateway.services.anonymize_files import Job, Outcome, Status, plan_jobs
from gateway.services.file_workers import Done, Order, run
from gateway.settings import models_folder
from policies.model import Kind, RedactionMethod
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
    policy: Annotated[str, typer.Option(help="A preset's name, or a policy file.")] = "street",
    kinds: Annotated[
        str | None, typer.Option(help="Only these kinds of the policy, by commas: face,license_plate.")
    ] = None,
    method: Annotated[
        RedactionMethod | None, typer.Option(help="Hide everything this way, whatever the policy says.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON Lines, one object a file.")
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
    2: wrong usage.
    """
    chosen = load_policy(policy)
    effective = chosen.narrowed(kinds=_parse_kinds(kinds), method=method)
    facts = _facts(chosen, effective, kinds, method)
    missing = [str(path) for path in inputs if not path.exists()]
    if missing:
        raise typer.BadParameter(f"{', '.join(missing)}: no such file or folder")
    todo = plan_jobs(inputs, out, random_names=names is Names.RANDOM)
    if not todo:
        raise typer.BadParameter("the folders given hold no file")
    cores = len(os.sched_getaffinity(0))
    workers = min(jobs or cores, len(todo))
    order = Order(
        policy=effective,
        facts=facts,
        out=out,
        models=models_folder(os.environ),
        threads=max(1, cores // workers),
        previews=html is not None,
    )
    counts = _run_and_report(todo, order, workers, report, html)
    print(f"{_summary(counts)}; written to {out}")
    if counts[Status.ANONYMIZED] < len(todo):
        raise typer.Exit(SOME_NOT_ANONYMIZED)


def _parse_kinds(text: str | None) -> list[Kind] | None:
    if text is None:
        return None
    try:
        return [Kind(word.strip()) for word in text.split(",")]
    except ValueError as exc:
        raise typer.BadParameter(f"{exc}; the kinds are {', '.join(Kind)}", param_hint="--kinds") from exc


def _facts(
    chosen: Policy, effective: Policy, kinds: str | None, method: RedactionMethod | None
) -> dict[str, Any]:
    """What the report says of the policy. The version is that of what was done, overrides included."""
    overrides = {"kinds": kinds, "method": method.value if method else None}
    return {
        "name": chosen.name,
        "version": effective.version,
        "overrides": {name: value for name, value in overrides.items() if value is not None},
    }


def _run_and_report(
    todo: list[Job], order: Order, workers: int, report: Path | None, html: Path | None
) -> Counter[Status]:
    counts: Counter[Status] = Counter()
    with ExitStack() as stack:
        lines = stack.enter_context(_opened(report).open("w", encoding="utf-8")) if report else None
        page = stack.enter_context(BeforeAfterPage(_opened(html), order.facts)) if html else None
        for done in _with_progress(run(todo, order, workers=workers), len(todo)):
            counts[done.outcome.status] += 1
            if lines:
                lines.write(json.dumps(done.outcome.to_dict(), sort_keys=True) + "\n")
                lines.flush()
            if page:
                page.add(done.outcome, done.preview)
    return counts


def _opened(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as exc:
        raise Misconfigured(f"{path} cannot be written ({exc.strerror}); name another file") from exc
    return path


def _with_progress(results: Iterator[Done], total: int) -> Iterator[Done]:
    """A bar on a terminal; elsewhere one line for each file that is not anonymized."""
    console = Console(stderr=True)
    columns = (TextColumn("anonymizing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("anonymizing", total=total)
        for done in results:
            progress.advance(task)
            if done.outcome.status is not Status.ANONYMIZED:
                console.print(_line(done.outcome), markup=False, highlight=False, soft_wrap=True)
            yield done


def _line(outcome: Outcome) -> str:
    return f"{outcome.status.replace('_', ' ')}: {outcome.input}: {outcome.reason}; {outcome.advice}"


def _summary(counts: Counter[Status]) -> str:
    parts = [
        f"{counts[Status.ANONYMIZED]} anonymized",
        f"{counts[Status.NEEDS_REVIEW]} for review",
        f"{counts[Status.REFUSED]} refused",
    ]
    return ", ".join(parts)
