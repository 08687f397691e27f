"""What failed is run once more, alone: `.ci/second-chance`, with the real pytest on small files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / ".ci" / "second-chance"

PASSES = "def test_passes(): pass\n"
FAILS = "def test_fails(): assert False\n"
FAILS_ONCE = """
from pathlib import Path

def test_fails_once():
    seen = Path(__file__).with_name("seen")
    if not seen.exists():
        seen.touch()
        assert False, "the first time"
"""
ANNOUNCED = "A SECOND CHANCE"


def run(folder: Path, *options: str, **files: str) -> subprocess.CompletedProcess[str]:
    """As `make test` does it, unless other options are given."""
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    pytest = (sys.executable, "-m", "pytest", "-p", "xdist", *(options or ("-n", "2", "--dist", "loadfile")))
    return subprocess.run(
        [str(SCRIPT), *pytest],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_what_fails_by_chance_is_run_again_alone_and_loudly(tmp_path: Path) -> None:
    done = run(tmp_path, passes=PASSES, chance=FAILS_ONCE)
    assert done.returncode == 0
    assert ANNOUNCED in done.stderr
    assert "test_chance.py::test_fails_once" in done.stderr
    assert "AssertionError: the first time" in done.stdout  # the first failure stays to be read
    first, second = done.stdout.split(" in ", 1)
    assert "1 failed, 1 passed" in first
    assert "1 passed" in second
    assert "test_passes.py" not in second


def test_what_fails_again_fails(tmp_path: Path) -> None:
    done = run(tmp_path, "-n", "0", fails=FAILS, chance=FAILS_ONCE)
    assert done.returncode == 1
    assert ANNOUNCED in done.stderr
    assert "1 failed, 1 passed" in done.stdout


def test_what_another_phase_left_is_no_business_of_this_one(tmp_path: Path) -> None:
    run(tmp_path, "-n", "0", fails=FAILS)
    done = run(tmp_path, "-n", "0", "--ignore", "test_fails.py", chance=FAILS_ONCE)
    assert done.returncode == 0
    assert "test_fails.py" not in done.stderr


def test_a_file_that_cannot_be_collected_has_no_second_chance(tmp_path: Path) -> None:
    done = run(tmp_path, passes=PASSES, wrong="import nothing_of_this_name\n")
    assert done.returncode != 0
    assert ANNOUNCED not in done.stderr


def test_failures_everywhere_are_no_accident(tmp_path: Path) -> None:
    done = run(tmp_path, "-n", "0", **{f"part_{number}": FAILS for number in range(6)})
    assert done.returncode == 1
    assert "failures in 6 files" in done.stderr
    assert ANNOUNCED not in done.stderr
