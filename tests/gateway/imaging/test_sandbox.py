"""The confined decoder: it decodes, it can be killed at any time, and nothing is left of it."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gateway.errors import (
    DecodeTimeout,
    InputRefused,
    LimitExceeded,
    MalformedImage,
    Misconfigured,
    UnsupportedFormat,
)
from gateway.imaging.child import ENVIRONMENT
from gateway.imaging.decode import Limits, decode
from gateway.imaging.sandbox import Sandbox
from tests.gateway.imaging.samples import DATA, noise, quadrants, save, scene
from tests.gateway.imaging.tiff_files import striped, tiled
from tests.support.processes import wait_until

SMALL = Limits(max_bytes=1_000_003, max_pixels=1_000_009)
PHOTO = save(Image.fromarray(scene()), "JPEG", quality=95)
# Ten thousand times smaller than its pixels: 36 megapixels that take a while and 144 MB.
LARGE = save(Image.new("RGB", (6000, 6000), (9, 9, 9)), "PNG", compress_level=1)


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def gone(pid: int) -> bool:
    """Neither running nor a zombie, in the end."""
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), f"the end of {pid}", every=0.01)
    return True


def state_of(pid: int) -> str:
    """Its letter of proc_pid_stat(5); "" where there is no such process."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def pid_of(sandbox: Sandbox) -> int:
    assert sandbox.pid is not None
    return sandbox.pid


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.parametrize(
    "data",
    [
        PHOTO,
        save(Image.fromarray(noise(90, 70)), "PNG"),
        save(Image.fromarray(noise(90, 70)), "WEBP", lossless=True),
        (DATA / "turned.heic").read_bytes(),
        save(Image.fromarray(scene()), "AVIF", speed=10),
        save(Image.fromarray(noise(90, 70)), "TIFF", compression="tiff_lzw"),
        save(Image.fromarray(noise(90, 70)), "TIFF", compression="jpeg"),
        save(Image.fromarray(noise(90, 70)).convert("1"), "TIFF", compression="group4"),
        striped(noise(90, 70), 2, orientation=6),
        tiled(noise(90, 70), 2, compression=8),
        save(Image.fromarray(noise(90, 70)), "GIF"),
        save(Image.fromarray(noise(90, 70)), "BMP"),
    ],
    ids=[
        *("jpeg", "png", "webp", "heic", "avif", "tiff-lzw", "tiff-jpeg", "tiff-fax", "tiff-turned"),
        *("tiff-tiled", "gif", "bmp"),
    ],
)
def test_gives_what_decoding_in_this_process_gives(shared: Sandbox, data: bytes) -> None:
    here, there = decode(data, Limits()), shared.decode(data)
    assert np.array_equal(here.pixels, there.pixels)
    assert (here.format, here.lossless) == (there.format, there.lossless)
    assert there.pixels.flags.c_contiguous
    assert there.pixels.flags.owndata


def test_the_same_process_serves_again_and_refusals_do_not_end_it(shared: Sandbox) -> None:
    shared.decode(PHOTO)
    pid = shared.pid
    with pytest.raises(MalformedImage):
        shared.decode(PHOTO[: len(PHOTO) // 2])
    with pytest.raises(UnsupportedFormat):
        shared.decode(b"%PDF-1.7" + bytes(99))
    small = shared.decode(save(Image.fromarray(quadrants()), "PNG")).pixels
    assert np.array_equal(small, quadrants())
    assert shared.pid == pid


def test_is_recycled_after_so_many_decodes() -> None:
    with Sandbox(recycle_after=2) as sandbox:
        pids = []
        for _ in range(4):
            sandbox.decode(PHOTO)
            pids.append(pid_of(sandbox))
    assert pids[0] == pids[1] != pids[2] == pids[3]
    assert gone(pids[0])


def test_a_timeout_kills_and_the_next_decode_works() -> None:
    with Sandbox(Limits(timeout=0.3)) as sandbox:
        sandbox.warm()
        pid = pid_of(sandbox)
        os.kill(pid, signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(DecodeTimeout) as caught:
            sandbox.decode(PHOTO)
        assert time.monotonic() - started > 0.2
        assert (caught.value.code, "0.3 seconds" in str(caught.value)) == ("decode.timeout", True)
        assert gone(pid)
        wait_until(lambda: in_time(sandbox), "a decode that this machine does in time")


def in_time(sandbox: Sandbox) -> bool:
    """A photo through a sandbox whose limit is so short that a machine with other work may miss it."""
    try:
        return sandbox.decode(PHOTO).pixels.shape == (240, 320, 3)
    except DecodeTimeout:
        return False


def test_a_slow_decode_is_cut_off() -> None:
    with Sandbox(Limits(timeout=0.02)) as sandbox:
        sandbox.warm()
        with pytest.raises(DecodeTimeout):
            sandbox.decode(LARGE)


@pytest.mark.parametrize("blow", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_crash_in_the_middle_is_a_refusal_and_the_next_decode_works(blow: signal.Signals) -> None:
    with Sandbox() as sandbox:
        sandbox.decode(PHOTO)
        pid = pid_of(sandbox)
        os.kill(pid, signal.SIGSTOP)  # so that the blow surely falls while a decode is under way
        with ThreadPoolExecutor(1) as pool:
            under_way = pool.submit(sandbox.decode, PHOTO)
            child = sandbox._slot.child
            assert child is not None
            wait_until(lambda: child.decodes == 2, "the second decode", every=0.001)
            os.kill(pid, blow)
            os.kill(pid, signal.SIGCONT)
            with pytest.raises(DecodeTimeout) as caught:
                under_way.result(timeout=300)
        assert caught.value.code == "decode.crashed"
        assert gone(pid)
        assert sandbox.decode(PHOTO).pixels.shape == (240, 320, 3)


def test_a_process_that_died_between_two_decodes_is_replaced_silently() -> None:
    with Sandbox() as sandbox:
        sandbox.warm()
        pid = pid_of(sandbox)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: state_of(pid) == "Z", "its death")
        assert sandbox.decode(PHOTO).pixels.shape == (240, 320, 3)
        assert sandbox.pid != pid


def test_memory_is_bounded_and_the_next_decode_works() -> None:
    with Sandbox(Limits(memory=256 * 1024**2)) as sandbox:
        with pytest.raises(LimitExceeded) as caught:
            sandbox.decode(LARGE)
        assert (caught.value.code, "268,435,456" in str(caught.value)) == ("limit.memory", True)
        assert sandbox.decode(PHOTO).pixels.shape == (240, 320, 3)


def test_memory_too_small_to_start_is_the_operators_matter() -> None:
    before = open_descriptors()
    with Sandbox(Limits(memory=40 * 1024**2)) as sandbox, pytest.raises(Misconfigured, match="memory limit"):
        sandbox.decode(PHOTO)
    assert open_descriptors() == before


def test_file_limits_are_checked_before_the_process_is_woken() -> None:
    with Sandbox(Limits(max_bytes=100)) as sandbox:
        with pytest.raises(LimitExceeded):
            sandbox.decode(PHOTO)
        assert sandbox.pid is None


def test_the_process_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVGATE_MASTER_KEY", "a-secret-value")
    with Sandbox() as sandbox:
        sandbox.warm()
        environment = Path(f"/proc/{sandbox.pid}/environ").read_bytes()
        assert b"secret" not in environment.lower()
        assert b"PRIVGATE" not in environment
        arguments = Path(f"/proc/{sandbox.pid}/cmdline").read_bytes()
        assert b"-I" in arguments.split(b"\0")


def test_the_process_holds_one_socket_and_two_memories_only(tmp_path: Path) -> None:
    with (tmp_path / "open-in-the-gateway").open("w") as file, Sandbox() as other, Sandbox() as sandbox:
        os.set_inheritable(file.fileno(), True)
        other.warm()
        sandbox.decode(PHOTO)
        links = {str(link.readlink()) for link in Path(f"/proc/{sandbox.pid}/fd").iterdir()}
        assert sorted(link.split("[")[0] for link in links) == [
            "/dev/null",
            "/memfd:output (deleted)",
            "/memfd:source (deleted)",
            "socket:",
        ]


def test_the_process_is_limited_and_in_a_session_of_its_own() -> None:
    with Sandbox(Limits(memory=900 * 1024**2, max_pixels=1_000_000)) as sandbox:
        sandbox.decode(PHOTO)
        text = Path(f"/proc/{sandbox.pid}/limits").read_text()
        limits = {line[:25].strip(): line[25:].split() for line in text.splitlines()[1:]}
        assert limits["Max core file size"][:2] == ["0", "0"]
        assert limits["Max address space"][:2] == [str(900 * 1024**2)] * 2
        assert limits["Max file size"][:2] == ["3000000"] * 2
        assert int(limits["Max open files"][1]) <= 16
        assert int(limits["Max cpu time"][0]) <= 90
        assert os.getsid(pid_of(sandbox)) == sandbox.pid
        assert "NoNewPrivs:\t1" in Path(f"/proc/{sandbox.pid}/status").read_text()


@pytest.mark.parametrize("data", [PHOTO, PHOTO[: len(PHOTO) // 2], b"GIF89a" + bytes(99)])
def test_neither_file_nor_pixels_lie_in_the_shared_memory_after_a_decode(data: bytes) -> None:
    with Sandbox(SMALL) as sandbox:
        sandbox.warm()
        with contextlib.suppress(InputRefused):
            sandbox.decode(data)
        memories = _memories()
        assert len(memories) >= 2
        assert not any(link.read_bytes().strip(b"\0") for link in memories)


FREED = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
for size in (2_000, 200_000, 20_000_000):
    chunk = ctypes.c_void_p(libc.malloc(size))
    inside = (ctypes.c_char * 64).from_address(chunk.value + size // 2)
    ctypes.memset(chunk, 120, size)
    assert bytes(inside) == bytes([120]) * 64
    libc.free(chunk)
    assert 120 not in bytes(inside), size
"""


def test_what_the_process_frees_is_written_over() -> None:
    """Its heap is kept from one image to the next, so nothing of the last one may stay in it."""
    done = subprocess.run([sys.executable, "-c", FREED], env=ENVIRONMENT, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()


def test_what_was_returned_is_out_of_the_decoders_reach() -> None:
    """The memory that it can write holds no pixel of an array that a caller has."""
    with Sandbox(SMALL) as sandbox:
        pixels = sandbox.decode(PHOTO).pixels
        before = pixels.copy()
        for link in _memories():
            with link.open("r+b") as memory:
                memory.write(bytes(range(256)) * 3000)
        assert np.array_equal(pixels, before)


def _memories() -> list[Path]:
    """The two of a Sandbox with SMALL limits; others may be alive beside it."""
    sizes = (SMALL.max_bytes, SMALL.max_pixels * 3)
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            if "memfd:" in os.readlink(link) and link.stat().st_size in sizes:  # noqa: PTH115
                found.append(link)
        except FileNotFoundError:  # the folder's own descriptor
            continue
    return found


def test_close_leaves_nothing_behind() -> None:
    before = open_descriptors()
    sandbox = Sandbox()
    sandbox.decode(PHOTO)
    pid = pid_of(sandbox)
    sandbox.close()
    sandbox.close()
    assert gone(pid)
    assert open_descriptors() == before
    with pytest.raises(ValueError, match="closed"):
        sandbox.decode(PHOTO)


def test_a_forgotten_sandbox_leaves_nothing_behind() -> None:
    gc.collect()  # what tests before this one forgot is not counted
    before = open_descriptors()
    sandbox = Sandbox()
    sandbox.decode(PHOTO)
    pid = pid_of(sandbox)
    del sandbox
    gc.collect()
    assert gone(pid)
    assert open_descriptors() == before


FORGETFUL_PARENT = """
import os, signal, sys, threading
from gateway.imaging.sandbox import Sandbox
sandboxes = [Sandbox(), Sandbox()]
for sandbox in sandboxes:
    thread = threading.Thread(target=sandbox.warm)
    thread.start()
    thread.join()
print(*(sandbox.pid for sandbox in sandboxes), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("end", ["exits", "is killed"])
def test_no_process_outlives_its_parent(end: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", FORGETFUL_PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        assert parent.stderr is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)
        if end == "exits":
            parent.stdin.close()
        else:
            parent.kill()
        parent.wait(300)
        assert parent.stderr.read() == ""
    # They are nobody's children any more: whether somebody buries them is the machine's business.
    wait_until(lambda: all(state_of(pid) in ("Z", "") for pid in pids), "the end of both")


FORKING_PARENT = """
import os, sys
from gateway.imaging.sandbox import Sandbox
data = sys.stdin.buffer.read()
sandbox = Sandbox()
sandbox.decode(data)
first = sandbox.pid
if (copy := os.fork()) == 0:
    sandbox.decode(data)
    other = sandbox.pid != first
    sandbox.close()
    os._exit(0 if other else 9)
assert os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) == 0
sandbox.decode(data)
assert sandbox.pid == first
"""


def test_a_forked_copy_of_the_gateway_gets_a_process_of_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", FORKING_PARENT], input=PHOTO, timeout=300)
    assert done.returncode == 0


def test_a_process_survives_the_thread_that_started_it() -> None:
    with Sandbox() as sandbox:
        thread = threading.Thread(target=sandbox.warm)
        thread.start()
        thread.join()
        pid = sandbox.pid
        time.sleep(0.2)
        assert sandbox.decode(PHOTO).pixels.shape == (240, 320, 3)
        assert sandbox.pid == pid


def test_several_sandboxes_work_side_by_side() -> None:
    pictures = [scene(120, 90, seed) for seed in range(12)]

    def through(sandbox: Sandbox, number: int) -> bool:
        data = save(Image.fromarray(pictures[number]), "PNG")
        return np.array_equal(sandbox.decode(data).pixels, pictures[number])

    with Sandbox() as first, Sandbox() as second, ThreadPoolExecutor(4) as pool:
        outcomes = [pool.submit(through, (first, second)[number % 2], number) for number in range(12)]
        assert all(outcome.result(timeout=300) for outcome in outcomes)
        assert first.pid != second.pid
