"""Sessions of the console: who a cookie stands for, with every request, and when it ends.

A session ends by itself after some time without any activity, and after some hours however busy it is. Its
cookie is replaced from time to time; the one before works until the new one has come back, and a minute
longer for requests that are on their way.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gateway.services.ports import Clock
from gateway.services.sign_in import COOKIE_BYTES, cookie_digest
from gateway.services.suspension import refuse_suspended
from gateway.store.database import Database
from gateway.store.queries import sessions
from gateway.store.queries.sessions import SessionRecord
from policies.access import Principal

ROTATE_AFTER: Final = timedelta(minutes=15)
OVERLAP: Final = timedelta(seconds=60)
NOTED_EVERY: Final = timedelta(seconds=60)
"""So often at most a session's activity is written; it may end that much earlier, never later."""

TOKEN_BYTES: Final = 32


class Ended(StrEnum):
    """Why a cookie opens nothing."""

    NONE = "none"
    IDLE = "idle"
    TIME = "time"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who is signed in. cookie: the one to give the browser, where it is to have another."""

    principal: Principal
    name: str
    session_id: str
    token_key: bytes
    cookie: str | None


class Sessions:
    """idle: without any activity for so long, a session has ended."""

    def __init__(self, database: Database, clock: Clock, *, idle: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._idle = idle

    def find(self, cookie: str | None, *, active: bool = True) -> Present | Ended:
        """Who it is, or why nobody. active: a person did this, rather than a page that keeps itself fresh.

        Raises AccessDenied, on the log, for somebody who is suspended.
        """
        if not cookie:
            return Ended.NONE
        digest, now = cookie_digest(cookie), self._clock()
        with self._database.reading() as session:
            found = sessions.by_cookie(session, digest)
        if found is None:
            return Ended.NONE
        principal = Principal(found.person_id, found.role)
        if found.suspended and self._was_open(found, now):
            refuse_suspended(self._database, principal)
        why = self._ended(found, now)
        if why is not None:
            return why
        renewed = self._tend(found, now, active=active)
        name = (found.name or "").strip() or found.login
        return Present(principal, name, found.id, found.token_key, renewed)

    def close(self, person_id: str, session_id: str) -> None:
        """Signing out; again is harmless."""
        with self._database.unit() as unit:
            if sessions.end(unit.session, session_id, now=self._clock()):
                unit.ledger.record(actor=person_id, action="session.closed", subject=session_id)

    def others(self, person_id: str, session_id: str) -> int:
        """How many more of this person's sessions are open."""
        with self._database.reading() as session:
            return sessions.open_others(
                session, person_id, but=session_id, now=self._clock(), idle=self._idle
            )

    def _was_open(self, found: SessionRecord, now: datetime) -> bool:
        """It is in time, though suspending has ended it: a page that is open still asks with it."""
        return now < found.until and now - found.seen_at < self._idle

    def _ended(self, found: SessionRecord, now: datetime) -> Ended | None:
        if found.ended or found.disabled or (found.cookie_until is not None and found.cookie_until <= now):
            return Ended.CLOSED
        if found.until <= now:
            return Ended.TIME
        return Ended.IDLE if now - found.seen_at >= self._idle else None

    def _tend(self, found: SessionRecord, now: datetime, *, active: bool) -> str | None:
        """Notes the activity, and makes another cookie when it is time."""
        noting = active and now - found.seen_at >= min(NOTED_EVERY, self._idle / 4)
        rotating = found.cookie_until is None and now - found.rotated_at >= ROTATE_AFTER
        if not (noting or rotating or found.has_older):
            return None
        fresh = secrets.token_urlsafe(COOKIE_BYTES)
        with self._database.unit() as unit:
            if noting:
                sessions.touch(unit.session, found.id, found.person_id, now=now)
            if found.has_older:
                sessions.supersede(unit.session, found.id, found.cookie, until=now + OVERLAP)
            due = now - ROTATE_AFTER
            made = rotating and sessions.rotate(
                unit.session, found.id, cookie_digest(fresh), due=due, now=now
            )
        return fresh if made else None


def masked_token(key: bytes) -> str:
    """The session's token under a fresh mask, so that no two pages hold the same bytes."""
    mask = secrets.token_bytes(TOKEN_BYTES)
    return base64.urlsafe_b64encode(mask + _xor(mask, _token(key))).decode("ascii").rstrip("=")


def is_token(text: str, key: bytes) -> bool:
    """Whether `masked_token` made this for the same session."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"==")
    except ValueError:
        return False
    if len(raw) != 2 * TOKEN_BYTES:
        return False
    return hmac.compare_digest(_xor(raw[:TOKEN_BYTES], raw[TOKEN_BYTES:]), _token(key))


def _token(key: bytes) -> bytes:
    return hmac.digest(key, b"privgate console token v1", "sha256")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
