"""A new password for somebody who forgot theirs, by a link that works once.

Who they are does not change: account, role, grants and history stay. The password that they have works until
the link is used, or whoever asks for a link in another's name would lock them out. What ends their access at
once is suspending them, or disabling the account.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.errors import Conflict, NotFound
from gateway.services import passwords
from gateway.services.ids import new_id
from gateway.services.people import CONSOLE
from gateway.services.ports import Clock
from gateway.services.sign_in import ADDRESS_TRIES, WINDOW, TooManyTries, address_key, login_key
from gateway.store.database import Database
from gateway.store.queries import accounts, locks, people, resets, sessions
from gateway.store.queries.accounts import AccountRecord
from gateway.store.queries.resets import ResetRecord
from policies.access import Role

LASTS: Final = timedelta(hours=24)
"""Shorter than an invitation: an account with work in it is behind this one."""

CODE_BYTES: Final = 24

NO_RESET: Final = (
    "this link does not work: it was used before, has ended, another one took its place, or the account is "
    "closed. No password was changed. Ask for a new link"
)


@dataclass(frozen=True, slots=True)
class Offered:
    """code: the last part of the link. It is shown once and stored nowhere."""

    reset_id: str
    person_id: str
    code: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Resetting:
    """Whose password a link sets. name: None where none is kept."""

    person_id: str
    login: str
    name: str | None


def offer(
    database: Database, person_id: str, *, clock: Clock, by: str = CONSOLE, role: Role | None = None
) -> Offered:
    """A link, which takes the place of one before. role: the one in which the person may be given it.

    Raises NotFound for somebody without an account, and Conflict for one who may not sign in, or who has
    another role by now.
    """
    now = clock()
    offered = Offered(new_id("reset"), person_id, secrets.token_urlsafe(CODE_BYTES), now + LASTS)
    with database.unit() as unit:
        # Suspending, disabling, erasing and another role wait for the same.
        locks.wait_for(unit.session, locks.Task.OFFICERS)
        account = accounts.held(unit.session, person_id)
        if account.suspended or account.disabled:
            raise Conflict(f"{person_id} may not sign in; let them in again first. No link was made")
        if role not in (None, account.role):
            raise Conflict(f"{person_id} is {account.role.value} by now. No link was made")
        resets.end_all(unit.session, person_id, now=now)
        resets.add(
            unit.session,
            reset_id=offered.reset_id,
            person_id=person_id,
            offered_by=by,
            digest=_digest(offered.code),
            now=now,
            until=offered.until,
        )
        unit.ledger.record(
            actor=by, action="account.reset_offered", subject=offered.reset_id, person=person_id
        )
    return offered


def whose(database: Database, code: str, *, address: str, clock: Clock) -> Resetting:
    """Whose password a link sets. address: of who asks.

    Raises NotFound where it works no more or never did, TooManyTries for an address that tried too many.
    """
    now, key = clock(), address_key(address)
    with database.unit() as unit:
        # Counted before it is looked up, with the wrong passwords of the same address.
        if accounts.add_try(unit.session, key, now=now, since=now - WINDOW) > ADDRESS_TRIES:
            raise TooManyTries("too many wrong tries; no password was changed. Wait 15 minutes and try again")
        found = resets.find(unit.session, _digest(code))
        account = None if found is None else accounts.of_person(unit.session, found.person_id)
        if account is not None and _works(found, account, now):
            accounts.take_back_try(unit.session, key)
            return Resetting(
                account.person_id, account.login, people.name_of(unit.session, account.person_id)
            )
    raise NotFound(NO_RESET)


def set_password(database: Database, code: str, *, password: str, address: str, clock: Clock) -> str:
    """Sets it, ends all the person's sessions, and the link has worked. Returns the person's id.

    Raises InputRefused for a password that will not do, after which the link still works; and what `whose`
    raises.
    """
    person = whose(database, code, address=address, clock=clock)  # before the slow hash
    passwords.check(password, login=person.login)
    kept = passwords.hash_of(password)
    with database.unit() as unit:
        now = clock()
        locks.wait_for(unit.session, locks.Task.OFFICERS)
        account = accounts.held(unit.session, person.person_id)
        found = resets.find(unit.session, _digest(code), hold=True)
        if found is None or not _works(found, account, now):  # of two at once, one comes second
            raise NotFound(NO_RESET)
        resets.use(unit.session, found.id, now=now)
        accounts.set_password(unit.session, account.person_id, kept, now=now)
        accounts.forget_tries(unit.session, login_key(account.login))
        ended = sessions.end_all(unit.session, account.person_id, now=now)
        unit.ledger.record(
            actor=account.person_id,
            action="account.password_reset",
            subject=account.person_id,
            link=found.id,
            sessions=ended,
        )
    return account.person_id


def _works(found: ResetRecord | None, account: AccountRecord, now: datetime) -> bool:
    in_time = found is not None and found.open and now < found.until
    return in_time and not (account.suspended or account.disabled)


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
