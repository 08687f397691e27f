"""Files that are whole or not there, and a folder in which nothing half-written stays.

    .privgate-<random>.part ──fsync, rename──▶ the file's own name

A process that is killed in between leaves the .part file; the next run takes it away.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.errors import Misconfigured

_PART = re.compile(r"\.privgate-[0-9a-f]{16}\.part")

IN_THE_WAY = frozenset({errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ENAMETOOLONG})
"""What hinders one file's name; every other error of writing hinders the next file as well."""


class FolderUnwritable(Misconfigured):
    """Nothing more can be written there: no room, no right, or the disk is gone."""


def write_whole(path: Path, data: bytes) -> None:
    """Writes beside, fsyncs, renames: whoever looks sees the old file, none, or the whole new one.

    Raises FolderUnwritable, or OSError with an errno that is IN_THE_WAY of this name only.
    """
    beside = path.with_name(f".privgate-{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
        _sync(path.parent)
    except OSError as exc:
        raise_if_hopeless(exc, path)
        raise


def raise_if_hopeless(error: OSError, path: Path) -> None:
    """Raises FolderUnwritable unless the error concerns this one name."""
    if error.errno not in IN_THE_WAY:
        raise FolderUnwritable(
            f"{path.parent} cannot be written ({error.strerror}); make room or give the right to write, "
            "then run this again: what was written is whole"
        ) from error


@contextmanager
def output_folder(folder: Path) -> Iterator[None]:
    """Makes the folder, takes away what a killed run left half-written, and holds the folder meanwhile.

    Several runs may share a folder; only one that is alone there cleans. Raises FolderUnwritable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as exc:
        raise FolderUnwritable(
            f"{folder} cannot be used ({exc.strerror}); name another folder with --out"
        ) from exc
    try:
        remove_leftovers(folder, held)
        with suppress(OSError):  # some network file systems lock no folder: then nothing is cleaned
            fcntl.flock(held, fcntl.LOCK_SH)
        _try_to_write(folder)
        yield
    finally:
        remove_leftovers(folder, held)
        os.close(held)


def remove_leftovers(folder: Path, held: int) -> None:
    """Removes the .part files of dead runs, where no live one shares the folder. held: the open folder."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    for place, _, files in os.walk(folder):
        for name in filter(_PART.fullmatch, files):
            with suppress(OSError):
                Path(place, name).unlink()


def _try_to_write(folder: Path) -> None:
    """Before the first image is worked on, rather than after."""
    probe = folder / f".privgate-{secrets.token_hex(8)}.part"
    try:
        probe.touch()
        probe.unlink()
    except OSError as exc:
        raise FolderUnwritable(
            f"{folder} cannot be written ({exc.strerror}); name another folder with --out"
        ) from exc


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
