"""`privgate watch`: what comes to lie in a folder is brought in, once nobody writes to it any more.

Files stay where they are unless --move is given: a folder may be somebody else's, or written to by a camera.
The journal knows what was brought in, so that a restart brings nothing in twice.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.ingesting.command import (
    Dataset,
    Jobs,
    JournalFile,
    TokenFile,
    Url,
    journal_beside,
    read_token,
    refusal,
    stop_on_sigterm,
)
from gateway.cli.ingesting.journal import Journal, Line, Standing, open_journal
from gateway.cli.ingesting.run import Run, plan
from gateway.cli.ingesting.sender import Sender
from gateway.cli.ingesting.sources import FolderSource, Item
from gateway.cli.shown import shown

DONE_FOLDER = ".done"


class Settling:
    """Lets a file through once its size and time have stood still for a while."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seen: dict[str, tuple[str, float]] = {}

    def settled(self, items: Iterator[Item], *, now: float) -> list[Item]:
        """now: seconds of a clock that never goes back."""
        seen, ready = {}, []
        for item in items:
            mark, since = self._seen.get(item.path, ("", now))
            if mark != item.mark:
                since = now
            seen[item.path] = (item.mark, since)
            if now - since >= self._seconds:
                ready.append(item)
        self._seen = seen
        return ready


def watch(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where files come to lie.")],
    dataset: Dataset,
    url: Url,
    token_file: TokenFile,
    journal: JournalFile = None,
    jobs: Jobs = 4,
    settle: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.0, help="A file is taken when unchanged for so long.")
    ] = 5.0,
    move: Annotated[
        bool, typer.Option("--move", help=f"Move what was taken to DIR/{DONE_FOLDER}; otherwise it stays.")
    ] = False,
) -> None:
    """Brings in what comes to lie in a folder, until it is stopped by Ctrl-C or SIGTERM (status 0).

    A line for each file; those that are refused are told once and stay. 2: wrong usage, or the gateway does
    not answer for long.
    """
    if not folder.is_dir():
        raise typer.BadParameter(f"{shown(folder)} is no folder")
    where = journal or journal_beside(str(folder))
    sender = Sender(url, read_token(token_file))
    source = FolderSource(folder, skip=where)
    try:
        with stop_on_sigterm(), open_journal(where, dataset) as kept:
            run = Run(sender, source, kept, dataset, jobs=jobs, in_batches=False)
            settling = Settling(settle)
            if move:
                for line in kept.lines.values():  # taken before a crash, and not moved any more
                    _move(folder, line)
            while True:
                ready = settling.settled(source.items(), now=time.monotonic())
                _round(run, kept, ready, folder if move else None)
                time.sleep(min(1.0, settle / 2 or 0.2))
    except KeyboardInterrupt:
        return
    finally:
        sender.close()


def _round(run: Run, kept: Journal, ready: list[Item], folder: Path | None) -> None:
    refused = {(line.path, line.mark) for line in kept.lines.values() if line.state is Standing.REFUSED}
    todo = [item for item in plan(ready, kept).todo if (item.path, item.mark) not in refused]

    def tell(line: Line, advice: str) -> None:
        if words := refusal(line, advice):
            print(words, file=sys.stderr, flush=True)
            return
        again = " (was there already)" if line.duplicate else ""
        print(f"taken: {shown(line.path)}: {line.asset}{again}", flush=True)
        if folder is not None:
            _move(folder, line)

    run.send(todo, tell)


def _move(folder: Path, line: Line) -> None:
    """Out of the way, within the same file system. One that changed meanwhile stays: it is a new file."""
    path = folder / line.path
    try:
        status = path.stat()
        if line.asset is None or f"{status.st_size}:{status.st_mtime_ns}" != line.mark:
            return
        target = folder / DONE_FOLDER / line.path
        target.parent.mkdir(parents=True, exist_ok=True)
        while target.exists():
            target = target.with_name(target.name + "~")
        path.rename(target)
    except FileNotFoundError:
        return
    except OSError as exc:
        print(f"not moved: {shown(line.path)}: {exc.strerror}", file=sys.stderr, flush=True)
