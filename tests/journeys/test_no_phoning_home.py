"""Nothing phones home: no process of ours turns to an address that nobody configured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.detection.models import ModelStore
from tests.support.gateway import COMMAND, Installation, create_dataset, released_copy, running
from tests.support.pictures import plate_png
from tests.support.processes import free_port
from tests.support.sockets import SocketNotes, strace_works, traced


@pytest.fixture
def notes(apart: Installation, tmp_path: Path) -> SocketNotes:
    """A fresh home too: a library that once was told not to report would not show itself."""
    found = SocketNotes(tmp_path / "notes", apart.environment)
    apart.extra = {**apart.extra, **found.environment}
    return found


def test_the_hook_sees_a_connection_and_a_look_up(apart: Installation, notes: SocketNotes) -> None:
    port = free_port()
    attempt = f"import socket; socket.create_connection(('localhost', {port}))"
    subprocess.run([sys.executable, "-c", attempt], env=apart.environment, capture_output=True)
    assert any(line.startswith("socket.getaddrinfo ('localhost'") for line in notes.seen)
    assert any(line.startswith("socket.connect") and str(port) in line for line in notes.seen)


def test_the_hook_sees_a_library_that_reports(apart: Installation, notes: SocketNotes) -> None:
    """The positive control: the inference library, imported as it comes, does report its import."""
    wait = "import openvino, time; time.sleep(3)"
    subprocess.run([sys.executable, "-c", wait], env=apart.environment, capture_output=True)
    if not notes.seen:
        pytest.skip("this release of the inference library does not report")
    assert any("google" in line for line in notes.seen)


def test_anonymize_turns_to_nobody(apart: Installation, notes: SocketNotes) -> None:
    (apart.root / "in.png").write_bytes(plate_png())
    apart.privgate("anonymize", "in.png", "--out", "out", "--policy", "street", "--html", "look.html")
    assert notes.seen == []


def test_a_whole_installation_turns_to_nobody(apart: Installation, notes: SocketNotes) -> None:
    for started in running(apart):
        dataset = create_dataset(started.enrol("officer"), "quiet street")
        released_copy(started.enrol("uploader"), dataset, plate_png())
        assert started.client().get("/docs").is_success
        assert started.client().get("/metrics").is_success
    apart.privgate("doctor", expect=1)
    assert notes.seen == []


@pytest.mark.skipif(not strace_works(), reason="strace is not here, or not allowed to watch")
def test_nor_does_what_is_not_python(apart: Installation, tmp_path: Path, model_store: ModelStore) -> None:
    (tmp_path / "in.png").write_bytes(plate_png())
    command = [str(COMMAND), "anonymize", "in.png", "--out", "out", "--policy", "street"]
    assert traced(command, apart.environment, tmp_path) == []
