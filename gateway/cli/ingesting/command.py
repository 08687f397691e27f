"""`privgate ingest`: a folder, a ZIP or an object store's prefix, brought into a dataset over HTTP."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.ingesting.journal import Line, Standing, open_journal
from gateway.cli.ingesting.objects import ObjectSource, is_object_store, journal_name
from gateway.cli.ingesting.run import Run, Summary, plan
from gateway.cli.ingesting.sender import Sender
from gateway.cli.ingesting.sources import FolderSource, Source, open_zip
from gateway.cli.shown import shown
from gateway.errors import Misconfigured

SOME_HELD_BACK = 3
STOPPED = 130  # 128 + SIGINT, as a shell would say

JOURNAL_ENDING = ".privgate-ingest.jsonl"

Dataset = Annotated[str, typer.Option("--dataset", metavar="ID", help="The dataset they belong to.")]
Url = Annotated[str, typer.Option("--url", metavar="URL", help="The gateway's address.")]
TokenFile = Annotated[
    Path, typer.Option("--token-file", metavar="FILE", help="The token, or what `tokens create` printed.")
]
JournalFile = Annotated[
    Path | None,
    typer.Option("--journal", metavar="FILE", help="What was done, file by file [beside the source]."),
]
Jobs = Annotated[int, typer.Option(min=1, max=64, help="Files under way at a time.")]


def ingest(
    source: Annotated[
        str, typer.Argument(metavar="DIR|ZIP|URL", help="A folder, a ZIP, or s3://bucket/prefix.")
    ],
    dataset: Dataset,
    url: Url,
    token_file: TokenFile,
    journal: JournalFile = None,
    jobs: Jobs = 4,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="End when all is sent.")] = False,
) -> None:
    """Brings images into a dataset. After any interruption the same command goes on where it stopped.

    Status 0: all released (with --no-wait: all taken in). 3: some were refused, quarantined or wait for a
    person. 2: wrong usage, or the run cannot go on. 130: stopped by Ctrl-C.
    """
    where = journal or journal_beside(source)
    token = read_token(token_file)
    sender = Sender(url, token)
    try:
        with stop_on_sigterm(), _opened(source, where) as files, open_journal(where, dataset) as kept:
            run = Run(sender, files, kept, dataset, jobs=jobs)
            planned = plan(files.items(), kept)
            if not planned.here and not kept.lines:
                raise typer.BadParameter(f"{shown(source)} holds no file")
            with _bar("sending", len(planned.todo)) as tell:
                run.send(planned.todo, lambda line, advice: tell(1, refusal(line, advice)))
            run.close()
            if not no_wait:
                with _bar("anonymizing", sum(line.asset is not None for line in kept.lines.values())) as tell:
                    run.wait(_steps(tell))
            summary = Summary.of(line for path, line in kept.lines.items() if path in planned.here)
    except KeyboardInterrupt:
        print("stopped; the same command goes on where this run stopped", file=sys.stderr)
        raise typer.Exit(STOPPED) from None
    finally:
        sender.close()
    print("\n".join(summary.lines()))
    if summary.held_back:
        raise typer.Exit(SOME_HELD_BACK)


def read_token(path: Path) -> str:
    """The token alone, or from what `privgate tokens create` printed. Raises Misconfigured."""
    remedy = f"make one: (umask 077; privgate tokens create uploader > {shlex.quote(str(path))})"
    try:
        lines = [line.split() for line in path.read_text("ascii").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(f"{path} holds no token that can be read; {remedy}") from exc
    match [words for words in lines if len(lines) == 1 or words[0] == "token"]:
        case [[token]] | [["token", token]]:
            return token
        case _:
            raise Misconfigured(f"{path} holds no token; {remedy}")


def refusal(line: Line, advice: str) -> str:
    """What is said of a file that was not taken; nothing of others."""
    if line.state is not Standing.REFUSED:
        return ""
    return f"refused: {shown(line.path)}: {line.reason}; {advice}"


def journal_beside(source: str) -> Path:
    """Beside a folder or a ZIP; an object store's in the working folder."""
    if is_object_store(source):
        return Path(journal_name(source) + JOURNAL_ENDING)
    path = Path(source).absolute()
    return path.with_name(path.name + JOURNAL_ENDING)


@contextmanager
def _opened(source: str, journal: Path) -> Iterator[Source]:
    path = Path(source)
    if is_object_store(source):
        yield ObjectSource(source)
    elif path.is_dir():
        yield FolderSource(path, skip=journal)
    elif path.is_file() and zipfile.is_zipfile(path):
        with open_zip(path) as archive:
            yield archive
    elif os.path.lexists(path):
        raise typer.BadParameter(f"{shown(source)} is no folder and no ZIP")
    else:
        raise typer.BadParameter(f"{shown(source)}: no such folder or ZIP")


@contextmanager
def stop_on_sigterm() -> Iterator[None]:
    """Being asked to end is like Ctrl-C."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """A bar on a terminal; everywhere one line for each file that is refused."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)

        def tell(steps: int, words: str) -> None:
            progress.advance(task, steps)
            if words:
                console.print(words, markup=False, highlight=False, soft_wrap=True)

        yield tell


def _steps(tell: Callable[[int, str], None]) -> Callable[[int], None]:
    """From a count that grows to steps of the bar."""
    before = 0

    def settled(count: int) -> None:
        nonlocal before
        tell(count - before, "")
        before = count

    return settled
