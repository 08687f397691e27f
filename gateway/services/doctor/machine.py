"""The machine: versions, libraries, disk and clock."""

from __future__ import annotations

import ctypes
import importlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.services.findings import Finding, broken, fine, warning

PYTHONS = ((3, 11), (3, 12))


@dataclass(frozen=True, slots=True)
class SystemLibrary:
    """soname: what the loader looks for. package: Debian's name for what holds it. user: who needs it."""

    soname: str
    package: str
    user: str


SYSTEM_LIBRARIES = (  # the same as in .ci/prerequisites, which runs before there is any Python of ours
    SystemLibrary("libGL.so.1", "libgl1", "OpenCV"),
    SystemLibrary("libEGL.so.1", "libegl1", "MediaPipe"),
    SystemLibrary("libGLESv2.so.2", "libgles2", "MediaPipe"),
    SystemLibrary("libgthread-2.0.so.0", "libglib2.0-0", "OpenCV"),
)

PYTHON_LIBRARIES = {
    # What detection and decoding import. OpenVINO goes through our own room, which silences its telemetry.
    "cv2": "OpenCV",
    "gateway.detection.runtime": "OpenVINO",
    "mediapipe": "MediaPipe",
    "pi_heif": "HEIC decoding",
    "PIL.Image": "Pillow",
}

FULL_BYTES = 500_000_000
"""Below this, five of the largest uploads and a database's growth no longer fit."""

TIGHT_BYTES = 10_000_000_000
TIGHT_SHARE = 0.05

SLOW_SECONDS = 2.0
"""File times are coarse (up to a tick of 10 ms, on a network file system 1 s): less than this is no skew."""

WRONG_SECONDS = 60.0


def versions(code: str) -> Iterator[Finding]:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    if sys.version_info[:2] in PYTHONS:
        yield fine("versions", f"Privgate {code} on Python {python}")
    else:
        remedy = "install Python 3.11 or 3.12 and run: make install PYTHON=python3.12"
        yield broken(
            "versions", f"Privgate {code} is made for Python 3.11 and 3.12, this is {python}", remedy
        )


def system_libraries(libraries: Sequence[SystemLibrary] = SYSTEM_LIBRARIES) -> Iterator[Finding]:
    """What the detectors' libraries link to; all that is missing is put in one apt line."""
    missing = [library for library in libraries if not _loads(library.soname)]
    if not missing:
        yield fine("libraries.system", f"{len(libraries)} system libraries load")
        return
    named = ", ".join(f"{library.soname} ({library.user})" for library in missing)
    yield broken(
        "libraries.system", f"system libraries are missing: {named}", apt_line(lib.package for lib in missing)
    )


def python_libraries(modules: dict[str, str] | None = None) -> Iterator[Finding]:
    """What a detector imports. The words of an ImportError are not told, but for the library it lacks."""
    chosen = PYTHON_LIBRARIES if modules is None else modules
    for module, name in chosen.items():
        try:
            importlib.import_module(module)
        except Exception as exc:
            lacking = next((lib for lib in SYSTEM_LIBRARIES if lib.soname in str(exc)), None)
            yield broken(
                "libraries.python",
                f"{name} cannot be imported ({type(exc).__name__})"
                + (f": it lacks {lacking.soname}" if lacking else ""),
                apt_line([lacking.package])
                if lacking
                else "install the locked requirements again: make install",
            )
        else:
            yield fine("libraries.python", f"{name} is imported")


def apt_line(packages: Iterator[str] | Sequence[str]) -> str:
    return f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"


def _loads(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def disk(folder: Path, what: str, *, full: int = FULL_BYTES, tight: int = TIGHT_BYTES) -> Iterator[Finding]:
    """Space where `folder` lies, or will. full, tight: bytes below which nothing, or not much, is left."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    usage = shutil.disk_usage(there)
    left = f"{usage.free / 1e9:.1f} GB free of {usage.total / 1e9:.0f} GB for the {what}"
    remedy = f"make room on the disk of {folder}, or move it to a larger one"
    if usage.free < full:
        yield broken("disk", f"the disk is full: {left}", remedy)
    elif usage.free < min(tight, usage.total * TIGHT_SHARE):
        yield warning("disk", f"the disk is nearly full: {left}", remedy)
    else:
        yield fine("disk", left)


def file_clock(folder: Path) -> Iterator[Finding]:
    """This machine's clock against the time that the file system gives a new file: another's, over NFS."""
    if not folder.is_dir():
        return
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".clock-") as probe:
        probe.write(b".")
        probe.flush()
        skew = Path(probe.name).stat().st_mtime - time.time()
    yield clock_finding("clock.files", skew, "the file system's clock")


def clock_finding(code: str, skew: float, other: str) -> Finding:
    """skew: seconds by which the other clock is ahead of ours."""
    remedy = "set the clocks by NTP (timedatectl set-ntp true) on both machines"
    where = f"{other} is {abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} this machine's"
    if abs(skew) < SLOW_SECONDS:
        return fine(code, f"{other} and this machine's agree")
    if abs(skew) < WRONG_SECONDS:
        return warning(code, f"{where}: grants may end early or late", remedy)
    return broken(code, f"{where}: grants and heartbeats cannot be judged", remedy)
