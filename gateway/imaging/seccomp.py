"""The kernel's filter on system calls, for the decoder process: what is not listed here does not happen.

A decoder that a hostile file has taken over can read and write what it holds already (one socket, two
memories) and use memory and threads. It cannot open a file, make a socket, start a program, make memory
executable, or look at another process. The program is classic BPF as Linux takes it since 3.5 (seccomp(2),
linux/filter.h); numbers are those of x86-64 (asm/unistd_64.h).
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterable
from typing import Final

# linux/seccomp.h, linux/audit.h
_SET_MODE_FILTER: Final = 1
_ALL_THREADS: Final = 1  # SECCOMP_FILTER_FLAG_TSYNC: those that libraries have started already, too
_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_ERRNO: Final = 0x00050000
_X86_64: Final = 0xC000003E
_X32: Final = 0x40000000  # the other calling convention of the same processor, whose numbers differ

# Offsets in struct seccomp_data.
_NUMBER: Final = 0
_ARCHITECTURE: Final = 4
_ARGUMENT: Final = (16, 24, 32)  # low halves of the first three

_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_ANY_BIT: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K

_PROT_EXEC: Final = 4
_CLONE_THREAD: Final = 0x10000
_RLIMIT_CPU: Final = 0

SECCOMP: Final = 317

ALLOWED: Final = {
    # what it holds: the socket, the two memories
    "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "pread64": 17, "pwrite64": 18,
    "sendto": 44, "recvfrom": 45, "ftruncate": 77, "preadv": 295,
    # memory, but for mmap and mprotect, whose third argument is looked at
    "munmap": 11, "brk": 12, "mremap": 25, "madvise": 28,
    # threads and signals of its own
    "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "sched_yield": 24, "exit": 60,
    "sigaltstack": 131, "gettid": 186, "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219,
    "exit_group": 231, "set_robust_list": 273, "membarrier": 324, "rseq": 334,
    # clocks and chance
    "getpid": 39, "gettimeofday": 96, "getrusage": 98, "clock_gettime": 228, "clock_nanosleep": 230,
    "getrandom": 318,
}  # fmt: skip

KILLED: Final = {
    "socket": 41, "connect": 42, "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "ptrace": 101,
    "mount": 165, "unshare": 272, "perf_event_open": 298, "process_vm_readv": 310, "process_vm_writev": 311,
    "bpf": 321, "execveat": 322, "userfaultfd": 323, "io_uring_setup": 425, "pidfd_open": 434,
}  # fmt: skip
"""What no codec asks for by accident: the process ends. Everything else unlisted fails with EPERM."""

_MMAP, _MPROTECT, _CLONE, _FCNTL, _PRLIMIT64, _CLONE3 = 9, 10, 56, 72, 302, 435
_F_DUPFD_CLOEXEC: Final = 1030  # fcntl.h: Python's mmap keeps a descriptor of its own

Instruction = tuple[int, int, int, int]
"""struct sock_filter: code, instructions to skip if true, if false, constant."""


class NoFilter(Exception):
    """The kernel took no filter: it has no seccomp, or what runs this process forbids it."""


def install() -> None:
    """From here on only ALLOWED works, in all threads, for good. Raises NoFilter.

    The process must have asked for no new privileges (PR_SET_NO_NEW_PRIVS) before.
    """
    code = program()
    instructions = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in code))
    # struct sock_fprog: a length, and on the next boundary of eight bytes a pointer.
    prog = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", len(code), ctypes.addressof(instructions)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(SECCOMP, _SET_MODE_FILTER, _ALL_THREADS, prog) != 0:
        raise NoFilter(errno.errorcode.get(ctypes.get_errno(), "?"))


def program() -> list[Instruction]:
    """The filter. The commonest calls are few and cheap to find; the kernel caches what is always allowed."""
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _X86_64),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
        *_answers(ALLOWED.values(), _ALLOW),
        *_answers(KILLED.values(), _KILL),
        # Memory is never both filled and run.
        *_unless(_MMAP, 2, (_ANY_BIT, _PROT_EXEC), refused=_KILL),
        *_unless(_MPROTECT, 2, (_ANY_BIT, _PROT_EXEC), refused=_KILL),
        # Its flags lie behind a pointer, where no filter sees them: the C library then takes clone.
        *_answers([_CLONE3], _ERRNO | errno.ENOSYS),
        *_only(_CLONE, 0, (_ANY_BIT, _CLONE_THREAD)),
        *_only(_FCNTL, 1, (_EQUAL, _F_DUPFD_CLOEXEC)),
        # The belt moves on with each image, see decoder_process: its own, and of this kind only.
        *_only_both(_PRLIMIT64, (0, 0), (1, _RLIMIT_CPU)),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
    ]


def _answers(numbers: Iterable[int], answer: int) -> list[Instruction]:
    return [one for number in numbers for one in ((_EQUAL, 0, 1, number), (_RETURN, 0, 0, answer))]


def _unless(number: int, argument: int, test: tuple[int, int], *, refused: int) -> list[Instruction]:
    """Allowed but where the test of the argument holds."""
    code, constant = test
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _ARGUMENT[argument]),
        (code, 0, 1, constant),
        (_RETURN, 0, 0, refused),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _only(number: int, argument: int, test: tuple[int, int]) -> list[Instruction]:
    """Killed but where the test of the argument holds."""
    code, constant = test
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _ARGUMENT[argument]),
        (code, 1, 0, constant),
        (_RETURN, 0, 0, _KILL),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _only_both(number: int, first: tuple[int, int], second: tuple[int, int]) -> list[Instruction]:
    """Fails with EPERM but where both arguments, each (which one, value), are these."""
    return [
        (_EQUAL, 0, 6, number),
        (_LOAD, 0, 0, _ARGUMENT[first[0]]),
        (_EQUAL, 0, 3, first[1]),
        (_LOAD, 0, 0, _ARGUMENT[second[0]]),
        (_EQUAL, 0, 1, second[1]),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
    ]
