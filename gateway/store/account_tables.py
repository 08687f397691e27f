"""Rows of the console's accounts: who may sign in, what is open, what was invited, what was tried.

No secret lies here as it is: passwords as Argon2id hashes, cookies and invitations as SHA-256 of random bits.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from gateway.store.columns import bytes_column, time_column


class Account(SQLModel, table=True):
    """login: lower-case. password: Argon2id, in the PHC string format. seen_at: of any of its sessions."""

    person_id: str = Field(primary_key=True, foreign_key="person.id")
    login: str = Field(unique=True)
    password: str
    created_at: datetime = time_column()
    password_at: datetime = time_column()
    seen_at: datetime | None = time_column(nullable=True)
    disabled_at: datetime | None = time_column(nullable=True)


class ConsoleSession(SQLModel, table=True):
    """token_key: from which the tokens of unsafe requests are made. until: its end, however busy it is."""

    __tablename__ = "console_session"
    id: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    token_key: bytes = bytes_column()
    created_at: datetime = time_column()
    seen_at: datetime = time_column()
    rotated_at: datetime = time_column()
    until: datetime = time_column()
    ended_at: datetime | None = time_column(nullable=True)


class ConsoleCookie(SQLModel, table=True):
    """A cookie that opens a session; later ones have higher numbers. until: its end, once one came back."""

    __tablename__ = "console_cookie"
    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    session_id: str = Field(foreign_key="console_session.id", index=True)
    number: int
    until: datetime | None = time_column(nullable=True)


class Invitation(SQLModel, table=True):
    """A link by which somebody makes their own account, once. invited_by: who saw the link; None: the
    operator."""

    id: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    created_at: datetime = time_column()
    until: datetime = time_column()
    used_at: datetime | None = time_column(nullable=True)
    invited_by: str | None = None


class SignInTry(SQLModel, table=True):
    """Wrong passwords since `since`, for a login or an address: `key` is a short digest of either."""

    __tablename__ = "sign_in_try"
    key: str = Field(primary_key=True)
    tries: int
    since: datetime = time_column(index=True)


class PasswordReset(SQLModel, table=True):
    """A link by which somebody who has an account sets another password, once.

    offered_by: whoever made it, by id. used_at: a password was set with it. ended_at: it works no more, used
    or not.
    """

    __tablename__ = "password_reset"
    id: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    offered_by: str
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    created_at: datetime = time_column()
    until: datetime = time_column()
    used_at: datetime | None = time_column(nullable=True)
    ended_at: datetime | None = time_column(nullable=True)
