"""The `privgate` command: parse, call, print. A file a group of commands."""

from __future__ import annotations

import sys

import typer

from audit.errors import AuditError
from gateway.cli import anonymize, audit, keys, models, servers, tokens, up
from gateway.errors import GatewayError, InputRefused
from policies.errors import PolicyError

WRONG_USAGE = 2

app = typer.Typer(
    name="privgate",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Self-hosted privacy and anonymization gateway for image annotation.",
)
app.command("anonymize")(anonymize.anonymize)
app.command("up")(up.up)
app.command("serve")(servers.serve)
app.command("worker")(servers.worker)
app.command("sequencer")(servers.sequencer)
app.add_typer(models.app, name="models")
app.add_typer(tokens.app, name="tokens")
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")


def main() -> None:
    """Runs a command; errors of ours become one clear message and status 2, never a traceback."""
    try:
        app()
    except (GatewayError, PolicyError, AuditError) as exc:
        print(f"privgate: {exc}", file=sys.stderr)
        if isinstance(exc, InputRefused):
            print(f"privgate: {exc.advice}", file=sys.stderr)
        sys.exit(WRONG_USAGE)
