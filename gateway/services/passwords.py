"""Passwords: what is taken for one, and the slow hash that is kept of it."""

from __future__ import annotations

import threading
from functools import cache
from typing import Final

from pwdlib.hashers.argon2 import Argon2Hasher

from gateway.errors import InputRefused

SHORTEST: Final = 12
"""Characters. NIST SP 800-63B asks for 8 and no rules of composition; length is what helps."""

LONGEST: Final = 256
"""Characters: a hash of more would only cost time."""

LOGIN_TOLD: Final = 5
"""Characters: a shorter user name stands in many words that have nothing to do with it."""

FEWEST: Final = 5
"""Different characters."""

AT_ONCE: Final = 2
"""Hashes that are computed at a time: each takes MEMORY, and nobody has to be signed in to ask for one."""

MEMORY: Final = 47_104
"""KiB, once through, one lane: the first of OWASP's choices (Password Storage Cheat Sheet)."""

_hasher = Argon2Hasher(time_cost=1, memory_cost=MEMORY, parallelism=1)
_room = threading.Semaphore(AT_ONCE)


def check(password: str, *, login: str) -> None:
    """Raises InputRefused for what is too short, too long, or easily guessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputRefused(
            f"Between {SHORTEST} and {LONGEST} characters; this has {len(password)}.",
            advice="three or four words that have nothing to do with each other are easy to keep in mind",
            code="password.length",
        )
    named = len(login) >= LOGIN_TOLD and login in password.lower()
    if named or len(set(password)) < FEWEST:
        raise InputRefused(
            "This is guessed too easily: it holds the user name, or hardly any different characters.",
            advice="choose another one",
            code="password.guessed",
        )


def hash_of(password: str) -> str:
    """Argon2id under a random salt, as a PHC string."""
    with _room:
        return _hasher.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """kept: the hash. Without one it takes as long, and is wrong: nobody learns which accounts there are."""
    with _room:
        right = _hasher.verify(password, kept or _nobodys())
    return right and kept is not None


@cache
def _nobodys() -> str:
    return _hasher.hash("the password of nobody")
