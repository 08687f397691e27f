"""Accounts of the console: who may sign in, and how an account comes to be.

Three ways: the first officer's, with the code that the command line printed; one's own, by an invitation
that works once; and, on the installation's own machine, directly.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.errors import Conflict, InputRefused, NotFound
from gateway.services import passwords
from gateway.services.ids import new_id
from gateway.services.people import CONSOLE
from gateway.services.ports import Clock
from gateway.services.roles import held_role
from gateway.services.sign_in import TRIES, WINDOW, login_key
from gateway.store.database import Database, Unit
from gateway.store.queries import accounts, locks, people, resets, sessions
from policies.access import Role

INVITATION: Final = timedelta(hours=72)
INVITATION_BYTES: Final = 24

_LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Invited:
    """code: the last part of the link. It is shown once and stored nowhere."""

    invitation_id: str
    person_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Invitee:
    """Whom an invitation is for. name: as it was given by who invited; None where none was."""

    person_id: str
    role: Role
    name: str | None


def login_of(text: str) -> str:
    """A user name as it is kept. Raises InputRefused."""
    login = text.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise InputRefused(
            "1 to 64 letters without accents, digits, dots, dashes or underscores.",
            advice="begin and end with a letter or a digit, as in i.varga",
            code="login.characters",
        )
    return login


def create_account(
    database: Database,
    *,
    role: Role,
    name: str | None,
    login: str,
    password: str,
    clock: Clock,
    person_id: str | None = None,
    by: str = CONSOLE,
) -> str:
    """An account, for a new person or, by `person_id`, for one that is here. Returns the person's id.

    Raises InputRefused, or Conflict for a login that is taken, a person with an account or another role.
    """
    login, kept = _checked(login, password)
    with database.unit() as unit:
        return _add(
            unit, role=role, name=name, login=login, kept=kept, clock=clock, person_id=person_id, by=by
        )


def create_first_officer(database: Database, *, name: str, login: str, password: str, clock: Clock) -> str:
    """Raises Conflict where an officer has an account: then that one invites."""
    login, kept = _checked(login, password)
    with database.unit() as unit:
        locks.wait_for(unit.session, locks.Task.SET_UP)
        if accounts.has_role(unit.session, Role.OFFICER):
            raise Conflict("this gateway is set up: an officer has an account. Nothing was changed")
        return _add(unit, role=Role.OFFICER, name=name, login=login, kept=kept, clock=clock)


def needs_set_up(database: Database) -> bool:
    """Whether no officer has an account."""
    with database.reading() as session:
        return not accounts.has_role(session, Role.OFFICER)


def invite(
    database: Database,
    *,
    role: Role,
    name: str | None,
    clock: Clock,
    by: str = CONSOLE,
    person_id: str | None = None,
) -> Invited:
    """A link for a new person, or by `person_id` a fresh one for somebody without an account.

    Raises NotFound, and Conflict for a person who has an account.
    """
    code, now = secrets.token_urlsafe(INVITATION_BYTES), clock()
    invited = Invited(new_id("invitation"), person_id or new_id("person"), code)
    with database.unit() as unit:
        if person_id is None:
            people.add_person(unit.session, person_id=invited.person_id, role=role, name=name, now=now)
        elif people.role_of(unit.session, person_id) is None:
            raise NotFound(f"person {person_id} does not exist")
        elif accounts.of_person(unit.session, person_id) is not None:
            raise Conflict(f"{person_id} has an account already; nothing was changed")
        accounts.end_invitations(unit.session, invited.person_id, now=now)
        accounts.invite(
            unit.session,
            invitation_id=invited.invitation_id,
            person_id=invited.person_id,
            digest=_digest(code),
            now=now,
            until=now + INVITATION,
            invited_by=None if by == CONSOLE else by,
        )
        unit.ledger.record(
            actor=by,
            action="account.invited",
            subject=invited.invitation_id,
            person=invited.person_id,
            role=role.value,
        )
    return invited


def invitee(database: Database, code: str, *, clock: Clock) -> Invitee:
    """Whom a link is for. Raises NotFound where it was used, has ended, or never was."""
    with database.reading() as session:
        found = accounts.invitation(session, _digest(code))
        if found is None or found.used_at is not None or found.until <= clock():
            raise NotFound(NO_INVITATION)
        return Invitee(found.person_id, found.role, people.name_of(session, found.person_id))


NO_INVITATION: Final = (
    "this invitation does not work: it was used before, has ended, or another one took its place. "
    "No account was made. Ask for a new link"
)


def accept(database: Database, code: str, *, login: str, password: str, clock: Clock) -> str:
    """Makes the invited person's account; the link has worked. Returns the person's id.

    Raises NotFound, InputRefused, Conflict.
    """
    invitee(database, code, clock=clock)  # before the slow hash
    login, kept = _checked(login, password)
    with database.unit() as unit:
        found = accounts.invitation(unit.session, _digest(code), hold=True)
        if found is None or found.used_at is not None or found.until <= clock():
            raise NotFound(NO_INVITATION)
        accounts.use_invitation(unit.session, found.id, now=clock())
        people.set_invited_by(unit.session, found.person_id, found.invited_by)
        return _add(
            unit,
            role=found.role,
            name=None,
            login=login,
            kept=kept,
            clock=clock,
            person_id=found.person_id,
            by=found.person_id,
        )


def change_password(
    database: Database, person_id: str, *, old: str, new: str, session_id: str, clock: Clock
) -> int:
    """Ends the person's other sessions; returns how many. Raises InputRefused, NotFound.

    A wrong one counts as a wrong try at signing in: whoever sits at an open session guesses no faster.
    """
    with database.reading() as session:
        account = accounts.of_person(session, person_id)
    if account is None:
        raise NotFound(f"{person_id} has no account")
    passwords.check(new, login=account.login)  # first: one that will not do is no try
    _count_try(database, account.login, clock)
    if not passwords.is_right(old, account.password):
        with database.unit() as unit:
            unit.ledger.record(actor=person_id, action="account.password_refused", subject=person_id)
        raise InputRefused(
            "This is not your password. Nothing was changed.", advice="write it again", code="password.wrong"
        )
    kept = passwords.hash_of(new)
    with database.unit() as unit:
        accounts.set_password(unit.session, person_id, kept, now=clock())
        accounts.forget_tries(unit.session, login_key(account.login))
        resets.end_all(unit.session, person_id, now=clock())
        ended = sessions.end_all(unit.session, person_id, now=clock(), but=session_id)
        unit.ledger.record(
            actor=person_id, action="account.password_changed", subject=person_id, sessions=ended
        )
    return ended


def _count_try(database: Database, login: str, clock: Clock) -> None:
    """Before the password is looked at. Raises InputRefused for one try too many."""
    now = clock()
    with database.unit() as unit:
        tries = accounts.add_try(unit.session, login_key(login), now=now, since=now - WINDOW)
    if tries > TRIES:
        raise InputRefused(
            "Too many wrong tries. Nothing was changed. Wait 15 minutes, then try again.",
            advice="wait, then write it again",
            code="password.tries",
        )


def sign_out(
    database: Database, person_id: str, *, clock: Clock, but: str | None = None, by: str = CONSOLE
) -> int:
    """Ends a person's sessions, or all but one, by its id; returns how many were open. Raises NotFound."""
    with database.unit() as unit:
        if not people.has_person(unit.session, person_id):
            raise NotFound(f"person {person_id} does not exist")
        ended = sessions.end_all(unit.session, person_id, now=clock(), but=but)
        if ended:
            unit.ledger.record(actor=by, action="account.signed_out", subject=person_id, sessions=ended)
    return ended


def disable(database: Database, person_id: str, *, clock: Clock, by: str = CONSOLE) -> int:
    """Nobody signs in with it any more; open sessions end.

    Raises NotFound, and Conflict for one that is disabled and for the last officer's.
    """
    with database.unit() as unit:
        held_role(unit, person_id)
        if not accounts.set_disabled(unit.session, person_id, clock()):
            raise Conflict(f"the account of {person_id} was disabled before")
        resets.end_all(unit.session, person_id, now=clock())
        ended = sessions.end_all(unit.session, person_id, now=clock())
        unit.ledger.record(actor=by, action="account.disabled", subject=person_id, sessions=ended)
    return ended


def enable(database: Database, person_id: str, *, clock: Clock, by: str = CONSOLE) -> None:
    """Raises NotFound, Conflict."""
    with database.unit() as unit:
        if not accounts.set_disabled(unit.session, person_id, None):
            raise Conflict(f"the account of {person_id} is not disabled")
        unit.ledger.record(actor=by, action="account.enabled", subject=person_id)


def _checked(login: str, password: str) -> tuple[str, str]:
    login = login_of(login)
    passwords.check(password, login=login)
    return login, passwords.hash_of(password)


def _add(
    unit: Unit,
    *,
    role: Role,
    name: str | None,
    login: str,
    kept: str,
    clock: Clock,
    person_id: str | None = None,
    by: str = CONSOLE,
) -> str:
    person, now = person_id or new_id("person"), clock()
    held = people.role_of(unit.session, person)
    if held not in (None, role):
        raise Conflict(f"{person} is here as {held}; a person has one role. Make another person")
    if held is None:
        people.add_person(unit.session, person_id=person, role=role, name=name, now=now)
    accounts.add(unit.session, person_id=person, login=login, password=kept, now=now)
    unit.ledger.record(actor=by, action="account.created", subject=person, role=role.value)
    return person


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
