"""`privgate accounts`: a link that works once, the list, and an account that is ended."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
import typer

from gateway import installation
from gateway.cli import accounts as command
from gateway.cli.options import open_database
from gateway.errors import InputRefused
from gateway.services import accounts, resets
from gateway.services.sign_in import SignIn
from gateway.settings import Settings
from gateway.store.ledger import utc_now
from policies.access import Role

PASSWORD = "four unrelated words here"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installation that nobody else's settings reach."""
    monkeypatch.delenv("PRIVGATE_DATABASE", raising=False)
    settings = Settings.read({"HOME": str(tmp_path)}, data=tmp_path)
    installation.create_keys(settings)
    open_database(settings).close()
    return tmp_path


def test_an_invitation_is_a_link_to_where_the_gateway_runs(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "up.lock").write_text("8123\n")
    command.invite(Role.AUDITOR, name="Ada", data=data)
    said = capsys.readouterr().out
    link = re.search(r"^link http://127\.0\.0\.1:8123/invitation/([\w-]{32})$", said, re.MULTILINE)
    assert link is not None
    command.invite(Role.AUDITOR, name=None, url="https://gate.example/", data=data)
    assert "link https://gate.example/invitation/" in capsys.readouterr().out
    database = open_database(Settings.read({"HOME": str(data)}, data=data))
    accounts.accept(database, link[1], login="ada.l", password=PASSWORD, clock=utc_now)
    database.close()
    command.list_all(data=data)
    assert re.search(r"ada\.l +person-\w+ +Ada +auditor +never +works", capsys.readouterr().out)


def test_whom_an_officer_invited_is_listed_with_them_until_the_operator_vouches(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = open_database(Settings.read({"HOME": str(data)}, data=data))
    first = accounts.create_account(
        database, role=Role.OFFICER, name=None, login="first", password=PASSWORD, clock=utc_now
    )
    invited = accounts.invite(database, role=Role.OFFICER, name=None, clock=utc_now, by=first)
    accounts.accept(database, invited.code, login="second", password=PASSWORD, clock=utc_now)
    database.close()
    command.list_all(data=data)
    assert re.search(rf"second +{invited.person_id} .* {first}$", capsys.readouterr().out, re.MULTILINE)
    command.vouch("second", data=data)
    assert f"vouched for {invited.person_id}" in capsys.readouterr().out
    command.list_all(data=data)
    assert re.search(r"second .* -$", capsys.readouterr().out.rstrip(), re.MULTILINE)


def test_a_disabled_account_can_be_enabled_again(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = open_database(Settings.read({"HOME": str(data)}, data=data))
    person = accounts.create_account(
        database, role=Role.REVIEWER, name=None, login="mira", password=PASSWORD, clock=utc_now
    )
    database.close()
    command.disable(person, data=data)
    assert f"disabled {person}; 0 open sessions ended" in capsys.readouterr().out
    command.list_all(data=data)
    assert "disabled" in capsys.readouterr().out
    command.enable(person, data=data)
    command.list_all(data=data)
    assert "works" in capsys.readouterr().out.splitlines()[-1]


def test_a_role_is_changed_a_session_ended_and_a_name_erased(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(Settings.read({"HOME": str(data)}, data=data))
    person = accounts.create_account(
        database, role=Role.REVIEWER, name="Mira", login="mira", password=PASSWORD, clock=utc_now
    )
    SignIn(database, utc_now, lasts=timedelta(hours=1)).open("mira", PASSWORD, address="")
    database.close()
    command.sign_out(person, data=data)
    assert f"1 open sessions of {person} ended" in capsys.readouterr().out
    command.role(person, Role.UPLOADER, data=data)
    assert f"{person} is uploader now; 0 sessions" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    with pytest.raises(typer.Exit):
        command.erase(person, data=data)
    command.list_all(data=data)
    assert "Mira" in capsys.readouterr().out
    command.erase(person, yes=True, data=data)
    command.list_all(data=data)
    said = capsys.readouterr().out
    assert f"erased {person}" in said
    assert "mira" not in said.lower().partition("erased")[2]


def test_a_forgotten_password_is_set_by_a_link_that_the_operator_makes(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = open_database(Settings.read({"HOME": str(data)}, data=data))
    person = accounts.create_account(
        database, role=Role.OFFICER, name="Ines", login="i.varga", password=PASSWORD, clock=utc_now
    )
    (data / "up.lock").write_text("8123\n")
    with pytest.raises(InputRefused, match="nobody has this name"):
        command.reset("i.vargo", data=data)
    command.reset("I.Varga", data=data)
    said = capsys.readouterr().out
    link = re.search(r"^link http://127\.0\.0\.1:8123/new-password/([\w-]{32})$", said, re.MULTILINE)
    assert link is not None
    assert f"person {person}" in said
    assert "the password they have works until they set another" in said
    fresh = "five other words are here"
    resets.set_password(database, link[1], password=fresh, address="", clock=utc_now)
    assert SignIn(database, utc_now, lasts=timedelta(hours=1)).open("i.varga", fresh, address="")
    command.reset(person, url="https://gate.example/", data=data)
    assert "link https://gate.example/new-password/" in capsys.readouterr().out
    database.close()
