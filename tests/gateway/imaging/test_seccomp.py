"""The decoder process's filter: each forbidden thing is tried, in a process behind the real filter."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gateway.imaging import seccomp
from gateway.imaging.sandbox import Sandbox

PROLOGUE = """
import ctypes, errno, mmap, os, resource, signal, socket, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
from gateway.imaging import seccomp
held = os.memfd_create("held")
ours, theirs = socket.socketpair()
parent = os.getppid()
seccomp.install()
def limit(process, which):  # by the call itself: the module `resource` tells EPERM as another exception
    if libc.prlimit(process, which, ctypes.create_string_buffer(16), None):
        raise OSError(ctypes.get_errno(), "prlimit")
def tried(call):
    try:
        call()
    except OSError as exc:
        os.write(1, errno.errorcode[exc.errno].encode())
    else:
        os.write(1, b"done")
    os._exit(0)
"""


def run(code: str) -> subprocess.CompletedProcess[bytes]:
    """Runs the code in a process of its own behind the filter."""
    program = PROLOGUE + textwrap.dedent(code)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=300)


REFUSED = {
    "reads a file": "tried(lambda: os.open('/etc/passwd', os.O_RDONLY))",
    "writes a file": "tried(lambda: os.open('/tmp/privgate-never', os.O_WRONLY | os.O_CREAT))",
    "lists a folder": "tried(lambda: os.listdir('/'))",
    "looks at a file": "tried(lambda: os.stat('/etc/passwd'))",
    "removes a file": "tried(lambda: os.unlink('/tmp/privgate-never'))",
    "makes a link": "tried(lambda: os.symlink('/etc/passwd', '/tmp/privgate-never'))",
    "makes a pipe": "tried(os.pipe)",
    "makes a shared memory": "tried(lambda: os.memfd_create('more'))",
    "hands on a descriptor": "tried(lambda: ours.sendmsg([b'x'], [(1, 1, bytes(4))]))",
    "loosens another limit": "tried(lambda: limit(0, resource.RLIMIT_CORE))",
    "limits another process": "tried(lambda: limit(parent, resource.RLIMIT_CPU))",
    "changes its user": "tried(lambda: os.setuid(0))",
    "goes to another folder": "tried(lambda: os.chdir('/'))",
}

KILLED = {
    "makes a socket": "tried(lambda: libc.socket(2, 1, 0))",
    "makes a local socket": "tried(lambda: libc.socket(1, 1, 0))",
    "starts a program": "tried(lambda: os.execv('/bin/true', ['true']))",
    "forks": "tried(os.fork)",
    "makes a process by clone": "tried(lambda: libc.syscall(56, 17, 0, 0, 0, 0))",
    "traces": "tried(lambda: libc.ptrace(16, parent, 0, 0))",
    "signals another process": "tried(lambda: os.kill(parent, 0))",
    "reads another process's memory": "tried(lambda: libc.syscall(310, parent, 0, 0, 0, 0, 0))",
    "runs what it wrote": "tried(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC))",
    "makes memory executable": (
        "libc.mmap.restype = ctypes.c_void_p\n"
        "page = libc.mmap(None, 4096, 3, 0x22, -1, 0)\n"
        "tried(lambda: libc.mprotect(ctypes.c_void_p(page), 4096, 5))"
    ),
    "asks by io_uring": "tried(lambda: libc.syscall(425, 8, ctypes.create_string_buffer(128)))",
    "uses the other numbering": "tried(lambda: libc.syscall(0x40000000 + 39))",
}

ALLOWED = {
    "reads what it holds": "tried(lambda: (os.pwrite(held, b'pixels', 0), os.pread(held, 6, 0)))",
    "answers on its socket": "tried(lambda: ours.send(b'answer'))",
    "starts a thread": (
        "def begin():\n thread = threading.Thread(target=time.monotonic); thread.start(); thread.join()\n"
        "tried(begin)"
    ),
    "takes memory": "tried(lambda: bytearray(64 << 20))",
    "maps what it holds": "tried(lambda: (os.ftruncate(held, 4096), mmap.mmap(held, 4096)))",
    "moves its own clock": "tried(lambda: resource.setrlimit(resource.RLIMIT_CPU, (99, -1)))",
}


@pytest.mark.parametrize("code", REFUSED.values(), ids=REFUSED)
def test_it_is_refused_when_it(code: str) -> None:
    done = run(code)
    assert (done.stdout, done.returncode) == (b"EPERM", 0), done.stderr.decode()


@pytest.mark.parametrize("code", KILLED.values(), ids=KILLED)
def test_it_is_killed_when_it(code: str) -> None:
    done = run(code)
    assert (done.stdout, done.returncode) == (b"", -signal.SIGSYS), done.stderr.decode()


@pytest.mark.parametrize("code", ALLOWED.values(), ids=ALLOWED)
def test_it_goes_on_when_it(code: str) -> None:
    done = run(code)
    assert (done.stdout, done.returncode) == (b"done", 0), done.stderr.decode()


def test_a_thread_that_ran_before_is_filtered_too() -> None:
    program = PROLOGUE.replace(
        "seccomp.install()",
        "go = threading.Event()\n"
        "def late():\n go.wait(); tried(lambda: os.open('/etc/passwd', os.O_RDONLY))\n"
        "before = threading.Thread(target=late); before.start()\n"
        "seccomp.install()",
    )
    done = subprocess.run(
        [sys.executable, "-c", program + "\ngo.set(); before.join()"], capture_output=True, timeout=300
    )
    assert done.stdout == b"EPERM", done.stderr.decode()


def test_the_decoder_process_stands_behind_the_filter() -> None:
    with Sandbox() as sandbox:
        sandbox.warm()
        status = Path(f"/proc/{sandbox.pid}/status").read_text()
    assert "NoNewPrivs:\t1\n" in status
    assert "Seccomp:\t2\n" in status  # SECCOMP_MODE_FILTER


def test_where_the_kernel_takes_no_filter_nothing_is_decoded() -> None:
    """As in a container whose profile forbids seccomp(2): the call is made to fail from here on."""
    forbidden = f"""
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
code = [(0x20, 0, 0, 0), (0x15, 0, 1, {seccomp.SECCOMP}), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)]
buffer = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in code))
prog = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", len(code), ctypes.addressof(buffer)))
assert libc.syscall({seccomp.SECCOMP}, 1, 0, prog) == 0
from gateway.errors import Misconfigured
from gateway.imaging.sandbox import Sandbox
try:
    Sandbox().warm()
except Misconfigured as exc:
    print(exc)
"""
    done = subprocess.run([sys.executable, "-c", forbidden], capture_output=True, text=True, timeout=300)
    assert "takes no seccomp filter" in done.stdout, done.stderr
