"""Which accounts may be one person's: an approval by a second officer is one only if they are two people.

There is no mail: whoever invites somebody in the console sees the link, and could use it. So an account that
came by such an invitation may be its inviter's own, and those that either invites may be as well. Two people
are taken for two where their chains of invitations have nobody in common: where each goes back to another act
of the operator's (an account, a token or a link made on the machine, or the first set-up). The operator, who
knows people, can vouch for somebody: their chain then begins with them, and takes along whom they invited.

Two reviewers of one image are not held to this: an officer commonly invites all of them, and decides on
nothing by it that the log does not show.
"""

from __future__ import annotations

from sqlmodel import Session

from gateway.errors import Conflict, NotFound
from gateway.services.people import CONSOLE
from gateway.store.database import Database
from gateway.store.queries import accounts, people
from policies.access import Principal


def alike(session: Session, principal: Principal, author: str) -> frozenset[str]:
    """The principal, where they may be the author too; for a decision on what the author proposed."""
    return frozenset() if to_vouch(session, principal.id, author) is None else frozenset({principal.id})


def to_vouch(session: Session, person_id: str, author: str) -> str | None:
    """None where the two are two people; otherwise for whom of them to vouch, so that they are."""
    theirs = people.chain(session, author)
    if set(theirs).isdisjoint(people.chain(session, person_id)):
        return None
    # Whoever invited the other stays on the other's chain, however well they are known themselves.
    return author if person_id in theirs else person_id


def vouch(database: Database, whom: str) -> str:
    """The operator says that this account is nobody else's. whom: a person's id, or a user name.

    Returns the id. Raises NotFound, and Conflict for somebody who has no account yet, so that it may still
    become anybody's, or whose account came by no invitation of the console.
    """
    with database.unit() as unit:
        account = accounts.of_person(unit.session, whom) or accounts.by_login(unit.session, whom.lower())
        if account is None:
            if people.has_person(unit.session, whom):
                raise Conflict(
                    f"{whom} has no account yet; vouch once they have made it. Nothing was changed"
                )
            raise NotFound(f"nobody here has the id or the user name {whom}")
        inviter = people.set_invited_by(unit.session, account.person_id, None)
        if inviter is None:
            raise Conflict(
                f"{whom} is vouched for, or came by no invitation of the console; nothing was changed"
            )
        unit.ledger.record(
            actor=CONSOLE, action="account.vouched", subject=account.person_id, invited_by=inviter
        )
        return account.person_id
