"""The rule that the client knows the gateway by HTTP alone, and that the rule bites."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINTER = Path(sys.executable).with_name("lint-imports")


@pytest.mark.parametrize("line", ["from gateway.services import ids", "from policies import model"])
def test_a_client_that_reached_into_the_gateway_would_break_the_build(tmp_path: Path, line: str) -> None:
    for package in ("gateway", "policies", "audit"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "gateway/client/flow.py").open("a") as file:
        file.write(f"\n{line}\n")
    done = subprocess.run(
        [str(LINTER), "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout
    assert "The client knows the gateway by HTTP alone" in done.stdout
    assert "gateway.client.flow ->" in done.stdout
