"""What `make install` checks first: told in one line, in under two seconds, before anything is installed."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "prerequisites"

SECONDS = 60.0  # some tenths, but other work may be done on this machine

# A machine that lacks nothing; each test takes away one thing.
LIBRARIES = ("libGL.so.1", "libEGL.so.1", "libGLESv2.so.2", "libgthread-2.0.so.0")
WHOLE = {
    "uname": 'case "$1" in -s) echo Linux ;; -m) echo x86_64 ;; esac',
    "id": "echo 1000",
    "ldconfig": "\n".join(f"echo '\t{name} (libc6,x86-64) => /lib/{name}'" for name in LIBRARIES),
    "make": "exit 0",
    "python3.11": 'case "$2" in *print*) echo python3.11-venv ;; esac; exit 0',
    "apt-get": 'echo "apt-get $*" >> "$APT_LOG"',
}


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str
    apt: str


def ask(tmp_path: Path, *arguments: str, python: str | None = None, **other: str | None) -> Answer:
    """Runs the check on a machine that is WHOLE but for `other` (None: the program is not there)."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, body in (WHOLE | {key.replace("_", "."): value for key, value in other.items()}).items():
        if body is not None:
            (programs / name).write_text(f"#!/bin/sh\n{body}\n")
            (programs / name).chmod(0o755)
    (programs / "sh").symlink_to(str(shutil.which("sh")))
    environment = {"PATH": str(programs), "APT_LOG": str(tmp_path / "apt.log")}
    if python is not None:
        environment["PYTHON"] = python
    began = time.monotonic()
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT), *arguments], env=environment, capture_output=True, text=True, timeout=300
    )
    assert time.monotonic() - began < SECONDS
    log = tmp_path / "apt.log"
    return Answer(done.returncode, done.stdout, done.stderr, log.read_text() if log.exists() else "")


def without(*libraries: str) -> str:
    return "\n".join(f"echo {name}" for name in LIBRARIES if name not in libraries) or "true"


def test_a_machine_that_lacks_nothing_gets_its_python_named(tmp_path: Path) -> None:
    assert ask(tmp_path) == Answer(0, "python3.11\n", "", "")


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libGL.so.1", "libgl1"),
        ("libEGL.so.1", "libegl1"),
        ("libGLESv2.so.2", "libgles2"),
        ("libgthread-2.0.so.0", "libglib2.0-0"),
    ],
)
def test_a_missing_library_is_one_apt_line_that_names_its_package(
    library: str, package: str, tmp_path: Path
) -> None:
    answer = ask(tmp_path, ldconfig=without(library))
    assert answer.status == 1
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 1
    assert answer.err.endswith(f"apt-get install -y --no-install-recommends {package}'\n")
    assert answer.apt == ""  # not root: nothing is run


def test_everything_that_is_missing_stands_in_the_one_line(tmp_path: Path) -> None:
    lacking = 'case "$2" in *ensurepip*) exit 1 ;; *print*) echo python3.11-venv ;; esac'
    answer = ask(tmp_path, ldconfig=without(*LIBRARIES), python3_11=lacking)
    assert answer.status == 1
    assert len(answer.err.splitlines()) == 1
    for package in ("python3.11-venv", "libgl1", "libegl1", "libgles2", "libglib2.0-0"):
        assert f" {package}" in answer.err


def test_no_python_is_told_with_the_rest(tmp_path: Path) -> None:
    answer = ask(tmp_path, python3_11=None)
    assert answer.status == 1
    assert "apt-get install -y --no-install-recommends python3 python3-venv" in answer.err


def test_root_has_the_line_run_and_goes_on(tmp_path: Path) -> None:
    answer = ask(tmp_path, ldconfig=without("libGL.so.1"), id="echo 0")
    assert answer.status == 0
    assert answer.out == "python3.11\n"
    assert answer.apt.splitlines() == ["apt-get update", "apt-get install -y --no-install-recommends libgl1"]


def test_root_is_told_when_apt_fails(tmp_path: Path) -> None:
    broken = "echo 'E: no network' >&2; exit 100"
    answer = ask(tmp_path, ldconfig=without("libGL.so.1"), id="echo 0", **{"apt-get": broken})
    assert answer.status == 1
    assert "that failed; run it by hand" in answer.err


def test_without_apt_the_packages_are_named_all_the_same(tmp_path: Path) -> None:
    answer = ask(tmp_path, ldconfig=without("libGL.so.1"), id="echo 0", **{"apt-get": None})
    assert answer.status == 1
    assert "your system's own package manager: libgl1" in answer.err


@pytest.mark.parametrize(
    ("uname", "said"),
    [
        ('case "$1" in -s) echo Linux ;; -m) echo aarch64 ;; esac', "aarch64 is not supported"),
        ('case "$1" in -s) echo Darwin ;; -m) echo arm64 ;; esac', "Darwin is not supported"),
    ],
)
def test_another_system_is_told_at_once(uname: str, said: str, tmp_path: Path) -> None:
    answer = ask(tmp_path, uname=uname)
    assert answer.status == 1
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_python_that_was_asked_for_is_taken_or_refused_never_replaced(tmp_path: Path) -> None:
    """A pyenv shim without its version is such a one: it is there, and cannot run."""
    shim = "echo 'pyenv: python3.12: command not found' >&2; exit 127"
    answer = ask(tmp_path, python="python3.12", python3_12=shim)
    assert answer.status == 1
    assert "python3.12 is no Python 3.11 or 3.12 that runs here" in answer.err
    assert "make PYTHON=" in answer.err


def test_what_the_tests_need_besides_is_asked_for_with_tests(tmp_path: Path) -> None:
    answer = ask(tmp_path, "--tests")
    assert answer.status == 1
    for package in ("libimage-exiftool-perl", "curl", "docker-compose"):
        assert f" {package}" in answer.err
