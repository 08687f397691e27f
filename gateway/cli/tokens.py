"""`privgate tokens`: bearer tokens for people, one role each.

What opens the database is imported by each command: its libraries take longer than the help.
"""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.columns import columns
from gateway.cli.options import Data, open_installation
from policies.access import Role

app = typer.Typer(no_args_is_help=True, help="Bearer tokens: create, list, revoke.")


@app.command()
def create(
    role: Annotated[Role, typer.Argument(help="What the person is here for.")],
    name: Annotated[str | None, typer.Option(help="Whose it is; kept apart from the log, erasable.")] = None,
    data: Data = None,
) -> None:
    """Makes a person and a token. The token is shown once; only its hash is kept."""
    from gateway.services.people import issue_token
    from gateway.store.ledger import utc_now

    _, database = open_installation(data, jobs=False)
    issued = issue_token(database, role=role, name=name, clock=utc_now)
    print(f"person {issued.person_id}")
    print(f"token-id {issued.token_id}")
    print(f"token {issued.secret}")


@app.command("list")
def list_all(data: Data = None) -> None:
    """Shows every token: its id, whose it is, its role, whether it still works."""
    from gateway.services.people import list_tokens

    _, database = open_installation(data, jobs=False)
    rows = [
        (
            token.id,
            token.person_id,
            token.person_name or "-",
            token.role,
            f"{token.created_at:%Y-%m-%d %H:%M}Z",
            "works" if token.revoked_at is None else f"revoked {token.revoked_at:%Y-%m-%d %H:%M}Z",
        )
        for token in list_tokens(database)
    ]
    print(columns(("token id", "person", "name", "role", "made", "state"), rows))


@app.command()
def revoke(token_id: Annotated[str, typer.Argument(help="As `list` shows it.")], data: Data = None) -> None:
    """Ends a token, from the next request on."""
    from gateway.services.people import revoke_token
    from gateway.store.ledger import utc_now

    _, database = open_installation(data, jobs=False)
    revoke_token(database, token_id, clock=utc_now)
    print(f"revoked {token_id}")
