"""A run that is interrupted, or loses a worker: what is there is whole, and is told."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pty
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from tests.gateway.cli.conftest import jpeg_of
from tests.gateway.cli.losing_a_worker import POINTS
from tests.gateway.cli.runs import arguments, environment, files, read_report

ROOT = Path(__file__).parents[3]

FEW = 12
ENDLESS = 2000
"""So many photos that no machine is done with them before it is interrupted. They cost nothing: one file."""

PATIENCE = 120.0
"""Seconds for what surely comes, on a slow machine with other work too."""


def photos(folder: Path, data: bytes, count: int) -> Path:
    """A folder of so many names of one photo."""
    folder.mkdir()
    (folder / "0000.jpg").write_bytes(data)
    for number in range(1, count):
        (folder / f"{number:04}.jpg").hardlink_to(folder / "0000.jpg")
    return folder


@pytest.fixture
def endless(portrait: Image.Image, tmp_path: Path) -> Path:
    return photos(tmp_path / "in", jpeg_of(portrait), ENDLESS)


@pytest.fixture
def few(portrait: Image.Image, tmp_path: Path) -> Path:
    return photos(tmp_path / "in", jpeg_of(portrait), FEW)


def options(folder: Path, jobs: int = 2) -> list[str | Path]:
    root = folder.parent
    report = ("--report", root / "report.jsonl")
    return [folder, "--out", root / "out", *report, "--kinds", "face", "--jobs", str(jobs)]


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        arguments(*options(folder)),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that a signal to the group is what a terminal's Ctrl-C would be
    )


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def workers(below: dict[int, str]) -> list[int]:
    return [pid for pid, command in below.items() if "spawn_main" in command]


def some_done(folder: Path) -> Callable[[], bool]:
    report = folder.parent / "report.jsonl"
    return lambda: report.exists() and report.read_text("utf-8").count("\n") >= 3


def descendants(pid: int) -> dict[int, str]:
    """The processes below this one, and their command lines."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found, todo = {}, [pid]
    while todo:
        for child in children.get(todo.pop(), []):
            todo.append(child)
            with suppress(OSError):  # it has just ended
                found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
    return found


def alive(pids: dict[int, str]) -> set[int]:
    """Those that still run: not what has ended and waits to be buried, as where nobody buries orphans."""
    return {pid for pid in pids if _state(pid) not in {"", "Z", "X"}}


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def assert_consistent(folder: Path, digest: str) -> int:
    """Every file under its final name is whole: all are the same photo, so all have one SHA-256."""
    out = folder.parent / "out"
    found = {hashlib.sha256((out / name).read_bytes()).hexdigest() for name in files(out)}
    assert found == {digest}
    return len(files(out))


def test_ctrl_c_tells_what_was_done_and_leaves_nothing_behind(endless: Path) -> None:
    process = start(endless)
    wait_until(some_done(endless))
    below = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    lines = read_report(endless.parent / "report.jsonl")
    assert 3 <= len(lines) < ENDLESS
    assert f"stopped: {len(lines)} of {ENDLESS} done: {len(lines)} anonymized" in err
    assert "Traceback" not in err
    assert out == ""
    wait_until(lambda: not alive(below))
    # what is there is what the report names, whole
    assert assert_consistent(endless, lines[0]["sha256"]) == len(lines)
    assert files(endless.parent / "out") == {line["output"] for line in lines}


def test_ctrl_c_waits_for_no_worker_that_does_not_end(endless: Path) -> None:
    """Rather than by the clock: a worker that is stopped would be waited for until the end of days."""
    process = start(endless)
    wait_until(some_done(endless))
    below = descendants(process.pid)
    for worker in workers(below):
        os.kill(worker, signal.SIGSTOP)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "stopped: " in err
    wait_until(lambda: not alive(below))


def test_ctrl_c_in_the_middle_of_the_report_loses_no_line_of_it(endless: Path) -> None:
    command = [sys.executable, "-m", "tests.gateway.cli.stopped_at_a_line", "anonymize"]
    done = subprocess.run(
        [*command, *map(str, options(endless))],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 130
    lines = read_report(endless.parent / "report.jsonl")
    assert f"stopped: {len(lines)} of {ENDLESS} done: {len(lines)} anonymized" in done.stderr
    assert files(endless.parent / "out") == {line["output"] for line in lines}


def test_after_kill_9_every_file_that_is_there_is_whole(endless: Path) -> None:
    process = start(endless)
    wait_until(some_done(endless))
    below = descendants(process.pid)
    process.kill()
    process.communicate(timeout=PATIENCE)
    wait_until(lambda: not alive(below))  # the workers see that nobody asks any more
    lines = read_report(endless.parent / "report.jsonl")
    out = endless.parent / "out"
    assert {line["output"] for line in lines} <= files(out) <= {path.name for path in endless.iterdir()}
    assert_consistent(endless, lines[0]["sha256"])


def test_a_worker_that_dies_at_a_file_costs_that_file_and_is_replaced(few: Path) -> None:
    """The only one of its run each time: without another in its place nothing more would be done."""
    lost = {f"{4 * number + 1:04}.jpg": point for number, point in enumerate(POINTS)}
    losing = [sys.executable, "-m", "tests.gateway.cli.losing_a_worker", "anonymize"]
    done = subprocess.run(
        [*losing, *map(str, options(few, jobs=1))],
        env=environment(LOSE=json.dumps(lost)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 3
    assert lost_of(few, done.stdout, done.stderr) == sorted(lost)


def test_a_worker_that_is_killed_at_any_moment_costs_one_file_at_most(few: Path) -> None:
    process = start(few)
    wait_until(some_done(few))
    with suppress(IndexError, ProcessLookupError):  # a quick run may be over by now
        os.kill(workers(descendants(process.pid))[0], signal.SIGKILL)
    out, err = process.communicate(timeout=PATIENCE)
    lost = lost_of(few, out, err)
    assert len(lost) <= 1  # none, where it was between two
    assert process.returncode == (3 if lost else 0)


def lost_of(folder: Path, out: str, err: str) -> list[str]:
    """The names of the files that a run lost with a worker; all others are done, whole, and told."""
    lines = read_report(folder.parent / "report.jsonl")
    lost = [line for line in lines if line["status"] == "refused"]
    assert [line["reason"] for line in lost] == ["worker.crashed"] * len(lost)
    assert all(line["input"] in err for line in lost)
    names = {Path(line["input"]).name for line in lost}
    assert [Path(line["input"]).name for line in lines] == sorted(path.name for path in folder.iterdir())
    assert files(folder.parent / "out") == {path.name for path in folder.iterdir()} - names
    done = assert_consistent(folder, next(line["sha256"] for line in lines if line["sha256"]))
    assert f"{done} anonymized" in out
    return sorted(names)


def test_a_full_disk_stops_the_run_with_what_to_do_and_nothing_half_written(few: Path) -> None:
    """On a real file system with room for one copy and a half, in a mount namespace of its own."""
    room = (few / "0000.jpg").stat().st_size * 3 // 2 // 1024
    command = shlex.join(arguments(few, "--out", "out", "--kinds", "face", "--jobs", "1"))
    script = f"""
        mkdir out && mount -t tmpfs -o size={room}k none out || exit 77
        {command}; status=$?
        ls -A out; exit $status
    """
    namespace = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
    done = subprocess.run(
        [*namespace, "sh", "-c", script],
        env=environment(),
        cwd=few.parent,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if done.returncode in (1, 77) and "privgate" not in done.stderr:
        pytest.skip(f"this machine lets nobody mount a small file system: {done.stderr.strip()}")
    assert done.returncode == 2
    assert "out cannot be written (No space left on device); make room" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.split() == ["0000.jpg"]  # the one that fitted, no part of the next


def test_on_a_terminal_there_is_a_progress_bar(portrait: Image.Image, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg_of(portrait))
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 100, 0, 0))
    process = subprocess.Popen(
        arguments(tmp_path / "a.jpg", "--out", tmp_path / "out", "--kinds", "face"),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=slave,
    )
    os.close(slave)
    shown = b""
    try:
        while piece := os.read(master, 4096):
            shown += piece
    except OSError:  # the terminal's other end is closed: the run is over
        pass
    os.close(master)
    assert process.wait(PATIENCE) == 0
    assert "anonymizing" in shown.decode()
    assert "1/1" in shown.decode()
