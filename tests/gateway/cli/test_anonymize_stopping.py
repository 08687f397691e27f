"""A run that is interrupted, or loses a worker: what is there is whole, and is told."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pty
import shlex
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.gateway.cli.conftest import jpeg_of
from tests.gateway.cli.runs import arguments, environment, files, read_report

MANY = 60


@pytest.fixture
def many(portrait: Image.Image, tmp_path: Path) -> Path:
    """A folder of so many photos that a run takes long enough to be interrupted."""
    folder = tmp_path / "in"
    folder.mkdir()
    data = jpeg_of(portrait)
    for number in range(MANY):
        (folder / f"{number:02}.jpg").write_bytes(data)
    return folder


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    root = folder.parent
    report = ("--report", root / "report.jsonl")
    return subprocess.Popen(
        arguments(folder, "--out", root / "out", *report, "--kinds", "face", "--jobs", "2", *options),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that a signal to the group is what a terminal's Ctrl-C would be
    )


def wait_until(true: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


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
            found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
    return found


def alive(pids: dict[int, str]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def assert_consistent(folder: Path, digest: str | None = None) -> int:
    """Every file under its final name is whole: all are the same photo, so all have one SHA-256."""
    out = folder.parent / "out"
    found = {hashlib.sha256((out / name).read_bytes()).hexdigest() for name in files(out)}
    assert len(found) == 1
    assert digest is None or found == {digest}
    return len(files(out))


def test_ctrl_c_ends_soon_tells_what_was_done_and_leaves_nothing_behind(many: Path) -> None:
    process = start(many)
    wait_until(some_done(many))
    below = descendants(process.pid)
    assert len(below) >= 4  # two workers, their two decoders
    pressed = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - pressed < 3
    assert process.returncode == 130
    lines = read_report(many.parent / "report.jsonl")
    assert 3 <= len(lines) < MANY
    assert f"stopped: {len(lines)} of {MANY} done: {len(lines)} anonymized" in err
    assert "Traceback" not in err
    assert out == ""
    wait_until(lambda: not alive(below), 5)
    # what is there is what the report names, whole
    assert assert_consistent(many, lines[0]["sha256"]) == len(lines)
    assert files(many.parent / "out") == {line["output"] for line in lines}


def test_after_kill_9_every_file_that_is_there_is_whole(many: Path) -> None:
    process = start(many)
    wait_until(some_done(many))
    below = descendants(process.pid)
    process.kill()
    process.communicate(timeout=30)
    wait_until(lambda: not alive(below), 20)  # the workers see that nobody asks any more
    lines = read_report(many.parent / "report.jsonl")
    out = many.parent / "out"
    assert {line["output"] for line in lines} <= files(out) <= {path.name for path in many.iterdir()}
    assert_consistent(many, lines[0]["sha256"])


def test_a_worker_that_is_killed_costs_one_file_and_is_replaced(many: Path) -> None:
    process = start(many)
    wait_until(some_done(many))
    workers = [pid for pid, command in descendants(process.pid).items() if "spawn_main" in command]
    os.kill(workers[0], signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    lines = read_report(many.parent / "report.jsonl")
    (lost,) = [line for line in lines if line["status"] == "refused"]
    assert process.returncode == 3
    assert len(lines) == MANY
    assert lost["reason"] == "worker.crashed"
    assert lost["input"] in err
    assert f"{MANY - 1} anonymized" in out
    assert assert_consistent(many) == MANY - 1
    assert Path(lost["input"]).name not in files(many.parent / "out")


def test_a_full_disk_stops_the_run_with_what_to_do_and_nothing_half_written(many: Path) -> None:
    """On a real file system with room for one copy and a half, in a mount namespace of its own."""
    room = (many / "00.jpg").stat().st_size * 3 // 2 // 1024
    command = shlex.join(arguments(many, "--out", "out", "--kinds", "face", "--jobs", "1"))
    script = f"""
        mkdir out && mount -t tmpfs -o size={room}k none out || exit 77
        {command}; status=$?
        ls -A out; exit $status
    """
    namespace = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
    done = subprocess.run(
        [*namespace, "sh", "-c", script],
        env=environment(),
        cwd=many.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode in (1, 77) and "privgate" not in done.stderr:
        pytest.skip(f"this machine lets nobody mount a small file system: {done.stderr.strip()}")
    assert done.returncode == 2
    assert "out cannot be written (No space left on device); make room" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.split() == ["00.jpg"]  # the one that fitted, no part of the next


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
    assert process.wait(30) == 0
    assert "anonymizing" in shown.decode()
    assert "1/1" in shown.decode()
