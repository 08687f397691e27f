"""Files that survive a power cut: written beside their name, synced, and only then given it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
PARTIAL_SUFFIX = ".part"


def partial_path(path: Path) -> Path:
    """A fresh hidden name beside `path`, where its bytes are gathered."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}{PARTIAL_SUFFIX}")


def open_private(path: Path) -> int:
    """A file descriptor of a new file that only its owner can read. Raises FileExistsError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)


def make_private_folder(folder: Path) -> None:
    """Makes `folder` (0700) and its parents where they are missing, durably."""
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Makes the folder's names durable: a file's own fsync does not cover the name that leads to it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def new_file(path: Path, data: bytes) -> None:
    """A private file that is there whole or not at all, whatever happens. Raises FileExistsError."""
    partial = partial_path(path)
    try:
        _write(partial, data)
        os.link(partial, path)  # unlike a renaming, never over another
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(path.parent)


def replace_file(path: Path, data: bytes) -> None:
    """`path` holds its old bytes or the new ones, whatever happens; the new ones once this returns."""
    partial = partial_path(path)
    try:
        _write(partial, data)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _write(path: Path, data: bytes) -> None:
    """A private file with these bytes on the disk; its name is not, before its folder is synced."""
    with os.fdopen(open_private(path), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
