"""`privgate accounts`: who may sign in to the console.

What opens the database is imported by each command: its libraries take longer than the help.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.columns import columns
from gateway.cli.options import Data, open_installation
from gateway.cli.stopping import STOPPED
from gateway.errors import InputRefused
from policies.access import Role

if TYPE_CHECKING:
    from gateway.services.roles import LaidDown
    from gateway.store.database import Database

app = typer.Typer(
    no_args_is_help=True, help="Accounts of the console: invite, vouch, list, reset, role, erase."
)


@app.command()
def invite(
    role: Annotated[Role, typer.Argument(help="What the person is here for.")],
    name: Annotated[str | None, typer.Option(help="Whose it is; kept apart from the log, erasable.")] = None,
    url: Annotated[
        str | None, typer.Option(help="The console's address, for the link; else where `privgate up` runs.")
    ] = None,
    data: Data = None,
) -> None:
    """Makes a person and a link by which they make their account. It works once, for three days."""
    from gateway.services.accounts import invite as make
    from gateway.store.ledger import utc_now

    settings, database = open_installation(data, jobs=False, begins=True)
    invited = make(database, role=role, name=name, clock=utc_now)
    print(f"person {invited.person_id}")
    print(f"link {(url or _address(settings.data)).rstrip('/')}/invitation/{invited.code}")


@app.command("list")
def list_all(data: Data = None) -> None:
    """Shows every account: its user name, whose it is, its role, when it was last seen, whether it works, and
    by whose invitation in the console it came, unless you vouched for it."""
    from gateway.store.queries.accounts import listed

    _, database = open_installation(data, jobs=False)
    with database.reading() as session:
        rows = [
            (
                account.login,
                account.person_id,
                account.name or "-",
                account.role,
                f"{account.seen_at:%Y-%m-%d %H:%M}Z" if account.seen_at else "never",
                account.state,
                account.invited_by or "-",
            )
            for account in listed(session)
        ]
    print(columns(("user name", "person", "name", "role", "seen", "state", "invited by"), rows))


@app.command()
def vouch(
    person: Annotated[str, typer.Argument(help="Their user name, or the person as `list` shows it.")],
    data: Data = None,
) -> None:
    """Says that an account is a person of their own, though an officer invited them in the console.

    Whoever invites sees the link and could use it. So until then the two do not decide on each other's
    policies. Do it once you know the person, and that the account is theirs; the log keeps that you did.
    """
    from gateway.services.one_person import vouch as say

    _, database = open_installation(data, jobs=False)
    print(f"vouched for {say(database, person)}")


@app.command()
def reset(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A user name, a name, or an id.")],
    url: Annotated[
        str | None, typer.Option(help="The console's address, for the link; else where `privgate up` runs.")
    ] = None,
    data: Data = None,
) -> None:
    """Makes a link by which somebody sets a new password. It works once, for a day.

    The password they have works until then. An officer's is made here and nowhere else.
    """
    from gateway.services.resets import offer
    from gateway.store.ledger import utc_now

    settings, database = open_installation(data, jobs=False)
    offered = offer(database, _meant(database, name), clock=utc_now)
    print(f"person {offered.person_id}")
    print(f"link {(url or _address(settings.data)).rstrip('/')}/new-password/{offered.code}")
    print(f"until {offered.until:%Y-%m-%d %H:%M}Z; the password they have works until they set another")


@app.command()
def disable(person: Annotated[str, typer.Argument(help="As `list` shows it.")], data: Data = None) -> None:
    """Ends an account and its open sessions at once. Their tokens go on: see `privgate tokens`."""
    from gateway.services.accounts import disable as end
    from gateway.store.ledger import utc_now

    _, database = open_installation(data, jobs=False)
    ended = end(database, person, clock=utc_now)
    print(f"disabled {person}; {ended} open sessions ended")


@app.command()
def enable(person: Annotated[str, typer.Argument(help="As `list` shows it.")], data: Data = None) -> None:
    """Lets a disabled account sign in again."""
    from gateway.services.accounts import enable as let
    from gateway.store.ledger import utc_now

    _, database = open_installation(data, jobs=False)
    let(database, person, clock=utc_now)
    print(f"enabled {person}")


@app.command()
def role(
    person: Annotated[str, typer.Argument(help="As `list` shows it.")],
    to: Annotated[Role, typer.Argument(metavar="ROLE", help="What they are here for from now on.")],
    data: Data = None,
) -> None:
    """Gives a person another role, in which they begin with no session, token, grant, task or review."""
    from gateway.services.roles import change_role
    from gateway.store.ledger import utc_now

    _, database = open_installation(data, jobs=False)
    laid = change_role(database, person, to, clock=utc_now)
    print(f"{person} is {to.value} now; {_laid_down(laid)}")


@app.command()
def erase(
    person: Annotated[str, typer.Argument(help="As `list` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Without being asked.")] = False,
    data: Data = None,
) -> None:
    """Erases a person's name and account for good. The log keeps their id, and stays verifiable."""
    from gateway.services.roles import erase_name
    from gateway.store.ledger import utc_now

    _, database = open_installation(data, jobs=False)
    if not yes and not typer.confirm(
        f"Erase the name and the account of {person}? Nothing brings them back."
    ):
        print("nothing was erased")
        raise typer.Exit(STOPPED)
    laid = erase_name(database, person, clock=utc_now)
    print(f"erased {person}; {_laid_down(laid)}")


@app.command()
def sign_out(person: Annotated[str, typer.Argument(help="As `list` shows it.")], data: Data = None) -> None:
    """Ends a person's open sessions; the account goes on."""
    from gateway.services.accounts import sign_out as end
    from gateway.store.ledger import utc_now

    _, database = open_installation(data, jobs=False)
    print(f"{end(database, person, clock=utc_now)} open sessions of {person} ended")


def _meant(database: Database, name: str) -> str:
    """The id of the one person whose user name, name or id this is. Raises InputRefused."""
    from gateway.store.queries.workforce import meant

    with database.reading() as session:
        found = meant(session, name.strip())
    if len(found) == 1:
        return found[0]
    raise InputRefused(
        f"{'several people have' if found else 'nobody has'} this name; no link was made",
        advice="give the user name, or the id that `privgate accounts list` shows",
        code="person.unknown",
    )


def _laid_down(laid: LaidDown) -> str:
    return (
        f"{laid.sessions} sessions and {laid.tokens} tokens ended, {laid.grants} grants taken back, "
        f"{laid.tasks} tasks and {laid.reviews} reviews given back"
    )


def _address(data: Path) -> str:
    """Of `privgate up` on this folder, which keeps its port there; 8080 is its own default."""
    try:
        port = int((data / "up.lock").read_text("ascii"))
    except (OSError, ValueError):
        port = 8080
    return f"http://127.0.0.1:{port}"
