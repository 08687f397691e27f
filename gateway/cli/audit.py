"""`privgate audit`: the log, verified here or exported for whoever does not trust us."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway import installation
from gateway.cli.options import Data, open_installation
from gateway.cli.stopping import telling
from gateway.services.audit_log import AuditLog
from gateway.services.reindex import reindex as make_anew
from gateway.store.ledger import utc_now
from gateway.store.queries.log_tree import BLOCK

NOT_VERIFIED = 1

app = typer.Typer(no_args_is_help=True, help="The tamper-evident log: verify, export, reindex, key.")


def _log(data: Path | None) -> AuditLog:
    settings, database = open_installation(data, jobs=False)
    verifier = installation.checkpoint_verifier(settings)
    return AuditLog(database, verifier, settings.checkpoint_file, utc_now)


@app.command()
def verify(
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
    data: Data = None,
) -> None:
    """Verifies the log against its checkpoints and the file of them. Status 0: verified; 1: not."""
    with telling("nothing is said of the log"):
        report = _log(data).verify_here()
    print(report.to_json() if json else "\n".join(report.lines()))
    if not report.verified:
        raise typer.Exit(NOT_VERIFIED)


@app.command()
def export(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Standard output if left out.")] = None,
    data: Data = None,
) -> None:
    """Writes the log as JSON Lines, for `python -m audit.verify EXPORT --key PUBLIC`."""
    lines = _log(data).lines()
    if out is None:
        sys.stdout.writelines(lines)
        return
    with out.open("w", encoding="ascii") as file:
        file.writelines(lines)
    print(f"written to {out}")


@app.command()
def reindex(data: Data = None) -> None:
    """Makes the look-up that searches use anew, from the log's own entries, while the gateway works on.

    No verification depends on it.
    """
    _, database = open_installation(data, jobs=False)
    with telling("what was made anew stays; run it again for the rest"):
        done = make_anew(database)
    print(f"the look-up lists {done.entries} entries; {done.blocks} roots over blocks of {BLOCK} are kept")
    print(f"{done.mended} ranges differed from the entries" if done.mended else "all of it was right before")


@app.command()
def key(data: Data = None) -> None:
    """Prints the log's public key."""
    print(_log(data).key_text)
