"""Signing in to the console: a password against its account, and how often that may be tried.

Whatever is wrong, the answer is the same and takes as long: it does not tell which accounts there are.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.errors import GatewayError
from gateway.services import passwords
from gateway.services.ids import new_id
from gateway.services.people import CONSOLE
from gateway.services.ports import Clock
from gateway.services.tally import Tally
from gateway.store.database import Database
from gateway.store.queries import accounts, sessions
from gateway.store.queries.accounts import AccountRecord

WINDOW: Final = timedelta(minutes=15)
TRIES: Final = 5
"""Wrong passwords for one user name within WINDOW; then it waits until the window ends."""

ADDRESS_TRIES: Final = 50
"""The same from one network address, behind which a whole house may sit."""

KEPT: Final = timedelta(days=30)
"""How long rows of sessions stay after their end: 'last seen' is shown from them."""

COOKIE_BYTES: Final = 32
UNKNOWN = "sign_ins.unknown"
WAITED = "sign_ins.waited"
WRONG: Final = "user name and password do not belong together; nobody was signed in"


class WrongCredentials(GatewayError):
    """No such account, not its password, or one that may not sign in: which of them is not told."""


class TooManyTries(GatewayError):
    """This user name, or this address, waits until its window ends."""


@dataclass(frozen=True, slots=True)
class Opened:
    """cookie: shown to the browser, stored nowhere."""

    session_id: str
    person_id: str
    cookie: str


class SignIn:
    """lasts: a session ends then, however busy it is."""

    def __init__(self, database: Database, clock: Clock, *, lasts: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._lasts = lasts
        self._tally = Tally(database)

    def open(self, login: str, password: str, *, address: str) -> Opened:
        """A session. address: of who asks. Raises WrongCredentials, TooManyTries."""
        login = login.strip().lower()
        # (1) The try is counted before the password is looked at: a hundred at once are still a hundred.
        by_login, by_address = login_key(login), address_key(address)
        if not self._may_try(by_login, by_address):
            self._tally.add(WAITED)
            self._tally.write()
            raise TooManyTries("too many wrong tries; nobody was signed in. Wait 15 minutes and try again")
        # (2) The same work for an account that is not there.
        with self._database.reading() as session:
            account = accounts.by_login(session, login)
        right = passwords.is_right(password[: passwords.LONGEST + 1], account.password if account else None)
        if account is None:
            self._tally.add(UNKNOWN)
            self._tally.write()
        reason = _refusal(account, right=right)
        if account is not None and reason is not None:
            self._record_refusal(account, reason)
        if account is None or reason is not None:
            raise WrongCredentials(WRONG)
        # (3) Right: the tries for this name are forgotten. Of the address this one alone, or whoever has an
        # account could go on for ever with those of others.
        return self._open(account.person_id, still=account, forget=by_login, take_back=by_address)

    def open_for(self, person_id: str) -> Opened:
        """A session for somebody who has just made their account."""
        return self._open(person_id)

    def _may_try(self, login: str, address: str) -> bool:
        now = self._clock()
        with self._database.unit() as unit:
            tries = [
                accounts.add_try(unit.session, key, now=now, since=now - WINDOW) for key in (login, address)
            ]
        return tries[0] <= TRIES and tries[1] <= ADDRESS_TRIES

    def _record_refusal(self, account: AccountRecord, reason: str) -> None:
        with self._database.unit() as unit:
            # Who it was is not known; whose account was tried is.
            unit.ledger.record(
                actor=CONSOLE, action="session.refused", subject=account.person_id, reason=reason
            )

    def _open(
        self,
        person_id: str,
        *,
        still: AccountRecord | None = None,
        forget: str | None = None,
        take_back: str | None = None,
    ) -> Opened:
        """still: the account as its password was compared. Raises WrongCredentials where it is not so now."""
        now = self._clock()
        opened = Opened(new_id("session"), person_id, secrets.token_urlsafe(COOKIE_BYTES))
        with self._database.unit() as unit:
            # The slow hash takes a while, in which another password may have been set and all sessions ended.
            if still is not None and accounts.of_person(unit.session, person_id, hold=True) != still:
                raise WrongCredentials(WRONG)
            if forget is not None:
                accounts.forget_tries(unit.session, forget)
            if take_back is not None:
                accounts.take_back_try(unit.session, take_back)
            sessions.forget(unit.session, person_id, before=now - KEPT)
            sessions.add(
                unit.session,
                session_id=opened.session_id,
                person_id=person_id,
                digest=cookie_digest(opened.cookie),
                token_key=secrets.token_bytes(32),
                now=now,
                until=now + self._lasts,
            )
            sessions.touch(unit.session, opened.session_id, person_id, now=now)
            unit.ledger.record(actor=person_id, action="session.opened", subject=opened.session_id)
        return opened


def cookie_digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()


def _refusal(account: AccountRecord | None, *, right: bool) -> str | None:
    """Why it is not opened, as the entry says; None where it is."""
    if account is None or not right:
        return "password.wrong"
    if account.disabled:
        return "account.disabled"
    return "person.suspended" if account.suspended else None


def login_key(login: str) -> str:
    """Under which wrong passwords for a user name are counted, wherever they are tried."""
    return _key("login", login)


def address_key(address: str) -> str:
    """Under which what is tried wrongly from a network address is counted."""
    return _key("address", _network(address))


def _key(kind: str, what: str) -> str:
    # 32 bits: enough to keep tries apart, too few to tell what somebody typed, or from where.
    return f"{kind}:{hashlib.sha256(what.encode()).hexdigest()[:8]}"


def _network(address: str) -> str:
    """An IPv6 address is one of a house's 2⁶⁴."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
