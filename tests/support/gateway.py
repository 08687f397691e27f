"""An installation of the gateway, run by its real processes, and the people who use it over HTTP."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, NullPool, create_engine, text

from gateway.services.people import issue_token
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.vault.log_keys import LogKeys
from policies.access import Role
from tests.support.processes import PATIENCE, Process, free_port, wait_until

ROOT = Path(__file__).parents[2]

COMMAND = Path(sys.executable).with_name("privgate")

UNSETTLED = ("received", "processing")

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of an http address, where it is never used: left out, each would read all the system's
certificates, which takes longer than most requests."""


@dataclass(frozen=True)
class Person:
    """Somebody with a token, and a client that sends it."""

    id: str
    token_id: str
    token: str
    role: str
    http: httpx.Client


@dataclass
class Installation:
    """Data, home and temporary folder under one root, so that all that is written can be searched.

    models: the real model folder. extra: more environment variables, such as PRIVGATE_DATABASE.
    """

    root: Path
    models: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in (self.data, self.home, self.temporary, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.port = free_port()
        self.processes: list[Process] = []
        self.troubled = False
        self._clients: list[httpx.Client] = []

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "PYTHONWARNINGS": "default",
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PRIVGATE_DATA": str(self.data),
            "PRIVGATE_MODELS": str(self.models),
            # What is a near thing must come out alike on every CPU, whether or not it calculates in bf16.
            "PRIVGATE_PRECISION": "f32",
            # A test's launcher is found from any working folder; the product itself is installed.
            "PYTHONPATH": str(ROOT),
            **self.extra,
        }

    def beside(self, **extra: str) -> Installation:
        """The same installation on another port, for processes with other variables in their environment."""
        return Installation(self.root, self.models, {**self.extra, **extra})

    # --- the command line

    def privgate(self, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end; fails unless it ends with the expected status."""
        done = subprocess.run(
            [str(COMMAND), *arguments],
            env=self.environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == expect, (
            f"privgate {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def issue(self, role: str, *, name: str | None = None) -> Person:
        """A new person with a token, by `privgate tokens create`."""
        named = ("--name", name) if name else ()
        done = self.privgate("tokens", "create", role, *named)
        told = dict(line.split(" ", 1) for line in done.stdout.splitlines())
        return self.person(told["token"], role, id=told["person"], token_id=told["token-id"])

    def enrol(self, role: str) -> Person:
        """The same without the command, which takes seconds to start: by the service that it calls."""
        database = Database(self.database_url, mac=LogKeys(self.data / "keys").mac)
        try:
            issued = issue_token(database, role=Role(role), name=None, clock=utc_now)
        finally:
            database.close()
        return self.person(issued.secret, role, id=issued.person_id, token_id=issued.token_id)

    def person(self, token: str, role: str, *, id: str = "", token_id: str = "") -> Person:
        return Person(id, token_id, token, role, self.client({"Authorization": f"Bearer {token}"}))

    def client(self, headers: Mapping[str, str] | None = None) -> httpx.Client:
        client = httpx.Client(base_url=self.url, headers=headers, timeout=300, trust_env=False, verify=PLAIN)
        self._clients.append(client)
        return client

    # --- the processes

    def start(self, name: str, *arguments: str, launcher: tuple[str, ...] = ()) -> Process:
        """A process of the gateway. launcher: what to run instead of `privgate`, for a crash."""
        command = launcher or (str(COMMAND),)
        process = Process(
            [*command, name, *arguments],
            environment=self.environment,
            log=self.logs / f"{sum(1 for _ in self.logs.iterdir()) + 1:02}-{name}.log",
            folder=self.root,
        )
        self.processes.append(process)
        return process

    def serve(self, *arguments: str, launcher: tuple[str, ...] = ()) -> Process:
        """`privgate serve`, once it answers."""
        process = self.start("serve", "--port", str(self.port), *arguments, launcher=launcher)
        self.wait_for_health(process)
        return process

    def wait_for_health(self, process: Process) -> None:
        def healthy() -> bool:
            assert process.alive, f"{process.command} ended with {process.popen.returncode}:\n{process.text}"
            with suppress(httpx.TransportError):
                return asking.get("/healthz").is_success
            return False

        with httpx.Client(base_url=self.url, timeout=2, trust_env=False, verify=PLAIN) as asking:
            wait_until(healthy, "the server's answer")

    def stop(self) -> None:
        """Ends every process, connection and client of this installation."""
        for client in self._clients:
            client.close()
        running = [process for process in self.processes if process.alive]
        for process in running:
            process.popen.terminate()
        for process in running:
            process.stop()
        if "engine" in self.__dict__:
            self.engine.dispose()
        self.assert_quiet()

    def assert_quiet(self) -> None:
        """No process has printed a traceback, or a warning of Python's such as of a file left open.

        Where a test takes the database away (`troubled`), the job engine prints one for each try.
        """
        if self.troubled:
            return
        complaint = re.compile(r"^.*(Traceback \(most recent|\w+Warning: ).*$", re.MULTILINE)
        for process in self.processes:
            found = complaint.search(process.text)
            assert found is None, f"{process.command} said: {found and found.group()}\n{process.text}"

    # --- what only a test looks at

    @property
    def database_url(self) -> str:
        return self.environment.get("PRIVGATE_DATABASE", f"sqlite:///{self.data / 'privgate.db'}")

    @cached_property
    def engine(self) -> Engine:
        """The test's own way into the database, beside the gateway.

        No connection stays open: a search that reads SQLite's files in this process would break its locks.
        """
        return create_engine(self.database_url, poolclass=NullPool)

    def rows(self, query: str, **values: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(query), values))

    def execute(self, statement: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def entries(self, action: str | None = None) -> list[dict[str, Any]]:
        """The log's entries in the order in which they came, sequenced or not."""
        found = [json.loads(row.entry) for row in self.rows("SELECT entry FROM log_entry ORDER BY id")]
        return [entry for entry in found if action in (None, entry["action"])]

    def places(self) -> list[Path]:
        """All folders that the processes can have written to."""
        return [self.data, self.home, self.temporary, self.logs]


# --- what people do over HTTP


def create_dataset(officer: Person, name: str, *, policy: str = "street") -> str:
    response = officer.http.post("/v1/datasets", json={"name": name, "policy": policy})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def give_grant(
    officer: Person, person: Person, dataset: str, *, seconds: float = 3600, purpose: str = "label-cars"
) -> str:
    until = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    form = {"person": person.id, "dataset": dataset, "purpose": purpose, "until": until}
    response = officer.http.post("/v1/grants", json=form)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def end_grant(installation: Installation, grant: str) -> None:
    """Its time has come, without waiting for it: a busy machine may need as long for what it still opens."""
    past = (datetime.now(UTC) - timedelta(seconds=1)).replace(tzinfo=None)
    until = past.isoformat(sep=" ", timespec="microseconds")
    installation.execute("UPDATE access_grant SET until = :until WHERE id = :grant", until=until, grant=grant)


def send(
    uploader: Person, dataset: str, data: bytes, *, name: str | None = None, key: str | None = None
) -> httpx.Response:
    """An upload as the request's body."""
    headers = {"Content-Type": "application/octet-stream"}
    if name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if key is not None:
        headers["Idempotency-Key"] = key
    return uploader.http.post("/v1/assets", params={"dataset": dataset}, content=data, headers=headers)


def upload(uploader: Person, dataset: str, data: bytes, **options: str) -> str:
    """The id of the asset that it became."""
    response = send(uploader, dataset, data, **options)
    assert response.status_code in (200, 202), response.text  # 200: the dataset has these bytes already
    return str(response.json()["id"])


def settled(person: Person, asset: str, *, seconds: float = PATIENCE) -> dict[str, Any]:
    """The asset, once nothing more happens to it by itself."""

    def look() -> dict[str, Any] | None:
        response = person.http.get(f"/v1/assets/{asset}")
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return None if answer["state"] in UNSETTLED else answer

    return wait_until(look, f"asset {asset} to settle", seconds=seconds, every=0.1)


def released_copy(uploader: Person, dataset: str, data: bytes, **options: str) -> str:
    """Uploads, waits, and gives the id of the copy that was released."""
    asset = settled(uploader, upload(uploader, dataset, data, **options))
    assert asset["state"] == "released", asset
    return str(asset["copy_id"])


def proof_of(person: Person, asset: str) -> dict[str, Any]:
    """Has the asset's released copy proven, and waits for what came of it."""
    asked = person.http.post(f"/v1/assets/{asset}/proofs")
    assert asked.status_code == 202, asked.text
    return finished_proof(person, asked.json()["id"])


def finished_proof(person: Person, proof: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        response = person.http.get(f"/v1/proofs/{proof}")
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer if answer["finished_at"] else None

    return wait_until(look, f"proof {proof} to be finished", every=0.1)


def content_of(person: Person, copy: str) -> httpx.Response:
    return person.http.get(f"/v1/copies/{copy}/content")


def verify_offline(
    asking: Person, installation: Installation, folder: Path
) -> subprocess.CompletedProcess[str]:
    """`python -m audit.verify` on an export that this person takes home, with nothing but the public key.

    The file of checkpoints is taken before the export, which would else seem to lack what came in between.
    """
    outside = (installation.data / "checkpoints.txt").read_bytes()
    export = asking.http.get("/v1/audit/export")
    assert export.status_code == 200, export.text
    (folder / "checkpoints.txt").write_bytes(outside)
    (folder / "export.jsonl").write_bytes(export.content)
    (folder / "log.pub").write_text(installation.client().get("/v1/audit/key").text)
    files = ("export.jsonl", "--key", "log.pub", "--checkpoints", "checkpoints.txt")
    return subprocess.run(
        [sys.executable, "-m", "audit.verify", *files, "--json"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )


def all_on_the_tree(installation: Installation) -> None:
    """Waits until the sequencer has ordered and signed what there is."""
    query = "SELECT count(*) AS n FROM log_entry WHERE leaf_index IS NULL"
    wait_until(lambda: installation.rows(query)[0].n == 0, "the sequencer to catch up")


def running(installation: Installation) -> Iterator[Installation]:
    """The installation with its three processes, for a fixture."""
    try:
        installation.privgate("keys", "create")
        installation.serve()
        installation.start("worker")
        installation.start("sequencer")
        yield installation
    finally:
        installation.stop()


READY = "Privgate is running:"


def start_up(installation: Installation, *arguments: str) -> Process:
    """`privgate up`, once it says that it runs."""
    process = installation.start("up", "--port", str(installation.port), *arguments)

    def ready() -> bool:
        assert process.alive, process.text
        return READY in process.text

    wait_until(ready, "`privgate up` to be ready")
    return process
