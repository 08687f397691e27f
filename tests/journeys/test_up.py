"""`privgate up`: one command, also the second time, and a clear word when something is in its way.

The README's tour goes through it too, as it stands there: one machine has one port of the README's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import httpx
import numpy as np
import pytest

from gateway.web.console.navigation import LANDINGS
from policies.access import Role
from tests.journeys.conftest import README_PORT
from tests.support.gateway import READY, ROOT, Installation, Person, create_dataset, settled, start_up, upload
from tests.support.pictures import FACE, PLATE, part, pixels_of, plate_png
from tests.support.processes import Process, children, command_of, wait_until

BLOCK = re.compile(r"^```sh tour\n(.*?)^```$", re.DOTALL | re.MULTILINE)
"""The README's tour: all its blocks, in order, in one shell, from the root."""


def child(process: Process, name: str) -> int | None:
    """The process id of the gateway's process of this name under `privgate up`."""
    found = [pid for pid in children(process.popen.pid) if f"gateway.cli {name} " in command_of(pid)]
    return found[0] if found else None


@pytest.fixture
def officer(place: Installation, up: Process) -> Person:
    return place.person((place.data / "officer.token").read_text().strip(), "officer")


class References(HTMLParser):
    """All that a page makes a browser load or offers to follow."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: set[str] = set()
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "action", "srcset", "data", "poster") and value:
                self.loaded.add(value)
            if name.startswith("on") or name == "style":
                self.inline.append(f"{tag} {name}")


def references(html: str) -> References:
    parser = References()
    parser.feed(html)
    return parser


def test_from_nothing_it_says_where_everything_is(place: Installation, up: Process) -> None:
    said = up.text
    assert f"{READY} http://127.0.0.1:{place.port}" in said
    assert f"keys made in {place.data / 'keys'}" in said
    assert f"the officer's token is in {place.data / 'officer.token'}" in said
    token = place.data / "officer.token"
    assert token.stat().st_mode & 0o077 == 0
    assert token.read_text().strip() not in said
    assert "Traceback" not in said


def test_the_page_shows_both_pictures_before_and_after_and_loads_from_here_only(
    place: Installation, up: Process
) -> None:
    client = place.client()
    page = client.get("/demo")
    assert page.status_code == 200
    found = references(page.text)
    assert {"/demo/before/astronaut", "/demo/after/astronaut"} <= found.loaded
    assert {"/demo/before/drawn-plate", "/demo/after/drawn-plate"} <= found.loaded
    assert found.inline == []
    for reference in found.loaded:
        assert re.match(r"/(?!/)", reference), reference
        assert client.get(reference).status_code == 200, reference
    assert str(place.data) in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for name, box in (("astronaut", FACE), ("drawn-plate", PLATE)):
        before, after = (
            pixels_of(client.get(f"/demo/{half}/{name}").content) for half in ("before", "after")
        )
        assert np.abs(part(before, box) - part(after, box)).mean() > 10


def test_every_role_can_be_tried_by_an_account_that_is_shown_once(place: Installation, up: Process) -> None:
    notes = place.data / "demo.json"
    assert notes.stat().st_mode & 0o077 == 0
    accounts = json.loads(notes.read_text())["accounts"]
    assert set(accounts) == set(Role)
    for role, account in accounts.items():
        assert re.search(rf"^  {account['login']} +{account['password']}$", up.text, re.MULTILINE)
        form = {"login": account["login"], "password": account["password"]}
        client = place.client({"Accept": "text/html", "Sec-Fetch-Site": "same-origin"})
        assert client.post("/sign-in", data=form).headers["location"] == "/"
        assert client.get("/").headers["location"] == LANDINGS[Role(role)]


def test_each_look_at_an_after_is_on_the_log(place: Installation, up: Process) -> None:
    before = len(place.entries("copy.delivered"))
    assert place.client().get("/demo/after/astronaut").status_code == 200
    assert len(place.entries("copy.delivered")) == before + 1


def test_nothing_but_the_demo_pictures_is_shown_as_before(place: Installation, up: Process) -> None:
    client = place.client()
    for name in ("other", "..%2Fofficer.token", "%2e%2e%2fkeys%2foriginals.json"):
        assert client.get(f"/demo/before/{name}").status_code == 404


def test_the_reference_works_without_the_internet(place: Installation, up: Process) -> None:
    client = place.client()
    page = client.get("/docs")
    assert page.status_code == 200
    found = references(page.text)
    assert found.loaded
    for reference in found.loaded:
        assert re.match(r"/(?!/)", reference), reference
        assert client.get(reference).status_code == 200, reference
    ours = client.get("/static/docs.js").text
    assert "//" not in re.sub(r"^\s*//.*$", "", ours, flags=re.MULTILINE)
    assert "/openapi.json" in ours
    assert client.get("/openapi.json").json()["info"]["title"] == "Privgate"
    # Should the bundle ask for anything elsewhere, the browser refuses.
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"


def test_the_readmes_tour_runs_as_it_stands(place: Installation, up: Process) -> None:
    blocks = BLOCK.findall((ROOT / "README.md").read_text("utf-8"))
    assert len(blocks) >= 4
    assert place.port == README_PORT, f"port {README_PORT} is taken; end what listens there"
    assert shutil.which("curl"), "the tour needs curl: apt-get install -y curl"
    # Where the tests run from a virtual environment of another name than the README's.
    path = f"{Path(sys.executable).parent}:{place.environment['PATH']}"
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        env={**place.environment, "PATH": path},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "refused, as it must be" in done.stdout
    assert "original.sealed" in said
    assert done.stdout.count("VERIFIED:") == 2  # offline, and in place
    (work,) = place.temporary.glob("tmp.*")
    copy = pixels_of((work / "copy.png").read_bytes())
    photo = pixels_of((place.data / "demo" / "astronaut.png").read_bytes())
    assert copy.shape == photo.shape
    assert np.abs(part(copy, FACE) - part(photo, FACE)).mean() > 10


def test_a_second_run_says_where_the_first_is(place: Installation, up: Process) -> None:
    told = place.privgate("up", "--port", str(place.beside().port))
    assert f"runs already on this data folder: http://127.0.0.1:{place.port}" in told.stdout
    assert up.alive


def test_a_taken_port_is_named_and_nothing_is_made(apart: Installation) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        told = apart.privgate("up", "--port", str(port), expect=2).stderr
    assert f"port {port} is taken by another program; choose one with --port" in told
    assert not (apart.data / "keys").exists()


def test_a_killed_worker_comes_back_and_the_work_goes_on(
    place: Installation, up: Process, officer: Person
) -> None:
    before = wait_until(lambda: child(up, "worker"), "the worker")
    dataset = create_dataset(officer, "with a killed worker")
    uploader = place.enrol("uploader")
    os.kill(before, signal.SIGKILL)
    asset = upload(uploader, dataset, plate_png())
    wait_until(lambda: child(up, "worker") not in (None, before), "another worker")
    assert settled(uploader, asset)["state"] == "released"
    assert "worker ended with status -9; starting it again" in up.text


def test_killed_itself_it_takes_its_processes_along_and_starts_again(
    place: Installation, up: Process
) -> None:
    started = children(up.popen.pid)
    assert len(started) == 3
    up.kill()
    # Orphans become this process's children (tests.support.processes.no_orphans); then they are gone.
    wait_until(lambda: not (started & children()), "the end of all")
    with pytest.raises(httpx.TransportError):
        place.client().get("/healthz")

    token = (place.data / "officer.token").read_bytes()
    (place.data / "officer.token").unlink()
    again = start_up(place, "--demo")
    assert "is gone; tokens are stored hashed and cannot be shown again" in again.text
    assert "privgate tokens create officer" in again.text
    (place.data / "officer.token").write_bytes(token)
    assert place.client().get("/demo/after/astronaut").status_code == 200
    assert again.stop() == 0


@pytest.mark.parametrize("lost", ["originals.json", "copies.json", "checkpoint.key", "checkpoint.pub"])
def test_without_its_keys_an_installation_that_holds_data_does_not_start(
    place: Installation, up: Process, lost: str, tmp_path: Path
) -> None:
    up.stop()
    file = place.data / "keys" / lost
    kept = file.rename(tmp_path / lost)
    told = place.privgate("up", "--port", str(place.port), expect=2).stderr
    assert f"lacks {lost}" in told
    assert "Restore the folder from its backup" in told
    assert not file.exists()  # a new key would open nothing, and hide that the old one is gone
    kept.rename(file)
