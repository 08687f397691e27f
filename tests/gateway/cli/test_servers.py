"""`privgate serve`: what the settings say of connections is what the web server is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway import installation
from gateway.cli import servers
from gateway.cli.options import open_database
from gateway.errors import Misconfigured
from gateway.settings import Settings
from gateway.web.app import Role
from gateway.web.connections import Patience


def test_the_server_waits_as_long_as_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PRIVGATE_DATABASE", raising=False)
    settings = Settings.read({"HOME": str(tmp_path)}, data=tmp_path)
    installation.create_keys(settings)
    open_database(settings).close()
    told: dict[str, Any] = {}
    monkeypatch.setattr(servers, "prepare", lambda *_, **__: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("uvicorn.run", lambda app, **options: told.update(options))
    for name, value in (("HEAD_SECONDS", "7"), ("STALL_SECONDS", "11"), ("CONNECTIONS", "13")):
        monkeypatch.setenv(f"PRIVGATE_{name}", value)
    servers.serve(
        host="127.0.0.1",
        port=8080,
        role=Role.ALL,
        tls_cert=None,
        tls_key=None,
        behind_proxy=None,
        data=tmp_path,
    )
    assert told["http"].patience == Patience(head=7, stall=11, most=13)
    assert told["ws"] == "none"


@pytest.mark.parametrize("name", ["PRIVGATE_HEAD_SECONDS", "PRIVGATE_STALL_SECONDS", "PRIVGATE_CONNECTIONS"])
@pytest.mark.parametrize("value", ["0", "-1", "soon", "1000000"])
def test_a_limit_that_is_none_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=name):
        Settings.read({"HOME": str(tmp_path), name: value}, data=tmp_path)
