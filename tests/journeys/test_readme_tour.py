"""The README's tour, run as it stands there: all its blocks, in order, in one shell, from the root."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.journeys.conftest import README_PORT
from tests.support.gateway import ROOT, Installation
from tests.support.pictures import FACE, part, pixels_of
from tests.support.processes import Process

BLOCK = re.compile(r"^```sh tour\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_tour_runs_as_it_stands(place: Installation, up: Process) -> None:
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
