"""Where files come from: a folder, a ZIP, an object store. Nothing is unpacked to a disk.

What cannot be read is reported with a code and never passed over in silence; only names that begin with a dot
are.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from gateway.cli.ingesting.sender import MAX_UPLOAD_BYTES, Refused
from gateway.errors import Misconfigured

PIECE_BYTES = 1 << 20

MAX_MEMBERS = 200_000
MAX_RATIO = 200
"""Images are compressed already: a member that grows by more is a bomb or no image."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file. path: within its source, with slashes. mark: changes when the file does. fault: a code."""

    path: str
    mark: str
    size: int
    fault: str | None = None
    advice: str = ""


class Source(Protocol):
    """Something that holds files."""

    def items(self) -> Iterator[Item]:
        """In order of their paths."""
        ...

    def pieces(self, item: Item) -> Iterator[bytes]:
        """The file's bytes. Raises Refused."""
        ...


class FolderSource:
    """A folder and what lies beneath it. skip: a file of ours that may lie there, such as the journal."""

    def __init__(self, folder: Path, *, skip: Path | None = None) -> None:
        self._folder = folder
        self._skip = None if skip is None else os.path.realpath(skip)

    def items(self) -> Iterator[Item]:
        closed: list[OSError] = []
        for place, folders, files in os.walk(self._folder, onerror=closed.append):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            links = [name for name in folders if Path(place, name).is_symlink()]
            for name in sorted([*links, *(file for file in files if not file.startswith("."))]):
                path = Path(place, name)
                if os.path.realpath(path) != self._skip:
                    yield self._item(path)
        for error in closed:
            relative = Path(os.fsdecode(error.filename)).relative_to(self._folder).as_posix()
            yield Item(relative, "", 0, "folder.unreadable", "give the right to read it")

    def pieces(self, item: Item) -> Iterator[bytes]:
        try:
            with (self._folder / item.path).open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece
        except OSError as exc:
            raise Refused("file.unreadable", f"it cannot be read: {exc.strerror}") from exc

    def _item(self, path: Path) -> Item:
        relative = path.relative_to(self._folder).as_posix()
        try:
            status = path.stat()
        except OSError as exc:
            return Item(relative, "", 0, "file.unreadable", f"it cannot be read: {exc.strerror}")
        if stat.S_ISDIR(status.st_mode):
            return Item(relative, "", 0, "folder.link", "bring in the folder that it leads to")
        mark = f"{status.st_size}:{status.st_mtime_ns}"
        if not stat.S_ISREG(status.st_mode):
            return Item(relative, mark, 0, "file.kind", "only plain files are taken")
        return checked(Item(relative, mark, status.st_size))


class ZipSource:
    """A ZIP, read member by member."""

    def __init__(self, archive: zipfile.ZipFile, *, archive_bytes: int) -> None:
        """Raises Misconfigured for an archive that as a whole is a bomb."""
        members = archive.infolist()
        total = sum(member.file_size for member in members)
        if len(members) > MAX_MEMBERS or total > MAX_RATIO * archive_bytes:
            raise Misconfigured(
                f"the ZIP claims {len(members)} members of {total} bytes in all, which no set of images "
                "needs; it is not opened"
            )
        self._archive = archive

    def items(self) -> Iterator[Item]:
        seen: set[str] = set()
        for member in sorted(self._archive.infolist(), key=lambda member: member.filename):
            hidden = any(part.startswith(".") and part != ".." for part in member.filename.split("/"))
            if member.is_dir() or hidden or member.filename.startswith("__MACOSX/"):
                continue
            item = Item(member.filename, f"{member.CRC:08x}:{member.file_size}", member.file_size)
            fault = _fault_of(member) or ("zip.twice" if member.filename in seen else None)
            seen.add(member.filename)
            if fault == "zip.twice":
                item = Item(f"{item.path} (again)", item.mark, item.size)
            yield (
                checked(item)
                if fault is None
                else Item(item.path, item.mark, item.size, fault, ADVICE[fault])
            )

    def pieces(self, item: Item) -> Iterator[bytes]:
        try:
            with self._archive.open(item.path) as member:
                # Never more than the size that was checked: zipfile stops there, and compares the CRC.
                while piece := member.read(PIECE_BYTES):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as exc:
            raise Refused("zip.damaged", "this member does not unpack; make the ZIP anew") from exc


ADVICE = {
    "zip.path": "its name leads out of the archive; make the ZIP anew",
    "zip.link": "bring in the file that it leads to",
    "zip.encrypted": "take the password off; TLS and sealing protect it on its way",
    "zip.ratio": "it grows more than an image can; send the image outside a ZIP",
    "zip.twice": "the ZIP holds two members of this name; rename one",
}


@contextmanager
def open_zip(path: Path) -> Iterator[ZipSource]:
    """Raises Misconfigured for a file that is no ZIP, or a bomb."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield ZipSource(archive, archive_bytes=path.stat().st_size)
    except (zipfile.BadZipFile, OSError) as exc:
        raise Misconfigured(f"{path} cannot be read as a ZIP: {exc}") from exc


def _fault_of(member: zipfile.ZipInfo) -> str | None:
    name = PurePosixPath(member.filename)
    tricks = "\\" in member.filename or ":" in name.parts[0] if name.parts else True
    if tricks or name.is_absolute() or ".." in name.parts or member.orig_filename != member.filename:
        return "zip.path"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "zip.link"
    if member.flag_bits & 0x1:
        return "zip.encrypted"
    if member.file_size > PIECE_BYTES and member.file_size > MAX_RATIO * max(member.compress_size, 1):
        return "zip.ratio"
    return None


def checked(item: Item) -> Item:
    """With a fault where the gateway would refuse it anyway."""
    if item.size == 0:
        return Item(item.path, item.mark, 0, "input.empty", "send the image's bytes")
    if item.size > MAX_UPLOAD_BYTES:
        limit = MAX_UPLOAD_BYTES // 1_000_000
        return Item(item.path, item.mark, item.size, "limit.bytes", f"send a file of at most {limit} MB")
    return item
