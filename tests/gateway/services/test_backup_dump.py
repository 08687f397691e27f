"""What pg_dump is given of this process's environment: what its own connections take, and nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url

from gateway.services.backup.dump import _environment


def test_pg_dump_gets_the_password_that_our_own_connections_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container, where no URL holds it."""
    monkeypatch.setenv("PGPASSWORD", "seeded-password")
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/ca.pem")
    given = _environment(make_url("postgresql+psycopg://privgate@postgres/privgate"))
    assert given["PGPASSWORD"] == "seeded-password"
    assert given["PGSSLROOTCERT"] == "/etc/ca.pem"


def test_what_the_url_says_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "another")
    monkeypatch.setenv("PGHOST", "elsewhere")
    monkeypatch.setenv("PGSSLMODE", "disable")
    given = _environment(make_url("postgresql+psycopg://privgate:ours@db/privgate?sslmode=verify-full"))
    assert (given["PGPASSWORD"], given["PGHOST"], given["PGSSLMODE"]) == ("ours", "db", "verify-full")


def test_the_rest_of_the_environment_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    given = _environment(make_url("postgresql+psycopg://privgate@db/privgate"))
    assert "a-secret" not in given.values()
