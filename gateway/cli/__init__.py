"""The `privgate` command: parse, call, print. A file a group of commands."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated, NoReturn

import typer

from audit.errors import AuditError
from gateway.cli.late import LateCommand, group_of
from gateway.errors import DatabaseUnavailable, GatewayError, InputRefused
from policies.errors import PolicyError

WRONG_USAGE = 2
NO_DATABASE = 4
FAULT = 70  # EX_SOFTWARE of <sysexits.h>
PIPE_CLOSED = 141  # 128 + SIGPIPE, as a shell would say

COMMANDS = {
    "anonymize": LateCommand(
        "gateway.cli.anonymize",
        "anonymize",
        "Anonymizes images: hides what the policy names, drops all metadata, checks each file written.",
    ),
    "prove": LateCommand(
        "gateway.cli.prove",
        "command",
        "Shows that a sanitized file does not depend on what its regions hide: the twin test, signed.",
    ),
    "ingest": LateCommand(
        "gateway.cli.ingesting.command",
        "ingest",
        "Brings images into a dataset; after any interruption the same command goes on.",
    ),
    "watch": LateCommand(
        "gateway.cli.ingesting.watch",
        "watch",
        "Brings in what comes to lie in a folder; until it is stopped.",
    ),
    "export": LateCommand(
        "gateway.cli.ingesting.export",
        "export",
        "Fetches a dataset's released, sanitized copies; under a grant.",
    ),
    "bench": LateCommand(
        "gateway.cli.bench",
        "bench",
        "Measures a policy on labelled images: what is hidden, at what cost, against another tool.",
    ),
    "up": LateCommand("gateway.cli.up", "up", "Runs everything on http://127.0.0.1:PORT until Ctrl-C."),
    "serve": LateCommand("gateway.cli.servers", "serve", "Serves the API."),
    "worker": LateCommand("gateway.cli.background", "worker", "Anonymizes what was brought in."),
    "sequencer": LateCommand(
        "gateway.cli.background", "sequencer", "Orders the log and signs its checkpoints; run one."
    ),
    "migrate": LateCommand(
        "gateway.cli.migrate",
        "migrate",
        "Brings the database and the job engine's up to date; nothing to do is fine.",
    ),
    "models": LateCommand(
        "gateway.cli.models", "app", "The model files of the detectors: fetch, list, verify, import, add."
    ),
    "policy": LateCommand("gateway.cli.policy", "app", "Policies: check, diff, preview."),
    "tokens": LateCommand("gateway.cli.tokens", "app", "Bearer tokens: create, list, revoke."),
    "accounts": LateCommand(
        "gateway.cli.accounts", "app", "Accounts of the console: invite, vouch, list, reset, role, erase."
    ),
    "keys": LateCommand(
        "gateway.cli.keys", "app", "The keys that seal originals and copies, and sign the log."
    ),
    "assets": LateCommand("gateway.cli.assets", "app", "Images by id and state: list, requeue."),
    "labels": LateCommand("gateway.cli.labels", "app", "The labels that annotators made: export."),
    "doctor": LateCommand(
        "gateway.cli.doctor",
        "doctor",
        "Looks at every part and changes none; says what is wrong and what to do.",
    ),
    "backup": LateCommand(
        "gateway.cli.backup",
        "backup",
        "Copies database, sealed blobs and checkpoints while everything runs; no key is in it.",
    ),
    "restore": LateCommand(
        "gateway.cli.backup",
        "restore",
        "Brings a backup back into an empty installation, after verifying its log and all that is sealed.",
    ),
    "audit": LateCommand("gateway.cli.audit", "app", "The tamper-evident log: verify, export, reindex, key."),
}

app = typer.Typer(
    name="privgate",
    cls=group_of(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Self-hosted privacy and anonymization gateway for image annotation.",
)


def _version(asked: bool) -> None:
    if asked:
        from gateway.version import VERSION

        print(f"privgate {VERSION}")
        raise typer.Exit


@app.callback()
def privgate(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Shows the release.")
    ] = False,
) -> None:
    """Self-hosted privacy and anonymization gateway for image annotation."""


def main() -> None:
    """Runs a command; what goes wrong becomes one clear message and a status of its own, never a traceback.

    2: wrong usage, or something is missing. 4: a database does not answer. 70: a fault of ours, the only one
    that is shown with its traceback. 1 is left to the commands: it says "not verified", and nothing else.
    """
    try:
        app()
    except DatabaseUnavailable as exc:
        _fail(str(exc), NO_DATABASE)
    except (GatewayError, PolicyError, AuditError) as exc:
        _fail(str(exc), WRONG_USAGE, exc.advice if isinstance(exc, InputRefused) else None)
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # or the interpreter complains at its end
        sys.exit(PIPE_CLOSED)
    except OSError as exc:
        _fail(str(exc), WRONG_USAGE)
    except Exception as exc:
        if _is_of_a_database(exc):
            _fail(*database_trouble(exc))
        traceback.print_exc()
        sys.exit(FAULT)


def database_trouble(exc: Exception) -> tuple[str, int]:
    """A message and a status. Of what the driver says the first line, which holds no password."""
    cause = getattr(exc, "orig", None) or exc
    said = (str(cause).strip().splitlines() or [""])[0] if cause is not exc else type(exc).__name__
    return f"the database does not answer: {said}; see PRIVGATE_DATABASE, and: privgate doctor", NO_DATABASE


def _is_of_a_database(exc: Exception) -> bool:
    """Whether SQLAlchemy raised it; it is not imported for this."""
    return any(kind.__module__ == "sqlalchemy.exc" for kind in type(exc).__mro__)


def _fail(message: str, status: int, advice: str | None = None) -> NoReturn:
    for line in filter(None, (message, advice)):
        print(f"privgate: {line}", file=sys.stderr)
    sys.exit(status)
