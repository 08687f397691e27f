"""Where a backup lies: a folder, or one tar file when its name ends in .tar. Readable by its owner only.

It is gathered under a hidden name beside its own and gets that name when it is whole.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from gateway.services.backup import manifest
from gateway.services.backup.faults import BackupFault
from gateway.vault.durable import PARTIAL_SUFFIX, sync_folder

TAR = ".tar"
PIECE = 1 << 20


class ArchiveWriter:
    """Made by `writing`. work: a private folder for what must be a file before it is a part."""

    def __init__(self, work: Path, tar: tarfile.TarFile | None) -> None:
        self.work = work
        self._folder = work / "archive"
        self._tar = tar
        self._lines = io.StringIO()
        self._parts = 0

    def begin(self, head: manifest.Head) -> None:
        self._lines.write(head.line())

    def add(self, name: str, data: bytes) -> None:
        self._note(name, len(data), hashlib.sha256(data).hexdigest())
        self._store(name, io.BytesIO(data), len(data))

    def add_file(self, name: str, path: Path) -> None:
        """A copy of a file of `work`."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
            file.seek(0)
            self._note(name, size, digest)
            self._store(name, file, size)

    def note_gone(self, name: str) -> None:
        self._lines.write(manifest.gone_line(name))

    def finish(self) -> int:
        """Writes the manifest; answers how many parts there are."""
        self._lines.write(manifest.end_line(self._parts))
        data = self._lines.getvalue().encode("ascii")
        self._store(manifest.NAME, io.BytesIO(data), len(data))
        return self._parts

    def _note(self, name: str, size: int, digest: str) -> None:
        self._lines.write(manifest.Part(name, size, digest).line())
        self._parts += 1

    def _store(self, name: str, file: BinaryIO, size: int) -> None:
        if self._tar is not None:
            about = tarfile.TarInfo(name)
            about.size, about.mode = size, 0o600
            self._tar.addfile(about, file)
            return
        path = self._folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            shutil.copyfileobj(file, out, PIECE)
            out.flush()
            os.fsync(out.fileno())


@contextmanager
def writing(target: Path) -> Iterator[ArchiveWriter]:
    """A backup that appears at `target` when the block ends well, and else leaves nothing.

    Raises BackupFault where something is there already or the place cannot be written to.
    """
    if target.exists():
        raise BackupFault(f"{target} is there already; name a new file or folder")
    work = target.absolute().parent / f".{target.name}.{secrets.token_hex(8)}{PARTIAL_SUFFIX}"
    try:
        work.mkdir(mode=0o700)
    except OSError as exc:
        raise BackupFault(f"{target.parent} cannot be written to: {exc.strerror}") from exc
    whole = work / "archive"
    try:
        with ExitStack() as files:
            tar = None
            if target.suffix == TAR:
                opened = os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
                raw = files.enter_context(opened)
                tar = files.enter_context(tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT))
            yield ArchiveWriter(work, tar)
        whole.replace(target)
        sync_folder(target.absolute().parent)
    except OSError as exc:
        raise BackupFault(f"the backup cannot be written: {exc.strerror or type(exc).__name__}") from exc
    finally:
        shutil.rmtree(work, ignore_errors=True)


class ArchiveReader:
    """Made by `reading`: the manifest, and the parts that it names and no others."""

    def __init__(self, folder: Path, tar: tarfile.TarFile | None) -> None:
        self._folder = folder
        self._tar = tar
        self._members = {} if tar is None else {member.name: member for member in tar if member.isreg()}
        with self._open(manifest.NAME) as file:
            self.manifest = manifest.parse(file)
        if surplus := self._names() - self.manifest.parts.keys() - {manifest.NAME}:
            raise BackupFault(f"the backup holds {len(surplus)} files that its manifest does not name")

    def read(self, name: str) -> bytes:
        """Raises BackupFault where the part is missing or not what the manifest says."""
        part = self._part(name)
        with self._open(name) as file:
            data = file.read(part.bytes + 1)
        _check(part, len(data), hashlib.sha256(data).hexdigest())
        return data

    def copy(self, name: str, path: Path) -> None:
        """The same into a new private file, in bounded memory."""
        part, digest, size = self._part(name), hashlib.sha256(), 0
        with _new_file(path) as write, self._open(name) as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                size += len(piece)
                write(piece)
        _check(part, size, digest.hexdigest())

    def _part(self, name: str) -> manifest.Part:
        if name not in self.manifest.parts:
            raise BackupFault(f"the backup has no {name}")
        return self.manifest.parts[name]

    def _names(self) -> set[str]:
        if self._tar is not None:
            return set(self._members)
        return {str(path.relative_to(self._folder)) for path in self._folder.rglob("*") if not path.is_dir()}

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            with ExitStack() as files:
                yield self._file(name, files)
        except (OSError, tarfile.TarError, KeyError) as exc:
            raise BackupFault(f"the backup's {name} is missing or cannot be read") from exc

    def _file(self, name: str, files: ExitStack) -> IO[bytes]:
        if self._tar is None:
            descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            return files.enter_context(os.fdopen(descriptor, "rb"))
        file = self._tar.extractfile(self._members[name])
        if file is None:
            raise KeyError(name)
        return files.enter_context(file)


@contextmanager
def reading(source: Path) -> Iterator[ArchiveReader]:
    """Raises BackupFault for what is no whole backup."""
    if source.is_dir():
        yield ArchiveReader(source, None)
        return
    if not source.is_file():
        raise BackupFault(f"there is no backup at {source}")
    try:
        tar = tarfile.open(source, "r:")  # noqa: SIM115  (closed below)
    except (tarfile.TarError, OSError) as exc:
        raise BackupFault(f"{source} is no backup: neither a folder nor a tar file") from exc
    with tar:
        try:
            reader = ArchiveReader(source, tar)
        except tarfile.TarError as exc:
            raise BackupFault(f"{source} is damaged: the tar file cannot be read to its end") from exc
        yield reader


@contextmanager
def _new_file(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Writes a new private file, durably. What goes wrong here is no fault of the backup's."""
    with ExitStack() as files:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            out = files.enter_context(os.fdopen(descriptor, "wb", buffering=0))
        except OSError as exc:
            raise _unwritable(path, exc) from exc

        def write(data: bytes) -> None:
            try:
                while data:
                    data = data[out.write(data) :]
            except OSError as exc:
                raise _unwritable(path, exc) from exc

        yield write
        os.fsync(out.fileno())


def _unwritable(path: Path, exc: OSError) -> BackupFault:
    return BackupFault(f"{path} cannot be written: {exc.strerror}; make room, or name another place")


def _check(part: manifest.Part, size: int, digest: str) -> None:
    if size != part.bytes:
        cut = "cut short" if size < part.bytes else "longer"
        raise BackupFault(f"the backup's {part.name} is {cut}: not the {part.bytes} bytes of the manifest")
    if digest != part.sha256:
        raise BackupFault(f"the backup's {part.name} is altered: its SHA-256 is not the manifest's")
