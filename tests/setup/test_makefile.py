"""The Makefile, as far as it can be asked without installing anything."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def make(*words: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def plan(*words: str, venv: Path) -> str:
    """What make would do in a checkout without a virtual environment."""
    done = make("--dry-run", *words, f"VENV={venv}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_run_and_test_install_first(tmp_path: Path) -> None:
    for goal, last in (("run", "privgate up --demo"), ("test", "/pytest")):
        steps = plan(goal, venv=tmp_path / "venv")
        assert 0 <= steps.index("pip install") < steps.index("models fetch") < steps.rindex(last)


def test_what_is_missing_is_told_before_anything_is_installed(tmp_path: Path) -> None:
    steps = plan("install", venv=tmp_path / "venv")
    assert steps.index(".ci/prerequisites") < steps.index("-m venv") < steps.index("pip install")


def test_the_extra_is_installed_when_it_is_asked_for_and_only_then(tmp_path: Path) -> None:
    assert "requirements-ocr.lock" not in plan("install", venv=tmp_path / "venv")
    steps = plan("install", "EXTRAS=ocr", venv=tmp_path / "venv")
    assert steps.index("requirements-dev.lock") < steps.index("requirements-ocr.lock")


def test_an_unknown_extra_is_refused() -> None:
    done = make("install", "EXTRAS=orc")
    assert done.returncode == 2
    assert "the only extra is ocr" in done.stderr


def test_the_development_tools_come_by_hash(tmp_path: Path) -> None:
    installs = re.findall(r"pip install (.+)", plan("install", venv=tmp_path / "venv"))
    assert [("--require-hashes" in words, "--no-deps" in words) for words in installs] == [
        (True, False),
        (False, True),
    ]


def test_ci_runs_the_whole_of_make_test() -> None:
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text("utf-8")
