"""The `privgate` command: parse, call, print. A file a group of commands."""

from __future__ import annotations

import sys

import typer

from audit.errors import AuditError
from gateway.cli.late import LateCommand, group_of
from gateway.errors import GatewayError, InputRefused
from policies.errors import PolicyError

WRONG_USAGE = 2

COMMANDS = {
    "anonymize": LateCommand(
        "gateway.cli.anonymize",
        "anonymize",
        "Anonymizes images: hides what the policy names, drops all metadata, checks each file written.",
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
    "worker": LateCommand("gateway.cli.servers", "worker", "Anonymizes what was brought in."),
    "sequencer": LateCommand(
        "gateway.cli.servers", "sequencer", "Orders the log and signs its checkpoints; run one."
    ),
    "migrate": LateCommand(
        "gateway.cli.migrate",
        "migrate",
        "Brings the database and the job engine's up to date; nothing to do is fine.",
    ),
    "models": LateCommand(
        "gateway.cli.models", "app", "The model files of the detectors: fetch, list, verify, import."
    ),
    "policy": LateCommand("gateway.cli.policy", "app", "Policies: check, diff, preview."),
    "tokens": LateCommand("gateway.cli.tokens", "app", "Bearer tokens: create, list, revoke."),
    "keys": LateCommand(
        "gateway.cli.keys", "app", "The keys that seal originals and copies, and sign the log."
    ),
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
    "audit": LateCommand("gateway.cli.audit", "app", "The tamper-evident log: verify, export, key."),
}

app = typer.Typer(
    name="privgate",
    cls=group_of(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Self-hosted privacy and anonymization gateway for image annotation.",
)


@app.callback()
def privgate() -> None:
    """Self-hosted privacy and anonymization gateway for image annotation."""


def main() -> None:
    """Runs a command; errors of ours become one clear message and status 2, never a traceback."""
    try:
        app()
    except (GatewayError, PolicyError, AuditError) as exc:
        print(f"privgate: {exc}", file=sys.stderr)
        if isinstance(exc, InputRefused):
            print(f"privgate: {exc.advice}", file=sys.stderr)
        sys.exit(WRONG_USAGE)
