"""Which addresses a program turns to: an audit hook (PEP 578) in it and in all Python that it starts.

Python calls the hook before each connection and each look-up of a name, whichever library asks; nothing in
the program can take it off again. What is not Python, strace sees (see `strace_works`).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

HOOK = """
import os
import sys


def _note(event, arguments, path=os.environ["SOCKET_NOTES"]):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        where = arguments[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        where = arguments[:2]
    else:
        return
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"{event} {where!r}\\n")


sys.addaudithook(_note)
"""

_INTERNET = re.compile(r"sa_family=AF_INET6?, .*")


class SocketNotes:
    """environment: for the program that is to be watched; `seen` is what it did."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(HOOK, "utf-8")
        self._notes = folder / "notes"
        before = environment.get("PYTHONPATH")
        path = f"{folder}:{before}" if before else str(folder)
        self.environment = {"PYTHONPATH": path, "SOCKET_NOTES": str(self._notes)}

    @property
    def seen(self) -> list[str]:
        return self._notes.read_text("utf-8").splitlines() if self._notes.exists() else []


def strace_works() -> bool:
    strace = shutil.which("strace")
    if strace is None:
        return False
    tried = [strace, "-o", "/dev/null", "/bin/true"]  # it may be there and not be let watch
    return subprocess.run(tried, capture_output=True).returncode == 0


def traced(command: list[str], environment: dict[str, str], folder: Path) -> list[str]:
    """The internet addresses that a command and its children turn to, by the kernel's account."""
    notes = folder / "strace"
    strace = shutil.which("strace") or "strace"
    options = ["-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg", "-o", str(notes)]
    done = subprocess.run(
        [strace, *options, *command], env=environment, cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return _INTERNET.findall(notes.read_text("utf-8", "replace"))
