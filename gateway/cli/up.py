"""`privgate up`: the whole gateway on this machine, from nothing: keys, database and three processes."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from gateway import installation
from gateway.cli.demo import seed_demo
from gateway.cli.first_officer import tell_set_up
from gateway.cli.options import Data, Logs, open_database, settings_of
from gateway.cli.process import prepare
from gateway.client import Client, ServerFault, Unreachable, api
from gateway.detection.models import ModelStore
from gateway.errors import KeyringError, Misconfigured
from gateway.services.people import issue_token, list_tokens, revoke_token
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.vault.keyring import KeyPurpose
from policies.access import Role

FINGERPRINTS_NAME = f"{KeyPurpose.FINGERPRINTS.value}.json"

START_SECONDS = 60.0
QUICK_SECONDS = 5.0
MAX_QUICK_DEATHS = 3
"""A process that dies within QUICK_SECONDS of its start so often is not started again."""


def up(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where to listen, on this machine only.")
    ] = 8080,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the first officer's token goes [DIR/officer.token]."),
    ] = None,
    demo: Annotated[
        bool, typer.Option(help="Put two demo photos through it, and make an account for each role.")
    ] = False,
    log_format: Logs = None,
    data: Data = None,
) -> None:
    """Runs everything on http://127.0.0.1:PORT until Ctrl-C. A second run only says where the first is."""
    settings = settings_of(data)
    prepare("up", settings, log_format=log_format)
    _make_folder(settings.data)
    with _only_one(settings.data, port) as first:
        if not first:
            running = (settings.data / "up.lock").read_text("ascii").strip()
            print(f"Privgate runs already on this data folder: http://127.0.0.1:{running}")
            return
        _check_port(port)
        ModelStore(settings.models).verify()
        _make_keys(settings)
        database = open_database(settings)
        token = token_file or settings.data / "officer.token"
        _make_officer(database, token)
        where = ["--data", str(settings.data), *(["--log-format", log_format] if log_format else [])]
        _run(settings, database, port, token, where, demo=demo)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "up.lock").touch(mode=0o600)
    except OSError as exc:
        raise Misconfigured(
            f"{folder} cannot be used ({exc.strerror}); name another folder with --data"
        ) from exc


@contextmanager
def _only_one(folder: Path, port: int) -> Iterator[bool]:
    """True for the one process that may run on this folder; its port is in the lock file."""
    with (folder / "up.lock").open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        lock.truncate()
        lock.write(f"{port}\n")
        lock.flush()
        yield True


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as exc:
            raise Misconfigured(f"port {port} is taken by another program; choose one with --port") from exc


def _make_keys(settings: Settings) -> None:
    """Keys for a new installation. Raises KeyringError where sealed data lies and its keys do not."""
    missing = [
        name
        for name in ("originals.json", "copies.json", installation.SECRET_NAME, installation.PUBLIC_NAME)
        if not (settings.keys / name).exists()
    ]
    if not missing:
        if not installation.keys_exist(settings):  # an earlier release made fewer of them
            installation.create_keys(settings)
            print(f"keys that an earlier release did not have made in {settings.keys}; back it up again")
        return
    if settings.database.startswith("sqlite") and (settings.data / "privgate.db").exists():
        raise KeyringError(
            f"the keyring {settings.keys} lacks {', '.join(missing)}, and this installation holds data "
            "sealed under its keys. Restore the folder from its backup. New keys would open nothing"
        )
    installation.create_keys(settings)
    print(f"keys made in {settings.keys}; back this folder up, apart from the data")


def _make_officer(database: Database, token_file: Path) -> None:
    """The first officer's token, once; it can be replaced and never shown again."""
    officers = [t for t in list_tokens(database) if t.role == Role.OFFICER and t.revoked_at is None]
    if not officers:
        # The file is open before there is a token: one that nobody was told would work for ever.
        file = _private_file(token_file)
        issued = issue_token(database, role=Role.OFFICER, name="first officer", clock=utc_now)
        try:
            os.write(file, f"{issued.secret}\n".encode("ascii"))
        except OSError as exc:
            revoke_token(database, issued.token_id, clock=utc_now)
            raise Misconfigured(
                f"the token cannot be written to {token_file} ({exc.strerror}) and was revoked"
            ) from exc
        finally:
            os.close(file)
        print(f"the officer's token is in {token_file}")
    elif not token_file.exists():
        print(
            f"the token file {token_file} is gone; tokens are stored hashed and cannot be shown again. "
            "Make another: privgate tokens create officer"
        )


def _private_file(path: Path) -> int:
    """The descriptor of a new or emptied file for its owner alone. Raises Misconfigured."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as exc:
        raise Misconfigured(
            f"the token's file {path} cannot be made ({exc.strerror}); name another with --token-file"
        ) from exc


class _Child:
    """One process of the gateway, started again when it dies."""

    def __init__(self, name: str, arguments: list[str]) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "gateway.cli", name, *arguments, "--supervised"]
        self._quick_deaths = 0
        self._start()

    def _start(self) -> None:
        self._started = time.monotonic()
        self.process = subprocess.Popen(self._command)

    def tend(self) -> None:
        """Starts it again if it died. Raises Misconfigured when it dies as soon as it starts."""
        if self.process.poll() is None:
            return
        quick = time.monotonic() - self._started < QUICK_SECONDS
        self._quick_deaths = self._quick_deaths + 1 if quick else 0
        if self._quick_deaths >= MAX_QUICK_DEATHS:
            raise Misconfigured(f"{self.name} cannot start; the lines above say why")
        print(f"{self.name} ended with status {self.process.returncode}; starting it again", file=sys.stderr)
        self._start()


def _run(
    settings: Settings, database: Database, port: int, token: Path, where: list[str], *, demo: bool
) -> None:
    """where: the options that all three processes get."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    children: list[_Child] = []
    try:
        children.append(_Child("serve", ["--port", str(port), *where]))
        children.append(_Child("worker", where))
        children.append(_Child("sequencer", where))
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, children)
        if demo:
            print("putting two demo photos through the gateway …")
            seed_demo(settings, database, url, token)
        tell_set_up(settings, database, url)
        print(
            f"Privgate is running: {url}  (API: {url}/docs, data: {settings.data}; Ctrl-C ends it)",
            flush=True,
        )
        while True:
            for child in children:
                child.tend()
            time.sleep(0.5)
    except KeyboardInterrupt:
        print("ending …")
    finally:
        _end(children)


def _wait_until_ready(url: str, children: list[_Child]) -> None:
    deadline = time.monotonic() + START_SECONDS
    with Client(url, timeout=QUICK_SECONDS) as client:
        while time.monotonic() < deadline:
            for child in children:
                child.tend()
            with suppress(Unreachable, ServerFault):
                return client.do(api.health())
            time.sleep(0.1)
    raise Misconfigured(
        f"the server did not answer within {START_SECONDS:.0f} s; the lines above may say why"
    )


def _end(children: list[_Child]) -> None:
    for child in children:
        child.process.terminate()
    for child in children:
        try:
            child.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
