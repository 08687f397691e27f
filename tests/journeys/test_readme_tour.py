"""The README's tour, run as it stands there: all its blocks, in order, in one shell, from the root."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.detection.models import ModelStore
from tests.journeys.test_up import start_up
from tests.support.gateway import ROOT, Installation
from tests.support.pictures import FACE, part, pixels_of

PORT = 8080
"""The README's. Its words are not changed for the test, so the port must be free."""

BLOCK = re.compile(r"^```sh tour\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def tour() -> list[str]:
    return BLOCK.findall((ROOT / "README.md").read_text("utf-8"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, model_store: ModelStore) -> Iterator[Installation]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            pytest.fail(f"the README's tour needs port {PORT}, which is taken; end what listens there")
    installation = Installation(tmp_path_factory.mktemp("tour"), model_store.folder)
    installation.port = PORT
    try:
        start_up(installation, "--demo")
        yield installation
    finally:
        installation.stop()


def test_the_tour_runs_as_it_stands(running: Installation) -> None:
    blocks = tour()
    # Where the tests run from a virtual environment of another name than the README's.
    path = f"{Path(sys.executable).parent}:{running.environment['PATH']}"
    assert len(blocks) >= 4
    assert shutil.which("curl"), "the tour needs curl: apt-get install -y curl"
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        env={**running.environment, "PATH": path},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "refused, as it must be" in done.stdout
    assert '"code":"original.sealed"' in said.replace(" ", "")
    assert done.stdout.count("VERIFIED:") == 2  # offline, and in place
    (work,) = running.temporary.glob("tmp.*")
    copy, photo = (pixels_of(path.read_bytes()) for path in (work / "copy.png", work_photo(running)))
    assert copy.shape == photo.shape
    assert abs(part(copy, FACE) - part(photo, FACE)).mean() > 10


def work_photo(running: Installation) -> Path:
    return running.data / "demo" / "astronaut.png"
